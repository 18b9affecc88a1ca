"""Drawings of a certificate's results, as SVG: made of the numbers printed, the same bytes for the same numbers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Literal

from .printing import printed

WIDTH, HEIGHT = 330.0, 236.0
LEFT, RIGHT, TOP, BOTTOM = 54.0, 8.0, 20.0, 36.0
INK, GREY, HAIR, ACCENT, LIMIT = "#16202c", "#5b6875", "#dbe2ea", "#1f4e79", "#b3261e"
FONT = "Libertinus Serif"
_LOGARITHMIC_FROM = 30.0
"""The ratio of the greatest to the least value from which on an axis is logarithmic."""


@dataclass(frozen=True)
class Series:
    """Points with the half-lengths of their bars, or none; a second series is drawn hollow."""

    name: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    U: tuple[float, ...] = ()


@dataclass(frozen=True)
class Limit:
    """A line through a limit at each point."""

    x: tuple[float, ...]
    y: tuple[float, ...]
    dashed: bool


@dataclass(frozen=True)
class Chart:
    """What is drawn: series and limits, the titles of the axes, and whether they are logarithmic.

    :param line: the line of a perfect instrument: y = x, y = 0, or none.
    """

    x_title: str
    y_title: str
    series: tuple[Series, ...]
    limits: tuple[Limit, ...] = ()
    log_x: bool = False
    log_y: bool = False
    line: Literal["diagonal", "zero", ""] = ""


def spans_decades(values: Iterable[float]) -> bool:
    """Whether positive values are so far apart that an axis of them is logarithmic."""
    found = tuple(values)
    return min(found) > 0 and max(found) / min(found) >= _LOGARITHMIC_FROM


def draw(chart: Chart) -> str:
    """The chart, empty where its numbers cannot be drawn (none, or beyond what an axis holds)."""
    xs = [x for series in chart.series for x in series.x]
    ys = [y for series in chart.series for y in _reach(series)] + [y for limit in chart.limits for y in limit.y]
    if not xs or not all(map(math.isfinite, (*xs, *ys))):
        return ""
    x = _Axis(xs, LEFT, WIDTH - RIGHT, log=chart.log_x)
    y = _Axis([*ys, 0.0] if chart.line == "zero" else ys, HEIGHT - BOTTOM, TOP, log=chart.log_y)
    if not (x.usable and y.usable):
        return ""
    parts = [
        *_grid(x, y),
        *_titles(chart),
        *(_limit(limit, x, y) for limit in chart.limits),
        _reference(chart, x, y),
        *(part for i, series in enumerate(chart.series) for part in _series(series, x, y, hollow=i > 0)),
        *(_legend(chart.series) if len(chart.series) > 1 else ()),
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH:g} {HEIGHT:g}" width="{WIDTH:g}" '
        f'height="{HEIGHT:g}" font-family="{FONT}" font-size="11" fill="{INK}">{"".join(parts)}</svg>'
    )


@dataclass
class _Axis:
    """From numbers to places, linear or logarithmic, with ticks at round numbers."""

    values: Sequence[float]
    start: float
    end: float
    log: bool
    low: float = field(init=False)
    high: float = field(init=False)

    def __post_init__(self) -> None:
        scaled = [self._scaled(value) for value in self.values]
        low, high = min(scaled), max(scaled)
        margin = 0.06 * (high - low) or abs(high) * 0.1 or 1.0
        self.low, self.high = low - margin, high + margin

    @property
    def usable(self) -> bool:
        return math.isfinite(self.high - self.low) and self.high - self.low > 1e-9 * max(abs(self.high), abs(self.low))

    def at(self, value: float) -> float:
        share = (self._scaled(value) - self.low) / (self.high - self.low)
        return self.start + share * (self.end - self.start)

    def ticks(self) -> list[tuple[float, str]]:
        return self._decades() if self.log else self._steps()

    def _scaled(self, value: float) -> float:
        return math.log10(value) if self.log else value

    def _decades(self) -> list[tuple[float, str]]:
        powers = range(math.floor(self.low), math.ceil(self.high) + 1)
        few = self.high - self.low < 2.4
        mantissas = (1, 2, 5) if few else (1,)
        every = max(1, (len(powers) + 5) // 6)
        values = (m * 10.0**p for p in powers if p % every == 0 for m in mantissas)
        return [(v, _label(v, 0)) for v in values if self.low <= math.log10(v) <= self.high]

    def _steps(self) -> list[tuple[float, str]]:
        raw = (self.high - self.low) / 7.0
        power = math.floor(math.log10(raw))
        step = next(m for m in (1.0, 2.0, 5.0, 10.0) if m * 10.0**power >= raw) * 10.0**power
        decimals = max(0, -math.floor(math.log10(step) + 1e-9))
        first, last = math.ceil(self.low / step), math.floor(self.high / step)
        return [(i * step, _label(i * step, decimals)) for i in range(first, last + 1)]


def _label(value: float, decimals: int) -> str:
    if value and not 1e-4 <= abs(value) < 1e6:
        return printed(f"{value:.3g}" if "e" in f"{value:.3g}" else f"{value:.3e}")
    return printed(f"{value:.{decimals}f}" if decimals or value == int(value) else f"{value:g}")


def _reach(series: Series) -> Iterable[float]:
    if not series.U:
        return series.y
    return (end for y, U in zip(series.y, series.U, strict=True) for end in (y - U, y + U))


def _grid(x: _Axis, y: _Axis) -> Iterable[str]:
    for value, label in x.ticks():
        at = x.at(value)
        yield f'<path d="M{at:.1f} {TOP:g}V{HEIGHT - BOTTOM:g}" stroke="{HAIR}" stroke-width="0.6"/>'
        yield f'<text x="{at:.1f}" y="{HEIGHT - BOTTOM + 13:g}" text-anchor="middle">{escape(label)}</text>'
    for value, label in y.ticks():
        at = y.at(value)
        yield f'<path d="M{LEFT:g} {at:.1f}H{WIDTH - RIGHT:g}" stroke="{HAIR}" stroke-width="0.6"/>'
        yield f'<text x="{LEFT - 5:g}" y="{at + 3.6:.1f}" text-anchor="end">{escape(label)}</text>'
    yield (
        f'<path d="M{LEFT:g} {TOP:g}V{HEIGHT - BOTTOM:g}H{WIDTH - RIGHT:g}" fill="none" stroke="{GREY}" '
        'stroke-width="0.8"/>'
    )


def _titles(chart: Chart) -> Iterable[str]:
    middle = (LEFT + WIDTH - RIGHT) / 2
    yield f'<text x="{middle:g}" y="{HEIGHT - 5:g}" text-anchor="middle">{escape(chart.x_title)}</text>'
    yield f'<text x="2" y="11" fill="{GREY}">{escape(chart.y_title)}</text>'


def _reference(chart: Chart, x: _Axis, y: _Axis) -> str:
    """The line on which a perfect instrument would lie."""
    if not chart.line:
        return ""
    if chart.line == "zero":
        return f'<path d="M{LEFT:g} {y.at(0.0):.1f}H{WIDTH - RIGHT:g}" stroke="{GREY}" stroke-width="0.9"/>'
    ends = (max(min(x.values), min(y.values)), min(max(x.values), max(y.values)))
    places = "L".join(f"{x.at(end):.1f} {y.at(end):.1f}" for end in ends)
    return f'<path d="M{places}" stroke="{GREY}" stroke-width="0.9"/>'


def _limit(limit: Limit, x: _Axis, y: _Axis) -> str:
    points = sorted(zip(limit.x, limit.y, strict=True))
    if len(set(limit.y)) == 1:
        places = f"{LEFT:g} {y.at(limit.y[0]):.1f}H{WIDTH - RIGHT:g}"
    else:
        places = "L".join(f"{x.at(a):.1f} {y.at(b):.1f}" for a, b in points)
    dashes = ' stroke-dasharray="5 3"' if limit.dashed else ""
    return f'<path d="M{places}" fill="none" stroke="{LIMIT}" stroke-width="0.9"{dashes}/>'


def _series(series: Series, x: _Axis, y: _Axis, *, hollow: bool) -> Iterable[str]:
    n = len(series.x)
    radius = 2.6 if n <= 60 else 1.2
    colour = GREY if hollow else ACCENT
    if series.U:
        cap = 2.2 if n <= 60 else 0.0
        points = zip(series.x, series.y, series.U, strict=True)
        bars = "".join(_bar(x.at(a), y.at(b - U), y.at(b + U), cap) for a, b, U in points)
        yield f'<path d="{bars}" stroke="{colour}" stroke-width="{0.9 if n <= 60 else 0.4}" fill="none"/>'
    fill = "white" if hollow else colour
    dots = "".join(
        f"M{x.at(a) - radius:.1f} {y.at(b):.1f}a{radius:g} {radius:g} 0 1 0 {2 * radius:g} 0"
        f"a{radius:g} {radius:g} 0 1 0 {-2 * radius:g} 0z"
        for a, b in zip(series.x, series.y, strict=True)
    )
    yield f'<path d="{dots}" fill="{fill}" stroke="{colour}" stroke-width="0.9"/>'


def _bar(x: float, low: float, high: float, cap: float) -> str:
    bar = f"M{x:.1f} {low:.1f}V{high:.1f}"
    return bar + (f"M{x - cap:.1f} {low:.1f}h{2 * cap:g}M{x - cap:.1f} {high:.1f}h{2 * cap:g}" if cap else "")


def _legend(series: Sequence[Series]) -> Iterable[str]:
    """The names of the series at the right end of the heading, the last one outermost."""
    at = WIDTH - RIGHT
    for i, one in reversed(list(enumerate(series))):
        yield f'<text x="{at:.1f}" y="11" text-anchor="end">{escape(one.name)}</text>'
        at -= 5.2 * len(one.name) + 6
        colour, fill = (GREY, "white") if i else (ACCENT, ACCENT)
        yield f'<circle cx="{at:.1f}" cy="7.5" r="2.6" fill="{fill}" stroke="{colour}" stroke-width="0.9"/>'
        at -= 12
