"""The equipment register: what each instrument is, when its calibration is due, what checks it in between.

The due date comes from here, never from a certificate: a laboratory that issues a certificate recommends no
interval (ISO/IEC 17025:2017, 7.8.4.3), and the user of the instrument sets it (6.4.7, 6.4.8).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import Field, model_validator

from ..suggest import nearest
from .files import Fault, SourceFile
from .model import Duration, Name, Section

if TYPE_CHECKING:
    from hil_calibration.control_chart import Chart

Rule = Literal["beyond 3 s", "two of three beyond 2 s", "four of five beyond 1 s", "eight on one side"]
RULES: tuple[Rule, ...] = ("beyond 3 s", "two of three beyond 2 s", "four of five beyond 1 s", "eight on one side")


class Translated(Section):
    """A text in the languages of a certificate."""

    en: Name = Field(description="English text")
    fr: Name = Field(description="French text")


class CertificateEntry(Section):
    """``[[instruments.NAME.certificates]]``: a certificate's file, and the SHA-256 that it had when it was accepted."""

    file: Name = Field(description="a certificate's file, relative to the register")
    sha256: str = Field(pattern="^[0-9a-f]{64}$", description="SHA-256 of the file, 64 hexadecimal digits")


class InstrumentEntry(Section):
    """``[instruments.NAME]``: one instrument of the laboratory.

    ``due`` is the last day on which its calibration may be used; an instrument without a due date has none.
    ``route`` is how its calibration is traceable (after ILAC P10): a national metrology institute, an
    accredited laboratory, another one with evidence of its competence, or the laboratory itself.
    """

    description: Translated
    manufacturer: Name = Field(description="the manufacturer's name")
    model: Name = Field(description="the model")
    serial: Name = Field(description="the serial number, as text")
    software: Name | None = Field(
        default=None, exclude=True, description="the version of its software, told in the report of a robot under test"
    )
    due: date | None = Field(default=None, description="a date such as 2027-06-30, without quotes")
    route: Literal["national-institute", "accredited-laboratory", "other-with-evidence", "in-house"] = Field(
        description='"national-institute", "accredited-laboratory", "other-with-evidence" or "in-house"'
    )
    certificates: tuple[CertificateEntry, ...] = Field(
        default=(), strict=False, description="a list of { file, sha256 }"
    )


class CheckSection(Section):
    """``[check_standards.NAME]``: a check standard, measured at intervals with an instrument (ISO/IEC 17025, 6.4.10).

    ``baseline`` holds the first checks, from which the control chart is made; its standard deviation is no
    smaller than that of the resolution. The check stands for every channel of the instrument in this unit.
    """

    instrument: Name = Field(description="a name among [instruments]")
    description: Name = Field(description="what is measured, and how")
    unit: Name = Field(description='a UCUM unit such as "lx"')
    baseline: tuple[float, ...] = Field(strict=False, description="eight or more values in the unit")
    resolution: float = Field(default=0.0, ge=0, description="the step of the indication in the unit, 0 or more")
    every: Duration = Field(description='a duration such as "7 d"')
    rules: tuple[Rule, ...] = Field(
        default=RULES, strict=False, min_length=1, description=f"a list of {', '.join(map(repr, RULES))}"
    )

    @cached_property
    def chart(self) -> Chart:
        """The control chart of its baseline.

        :raises CalibrationError: if the baseline makes none.
        """
        from hil_calibration.control_chart import chart

        return chart(self.baseline, s_least=self.resolution / math.sqrt(12.0))


class CmcSection(Section):
    """``[[cmc]]``: a calibration and measurement capability that the laboratory states, U for k = 2."""

    quantity: Name = Field(description="the measurand in words")
    unit: Name = Field(description='a UCUM unit such as "lx"')
    lower: float = Field(description="the lowest value covered")
    upper: float = Field(description="the highest value covered")
    U: float | None = Field(default=None, gt=0, description="an expanded uncertainty in the unit")
    relative_U: float | None = Field(  # noqa: N815 (the symbol of the GUM)
        default=None, gt=0, description="an expanded uncertainty, a fraction of the value"
    )

    @model_validator(mode="after")
    def _check(self) -> CmcSection:
        if not self.lower < self.upper:
            raise ValueError("lower is not below upper")
        if (self.U is None) == (self.relative_U is None):
            raise ValueError("give U or relative_U, and not both")
        return self

    def at(self, value: float) -> float | None:
        """The expanded uncertainty (k = 2) stated for ``value``, ``None`` outside its range."""
        if not self.lower <= value <= self.upper:
            return None
        return self.U if self.U is not None else (self.relative_U or 0.0) * abs(value)


class EquipmentRegister(Section):
    """The equipment register of a laboratory (``equipment.toml``)."""

    instruments: dict[str, InstrumentEntry]
    check_standards: dict[str, CheckSection] = Field(default={})
    cmc: tuple[CmcSection, ...] = Field(default=(), strict=False)


def load_register(path: Path) -> EquipmentRegister:
    """Read an equipment register.

    :raises ConfigurationError: with one sentence for each fault of the file.
    """
    return register_in(SourceFile.read(path))


def register_in(source: SourceFile) -> EquipmentRegister:
    """What an equipment register says.

    :raises ConfigurationError: with one sentence for each fault of the file.
    """
    register = source.validated(EquipmentRegister)
    source.refuse([*_check_faults(register), *_unit_faults(register)])
    return register


def _check_faults(register: EquipmentRegister) -> Iterator[Fault]:
    from hil_calibration.errors import CalibrationError

    for name, check in register.check_standards.items():
        if check.instrument not in register.instruments:
            hint = nearest(check.instrument, register.instruments)
            yield Fault(("check_standards", name, "instrument"), f'there is no instrument "{check.instrument}"; {hint}')
        try:
            _ = check.chart
        except CalibrationError as error:
            yield Fault(("check_standards", name, "baseline"), str(error))


def _unit_faults(register: EquipmentRegister) -> Iterator[Fault]:
    from hil_calibration import unit
    from hil_calibration.errors import UnitError

    stated: list[tuple[tuple[str | int, ...], str]] = [
        (("check_standards", name, "unit"), check.unit) for name, check in register.check_standards.items()
    ]
    stated += [(("cmc", number, "unit"), cmc.unit) for number, cmc in enumerate(register.cmc)]
    for key, text in stated:
        try:
            unit.check(text)
        except UnitError as error:
            yield Fault(key, str(error))
