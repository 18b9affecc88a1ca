"""The uncertainties that a characterisation states are true: over seeds, errors stay inside U, and not by far."""

from __future__ import annotations

import math
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from climatic_run import Deviation, in_a_process


def over_seeds(folder: Path, seeds: range) -> dict[str, list[Deviation]]:
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        runs = list(pool.map(partial(in_a_process, folder), seeds))
    return {name: [run[name] for run in runs] for name in runs[0]}


def judged(found: list[Deviation]) -> tuple[int, float]:
    """How many deviations lie inside U, and the root mean square of deviation over u."""
    ratios = [deviation / u for deviation, u in found]
    return sum(abs(ratio) <= 2.0 for ratio in ratios), math.sqrt(sum(r * r for r in ratios) / len(ratios))


@pytest.mark.soak
@pytest.mark.timeout(300)
def test_the_stated_uncertainties_are_true(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, deviations in over_seeds(tmp_path, range(1, 9)).items():
        inside, spread = judged(deviations)
        with capsys.disabled():
            print(f"\n{name}: {inside} of 8 inside U; root mean square of error/u {spread:.2f}", end="")  # noqa: T201
        assert inside >= 6
        assert 0.3 <= spread <= 1.8


@pytest.mark.soak
def test_the_stated_uncertainties_are_true_over_many_seeds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, deviations in over_seeds(tmp_path, range(101, 221)).items():
        inside, spread = judged(deviations)
        with capsys.disabled():
            print(f"\n{name}: {inside} of 120 inside U; root mean square of error/u {spread:.2f}", end="")  # noqa: T201
        assert inside >= 107
        assert 0.8 <= spread <= 1.2
