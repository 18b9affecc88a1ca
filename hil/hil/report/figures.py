"""The picture of a detection trial."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hil_calibration.performance import proportion_interval

from ..outcome import DetectionPicture
from .drawing import ABNORMAL, GREY, INK, PALE, bare_sides, legend_below, logarithmic, svg

if TYPE_CHECKING:
    from matplotlib.axes import Axes

GOLDEN = 0.6180339887498949


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
        axes.set_ylabel(f"proportion {picture.seen}")
        label = f"{picture.stimulus} / {picture.unit}"
        if picture.logarithmic:
            logarithmic(axes, label)
        else:
            axes.set_xlabel(label)
            bare_sides(axes)
        legend_below(axes)

    return svg(draw, (7.1, 4.5), simulated=simulated)


def _observations(axes: Axes, picture: DetectionPicture) -> None:
    """Each observation as a tick: a success above 100 %, none below 0, shifted up and down so that they stay apart."""
    for success, base in ((True, 1.035), (False, -0.095)):
        at = [x for x, read in picture.observations if read is success]
        heights = [base + 0.06 * (i * GOLDEN % 1.0) for i in range(len(at))]
        axes.plot(at, heights, "|", color=GREY, markersize=3.5, markeredgewidth=0.5, alpha=0.7)
    edge = axes.get_yaxis_transform()
    for height, text in ((1.065, picture.seen), (-0.065, f"not {picture.seen}")):
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
    axes.plot(x, p, color=INK, linewidth=1.6, label=f"fitted curve, average over {picture.among}")


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
