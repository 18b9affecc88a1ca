"""The charts of trials that are no detection curve."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, cast

from ..outcome import Chart, DetectionPicture, Series
from .drawing import ABNORMAL, GREY, INK, PALE, bare_sides, legend_below, logarithmic, svg
from .figures import detection_svg

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.projections.polar import PolarAxes

MARKS = ("o", "s", "^", "D", "v", "P", "X", "<")
DASHES: tuple[Any, ...] = ("-", (0, (5, 2)), (0, (1, 1.5)), (0, (6, 2, 1, 2)))
DETECTION_CAPTION = (
    "Dots: proportion {seen} at each level, with its exact interval. Line and grey band: fitted curve, average over "
    "{among}. Ticks above and below: each observation, at the value measured for it."
)
SHADES = (INK, GREY, "#9a9a9a", "#c2c2c2")


def picture_svg(picture: DetectionPicture | Chart, *, simulated: bool, abnormal: bool) -> bytes:
    """The picture of a trial's results.

    :param abnormal: draw what was required in the colour of the abnormal.
    """
    if isinstance(picture, DetectionPicture):
        return detection_svg(picture, simulated=simulated, abnormal=abnormal)
    return chart_svg(picture, simulated=simulated, abnormal=abnormal)


def caption_of(picture: DetectionPicture | Chart) -> str:
    """What is said below the picture."""
    if isinstance(picture, DetectionPicture):
        return DETECTION_CAPTION.format(seen=picture.seen, among=picture.among)
    return picture.caption


def chart_svg(chart: Chart, *, simulated: bool, abnormal: bool) -> bytes:
    """Series are told apart by marks and dashes, so that the picture can be printed in black."""

    def draw(axes: Axes) -> None:
        for number, series in enumerate(chart.series):
            _draw(axes, series, number, len(chart.series))
        _required(axes, chart, ABNORMAL if abnormal else INK)
        if chart.polar:
            _polar(cast("PolarAxes", axes), chart)
        else:
            _cartesian(axes, chart)

    size = (5.6, 5.6) if chart.polar else (7.1, 4.2)
    return svg(draw, size, simulated=simulated, projection="polar" if chart.polar else None)


def _draw(axes: Axes, series: Series, number: int, count: int) -> None:
    shade = SHADES[number % len(SHADES)] if series.style == "bars" else INK
    match series.style:
        case "points":
            _points(axes, series, number)
        case "band":
            axes.fill_between(series.x, series.low, series.high, color=PALE, linewidth=0.0, label=series.name)
        case "bars":
            width = 0.8 / count
            at = [x + (number - (count - 1) / 2.0) * width for x in series.x]
            axes.bar(at, series.y, width, color=shade, label=series.name, **_error_bars(series))
        case "steps":
            axes.step(series.x, series.y, where="post", color=INK, linewidth=1.2, label=series.name)
        case "line":
            dashes = DASHES[number % len(DASHES)]
            axes.plot(series.x, series.y, color=INK, linewidth=1.4, linestyle=dashes, label=series.name)


def _points(axes: Axes, series: Series, number: int) -> None:
    mark = MARKS[number % len(MARKS)]
    if series.low:
        axes.errorbar(
            series.x,
            series.y,
            _reach(series),
            fmt=mark,
            color=INK,
            markersize=4.0,
            capsize=2.5,
            linewidth=0.9,
            label=series.name,
        )
    else:
        axes.plot(series.x, series.y, mark, color=INK, markersize=4.0, label=series.name)


def _error_bars(series: Series) -> dict[str, Any]:
    return {"yerr": _reach(series), "ecolor": INK, "capsize": 2.5} if series.low else {}


def _reach(series: Series) -> list[list[float]]:
    """How far the bars of each point reach down and up."""
    below = [max(0.0, y - low) for y, low in zip(series.y, series.low, strict=True)]
    above = [max(0.0, high - y) for y, high in zip(series.y, series.high, strict=True)]
    return [below, above]


def _required(axes: Axes, chart: Chart, colour: str) -> None:
    for name, value in chart.required:
        axes.axhline(value, color=colour, linewidth=1.8, linestyle=(0, (7, 2)), label=name)


def _cartesian(axes: Axes, chart: Chart) -> None:
    if chart.logarithmic:
        logarithmic(axes, chart.x)
    else:
        axes.set_xlabel(chart.x)
        bare_sides(axes)
    if chart.labels:
        axes.set_xticks(range(len(chart.labels)), list(chart.labels))
    axes.set_ylabel(chart.y)
    legend_below(axes)


def _polar(axes: PolarAxes, chart: Chart) -> None:
    axes.set_theta_zero_location("N")
    axes.set_theta_direction(-1)
    axes.set_rlabel_position(math.degrees(math.pi / 8))
    axes.set_title(chart.y, fontsize=9.0, color=INK)
    axes.set_xlabel(chart.x)
    axes.grid(color=PALE)
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.1), ncols=2, frameon=False, fontsize=8.0)
