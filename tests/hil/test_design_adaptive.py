"""Adaptive designs: what they choose, when they stop, that their intervals hold, and resumed runs."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from hil.design import (
    Adaptive,
    AdaptiveDesign,
    Bisection,
    History,
    Levels,
    Observed,
    PlannedPoint,
    Range,
    Trials,
    UntilDecided,
    UntilNarrow,
    grid,
)
from hil.errors import ProcedureFault
from hil.record import RecordWriter, open_run
from hil_calibration.errors import CalibrationError

LUX = Range("illuminance", "lx", 1.0, 100.0, scale="log")
SIGNS = [{"sign": "A"}, {"sign": "B"}, {"sign": "C"}]
ALWAYS = 10**6

Respond = Callable[[Mapping[str, Any]], Mapping[str, Any]]


def carried_out(design: AdaptiveDesign, respond: Respond, seed: int = 1, until: int = ALWAYS) -> History:
    """Run a design's plan against ``respond``, up to ``until`` points."""
    plan, history = design.plan(seed), History()
    while len(history) < until and (point := plan.next(history)) is not None:
        history.commit(point, [respond(point.factors)])
    return history


def bernoulli(p: float, seed: int) -> Respond:
    rng = random.Random(seed)
    return lambda _: {"hit": rng.random() < p}


def test_rules_are_adaptive() -> None:
    assert isinstance(Trials(SIGNS, UntilNarrow(0.2)), Adaptive)
    assert isinstance(Bisection(LUX, "high", 4), Adaptive)


def test_a_rule_that_chooses_no_first_point_is_refused() -> None:
    class Nothing:
        def next(self, observed: Sequence[Observed], seed: int, /) -> None:
            return None

    with pytest.raises(ProcedureFault, match="Nothing: chose no point at all; have it choose a first one"):
        AdaptiveDesign({"sign": None}, Nothing(), most=3).plan(1).next(History())


def test_trials_stop_when_the_interval_is_narrow_enough_and_no_earlier() -> None:
    rule = UntilNarrow(0.3)
    design = AdaptiveDesign({"sign": None}, Trials(SIGNS, rule), most=1000)
    history = carried_out(design, bernoulli(0.8, 3))
    hits = [bool(seen.data["hit"]) for seen in history.observed]
    low, high = rule.interval(sum(hits), len(hits))
    assert high - low <= 0.3
    before = rule.interval(sum(hits[:-1]), len(hits) - 1)
    assert before[1] - before[0] > 0.3
    assert {seen.factors["sign"] for seen in history.observed} == {"A", "B", "C"}


def test_the_interval_at_the_stop_holds_the_truth_as_often_as_it_says() -> None:
    rule = UntilNarrow(0.25, confidence=0.9)
    missed = 0
    for seed in range(200):
        design = AdaptiveDesign({"sign": None}, Trials(SIGNS[:1], rule), most=1000)
        hits = [bool(seen.data["hit"]) for seen in carried_out(design, bernoulli(0.9, seed)).observed]
        low, high = rule.interval(sum(hits), len(hits))
        missed += not low <= 0.9 <= high
    assert missed <= 29, "binomial(200, 0.1) exceeds 29 with probability 0.02 at most, at the worst"


def test_the_sequential_test_does_what_its_operating_curve_says() -> None:
    rule = UntilDecided(p1=0.02, p2=0.10, alpha=0.05, beta=0.05, most=150)
    design = AdaptiveDesign({"sign": None}, Trials(SIGNS, rule), most=150)
    verdicts, trials = [], []
    for seed in range(400):
        hits = [bool(seen.data["hit"]) for seen in carried_out(design, bernoulli(0.98, seed), seed).observed]
        verdicts.append(rule.verdict(sum(hits), len(hits)))
        trials.append(len(hits))
        low, high = rule.interval(sum(hits), len(hits))
        assert low <= sum(hits) / len(hits) <= high
    curve = rule.operation(0.02)
    assert set(verdicts) == {"accept", "reject"}
    accepted = verdicts.count("accept") / 400
    assert accepted == pytest.approx(curve.accept, abs=4.0 * math.sqrt(curve.accept * curve.reject / 400))
    assert sum(trials) / 400 == pytest.approx(curve.expected_trials, rel=0.15)
    assert max(trials) <= 150


def test_a_plan_ends_at_its_most_points_in_any_case() -> None:
    design = AdaptiveDesign({"sign": None}, Trials(SIGNS, UntilNarrow(0.01)), most=12)
    plan = design.plan(1)
    assert (plan.count, plan.most) == (None, 12)
    assert len(carried_out(design, bernoulli(0.5, 1))) == 12


def threshold(at: float, slope: float, seed: int) -> Respond:
    rng = random.Random(seed)
    return lambda point: {"hit": rng.random() < 1.0 / (1.0 + math.exp(-slope * math.log(point["illuminance"] / at)))}


def test_bisection_closes_in_on_the_threshold_of_a_sure_system() -> None:
    rule = Bisection(LUX, "high", halvings=6)
    design = AdaptiveDesign({"illuminance": "lx"}, rule, most=1000)
    found = rule.bracket(carried_out(design, lambda point: {"hit": point["illuminance"] > 7.0}).observed)
    assert found.halvings == 6
    assert found.fails < 7.0 < found.succeeds
    assert found.succeeds / found.fails == pytest.approx(100.0 ** (1.0 / 64.0))


def test_bisection_brackets_the_threshold_of_an_unsure_system_as_often_as_it_says() -> None:
    rule = Bisection(LUX, "high", halvings=3, confidence=0.8, most_at_level=150)
    design = AdaptiveDesign({"illuminance": "lx"}, rule, most=2000)
    missed = 0
    for seed in range(60):
        found = rule.bracket(carried_out(design, threshold(7.0, 2.0, seed)).observed)
        missed += not found.fails <= 7.0 <= found.succeeds
    assert missed <= 19, "binomial(60, 0.2) exceeds 19 with probability 0.01 at most"


def test_a_level_at_the_threshold_is_given_up_and_told() -> None:
    rule = Bisection(Range("x", "1", -1.0, 1.0), "low", halvings=5, most_at_level=40)
    answers = iter([True, False] * 20)
    found = rule.bracket(
        carried_out(AdaptiveDesign({"x": "1"}, rule, most=100), lambda _: {"hit": next(answers)}).observed
    )
    assert (found.undecided, found.halvings, found.succeeds, found.fails) == (0.0, 0, -1.0, 1.0)


def test_observations_of_another_plan_are_refused() -> None:
    with pytest.raises(ProcedureFault, match="was at illuminance = 3, not at 10"):
        Bisection(LUX, "high", 3).bracket([Observed(0, {"illuminance": 3.0}, {"hit": True})])


@pytest.mark.parametrize(
    "rule", [Trials(SIGNS, UntilNarrow(0.3)), Bisection(LUX, "high", 5)], ids=["trials", "bisection"]
)
async def test_a_run_that_was_killed_goes_on_as_it_would_have_gone_on(tmp_path: Path, rule: Adaptive) -> None:
    factors = {"sign": None} if isinstance(rule, Trials) else {"illuminance": "lx"}
    design = AdaptiveDesign(factors, rule, most=500)
    whole = carried_out(design, _fixed)
    record = RecordWriter.create(tmp_path / "run", {"procedure": "test"})
    cut = len(whole) // 2
    for seen in whole.observed[:cut]:
        record.point(seen.index, 1, "observing", seen.index, dict(seen.factors), "")
        record.observation(seen.index, 1, seen.index, dict(seen.data), {})
        record.point(seen.index, 1, "committed", seen.index, dict(seen.factors), "")
    record.point(cut, 1, "void", cut, dict(whole.observed[cut].factors), "killed")
    record.observation(cut, 1, cut, {"hit": False}, {})
    await record.close("interrupted")
    history = History.on_record(open_run(tmp_path / "run"))
    assert len(history) == cut
    plan = design.plan(1)
    while (point := plan.next(history)) is not None:
        history.commit(point, [_fixed(point.factors, len(history))])
    assert history.observed == whole.observed


def _fixed(factors: Mapping[str, Any], _: int = 0) -> Mapping[str, Any]:
    """An answer that depends on the condition alone."""
    return {"hit": factors.get("sign", "A") != "B" and factors.get("illuminance", 100.0) > 7.0}


def test_a_fault_of_the_system_fails_or_is_left_out() -> None:
    answers = [{"hit": True, "fault": "time-out"}, {"hit": True, "fault": ""}] * 10
    observed = [Observed(i, {"sign": "A"}, data) for i, data in enumerate(answers)]
    asked: list[tuple[int, int]] = []

    class Asking:
        def met(self, successes: int, n: int) -> bool:
            asked.append((successes, n))
            return False

    for rule in (Trials(SIGNS, Asking()), Trials(SIGNS, Asking(), sut_faults="left-out")):
        rule.next(observed, 1)
    assert asked == [(10, 20), (10, 10)]
    assert (
        AdaptiveDesign({"sign": None}, Trials(SIGNS, Asking(), sut_faults="left-out"), most=1).sut_faults == "left-out"
    )


def test_an_observation_that_does_not_tell_success_is_refused() -> None:
    with pytest.raises(ProcedureFault, match="no 'hit'"):
        Trials(SIGNS, UntilNarrow(0.2)).next([Observed(0, {"sign": "A"}, {"output": "A"})], 1)


class Stray:
    """A rule that gives a condition of another design."""

    def __init__(self, condition: Mapping[str, Any]) -> None:
        self._condition = condition

    def next(self, observed: Any, seed: int, /) -> Mapping[str, Any] | None:
        return self._condition


@pytest.mark.parametrize("condition", [{}, {"x": math.nan}, {"x": "1 m"}, {"x": 1.0, "y": 2.0}])
def test_a_condition_that_is_none_of_the_design_s_is_refused(condition: Mapping[str, Any]) -> None:
    with pytest.raises(ProcedureFault):
        AdaptiveDesign({"x": "m"}, Stray(condition), most=5).plan(1).next(History())


def test_an_adaptive_plan_can_be_blinded() -> None:
    design = AdaptiveDesign({"x": "m"}, Stray({"x": 1.0}), most=5, blind=True)
    point = design.plan(1).next(History())
    assert isinstance(point, PlannedPoint)
    assert point.shown == {"code": point.code}


def test_a_list_tells_the_same_next_point_after_the_same_record() -> None:
    design = grid(Levels("x", "1", range(9)), order="random")
    first, second = design.plan(4), design.plan(4)
    history = History()
    for _ in range(9):
        point = first.next(history)
        assert point == second.next(history)
        assert point is not None
        history.commit(point, [])
    assert first.next(history) is None


WRONG: dict[str, Callable[[], object]] = {
    "no width": lambda: UntilNarrow(0.0),
    "sure": lambda: UntilNarrow(0.1, confidence=1.0),
    "p1 above p2": lambda: UntilDecided(0.1, 0.02, 0.05, 0.05, 100),
    "cut off before it can accept": lambda: UntilDecided(0.02, 0.1, 0.05, 0.05, 3),
    "no condition": lambda: Trials([], UntilNarrow(0.1)),
    "no end": lambda: Bisection(LUX, "up", 3),
    "no halving": lambda: Bisection(LUX, "high", 0),
    "no target": lambda: Bisection(LUX, "high", 3, target=1.0),
    "no point": lambda: AdaptiveDesign({"x": "m"}, Stray({}), most=0),
    "a name of the point": lambda: AdaptiveDesign({"settle": "m"}, Stray({}), most=1),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_what_cannot_be_is_refused(wrong: str) -> None:
    with pytest.raises((ProcedureFault, CalibrationError)):
        WRONG[wrong]()
