"""The content of a calibration certificate, as frozen dataclasses (ISO/IEC 17025:2017, 7.8.2 and 7.8.4).

Every number is a decimal string, formatted once by the caller (:mod:`hil_calibration.rounding`), so that XML and PDF
print the same digits. Units are UCUM. A part that could not be written as a valid certificate is refused when it is
made, with :class:`~hil_calibration.errors.CertificateError`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ..errors import CertificateError
from . import grammar

Status = Literal["", "beforeAdjustment", "afterAdjustment", "beforeRepair", "afterRepair"]
Place = Literal["laboratory", "customer", "laboratoryBranch", "customerBranch", "other"]

SIMULATED_PREFIX = "SIM-"


@dataclass(frozen=True)
class Text:
    """A text in the languages of a certificate.

    :param en: English, one paragraph.
    :param fr: French, one paragraph.
    :raises CertificateError: one of them is empty.
    """

    en: str
    fr: str

    def __post_init__(self) -> None:
        grammar.words(self.en, "English text")
        grammar.words(self.fr, "French text")


Words = Text | str
"""A translated text, or a string that is the same in every language (a name, a number)."""


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
            grammar.words(getattr(self, what), what)
        grammar.matches(grammar.COUNTRY, self.country, "country code (two capitals)")


@dataclass(frozen=True)
class Item:
    """The item calibrated: unambiguous by manufacturer, model and serial number (7.8.2.1 g)."""

    description: Words
    manufacturer: str
    model: str
    serial: str
    condition: Words = ""
    received: str = ""

    def __post_init__(self) -> None:
        for what in ("manufacturer", "model", "serial"):
            grammar.words(getattr(self, what), what)
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
        grammar.words(self.identifier, "certificate number")
        grammar.matches(grammar.SHA256, self.sha256, "SHA-256 of a certificate")


@dataclass(frozen=True)
class Equipment:
    """Equipment used; a measurement standard carries its certificate (traceability, 7.8.4.1 c)."""

    name: Words
    manufacturer: str
    model: str
    serial: str
    certificate: Reference | None = None


@dataclass(frozen=True)
class Method:
    """A method used: its name, the standard or document it follows and what was done."""

    name: Words
    description: Words
    norm: str = ""
    reference: str = ""
    ref_type: str = ""

    def __post_init__(self) -> None:
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
        grammar.ref_type(self.ref_type)
        grammar.numbers((self.minimum, self.maximum), "influence condition")
        if float(self.minimum) > float(self.maximum):
            raise CertificateError("the minimum is above the maximum", where=str(self.ref_type))
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
    """

    name: Words
    ref_type: str
    unit: str
    values: tuple[str, ...]
    U: tuple[str, ...] = ()
    k: str = "2"
    coverage: str = "0.95"
    distribution: str = "normal"

    def __post_init__(self) -> None:
        where = f"column {label(self.name)!r}"
        grammar.ref_type(self.ref_type)
        grammar.words(self.unit, f"unit of {where}")
        grammar.numbers(self.values, where)
        if self.unit == "Cel" and self.ref_type == "basic_measurementError":
            raise CertificateError("a difference of temperatures in Cel", where=where, remedy="give it in K")
        if self.U:
            grammar.uncertainties(self.U, self.k, where)
            grammar.same_length(len(self.values), (len(self.U), "uncertainties"), where)
            if len(self.k.split()) > 1:
                grammar.same_length(len(self.values), (len(self.k.split()), "coverage factors"), where)
            grammar.matches(grammar.PROBABILITY, self.coverage, "coverage probability")


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
    """

    declaration: Text
    name: Words = ""
    norm: str = ""
    reference: str = ""
    ref_type: str = ""
    traceable: bool | None = None

    def __post_init__(self) -> None:
        grammar.ref_type(self.ref_type)


@dataclass(frozen=True)
class Person:
    """A person responsible; at least one signs (7.8.2.1 o)."""

    name: str
    role: str
    main_signer: bool = False

    def __post_init__(self) -> None:
        grammar.words(self.name, "name of a person")
        grammar.words(self.role, "role of a person")


@dataclass(frozen=True)
class Budget:
    """An uncertainty budget as a table of strings: a header and rows of the same length."""

    title: Words
    header: tuple[Words, ...]
    rows: tuple[tuple[str, ...], ...]

    def __post_init__(self) -> None:
        where = f"budget {label(self.title)!r}"
        for row in self.rows:
            grammar.same_length(len(self.header), (len(row), "cells in a row"), where)
            for cell in row:
                grammar.words(cell, f"cell of {where} (write – where nothing stands)")


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
            grammar.words(getattr(self, what), f"{what} of a shared effect")
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
        grammar.words(self.name, "name of the software")
        grammar.matches(grammar.RELEASE, self.release, "release of the software (vX.Y.Z)")


@dataclass(frozen=True)
class Certificate:
    """A calibration certificate.

    :param identifier: unique; starts with `SIM-` if, and only if, the values come from a simulated bench.
    :param begin: first, :param end: last day of the calibration and :param issued: day of issue, ISO 8601.
    :param place: where it was done; `place_description` says where if not in the laboratory.
    :param world: of a simulated bench: which world and seed the values come from.
    :param chain_head: SHA-256 of the head of the record's hash chain, empty if there is no record.
    :param function: written into the XML as our calibration record, beside the tables that everyone reads.
    :param languages: the first is the mandatory one.
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

    def __post_init__(self) -> None:
        grammar.words(self.identifier, "identifier")
        self._check_simulated()
        self._check_dates()
        for what in ("equipment", "methods", "conditions", "results", "statements", "languages"):
            if not getattr(self, what):
                raise CertificateError(f"no {what}", where=self.identifier)
        if not any(person.main_signer for person in self.persons):
            raise CertificateError("nobody signs", where=self.identifier, remedy="name a main signer")
        if self.chain_head:
            grammar.matches(grammar.SHA256, self.chain_head, "head of the record's hash chain")
        if self.place != "laboratory" and not self.place_description:
            raise CertificateError("the place of the calibration is not described", where=self.identifier)

    def _check_simulated(self) -> None:
        if self.simulated and not self.identifier.startswith(SIMULATED_PREFIX):
            raise CertificateError(
                "a certificate of simulated values must say so in its identifier",
                where=self.identifier,
                remedy=f"begin it with {SIMULATED_PREFIX}",
            )
        if not self.simulated and self.identifier.startswith(SIMULATED_PREFIX):
            raise CertificateError(
                "an identifier of simulated values on measured ones",
                where=self.identifier,
                remedy=f"do not begin it with {SIMULATED_PREFIX}",
            )

    def _check_dates(self) -> None:
        days = (("begin", self.begin), ("end", self.end), ("issue date", self.issued))
        grammar.in_order(days, where=self.identifier)


def label(words: Words) -> str:
    """The English text, for messages."""
    return words.en if isinstance(words, Text) else words
