"""The bench proves its own uncertainties: over seeds that redraw every effect, errors stay inside U, and not by far."""

from __future__ import annotations

import math
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from coverage_run import LEVEL, in_a_process


@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("runs", "fewest", "spreads"), [(4, 3, (0.4, 1.7)), pytest.param(40, 34, (0.7, 1.3), marks=pytest.mark.soak)]
)
def test_the_stated_uncertainty_is_true(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], runs: int, fewest: int, spreads: tuple[float, float]
) -> None:
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        found = list(pool.map(partial(in_a_process, tmp_path), range(1, runs + 1)))
    inside = sum(abs(error) <= 2.0 * u for error, u in found)
    ratios = [error / u for error, u in found]
    mean = sum(ratios) / len(ratios)
    spread = math.sqrt(sum((ratio - mean) ** 2 for ratio in ratios) / (len(ratios) - 1))
    with capsys.disabled():
        print(
            f"\n{inside} of {len(found)} errors at {LEVEL:g} lx lie inside U; error/u: mean {mean:.2f}, sd {spread:.2f}"
        )
    assert inside >= fewest
    assert spreads[0] <= spread <= spreads[1]
