"""Repeatability and reproducibility on a rail whose scale begins elsewhere after each reference run, by its truth."""

from __future__ import annotations

from pathlib import Path

import pytest

from hil.bench import load_bench
from hil.coverage.runs import Asked, checked, one_run
from hil.coverage.truth import StatedInterval, true_world
from hil.errors import UsageError
from hil_procedures.precision.parameters import RepeatabilityReproducibility
from hil_procedures.precision.script import truth

NAME, BENCH = "repeatability-reproducibility", "range-sim"
NOISE, HOMING = 0.001, 0.002
"""Standard deviations in m, as the bench states them: of a reading, and of where the scale begins."""


def asked(**settings: str) -> Asked:
    return checked(Asked(NAME, BENCH, settings, "Operator A"))


def test_set_ups_that_the_bench_brings_about_differ_as_they_truly_do(tmp_path: Path) -> None:
    outcomes = [one_run(asked(), seed, tmp_path) for seed in (1, 2)]
    answers = [outcome.answer for outcome in outcomes if outcome.answer is not None]
    assert [outcome.error for outcome in outcomes] == ["", ""]
    for answer in answers:
        stated = answer.measurands
        assert {name: one.true for name, one in stated.items()} == pytest.approx(
            {"s_r²": NOISE**2, "s_L²": HOMING**2, "s_R²": NOISE**2 + HOMING**2}
        )
        assert all(isinstance(one, StatedInterval) and one.low <= one.value <= one.high for one in stated.values())
        assert 0.7 * NOISE < stated["s_r²"].value ** 0.5 < 1.4 * NOISE
        assert stated["s_L²"].value ** 0.5 > 0.4 * HOMING
        assert answer.conforms is False
        assert answer.risk == pytest.approx(0.025)
    assert len({answer.measurands["s_L²"].value for answer in answers}) == 2, "each seed draws its own set-ups"


def test_without_a_reference_run_blocks_are_the_same(tmp_path: Path) -> None:
    outcome = one_run(asked(begins="", groups="1,2,3", limit="0.002"), 1, tmp_path)
    assert outcome.answer is not None, outcome.error
    assert (outcome.answer.conforms, outcome.answer.acceptable) == (True, True)
    assert outcome.answer.producer_risk == pytest.approx(0.025)
    between = outcome.answer.measurands["s_L²"]
    assert between.true == 0.0
    assert between.value < (0.5 * NOISE) ** 2
    assert abs(between.ratio) <= 1.96


def test_the_truth_of_other_roles_is_not_known() -> None:
    p = RepeatabilityReproducibility(items=("50", "60"), measures="luxmeter", sets="light")
    with pytest.raises(UsageError, match="truth of these roles is not known"):
        truth(true_world(load_bench(BENCH), 1), {}, p)
    with pytest.raises(UsageError, match=r"nothing that follows 'target\.distance'"):
        true_world(load_bench("reader-sim"), 1).rail.repeatability()
