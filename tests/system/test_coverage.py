"""The bench proves its own uncertainties: over seeds that redraw every effect, errors stay inside U, and not by far."""

from __future__ import annotations

import math
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from coverage_run import LEVEL, in_a_process

SEEDS = range(1, 41)


@pytest.mark.timeout(900)
def test_the_stated_uncertainty_is_true(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        found = list(pool.map(partial(in_a_process, tmp_path), SEEDS))
    inside = sum(abs(error) <= 2.0 * u for error, u in found)
    ratios = [error / u for error, u in found]
    mean = sum(ratios) / len(ratios)
    spread = math.sqrt(sum((ratio - mean) ** 2 for ratio in ratios) / (len(ratios) - 1))
    with capsys.disabled():
        print(
            f"\n{inside} of {len(found)} errors at {LEVEL:g} lx lie inside U; error/u: mean {mean:.2f}, sd {spread:.2f}"
        )
    assert inside >= 34
    assert 0.7 <= spread <= 1.3
