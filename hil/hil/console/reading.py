"""How a value with its uncertainty is written: U (k = 2) to two digits, the value to U's last digit.

Nothing here loads numpy or GTC: the console shows values before it loads either.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from hil_calibration.rounding import report

from .palette import LOOKS, Level
from .text import clean

K = 2.0
"""The coverage factor of every uncertainty shown."""
NOTHING = "–"

FLAGS: tuple[tuple[int, str], ...] = (
    (64, "ERROR"),
    (256, "LOST"),
    (8, "N/A"),
    (1, "OVER"),
    (2, "UNDER"),
    (4, "BATTERY"),
    (16, "DARK"),
    (32, "STALE"),
    (512, "DOMAIN"),
)
"""The word of each bit of `hil_drivers.indication.Flag`, the worst first."""
_ONLY_NOTED = 2 | 16
"""Under range and low light: the value may still enter a measurement."""


class Written(NamedTuple):
    """A value and its expanded uncertainty as written."""

    value: str
    uncertainty: str


def written(value: float | None, u: float | None, *, cells: int = 9, k: float = K) -> Written:
    """``value`` and ``k`` times the standard uncertainty ``u``, of which two digits are kept; each in ``cells``.

    What is longer in its plain form is written with a power of ten; a value that is still too long loses digits,
    and its U tells how many. Without ``u`` six digits of the value stand.

    >>> written(41.4132, 0.075)
    Written(value='41.41', uncertainty='±0.15')
    >>> written(0.0000123456, 1e-9)
    Written(value='1.2346e-5', uncertainty='±2.0e-9')

    :param cells: at least 8: what the longest power of ten needs.
    """
    if value is None or not math.isfinite(value):
        return Written(NOTHING, NOTHING)
    if u is None or not math.isfinite(u) or u < 0:
        return Written(short(value, cells, digits=6), NOTHING)
    if u == 0:
        return Written(short(value, cells), "±0")
    plain = report(value, k * u)
    spread = plain.U if len(plain.U) < cells else _exponent(f"{float(plain.U):.1e}")
    return Written(plain.value if len(plain.value) <= cells else _cut(Decimal(plain.value), cells), f"±{spread}")


def _cut(value: Decimal, cells: int) -> str:
    """``value`` with as many of its digits as have room in ``cells``, at the least one."""
    power = value.adjusted()
    whole = power >= 0 and len(f"{value:.0f}") <= cells
    text = ""
    for digits in range(cells, -1, -1):
        text = f"{value:.{digits}f}" if whole else f"{value.scaleb(-power):.{digits}f}e{power}"
        if len(text) <= cells:
            break
    return text


def _exponent(text: str) -> str:
    """``text`` without the zero and the sign that a positive power of ten does not need."""
    return text.replace("e+0", "e").replace("e-0", "e-").replace("e+", "e")


def short(value: float, cells: int, digits: int = 15) -> str:
    """``value`` to at most ``digits`` significant digits, fewer where ``cells`` asks for it."""
    for kept in range(digits, 0, -1):
        text = _exponent(f"{value:.{kept}g}")
        if len(text) <= cells:
            break
    return text


def result(value: float | None, u: float | None, symbol: str, *, k: float = K) -> str:
    """One measurement result in words, as it is copied: ``(41.41 ± 0.15) °C (k = 2)``."""
    shown = written(value, u, cells=15, k=k)
    unit = f" {symbol}" if symbol else ""
    if shown.value == NOTHING:
        return NOTHING
    if shown.uncertainty == NOTHING:
        return f"{shown.value}{unit} (no uncertainty)"
    return f"({shown.value} ± {shown.uncertainty[1:]}){unit} (k = {k:g})"


def limits(bounds: Sequence[float | None] | None) -> str:
    """Limits as they stand in a table: ``18..28``, ``<41``, ``>750``, ``±0.05``; nothing where there are none."""
    low, high = bounds if bounds else (None, None)
    if low is not None and high is not None:
        return f"±{high:g}" if low == -high else f"{low:g}..{high:g}"
    return f"<{high:g}" if high is not None else f">{low:g}" if low is not None else ""


def age(seconds: float) -> str:
    """How long ago: ``4 s``, ``3 min``, ``2 h``, ``5 d``."""
    for unit, length, until in (("s", 1, 100), ("min", 60, 100 * 60), ("h", 3600, 48 * 3600)):
        if seconds < until:
            return f"{max(int(seconds // length), 0)} {unit}"
    return f"{int(seconds // 86400)} d"


def clock(seconds: float) -> str:
    """A time that runs: ``00:41``, ``1:02:03``."""
    whole = max(int(seconds), 0)
    hours, rest = divmod(whole, 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60:02}:{rest % 60:02}"


def size(count: int) -> str:
    """Bytes: ``812 B``, ``1.2 GB``."""
    amount = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 999.5:
            return f"{amount:.0f} {unit}" if unit == "B" or amount >= 99.95 else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} TB"


def side(
    value: float | None,
    bounds: Sequence[float | None] | None,
    low: float | None = None,
    high: float | None = None,
) -> int:
    """Which limit is left: -1 the lower, 1 the upper, 0 none.

    :param low: :param high: the least and the greatest value since the picture before: a short excursion counts.
    """
    if not bounds:
        return 0
    lower, upper = bounds
    least, most = (value if low is None else low), (value if high is None else high)
    if upper is not None and most is not None and most > upper:
        return 1
    return -1 if lower is not None and least is not None and least < lower else 0


@dataclass(frozen=True, slots=True)
class Status:
    """What stands in a state cell, and its level; ``old`` where the value is not of now."""

    level: Level
    text: str
    acknowledged: bool = False
    old: bool = False


NORMAL = Status(Level.NORMAL, "")


def status(
    *,
    flags: int = 0,
    missing: bool = False,
    late: float | None = None,
    alarm: Level | None = None,
    beyond: int = 0,
    held: bool = True,
    acknowledged: bool = False,
) -> Status:
    """The state cell of a channel: the worst of what is known of it.

    An alarm stands before a stale value, that before a bad one, this before a limit left without an alarm, and this
    before what is only noted; an alarm whose value is not of now has a ``?``.

    :param flags: bits of `hil_drivers.indication.Flag`.
    :param missing: there is no value.
    :param late: the age in seconds of a value that should be newer; ``None`` where it is in time.
    :param alarm: the level of its alarm, where it has one.
    :param beyond: as of `side`.
    :param held: whether limits hold now: without a run nobody uses the channel, and being beyond is only noted.
    """
    word = next((word for bit, word in FLAGS if flags & bit), "")
    old = late is not None or missing or bool(flags & ~_ONLY_NOTED)
    if alarm is not None and alarm is not Level.NORMAL:
        look = LOOKS[alarm]
        sign = {1: "▲ HI", -1: "▼ LO", 0: f"{look.glyph} {look.word}"}[beyond]
        known, doubt = "✓" if acknowledged else "", "?" if old else ""
        return Status(alarm, f"{sign} {look.number}{known}{doubt}", acknowledged, old)
    if late is not None or word == "STALE":
        return Status(Level.STALE, f"? {age(late)}" if late is not None else "? STALE", old=True)
    if missing or flags & ~_ONLY_NOTED:
        return Status(Level.BAD, f"✗ {word or 'NONE'}", old=True)
    if beyond and held:
        return Status(Level.LOW, "▲ HI" if beyond > 0 else "▼ LO")
    if beyond and not word:
        return Status(Level.NORMAL, "above" if beyond > 0 else "below")
    return Status(Level.LOW, f"○ {word}") if word else NORMAL


@dataclass(frozen=True, slots=True)
class ChannelRow:
    """One row of the channel table, ready to draw: equal rows are not drawn again."""

    name: str
    value: str = NOTHING
    unit: str = ""
    uncertainty: str = NOTHING
    trend: str = ""
    limit: str = ""
    status: Status = NORMAL


def channel_row(
    name: str,
    symbol: str,
    value: float | None,
    u: float | None,
    *,
    bounds: Sequence[float | None] | None = None,
    status: Status = NORMAL,
    trend: str = "",
    cells: int = 9,
) -> ChannelRow:
    """The row of a channel: ``value`` in the unit written ``symbol``, ``u`` its standard uncertainty."""
    shown = written(value, u, cells=cells)
    return ChannelRow(clean(name), shown.value, clean(symbol), shown.uncertainty, trend, limits(bounds), status)
