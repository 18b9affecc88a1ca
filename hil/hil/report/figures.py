"""Pictures of documents, as SVG: black on white, no fonts to load, the same bytes for the same data."""

from __future__ import annotations

import re
from collections.abc import Callable
from io import BytesIO
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from hil_calibration.performance import proportion_interval

from ..outcome import DetectionPicture

if TYPE_CHECKING:
    from matplotlib.axes import Axes

INK, GREY, PALE, ABNORMAL = "#1a1a1a", "#6b6b6b", "#e4e4e4", "#b3261e"
STYLE: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 9.0,
    "axes.edgecolor": GREY,
    "axes.linewidth": 0.8,
    "axes.labelcolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.direction": "out",
    "text.parse_math": False,
    "svg.fonttype": "path",
    "svg.hashsalt": "hil",
}
GOLDEN = 0.6180339887498949
TICKS = (1, 2, 5)


def detection_svg(picture: DetectionPicture, *, simulated: bool, abnormal: bool) -> bytes:
    """Observed proportions with exact intervals, the fitted curve with its band, a and its bounds, the requirement.

    :param abnormal: draw the bounds and the requirement in the colour of the abnormal.
    """

    def draw(axes: Axes) -> None:
        _observations(axes, picture)
        _curve(axes, picture)
        _proportions(axes, picture)
        _limits(axes, picture, ABNORMAL if abnormal else INK)
        axes.set_ylim(-0.13, 1.13)
        axes.set_yticks([0.0, 0.25, 0.5, 0.75, 1.0], ["0", "25 %", "50 %", "75 %", "100 %"])
        axes.set_ylabel("proportion read")
        _logarithmic(axes, f"{picture.stimulus} / {picture.unit}")
        axes.legend(
            loc="upper center",
            bbox_to_anchor=(0.5, -0.16),
            ncols=2,
            frameon=False,
            fontsize=8.0,
            handlelength=2.6,
            columnspacing=2.4,
        )

    return _svg(draw, (7.1, 4.5), simulated=simulated)


def _observations(axes: Axes, picture: DetectionPicture) -> None:
    """Each observation as a tick: read above 100 %, not read below 0, shifted up and down so that they stay apart."""
    for success, base in ((True, 1.035), (False, -0.095)):
        at = [x for x, read in picture.observations if read is success]
        heights = [base + 0.06 * (i * GOLDEN % 1.0) for i in range(len(at))]
        axes.plot(at, heights, "|", color=GREY, markersize=3.5, markeredgewidth=0.5, alpha=0.7)
    edge = axes.get_yaxis_transform()
    for height, text in ((1.065, "read"), (-0.065, "not read")):
        axes.text(1.008, height, text, transform=edge, fontsize=7.0, color=GREY, va="center")


def _proportions(axes: Axes, picture: DetectionPicture) -> None:
    at = [x for x, _, _ in picture.levels]
    shares = [k / n for _, k, n in picture.levels]
    limits = [proportion_interval(k, n) for _, k, n in picture.levels]
    below = [max(0.0, share - low) for share, (low, _) in zip(shares, limits, strict=True)]
    above = [max(0.0, high - share) for share, (_, high) in zip(shares, limits, strict=True)]
    axes.errorbar(
        at,
        shares,
        [below, above],
        fmt="o",
        color=INK,
        markersize=4.0,
        capsize=2.5,
        linewidth=0.9,
        label="observed, with 95 % Clopper-Pearson interval",
    )


def _curve(axes: Axes, picture: DetectionPicture) -> None:
    if not picture.curve:
        return
    x, p, low, high = zip(*picture.curve, strict=True)
    axes.fill_between(x, low, high, color=PALE, linewidth=0.0, label="95 % band of the curve")
    axes.plot(x, p, color=INK, linewidth=1.6, label="fitted curve, average over signs")


def _limits(axes: Axes, picture: DetectionPicture, colour: str) -> None:
    axes.axhline(picture.level, color=GREY, linewidth=0.6)
    name = f"a{100.0 * picture.level:.0f}"
    axes.text(
        0.006,
        picture.level - 0.015,
        f"{100 * picture.level:.0f} %",
        transform=axes.get_yaxis_transform(),
        va="top",
        fontsize=7.0,
        color=GREY,
    )
    if picture.found is not None:
        axes.axvline(picture.found, color=INK, linewidth=1.0, linestyle=(0, (1, 1.5)), label=name)
    bounds = [bound for bound in (picture.lower, picture.upper) if bound is not None]
    for i, bound in enumerate(bounds):
        label = "its one-sided bounds" if i == 0 else None
        axes.axvline(bound, color=colour, linewidth=0.9, linestyle=(0, (5, 2.5)), label=label)
    required = f"required: {name} ≤ {picture.required:g} {picture.unit}"
    axes.axvline(picture.required, color=colour, linewidth=2.2, label=required)
    axes.plot(picture.required, 1.13, "v", color=colour, markersize=7.0, clip_on=False)


def _logarithmic(axes: Axes, label: str) -> None:
    """A logarithmic axis with ticks at 1, 2 and 5 times powers of ten, written out."""
    from matplotlib.ticker import FixedLocator, NullFormatter

    axes.set_xscale("log")
    low, high = axes.get_xlim()
    candidates = [mantissa * 10.0**power for power in range(-3, 7) for mantissa in TICKS]
    shown = [tick for tick in candidates if low <= tick <= high]
    minor = [a + (b - a) / 2.0 for a, b in pairwise(candidates) if low <= a + (b - a) / 2.0 <= high]
    axes.set_xticks(shown, [f"{tick:g}" for tick in shown])
    axes.xaxis.set_minor_locator(FixedLocator(minor))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel(label)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def _svg(draw: Callable[[Axes], None], size: tuple[float, float], *, simulated: bool) -> bytes:
    from matplotlib import rc_context
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    with rc_context(STYLE):
        figure = Figure(figsize=size, layout="constrained")
        FigureCanvasSVG(figure)
        axes = figure.add_subplot()
        draw(axes)
        if simulated:
            axes.text(
                0.5,
                0.5,
                "SIMULATED",
                transform=axes.transAxes,
                rotation=18.0,
                ha="center",
                va="center",
                fontsize=44.0,
                fontweight="bold",
                color=INK,
                alpha=0.06,
                zorder=0.0,
            )
        out = BytesIO()
        figure.savefig(
            out,
            format="svg",
            bbox_inches="tight",
            pad_inches=0.05,
            metadata={"Date": None, "Creator": None, "Format": None, "Type": None},
        )
    return _bare(out.getvalue())


def _bare(svg: bytes) -> bytes:
    """The ``svg`` element alone, without prolog, document type and metadata, so that it can stand within HTML."""
    text = svg[svg.index(b"<svg") :]
    return re.sub(rb"\s*<metadata>.*?</metadata>", b"", text, flags=re.DOTALL)
