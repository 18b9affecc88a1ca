"""A channel as the console knows it: what it is, its latest value, how old that is, and its past."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from .parsing import build, number, whole
from .past import Past
from .reading import K, side

STALE_PERIODS = 2.0
"""Periods without a new value after which a channel is stale."""

LEAST_STALE = 1.5
"""Seconds below which nothing is stale: frames come each second at least."""


@dataclass(frozen=True)
class Facts:
    """What a channel is. ``unit`` is UCUM, ``symbol`` what is shown of it; ``period`` is in s."""

    name: str = ""
    unit: str = "1"
    symbol: str = ""
    limits: tuple[float | None, float | None] | None = None
    period: float | None = None
    device: str = ""
    point: str = ""
    provenance: str = ""
    calibration: str = ""
    due: str = ""
    note: str = ""


@dataclass(frozen=True)
class _Plain:
    name: str = ""
    unit: str = "1"
    symbol: str = ""
    period: float | None = None
    device: str = ""
    point: str = ""
    provenance: str = ""
    calibration: str = ""
    due: str = ""
    note: str = ""


def parse_facts(document: object) -> Facts:
    """What a frame says of a channel; protocol 1 says ``[name, unit]``."""
    if isinstance(document, list):
        document = dict(zip(("name", "unit"), document, strict=False))
    plain = build(_Plain, document)
    symbol = plain.symbol or ("" if plain.unit == "1" else plain.unit)
    return Facts(**{**vars(plain), "symbol": symbol}, limits=_limits(document))


def _limits(document: object) -> tuple[float | None, float | None] | None:
    given = document.get("limits") if isinstance(document, dict) else None
    if not isinstance(given, list) or len(given) != 2:
        return None
    lower, upper = map(number, given)
    return None if lower is None and upper is None else (lower, upper)


@dataclass(slots=True)
class Live:
    """A channel and its latest value: ``U`` is 2 u, ``t`` is in s UTC, ``low`` and ``high`` are its least and its
    greatest since the frame before; ``arrived`` and ``aged`` are what `age` is made of.
    """

    facts: Facts
    value: float | None = None
    u: float | None = None
    U: float | None = None
    flags: int = 0
    low: float | None = None
    high: float | None = None
    t: float | None = None
    arrived: float = 0.0
    aged: float = 0.0
    past: Past = field(default_factory=Past)

    def take(self, row: object, now: float) -> None:
        """Take a row of a frame in, which came at ``now``."""
        value, u, flags, t, low, high = row if type(row) is list and len(row) == 6 else _six(row)
        milliseconds = t if type(t) is int else number(t)
        if milliseconds is None:
            return
        known = self.value = value if type(value) is float and value - value == 0.0 else number(value)
        if u != self.u:  # it rarely changes
            self.u = number(u)
            self.U = None if self.u is None else K * self.u
        self.flags = max(0, whole(flags) or 0) if flags else 0
        self.low = known if low == value else low if type(low) is float and low - low == 0.0 else number(low)
        self.high = known if high == value else high if type(high) is float and high - high == 0.0 else number(high)
        seconds = milliseconds / 1000
        if seconds != self.t:
            self.t, self.arrived, self.aged = seconds, now, 0.0
            self.past.take((seconds, known, self.U, self.low, self.high))

    def age(self, now: float) -> float | None:
        """Seconds since the value was new; ``None`` while there is none."""
        return None if self.t is None else max(0.0, now - self.arrived) + self.aged

    def late(self, now: float, between_frames: float) -> float | None:
        """The age of a value that should be newer; ``None`` where it is in time, or nobody says how often it comes."""
        age = self.age(now)
        if age is None or self.facts.period is None:
            return None
        return age if age > self._patience(between_frames) else None

    @property
    def beyond(self) -> int:
        """Which limit the value, or one since the frame before, has left: -1 the lower, 1 the upper, 0 none."""
        return side(self.value, self.facts.limits, self.low, self.high)

    def _patience(self, between_frames: float) -> float:
        return max(LEAST_STALE, between_frames + 0.5, STALE_PERIODS * (self.facts.period or 0.0))


def _six(row: object) -> Sequence[Any]:
    given = row if isinstance(row, list) else []
    return given if len(given) == 6 else [*given, *[None] * 6][:6]
