"""How pictures of documents are drawn, as SVG: black on white, no fonts to load, the same bytes for the same data."""

from __future__ import annotations

import re
from collections.abc import Callable
from io import BytesIO
from itertools import pairwise
from typing import TYPE_CHECKING, Any

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
TICKS = (1, 2, 5)


def logarithmic(axes: Axes, label: str) -> None:
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
    bare_sides(axes)


def bare_sides(axes: Axes) -> None:
    """Axes at the left and below alone."""
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def legend_below(axes: Axes) -> None:
    """The names of what is drawn, under the axis."""
    axes.legend(
        loc="upper center",
        bbox_to_anchor=(0.5, -0.16),
        ncols=2,
        frameon=False,
        fontsize=8.0,
        handlelength=2.6,
        columnspacing=2.4,
    )


def svg(
    draw: Callable[[Axes], None], size: tuple[float, float], *, simulated: bool, projection: str | None = None
) -> bytes:
    """What ``draw`` draws, ``size`` in inches, as an element that can stand within HTML.

    :param projection: of the axes, such as "polar".
    """
    from matplotlib import rc_context
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    with rc_context(STYLE):
        figure = Figure(figsize=size, layout="constrained")
        FigureCanvasSVG(figure)
        axes = figure.add_subplot(projection=projection)
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
