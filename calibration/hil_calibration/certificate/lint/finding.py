"""What the checks of a certificate yield."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from ..namespace import Element

Severity = Literal["error", "warning", "info"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")


@dataclass(frozen=True)
class Finding:
    """One thing that a check says of a certificate.

    :param rule: name of the rule, such as `list-length`.
    :param severity: `error`, it may not be relied upon as it stands; `warning`, a reader should ask; `info`, a fact.
    :param place: XPath of the element, with the prefixes of the file; empty where the whole file is meant.
    :param line: line of the file on which the element begins, 0 where the whole file is meant.
    :param message: what was found, one sentence without a full stop.
    :param clause: the clause behind the rule, where its wording has been read; else empty.
    """

    rule: str
    severity: Severity
    place: str
    line: int
    message: str
    clause: str = ""


@dataclass(frozen=True)
class Fault:
    """What a rule yields: an element, and what is wrong with it.

    :param element: where; None where the whole file is meant, or where `place` and `line` say so.
    :param severity: that of the rule where None.
    """

    element: Element | None
    message: str
    severity: Severity | None = None
    place: str = ""
    line: int = 0


class Capability(Protocol):
    """A calibration and measurement capability that a laboratory states, U for k = 2."""

    @property
    def quantity(self) -> str:
        """The measurand in words, as results name it."""

    @property
    def unit(self) -> str:
        """UCUM unit of the values and of U."""

    def at(self, value: float) -> float | None:
        """The expanded uncertainty stated for a value in `unit`, None outside the range."""
