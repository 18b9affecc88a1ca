"""Coverage intervals of trials, of which only as many are put in order as an interval needs."""

from __future__ import annotations

import numpy as np
import pytest

from hil_calibration.measurement.distribution import Normal
from hil_calibration.montecarlo import BLOCK, Interval, propagate


@pytest.mark.parametrize("kind", ["symmetric", "shortest"])
@pytest.mark.parametrize("coverage", [0.001, 0.3, 0.5, 0.6827, 0.95, 0.999])
def test_intervals_are_those_of_all_trials_in_order(kind: Interval, coverage: float) -> None:
    """JCGM 101, 7.7: y(r) and y(r + q) of the ordered trials, for a skewed result."""
    for seed, count in ((1, BLOCK), (2, BLOCK + 1), (3, 2 * BLOCK + 7)):
        found = propagate(
            "exp(x)", {"x": Normal(value=0.0, standard=1.0)}, trials=count, coverage=coverage, interval=kind, seed=seed
        )
        ordered = np.sort(found.samples[0])
        width = int(coverage * count) if (coverage * count).is_integer() else int(coverage * count + 0.5)
        if kind == "shortest":
            r = int(np.argmin(ordered[width:] - ordered[: count - width]))
        else:
            r = max(0, int((count - width) / 2 + 0.5) - 1)
        assert found.interval == (ordered[r], ordered[r + width])
