"""The true indices of a model's response, by quadrature, and what runs of the screening state of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import pytest

from hil.bench import load_bench
from hil.coverage.runs import Asked, checked, one_run
from hil.coverage.truth import StatedInterval, true_world
from hil.design import Range
from hil.errors import UsageError
from hil_drivers.virtual.slab import SlabEmulator, finite_differences
from hil_procedures.screening.coverage import answer_of, indices_of
from hil_procedures.screening.parameters import Screening

BENCH = "slab-emulator"
NAMES = ("diffusivity", "time", "depth")
TOTAL_OF_TIME = 0.93696
"""Of time and place alone, by the mean over a grid of 400 x 400 points."""


def ishigami(x: Sequence[float]) -> float:
    return math.sin(x[0]) + 7.0 * math.sin(x[1]) ** 2 + 0.1 * x[2] ** 4 * math.sin(x[0])


def test_quadrature_gives_the_indices_of_ishigami() -> None:
    """Closed form: T. Ishigami and T. Homma, 1990, with a = 7 and b = 0.1."""
    found = indices_of(ishigami, [Range(name, "1", -math.pi, math.pi) for name in "abc"], 24)
    assert found[0].tolist() == pytest.approx([0.313905, 0.442411, 0.0], abs=1e-6)
    assert found[1].tolist() == pytest.approx([0.557589, 0.442411, 0.243684], abs=1e-6)


def test_a_range_in_the_logarithm_is_spread_evenly_over_it() -> None:
    ranges = [Range("a", "1", 1.0, 100.0, "log"), Range("b", "1", 0.0, math.log(100.0))]
    found = indices_of(lambda x: math.log(x[0]) + x[1], ranges, 8)
    assert found.ravel().tolist() == pytest.approx([0.5, 0.5, 0.5, 0.5])


def test_the_answer_is_the_models_where_roles_are_set() -> None:
    stimuli = true_world(load_bench(BENCH), 1).stimuli
    given = {"diffusivity": 1e-5, "time": 100.0, "place": 0.3}
    answer = SlabEmulator().estimate(given).value
    assert stimuli.answer(NAMES, error=False)([1e-5, 100.0, 0.3]) == answer
    assert stimuli.answer(NAMES, error=True)([1e-5, 100.0, 0.3]) == answer - finite_differences(**given)
    nominal = stimuli.answer(("time",), error=False)([100.0])
    assert nominal == pytest.approx(SlabEmulator().estimate({**given, "diffusivity": 1.25e-5, "place": 0.5}).value)
    with pytest.raises(UsageError, match="not all of time, model set something"):
        stimuli.answer(("time", "model"), error=False)


def test_each_run_has_a_design_of_its_own_and_holds_the_truth(tmp_path: Path) -> None:
    """Intervals by bootstrap of an even sequence are wide here: three of four hold the truth, whatever the seed."""
    two = {"influences": "time 30 to 200, depth 0.2 to 0.8", "limit": "0.9"}
    asked = checked(Asked("screening", BENCH, two, "Operator A"))
    outcomes = [one_run(asked, seed, tmp_path) for seed in (11, 12)]
    answers = [outcome.answer for outcome in outcomes]
    assert [outcome.error for outcome in outcomes] == ["", ""]
    one, other = (answer.measurands for answer in answers if answer is not None)
    assert list(one) == [f"{name}, {order}" for name in ("time", "depth") for order in ("first", "total")]
    assert all(one[name].value != other[name].value for name in one), "another seed, other points"
    assert all(one[name].true == other[name].true for name in one)
    assert one["time, total"].true == pytest.approx(TOTAL_OF_TIME, abs=1e-3)
    for stated in (*one.values(), *other.values()):
        assert isinstance(stated, StatedInterval)
        assert abs(stated.value - stated.true) < 0.15
    assert sum(abs(stated.ratio) <= stated.k for stated in one.values()) >= 3
    assert [answer.conforms for answer in answers if answer is not None] == [False] * 2
    assert [answer.risk for answer in answers if answer is not None] == pytest.approx([0.025] * 2)
    assert {answer.producer_risk for answer in answers if answer} == {None}, "each interval is for itself"


@pytest.mark.parametrize("given", [{"response": "reading"}, {"design": "latin-hypercube"}])
def test_what_else_is_found_has_no_known_truth(given: dict[str, str]) -> None:
    p = Screening.model_validate({"influences": ("time 30 to 60", "depth 0.2 to 0.8"), **given})
    with pytest.raises(UsageError, match="known of Sobol indices of a model"):
        answer_of(true_world(load_bench(BENCH), 1), {"rank_regression": {}}, p)
