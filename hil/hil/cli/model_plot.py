"""The picture of an evaluated measurement model: what Monte Carlo drew, and the GUM's distribution over it."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import UsageError

if TYPE_CHECKING:
    from hil_calibration.measurement.evaluation import Evaluation, Result

_COLOURS = {"gum": "#c0392b", "gum2": "#8e44ad"}


def draw(found: Evaluation, path: Path) -> None:
    """Draw each measurand into one picture.

    :raises UsageError: for another kind of file, or one that cannot be written.
    """
    if path.suffix not in (".svg", ".png"):
        raise UsageError(f"--plot {path} is no picture", remedy="name a file that ends in .svg or .png")
    from matplotlib.figure import Figure

    names = list(found.model.measurands)
    figure = Figure(figsize=(7, 3.2 * len(names)), layout="constrained")
    for axes, name in zip(np.atleast_1d(figure.subplots(len(names))), names, strict=True):
        _draw(axes, name, [result for result in found.results if result.measurand == name], names.index(name))
    try:
        figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)
    except OSError as error:
        raise UsageError(f"cannot write the picture: {error.strerror}", where=str(path)) from None


def _draw(axes: Any, name: str, results: list[Result], index: int) -> None:
    from hil_calibration.montecarlo import histogram
    from hil_calibration.unit import symbol

    for result in results:
        if result.propagation is not None:
            bars = list(histogram(result.propagation, index))
            edges = [low for low, _, _ in bars] + [bars[-1][1]]
            axes.stairs([height for _, _, height in bars], edges, fill=True, color="#9fc5e8", label="Monte Carlo")
        elif result.u > 0:
            x = np.linspace(result.value - 4 * result.u, result.value + 4 * result.u, 400)
            axes.plot(x, _density(x, result), color=_COLOURS[result.method], label=_label(result))
        style = "-" if result.reported else ":"
        colour = _COLOURS.get(result.method, "#1f4e79")
        for end in result.interval:
            axes.axvline(end, color=colour, linestyle=style, linewidth=1)
    ends = [end for result in results for end in result.interval]
    beyond = 0.6 * (max(ends) - min(ends)) or 1.0
    axes.set_xlim(min(ends) - beyond, max(ends) + beyond)
    axes.ticklabel_format(axis="x", style="plain", useOffset=False)
    axes.locator_params(axis="x", nbins=6)
    unit = results[0].unit
    named = symbol(unit) if unit and unit != "1" else ""
    axes.set_xlabel(f"{name} / {named}" if named else name)
    axes.set_ylabel(f"probability density × {named}" if named else "probability density")
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False)


def _label(result: Result) -> str:
    order = "first" if result.method == "gum" else "second"
    return f"GUM, {order} order"


def _density(x: Any, result: Result) -> Any:
    from scipy.stats import norm, t

    z = (x - result.value) / result.u
    return (norm.pdf(z) if math.isinf(result.dof) else t.pdf(z, result.dof)) / result.u
