"""The budget of a result of 1000 inputs, by the model file's way and by uncertain numbers.

Target: under 1 s each, the peers beside them. Exit code 1 if missed. GTC's sums are quadratic in the number of terms
(each partial sum copies the components so far), and so is the sum of quantities that stand on it.
Run: python benchmarks/metrology/bench_budget.py
"""

from __future__ import annotations

import math
import sys
from importlib import import_module
from time import perf_counter
from typing import Any

from hil_calibration import Quantity
from hil_calibration.measurement.distribution import Distribution, Normal
from hil_calibration.measurement.expression import Expression
from hil_calibration.measurement.gum import evaluate

INPUTS = 1000
TARGET = 1.0


def by_model() -> float:
    """u from the text of a model to its budget."""
    inputs: dict[str, Distribution] = {f"x{i}": Normal(value=i + 1.0, standard=0.1) for i in range(INPUTS)}
    found = evaluate(Expression(" + ".join(f"{i + 1} * x{i}" for i in range(INPUTS))), inputs)
    assert len(found.budget.lines) == INPUTS
    return found.u


def by_quantities() -> float:
    """u from uncertain numbers to their budget."""
    total = 1.0 * Quantity.of(1.0, 0.1, "V")
    for i in range(1, INPUTS):
        total = total + (i + 1) * Quantity.of(i + 1.0, 0.1, "V")
    assert len(total.budget()) == INPUTS
    return total.u


def by_uncertainties() -> float:
    """The same by the package `uncertainties`."""
    package: Any = import_module("uncertainties")
    total = sum((i + 1) * package.ufloat(i + 1.0, 0.1) for i in range(INPUTS))
    assert len(total.error_components()) == INPUTS
    return float(total.std_dev)


def main() -> int:
    """0 if the target is met."""
    expected, met = 0.1 * math.sqrt(sum((i + 1) ** 2 for i in range(INPUTS))), True
    for run, target in ((by_model, TARGET), (by_quantities, TARGET), (by_uncertainties, math.inf)):
        run()
        begun = perf_counter()
        u = run()
        taken = perf_counter() - begun
        limit = f"(target < {target:g} s)" if math.isfinite(target) else ""
        print(f"{run.__name__:18}{taken:8.3f} s for a budget of {INPUTS} inputs, u = {u:.6g} {limit}")
        met = met and taken < target and math.isclose(u, expected, rel_tol=1e-9)
    return int(not met)


if __name__ == "__main__":
    sys.exit(main())
