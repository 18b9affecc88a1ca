"""What must stay right where it was made fast: budgets of many inputs, long adaptive runs, few correlations of many."""

from __future__ import annotations

import numpy as np
import pytest

from hil_calibration import Quantity, propagate
from hil_calibration.errors import UnknownCorrelation
from hil_calibration.measurement.distribution import Distribution, Normal, Rectangular
from hil_calibration.measurement.expression import Expression
from hil_calibration.measurement.gum import evaluate
from hil_calibration.montecarlo import correlation_matrix, tolerance

MANY = 300


def test_a_budget_of_many_inputs_with_a_correlated_pair() -> None:
    first, second = Quantity.correlated([1.0, 2.0], [[0.04, -0.03], [-0.03, 0.09]], "V", ["a", "b"])
    total = first + second
    for i in range(MANY):
        total = total + Quantity.of(0.0, 0.01, "V", label=f"x{i}")
    lines = {line.name: line for line in total.budget()}
    variance = 0.04 + 0.09 - 0.06 + MANY * 1e-4
    assert total.u**2 == pytest.approx(variance)
    assert len(lines) == MANY + 2
    assert lines["a"].percent == pytest.approx(100 * (0.04 - 0.03) / variance)
    assert lines["b"].percent == pytest.approx(100 * (0.09 - 0.03) / variance)
    assert lines["x7"].percent == pytest.approx(100 * 1e-4 / variance)
    assert sum(line.percent for line in lines.values()) == pytest.approx(100)


def test_a_model_of_many_inputs_with_a_few_correlations() -> None:
    inputs: dict[str, Distribution] = {f"x{i}": Normal(value=0.0, standard=0.1) for i in range(MANY)}
    model = Expression(" + ".join(inputs))
    assert evaluate(model, inputs, correlations={("x3", "x200"): 0.5}).u ** 2 == pytest.approx(0.01 * (MANY + 1))
    impossible = {("x1", "x2"): 0.9, ("x2", "x3"): 0.9, ("x1", "x3"): -0.9}
    with pytest.raises(UnknownCorrelation, match="between x1, x2, x3 cannot hold together"):
        evaluate(model, inputs, correlations=impossible)
    np.testing.assert_array_equal(correlation_matrix(["a", "b", "c"], {("a", "c"): -1.0})[0], [1.0, 0.0, -1.0])


@pytest.mark.parametrize("seed", [1, 2])
def test_an_adaptive_run_ends_with_results_stable_to_its_tolerance(seed: int) -> None:
    """u of N(0, 0.3) plus a rectangular of half-width 0.4 is known, and so are value and symmetry of the interval."""
    inputs: dict[str, Distribution] = {"x": Normal(value=5.0, standard=0.3), "y": Rectangular(lower=-0.4, upper=0.4)}
    found = propagate("x + y", inputs, seed=seed)
    exact = float(np.hypot(0.3, 0.4 / np.sqrt(3)))
    assert found.stable
    assert found.value == pytest.approx(5.0, abs=2 * tolerance(exact, 2))
    assert found.u == pytest.approx(exact, abs=2 * tolerance(exact, 2))
    low, high = found.interval
    assert (low + high) / 2 == pytest.approx(5.0, abs=2 * tolerance(exact, 2))
    # The stopping rule, computed again from the trials themselves.
    blocks = propagate("x + y", inputs, seed=seed, trials=found.trials)
    assert blocks.u == pytest.approx(found.u, rel=1e-12)
