"""The equipment register: what each instrument is, and when its calibration is due.

The due date comes from here, never from a certificate: a laboratory that issues a certificate recommends no
interval (ISO/IEC 17025:2017, 7.8.4.3), and the user of the instrument sets it (6.4.7, 6.4.8).
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Literal

from pydantic import Field

from .files import SourceFile
from .model import Name, Section


class Translated(Section):
    """A text in the languages of a certificate."""

    en: Name = Field(description="English text")
    fr: Name = Field(description="French text")


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
    due: date | None = Field(default=None, description="a date such as 2027-06-30, without quotes")
    route: Literal["national-institute", "accredited-laboratory", "other-with-evidence", "in-house"] = Field(
        description='"national-institute", "accredited-laboratory", "other-with-evidence" or "in-house"'
    )


class EquipmentRegister(Section):
    """The equipment register of a laboratory (``equipment.toml``)."""

    instruments: dict[str, InstrumentEntry]


def load_register(path: Path) -> EquipmentRegister:
    """Read an equipment register.

    :raises ConfigurationError: with one sentence for each fault of the file.
    """
    return SourceFile.read(path).validated(EquipmentRegister)
