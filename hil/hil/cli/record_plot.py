"""The picture of a record: each channel's values against time, with their expanded uncertainty."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hil_drivers.clock import NANOSECONDS

from ..errors import UsageError

if TYPE_CHECKING:
    from ..record import Readings, Record

K = 2.0
"""The coverage factor of the band."""

BINS = 2000
"""Above two readings for each of these, a picture shows the lowest and the highest of each bin."""

FORMATS = (".png", ".svg")


def draw(record: Record, path: Path, channels: tuple[str, ...]) -> None:
    """Draw ``channels``, or all that have values, one above the other.

    :raises UsageError: for an unknown channel, nothing to draw, another kind of file, or one that cannot be written.
    """
    if path.suffix not in FORMATS:
        raise UsageError(f"--plot {path} is no picture", remedy="name a file that ends in .svg or .png")
    found = {name: record.readings(name) for name in channels or record.channels}
    shown = {name: readings for name, readings in found.items() if channels or np.isfinite(_values(readings)).any()}
    if not shown:
        raise UsageError("has no readings to draw", where=str(record.folder), remedy="draw a run that measured")
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 2.4 * len(shown)), layout="constrained")
    start = min((int(readings.t.min()) for readings in shown.values() if len(readings)), default=0)
    axes = np.atleast_1d(figure.subplots(len(shown), sharex=True))
    for place, (name, readings) in zip(axes, shown.items(), strict=True):
        _draw(place, name, str(record.channels[name].get("unit", "")), readings, start)
    axes[-1].set_xlabel(f"t / s since {np.datetime64(start, 'ns')} (UTC)")
    figure.suptitle(f"{record.folder.name} ({record.run.get('provenance', '')})", fontsize="small")
    try:
        figure.savefig(path, dpi=150, metadata={"Date": None} if path.suffix == ".svg" else None)
    except OSError as error:
        raise UsageError(f"cannot write the picture: {error.strerror}", where=str(path)) from None


def _values(readings: Readings) -> NDArray[np.float64]:
    """Measured values; where a channel has none, because it has no calibration, its indications."""
    return readings.value if np.isfinite(readings.value).any() else readings.raw


def _draw(axes: Any, name: str, unit: str, readings: Readings, start: int) -> None:
    values, kept = _values(readings), thinned(_values(readings))
    t = (readings.t[kept] - start) / NANOSECONDS
    shown, expanded = values[kept], K * readings.u[kept]
    measured = values is readings.value
    label = "value" if measured else "indication; uncertainty unknown"
    axes.plot(t, shown, linewidth=0.8, marker="." if len(t) < 200 else "", markersize=3, color="#1f4e79", label=label)
    if measured and np.isfinite(expanded).any():
        low, high = shown - expanded, shown + expanded
        axes.fill_between(t, low, high, color="#9fc5e8", alpha=0.6, linewidth=0, label=f"± U, k = {K:g}")
    from hil_calibration.unit import symbol

    axes.set_ylabel(f"{name}\n/ {symbol(unit)}" if unit not in ("", "1") else name, fontsize="small")
    axes.legend(frameon=False, fontsize="x-small", loc="upper right")


def thinned(values: NDArray[np.float64]) -> NDArray[np.int64]:
    """Which of many values a picture shows, shape ``(m,)``: the lowest and highest of each bin, so no peak is lost."""
    if len(values) <= 2 * BINS:
        return np.arange(len(values))
    kept: set[int] = set()
    for part in np.array_split(np.arange(len(values)), BINS):
        finite = part[np.isfinite(values[part])]
        if len(finite):
            kept |= {int(finite[np.argmin(values[finite])]), int(finite[np.argmax(values[finite])])}
    return np.array(sorted(kept), np.int64)
