"""The content of a calibration certificate, as frozen dataclasses (ISO/IEC 17025:2017, 7.8.2 and 7.8.4).

Every number is a decimal string, formatted once by the caller (:mod:`hil_calibration.rounding`), so that XML and PDF
print the same digits. Units are UCUM. A part that could not be written as a valid certificate is refused when it is
made, with :class:`~hil_calibration.errors.CertificateError`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ..errors import CertificateError
from . import grammar, words
from .conformity import Conformity as Conformity
from .words import Text as Text
from .words import Words as Words
from .words import label as label

Status = Literal["", "beforeAdjustment", "afterAdjustment", "beforeRepair", "afterRepair"]
Place = Literal["laboratory", "customer", "laboratoryBranch", "customerBranch", "other"]

ItemField = Literal["description", "manufacturer", "model", "serial", "condition"]
Change = Literal["amended", "substituted"]
Kind = Literal["calibration", "equivalence"]

SIMULATED_PREFIX = "SIM-"
REPLAYED_PREFIX = "REC-"
"""How identifiers begin of documents on simulated values, and on values that were obtained from recordings."""

_REQUIRED_CLAUSES = {"7.8.2.1 l": "that the results relate only to the items", "7.8.2.1 n": "on deviations"}


@dataclass(frozen=True)
class Organisation:
    """A laboratory or a customer.

    :param country: ISO 3166-1 code, two capitals.
    :param accreditation: the accreditation claimed, as given by the laboratory; none by default.
    """

    name: str
    street: str
    post_code: str
    city: str
    country: str
    email: str = ""
    phone: str = ""
    accreditation: Words = ""

    def __post_init__(self) -> None:
        for what in ("name", "street", "post_code", "city"):
            grammar.name(getattr(self, what), what)
        for what in ("email", "phone"):
            if getattr(self, what):
                grammar.name(getattr(self, what), what)
        words.optional(self.accreditation, "accreditation")
        grammar.matches(grammar.COUNTRY, self.country, "country code (two capitals)")


@dataclass(frozen=True)
class Item:
    """The item calibrated: unambiguous by manufacturer, model and serial number (7.8.2.1 g).

    :param condition: at its receipt, :param received: the day of it, ISO 8601, where that is critical (7.8.2.1 h).
    :param customer_id: the number that the customer gave it.
    :param supplied: the fields that the customer stated and the laboratory did not see for itself (7.8.2.2).
    """

    description: Words
    manufacturer: str
    model: str
    serial: str
    condition: Words = ""
    received: str = ""
    customer_id: str = ""
    supplied: tuple[ItemField, ...] = ()

    def __post_init__(self) -> None:
        words.name(self.description, "description of the item")
        words.optional(self.condition, "condition of the item")
        for what in ("manufacturer", "model", "serial"):
            grammar.name(getattr(self, what), what)
        if self.customer_id:
            grammar.name(self.customer_id, "customer's number of the item")
        for field in self.supplied:
            if not getattr(self, field):
                raise CertificateError(f"the customer supplied no {field}", where=self.serial)
        if self.received:
            grammar.iso_date(self.received, "receipt date")


@dataclass(frozen=True)
class Reference:
    """A certificate of another instrument.

    :param identifier: its number.
    :param sha256: SHA-256 of its file, 64 hexadecimal digits.
    """

    identifier: str
    sha256: str

    def __post_init__(self) -> None:
        grammar.identifier(self.identifier, "certificate number")
        grammar.matches(grammar.SHA256, self.sha256, "SHA-256 of a certificate")


@dataclass(frozen=True)
class Equipment:
    """Equipment used; a measurement standard carries its certificate (traceability, 7.8.4.1 c)."""

    name: Words
    manufacturer: str
    model: str
    serial: str
    certificate: Reference | None = None

    def __post_init__(self) -> None:
        words.name(self.name, "name of equipment")
        for what in ("manufacturer", "model", "serial"):
            grammar.name(getattr(self, what), f"{what} of equipment")


@dataclass(frozen=True)
class Method:
    """A method used: its name, the standard or document it follows and what was done."""

    name: Words
    description: Words
    norm: str = ""
    reference: str = ""
    ref_type: str = ""

    def __post_init__(self) -> None:
        words.name(self.name, "name of a method")
        grammar.words(label(self.description), "description of a method")
        for what in ("norm", "reference"):
            if getattr(self, what):
                grammar.name(getattr(self, what), f"{what} of a method")
        grammar.ref_type(self.ref_type)


@dataclass(frozen=True)
class Condition:
    """An influence quantity as measured during the calibration (7.8.4.1 b).

    :param value: its mean, in `unit`; empty if only the range is known.
    :param U: expanded uncertainty of that mean with coverage factor `k`, for a coverage of 95 %.
    :param minimum: least and :param maximum: greatest value measured, in `unit`.
    """

    name: Words
    ref_type: str
    unit: str
    minimum: str
    maximum: str
    value: str = ""
    U: str = ""
    k: str = ""

    def __post_init__(self) -> None:
        words.name(self.name, "name of an influence condition")
        grammar.ref_type(self.ref_type)
        grammar.name(self.unit, "unit of an influence condition")
        grammar.numbers((self.minimum, self.maximum), "influence condition")
        if float(self.minimum) > float(self.maximum):
            raise CertificateError("the minimum is above the maximum", where=str(self.ref_type))
        if self.value:
            grammar.numbers((self.value,), "influence condition")
        if self.U:
            grammar.numbers((self.value,), "influence condition")
            grammar.uncertainties((self.U,), self.k, "influence condition")


@dataclass(frozen=True)
class Column:
    """One column of a table of results: a quantity at n points.

    :param ref_type: its role by PTB's names: `basic_referenceValue`, `basic_measuredValue`, `basic_measurementError`.
    :param unit: UCUM. A difference of temperatures is in `K`, never in `Cel`.
    :param values: n decimal strings.
    :param U: n expanded uncertainties, or none.
    :param k: coverage factor of `U`: one for the column, or n separated by blanks.
    :param coverage: coverage probability of `U`, between 0 and 1.
    :param conformity: of these values with a specification.
    :param in_cmc: for each value whether it lies within the laboratory's calibration and measurement capability, or
        none where nothing is said of that.
    """

    name: Words
    ref_type: str
    unit: str
    values: tuple[str, ...]
    U: tuple[str, ...] = ()
    k: str = "2"
    coverage: str = "0.95"
    distribution: str = "normal"
    conformity: Conformity | None = None
    in_cmc: tuple[bool, ...] = ()

    def __post_init__(self) -> None:
        words.name(self.name, "name of a column")
        where = f"column {label(self.name)!r}"
        grammar.name(self.distribution, f"distribution of {where}")
        grammar.ref_type(self.ref_type)
        grammar.name(self.unit, f"unit of {where}")
        grammar.numbers(self.values, where)
        if self.unit == "Cel" and self.ref_type == "basic_measurementError":
            raise CertificateError("a difference of temperatures in Cel", where=where, remedy="give it in K")
        if self.U:
            grammar.uncertainties(self.U, self.k, where)
            grammar.same_length(len(self.values), (len(self.U), "uncertainties"), where)
            if len(self.k.split()) > 1:
                grammar.same_length(len(self.values), (len(self.k.split()), "coverage factors"), where)
            grammar.matches(grammar.PROBABILITY, self.coverage, "coverage probability")
        if self.conformity:
            self.conformity.require_for(len(self.values), where)
        if self.in_cmc:
            grammar.same_length(len(self.values), (len(self.in_cmc), "statements on the capability"), where)


@dataclass(frozen=True)
class Result:
    """A table of results; all columns have the same number of rows.

    :param status: empty when the item was not adjusted, else whether the table is as found or as left (7.8.4.1 d).
    """

    name: Words
    columns: tuple[Column, ...]
    status: Status = ""
    ref_type: str = ""
    description: Words = ""

    def __post_init__(self) -> None:
        words.name(self.name, "name of a result")
        words.optional(self.description, "description of a result")
        where = f"result {label(self.name)!r}"
        grammar.ref_type(self.ref_type)
        if not self.columns:
            raise CertificateError("a result without columns", where=where)
        for column in self.columns:
            found = (len(column.values), f"rows in column {label(column.name)!r}")
            grammar.same_length(len(self.columns[0].values), found, where)


@dataclass(frozen=True)
class Statement:
    """A statement on the whole certificate.

    :param norm: the standard that asks for it and :param reference: its clause.
    :param traceable: true where it states metrological traceability.
    :param day: the date that it states, ISO 8601, and :param authority: on whose word.
    """

    declaration: Text
    name: Words = ""
    norm: str = ""
    reference: str = ""
    ref_type: str = ""
    traceable: bool | None = None
    day: str = ""
    authority: Organisation | None = None

    def __post_init__(self) -> None:
        words.optional(self.name, "name of a statement")
        for what in ("norm", "reference"):
            if getattr(self, what):
                grammar.name(getattr(self, what), f"{what} of a statement")
        grammar.ref_type(self.ref_type)
        if self.day:
            grammar.iso_date(self.day, "date of a statement")


@dataclass(frozen=True)
class Person:
    """A person responsible; at least one signs (7.8.2.1 o).

    :param role: `operator`, `reviewer` or `authoriser`, which are translated, or the laboratory's own word.
    """

    name: str
    role: str
    main_signer: bool = False

    def __post_init__(self) -> None:
        grammar.name(self.name, "name of a person")
        grammar.name(self.role, "role of a person")


@dataclass(frozen=True)
class Budget:
    """An uncertainty budget as a table of strings: a header and rows of the same length.

    :param share: the column that holds the share of the variance in %, which is drawn as bars; none by default.
    """

    title: Words
    header: tuple[Words, ...]
    rows: tuple[tuple[str, ...], ...]
    share: int | None = None

    def __post_init__(self) -> None:
        words.name(self.title, "title of a budget")
        where = f"budget {label(self.title)!r}"
        for head in self.header:
            words.name(head, f"head of {where}")
        if self.share is not None and not 0 <= self.share < len(self.header):
            raise CertificateError(f"no column {self.share} to draw as bars", where=where)
        for row in self.rows:
            grammar.same_length(len(self.header), (len(row), "cells in a row"), where)
            for cell in row:
                grammar.name(cell, f"cell of {where} (write – where nothing stands)")


@dataclass(frozen=True)
class SharedEffect:
    """A named effect that acts on every measurement with the item, beside the coefficients' covariance.

    The fields are those of :class:`hil_calibration.effect.Effect`, numbers as strings; `half_width`, `reference` and
    `dof` may be empty.
    """

    name: str
    kind: str
    distribution: str
    u: str
    half_width: str = ""
    reference: str = ""
    source: str = ""
    dof: str = ""

    def __post_init__(self) -> None:
        for what in ("name", "kind", "distribution"):
            grammar.name(getattr(self, what), f"{what} of a shared effect")
        words.optional(self.source, "source of a shared effect")
        given = [n for n in (self.half_width, self.reference, self.dof) if n]
        grammar.numbers((self.u, *given), f"shared effect {self.name!r}")


@dataclass(frozen=True)
class Function:
    """The calibration function value = f(indication) and what is known of it.

    :param kind: its name in :mod:`hil_calibration.function` (`straight-line`).
    :param coefficients: p of them and :param covariance: p rows of p, unrounded.
    :param minimum: least and :param maximum: greatest indication for which it holds, in `indication_unit`.
    """

    kind: str
    indication_unit: str
    unit: str
    minimum: str
    maximum: str
    coefficients: tuple[str, ...]
    covariance: tuple[tuple[str, ...], ...]
    effects: tuple[SharedEffect, ...] = ()

    def __post_init__(self) -> None:
        for what in ("kind", "indication_unit", "unit"):
            grammar.name(getattr(self, what), f"{what} of a calibration function")
        where = f"function {self.kind!r}"
        p = len(self.coefficients)
        grammar.numbers((*self.coefficients, self.minimum, self.maximum), where)
        grammar.same_length(p, (len(self.covariance), "rows of the covariance"), where)
        for row in self.covariance:
            grammar.same_length(p, (len(row), "columns of the covariance"), where)
            grammar.numbers(row, where)


@dataclass(frozen=True)
class Software:
    """The software that made the certificate.

    :param release: `vX.Y.Z`.
    """

    name: str
    release: str

    def __post_init__(self) -> None:
        grammar.name(self.name, "name of the software")
        grammar.matches(grammar.RELEASE, self.release, "release of the software (vX.Y.Z)")


@dataclass(frozen=True)
class Amendment:
    """The certificate that this one replaces, and why (7.8.8).

    :param identifier: of the original, :param sha256: of its file, 64 hexadecimal digits.
    :param change: whether the original is amended, or substituted as a whole.
    """

    identifier: str
    sha256: str
    reason: Words
    change: Change = "amended"

    def __post_init__(self) -> None:
        grammar.identifier(self.identifier, "identifier of the original")
        grammar.matches(grammar.SHA256, self.sha256, "SHA-256 of the original")
        grammar.words(label(self.reason), "reason of the amendment")


@dataclass(frozen=True)
class Certificate:
    """A calibration certificate.

    :param identifier: unique; starts with `SIM-` if, and only if, the values are simulated, with `REC-` if they were
        replayed.
    :param begin: first, :param end: last day of the calibration and :param issued: day of issue, ISO 8601.
    :param place: where it was done; `place_description` says where if not in the laboratory.
    :param replayed: the values were obtained from recordings of something real, with reference values made elsewhere.
    :param world: of a simulated bench: which world and seed the values come from.
    :param chain_head: SHA-256 of the head of the record's hash chain, empty if there is no record.
    :param function: written into the XML as our calibration record, beside the tables that everyone reads.
    :param languages: the first is the mandatory one.
    :param draft: neither reviewed nor authorised; it says so.
    :param amends: the certificate that it replaces.
    :param recalibration: the day that the customer asked to be stated, ISO 8601; none otherwise (7.8.4.3).
    :param opinions: opinions and interpretations, kept apart from the results (7.8.7).
    :param customer_data: what else the customer supplied, beside `item.supplied` (7.8.2.2).
    :param kind: of an instrument's `calibration`, or of the `equivalence` of a simulated bench with another bench.
    :raises CertificateError: something that no certificate may lack, contradict or misname.
    """

    identifier: str
    laboratory: Organisation
    customer: Organisation
    item: Item
    equipment: tuple[Equipment, ...]
    methods: tuple[Method, ...]
    conditions: tuple[Condition, ...]
    results: tuple[Result, ...]
    statements: tuple[Statement, ...]
    persons: tuple[Person, ...]
    software: Software
    begin: str
    end: str
    issued: str
    simulated: bool
    place: Place = "laboratory"
    place_description: Text | None = None
    world: str = ""
    chain_head: str = ""
    function: Function | None = None
    budgets: tuple[Budget, ...] = ()
    languages: tuple[Literal["en", "fr"], ...] = ("en", "fr")
    draft: bool = False
    amends: Amendment | None = None
    recalibration: str = ""
    opinions: tuple[Text, ...] = ()
    customer_data: tuple[Words, ...] = ()
    kind: Kind = "calibration"
    replayed: bool = False

    def __post_init__(self) -> None:
        grammar.identifier(self.identifier, "identifier")
        words.optional(self.world, "simulated world")
        for data in self.customer_data:
            words.name(data, "customer's data")
        self._check_simulated()
        self._check_dates()
        for what in ("equipment", "methods", "conditions", "results", "statements", "languages"):
            if not getattr(self, what):
                raise CertificateError(f"no {what}", where=self.identifier)
        if not any(person.main_signer for person in self.persons):
            raise CertificateError("nobody signs", where=self.identifier, remedy="name a main signer")
        self._check_statements()
        if self.amends and self.amends.identifier == self.identifier:
            raise CertificateError("it amends itself", where=self.identifier, remedy="give it an identifier of its own")
        if self.chain_head:
            grammar.matches(grammar.SHA256, self.chain_head, "head of the record's hash chain")
        if self.place != "laboratory" and not self.place_description:
            raise CertificateError("the place of the calibration is not described", where=self.identifier)

    def _check_statements(self) -> None:
        clauses = {statement.reference for statement in self.statements}
        for clause, what in _REQUIRED_CLAUSES.items():
            if clause not in clauses:
                raise CertificateError(f"no statement {what} (ISO/IEC 17025:2017, {clause})", where=self.identifier)

    def _check_simulated(self) -> None:
        marks = ((SIMULATED_PREFIX, self.simulated, "simulated"), (REPLAYED_PREFIX, self.replayed, "replayed"))
        if self.simulated and self.replayed:
            raise CertificateError("values that are simulated and of real recordings at once", where=self.identifier)
        for prefix, holds, name in marks:
            if holds and not self.identifier.startswith(prefix):
                raise CertificateError(
                    f"a certificate of {name} values must say so in its identifier",
                    where=self.identifier,
                    remedy=f"begin it with {prefix}",
                )
            if not holds and self.identifier.startswith(prefix):
                raise CertificateError(
                    f"an identifier of {name} values on others",
                    where=self.identifier,
                    remedy=f"do not begin it with {prefix}",
                )

    def _check_dates(self) -> None:
        days = (("begin", self.begin), ("end", self.end), ("issue date", self.issued))
        grammar.in_order(days, where=self.identifier)
        if self.item.received:
            grammar.in_order((("receipt", self.item.received), days[1]), where=self.identifier)
        if self.recalibration:
            grammar.in_order((days[1], ("recalibration", self.recalibration)), where=self.identifier)
