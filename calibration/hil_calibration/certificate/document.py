"""A Digital Calibration Certificate as read: any laboratory's, with numbers as floats and units in UCUM where known."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

from ..errors import CertificateError, UnitError
from ..unit import convert, factor, same
from .model import Function


@dataclass(frozen=True)
class Form:
    """A quantity in one unit.

    :param unit: UCUM, empty if its D-SI name (`dsi`) is unknown.
    :param values: n numbers, NaN where the certificate says so.
    :param U: n expanded uncertainties in the same unit (a standard uncertainty has k = 1), or none.
    :param k: n coverage factors, or none.
    :param covariance: of the values, n rows of n in the square of the unit, or none.
    """

    unit: str
    dsi: str
    values: tuple[float, ...]
    U: tuple[float, ...] = ()
    k: tuple[float, ...] = ()
    coverage: float | None = None
    distribution: str = ""
    covariance: tuple[tuple[float, ...], ...] = ()

    @property
    def u(self) -> tuple[float, ...]:
        """Standard uncertainties, n of them or none."""
        return tuple(U / k for U, k in zip(self.U, self.k, strict=True))

    def scaled(self, scale: float) -> Form:
        """This form with its uncertainties and covariance in a unit ``scale`` times smaller; values stay."""
        covariance = tuple(tuple(value * scale**2 for value in row) for row in self.covariance)
        return replace(self, U=tuple(value * scale for value in self.U), covariance=covariance)


@dataclass(frozen=True)
class DccQuantity:
    """A quantity of a certificate, in one or several units (`si:hybrid`)."""

    name: str
    ref_types: tuple[str, ...]
    forms: tuple[Form, ...]

    def form(self, unit: str) -> Form | None:
        """This quantity in `unit`, converted from another unit of the same dimension where it is not given so.

        ``None`` where no form can be converted. U is taken from another form if only that has it.
        """
        found = next((form for form in self.forms if form.unit and same(form.unit, unit)), None) or self._converted(
            unit
        )
        if found is None or found.U:
            return found
        other = next((form for form in self.forms if form.U and form.unit), None)
        if other is None:
            return found
        return replace(other.scaled(_scale(other.unit, unit)), unit=found.unit, dsi=found.dsi, values=found.values)

    def _converted(self, unit: str) -> Form | None:
        for form in self.forms:
            try:
                scale = factor(form.unit, unit) if form.unit else None
            except UnitError:
                continue
            if scale is not None:
                values = tuple(convert(value, form.unit, unit) for value in form.values)
                return replace(form.scaled(scale), unit=unit, values=values)
        return None

    @property
    def units(self) -> tuple[str, ...]:
        """The units in which it is given."""
        return tuple(form.unit or form.dsi for form in self.forms)


@dataclass(frozen=True)
class DccTable:
    """Quantities that stand together: a table of results, or one influence condition.

    :param status: `beforeAdjustment` … `afterRepair`, empty if the certificate does not say.
    """

    name: str
    ref_types: tuple[str, ...]
    quantities: tuple[DccQuantity, ...]
    status: str = ""

    def role(self, ref_type: str) -> DccQuantity | None:
        """The first quantity of that role (`basic_referenceValue`…)."""
        return next((quantity for quantity in self.quantities if ref_type in quantity.ref_types), None)


@dataclass(frozen=True)
class DccItem:
    """An item calibrated; fields are empty where the certificate has none."""

    name: str
    manufacturer: str
    model: str
    serial: str


@dataclass(frozen=True)
class DccReference:
    """A certificate that another one rests on.

    :param identifier: its number. :param sha256: of its file, 64 hexadecimal digits, empty where none is stated.
    :param in_range: whether the standard was used within its validity, ``None`` where that is not said.
    """

    identifier: str
    sha256: str = ""
    in_range: bool | None = None


@dataclass(frozen=True)
class DccEquipment:
    """Equipment used for a calibration; a measurement standard has its certificate."""

    name: str
    manufacturer: str
    model: str
    serial: str
    ref_types: tuple[str, ...] = ()
    certificate: DccReference | None = None


@dataclass(frozen=True)
class DccDocument:
    """A certificate as read from a file.

    :param simulated: its record says so, or its identifier begins with `SIM-`.
    :param world: of a simulated bench of ours: which world and seed, else empty.
    :param sha256: SHA-256 of the file, 64 hexadecimal digits.
    :param function: our own calibration function, if the certificate embeds one.
    :param chain_head: head of our record's hash chain, if any.
    :param equipment: what it was measured with, each once.
    :param traceable: what its statements say of metrological traceability, ``None`` where they say nothing.
    """

    schema_version: str
    identifier: str
    issuer: str
    items: tuple[DccItem, ...]
    begin: date
    end: date
    issued: date | None
    results: tuple[DccTable, ...]
    conditions: tuple[DccTable, ...]
    simulated: bool
    sha256: str
    function: Function | None = None
    chain_head: str = ""
    world: str = ""
    equipment: tuple[DccEquipment, ...] = ()
    traceable: bool | None = None

    @property
    def states_covariance(self) -> bool:
        """Whether it says how its points are correlated, by a function of ours or by a matrix of D-SI."""
        quantities = (quantity for table in self.results for quantity in table.quantities)
        return self.function is not None or any(form.covariance for each in quantities for form in each.forms)

    @property
    def item(self) -> DccItem:
        """The one item calibrated.

        :raises CertificateError: there are several.
        """
        if len(self.items) != 1:
            raise CertificateError(f"a certificate of {len(self.items)} items", where=self.identifier)
        return self.items[0]


def _scale(source: str, target: str) -> float:
    try:
        return factor(source, target)
    except UnitError as error:
        raise CertificateError(f"one quantity in {source} and in {target}", where="si:hybrid") from error


def names(tables: Iterable[DccTable]) -> str:
    """The quantities of tables with their units, for messages."""
    found = {f"{quantity.name} [{', '.join(quantity.units)}]" for table in tables for quantity in table.quantities}
    return "; ".join(sorted(found)) or "none"
