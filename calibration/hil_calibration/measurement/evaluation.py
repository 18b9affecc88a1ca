"""Everything that a measurement model file asks for: each measurand by each method, and whether they agree."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..budget import Budget
from ..montecarlo import Propagation, propagate, tolerance
from . import gum
from .gum import GumResult
from .model_file import ModelFile
from .unit_algebra import unit_of

Array = NDArray[np.float64]


CERTAIN = 2.0
"""Standard uncertainties by which a difference must lie on one side of its tolerance to be decided."""

MARGIN = 1.5
"""How much farther it must lie there while trials are still added, so that the last ones do not undo the decision."""


@dataclass(frozen=True)
class Validation:
    """The comparison of JCGM 101, 8: the ends of the two coverage intervals differ by ``low`` and ``high``, which may
    be ``tolerance`` at most. ``u_low`` and ``u_high`` are their standard uncertainties by the number of trials."""

    method: str
    low: float
    high: float
    tolerance: float
    u_low: float
    u_high: float

    @property
    def holds(self) -> bool | None:
        """Whether the differences are within the tolerance; ``None`` where more trials might tell otherwise: one lies
        nearer to the tolerance than 2 standard uncertainties, and the other does not decide."""
        ends = ((self.low, self.u_low), (self.high, self.u_high))
        if any(d - CERTAIN * u > self.tolerance for d, u in ends):
            return False
        return True if all(d + CERTAIN * u <= self.tolerance for d, u in ends) else None


@dataclass(frozen=True)
class Result:
    """One measurand by one method.

    By Monte Carlo ``U`` is half the length of the coverage interval, and k = U / u. ``budget`` is there by the GUM,
    ``propagation`` (of all measurands) by Monte Carlo. ``validation`` is the comparison with the other, if both were
    asked for. ``reported`` marks the result to be used: a GUM result that Monte Carlo validates, or the only one, else
    that of Monte Carlo.
    """

    measurand: str
    method: str
    unit: str
    value: float
    u: float
    dof: float
    k: float
    U: float
    interval: tuple[float, float]
    budget: Budget | None
    propagation: Propagation | None
    validation: Validation | None
    reported: bool


@dataclass(frozen=True)
class Evaluation:
    """The results of a model file, and the correlations of its measurands by method, each of shape (m, m)."""

    model: ModelFile
    results: tuple[Result, ...]
    correlations: dict[str, Array]

    def to_json(self) -> dict[str, Any]:
        """``{"results": [...]}`` with ``correlations`` for several measurands (design of ``hil evaluate --json``)."""
        document: dict[str, Any] = {"results": [_described(result, self.model) for result in self.results]}
        if len(self.model.measurands) > 1:
            names = list(self.model.measurands)
            document["correlations"] = {
                method: {"measurands": names, "matrix": matrix.tolist()} for method, matrix in self.correlations.items()
            }
        return document


def evaluate(model: ModelFile) -> Evaluation:
    """Evaluate a model by each of its methods.

    :raises CalibrationError: if a method cannot be used for it, or the model leaves its domain.
    """
    options = model.options
    units = {
        name: unit_of(expression, {key: each.unit for key, each in model.inputs.items()})
        for name, expression in model.measurands.items()
    }
    by_gum = {
        method: [
            gum.evaluate(
                expression,
                model.inputs,
                correlations=model.correlations,
                coverage=options.coverage,
                order=1 if method == "gum" else 2,
            )
            for expression in model.measurands.values()
        ]
        for method in options.methods
        if method != "montecarlo"
    }
    drawn = _drawn(model, by_gum) if "montecarlo" in options.methods else None
    results = [
        result
        for index, name in enumerate(model.measurands)
        for result in _results(
            name, index, units[name], {m: found[index] for m, found in by_gum.items()}, drawn, options.digits
        )
    ]
    correlations = {
        method: gum.joint_correlations(found, list(model.inputs), model.correlations)
        for method, found in by_gum.items()
    }
    if drawn is not None:
        correlations["montecarlo"] = drawn.correlations
    return Evaluation(model, tuple(results), correlations)


def _drawn(model: ModelFile, by_gum: dict[str, list[GumResult]]) -> Propagation:
    options = model.options

    def decided(ends: Array, u: Array) -> bool:
        return all(
            _compared(method, result, ends[index], MARGIN * u[index], options.digits).holds is not None
            for method, results in by_gum.items()
            for index, result in enumerate(results)
        )

    return propagate(
        {name: expression.text for name, expression in model.measurands.items()},
        model.inputs,
        trials=options.trials or "adaptive",
        coverage=options.coverage,
        interval=options.interval,
        seed=options.seed,
        correlations=model.correlations,
        digits=options.digits,
        decided=decided,
    )


def _results(
    name: str, index: int, unit: str, by_gum: dict[str, GumResult], drawn: Propagation | None, digits: int
) -> list[Result]:
    checks = {method: _validated(method, found, drawn, index, digits) for method, found in by_gum.items() if drawn}
    good = [method for method in by_gum if drawn is None or checks[method].holds]
    chosen = good[0] if good else "montecarlo"
    found = [
        Result(
            measurand=name,
            method=method,
            unit=unit,
            value=result.value,
            u=result.u,
            dof=result.dof,
            k=result.k,
            U=result.U,
            interval=result.interval,
            budget=result.budget,
            propagation=None,
            validation=checks.get(method),
            reported=method == chosen,
        )
        for method, result in by_gum.items()
    ]
    if drawn is not None:
        found.append(_by_montecarlo(name, index, unit, drawn, next(iter(checks.values()), None), chosen))
    return found


def _by_montecarlo(
    name: str, index: int, unit: str, drawn: Propagation, check: Validation | None, chosen: str
) -> Result:
    marginal = drawn.marginal(index)
    half = (marginal.interval[1] - marginal.interval[0]) / 2
    return Result(
        measurand=name,
        method="montecarlo",
        unit=unit,
        value=marginal.value,
        u=marginal.u,
        dof=math.inf,
        k=half / marginal.u if marginal.u > 0 else math.nan,
        U=half,
        interval=marginal.interval,
        budget=None,
        propagation=drawn,
        validation=check,
        reported=chosen == "montecarlo",
    )


def _validated(method: str, found: GumResult, drawn: Propagation, index: int, digits: int) -> Validation:
    marginal = drawn.marginal(index)
    return _compared(method, found, marginal.interval, marginal.u_interval, digits)


def _compared(
    method: str, found: GumResult, ends: Sequence[float] | Array, u: Sequence[float] | Array, digits: int
) -> Validation:
    low, high = (abs(float(ours) - float(theirs)) for ours, theirs in zip(found.interval, ends, strict=True))
    return Validation(method, low, high, tolerance(found.u, digits), float(u[0]), float(u[1]))


def _described(result: Result, model: ModelFile) -> dict[str, Any]:
    described: dict[str, Any] = {
        "measurand": result.measurand,
        "method": result.method,
        "value": result.value,
        "u": result.u,
        "dof": result.dof if math.isfinite(result.dof) else None,
        "k": result.k if math.isfinite(result.k) else None,
        "U": result.U,
        "interval": list(result.interval),
        "coverage": model.options.coverage,
        "unit": result.unit or None,
        "reported": result.reported,
    }
    if result.budget is not None:
        described["budget"] = [_budget_line(line) for line in result.budget.to_json()]
    if result.propagation is not None:
        described["trials"], described["seed"] = result.propagation.trials, result.propagation.seed
        described["validates_gum"] = None if result.validation is None else result.validation.holds
        described["stable"] = result.propagation.stable
    return described


def _budget_line(line: dict[str, Any]) -> dict[str, Any]:
    return {"input": line.pop("name"), **line}
