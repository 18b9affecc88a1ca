"""Locked plans: one hash for one plan, the first difference named, files that were altered refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hil import Parameters, Trial, procedure
from hil.design import AdaptiveDesign, Bisection, Design, Levels, Range, Trials, UntilNarrow, grid
from hil.design.lock import (
    canonical,
    digest,
    first_difference,
    plan_document,
    plan_facts,
    read_lock,
    require_locked,
    write_lock,
)
from hil.errors import ProcedureFault, UsageError


class P(Parameters):
    """Parameters."""

    levels: tuple[float, ...] = (1.0, 2.0, 5.0)
    tolerance: float = 0.1


@procedure("a-trial", version="1", roles={})
async def a_trial(trial: Trial, p: P) -> None:
    """Do nothing."""


def design(p: P, **arrangement: Any) -> Design:
    return grid(Levels("level", "lx", p.levels), Levels("sign", None, ("A", "B")), order="random", **arrangement)


def document(p: P | None = None, seed: int = 1, **arrangement: Any) -> dict[str, Any]:
    p = p or P()
    return plan_document(a_trial, p, design(p, **arrangement), seed)


def test_the_same_plan_has_the_same_hash_and_another_has_not() -> None:
    assert digest(document()) == digest(document())
    others = [document(P(tolerance=0.2)), document(seed=2), document(attempts=5), document(sut_faults="left-out")]
    assert len({digest(one) for one in [document(), *others]}) == 5


def test_it_has_all_that_is_decided_beforehand() -> None:
    found = document()
    assert found["procedure"] == {"name": "a-trial", "version": "1", "sha256": a_trial.digest}
    assert found["parameters"] == {"levels": [1.0, 2.0, 5.0], "tolerance": 0.1}
    assert found["points"] == [point.factors for point in design(P()).planned(1)]
    assert (found["factors"], found["attempts"], found["sut_faults"]) == ({"level": "lx", "sign": None}, 3, "failure")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda d: d["parameters"].update(tolerance=0.2), "parameters.tolerance is 0.1 in the locked plan, 0.2 now"),
        (lambda d: d["procedure"].update(version="2"), 'procedure.version is "1" in the locked plan, "2" now'),
        (lambda d: d["points"][2].update(level=7.0), "points 3.level is"),
        (lambda d: d["points"].append({}), "points has 6 entries in the locked plan, 7 now"),
        (lambda d: d.update(seed=9), "seed is 1 in the locked plan, 9 now"),
        (lambda d: d.update(more=1), "more is not in the locked plan"),
        (lambda d: d.pop("attempts"), "attempts is in the locked plan only"),
        (lambda d: d.update(blind=0), "blind is false in the locked plan, 0 now"),
    ],
    ids=["parameter", "version", "point", "length", "seed", "more", "less", "kind"],
)
def test_the_first_difference_is_named(tmp_path: Path, change: Callable[[dict[str, Any]], object], told: str) -> None:
    write_lock(tmp_path / "plan.json", document())
    now = document()
    change(now)
    with pytest.raises(UsageError, match="the plan is not the one that was locked") as raised:
        require_locked(tmp_path / "plan.json", now)
    assert told in raised.value.what


def test_a_plan_that_is_the_same_goes_on_with_its_hash(tmp_path: Path) -> None:
    locked = write_lock(tmp_path / "plan.json", document())
    assert require_locked(tmp_path / "plan.json", document()) == locked == digest(document())
    assert json.loads((tmp_path / "plan.json").read_text())["sha256"] == locked


def test_a_locked_plan_is_not_overwritten(tmp_path: Path) -> None:
    write_lock(tmp_path / "plan.json", document())
    with pytest.raises(UsageError, match="is there already"):
        write_lock(tmp_path / "plan.json", document(seed=2))
    with pytest.raises(UsageError, match="cannot be written"):
        write_lock(tmp_path / "none" / "plan.json", document())


def test_a_file_that_was_altered_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    write_lock(file, document())
    file.write_text(file.read_text().replace('"tolerance": 0.1', '"tolerance": 0.2'))
    with pytest.raises(UsageError, match="was altered since it was locked"):
        read_lock(file)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "is no locked plan"),
        ("[1]", "is no locked plan"),
        ('{"plan": 3}', "is no locked plan"),
        ('{"plan": {"format": "hil plan", "version": 2}, "sha256": ""}', "of version 2"),
        ('{"plan": {"format": "hil plan", "version": 1, "x": NaN}, "sha256": ""}', "was altered"),
        ("[" * 100_000, "is no locked plan"),
    ],
    ids=["empty", "list", "number", "later", "nan", "deep"],
)
def test_what_is_no_locked_plan_is_refused(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "plan.json").write_text(text)
    with pytest.raises(UsageError, match=told):
        read_lock(tmp_path / "plan.json")


@given(st.binary(max_size=200))
def test_any_file_is_a_plan_or_refused_in_words(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    file = tmp_path_factory.mktemp("lock") / "plan.json"
    file.write_bytes(content)
    with pytest.raises(UsageError):
        read_lock(file)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        UsageError, match=r"plan\.json: cannot be read: No such file or directory; give a file that --lock"
    ):
        read_lock(tmp_path / "plan.json")


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=10,
)
DOCUMENTS = st.dictionaries(st.text(max_size=3), JSON, max_size=4)


@given(DOCUMENTS)
def test_a_plan_is_itself_after_a_file(one: dict[str, Any]) -> None:
    back = json.loads(canonical(one))
    assert first_difference(one, back) == ""
    assert digest(back) == digest(one)


@given(DOCUMENTS, DOCUMENTS)
def test_a_difference_is_told_where_the_hashes_differ(one: dict[str, Any], other: dict[str, Any]) -> None:
    if first_difference(one, other):
        assert canonical(one) != canonical(other)
    else:
        assert one == other


def test_a_blinded_plan_tells_codes_and_the_hash_of_their_key() -> None:
    p = P()
    blind = design(p, blind=True)
    locked = plan_document(a_trial, p, blind, 1)
    assert "points" not in locked
    assert locked["codes"] == [point.code for point in blind.planned(1)]
    kept = plan_facts(blind, 1)
    assert locked["key_sha256"] == digest(dict(zip(kept["codes"], kept["points"], strict=True)))


def test_an_adaptive_plan_is_locked_with_its_rule() -> None:
    rule = Bisection(Range("level", "lx", 1.0, 10.0), "high", 4, others={"sign": "A"})
    adaptive = AdaptiveDesign({"level": "lx", "sign": None}, rule, most=200)
    found = plan_document(a_trial, P(), adaptive, 1)
    assert (found["most"], found["rule"]["halvings"], found["rule"]["factor"]["high"]) == (200, 4, 10.0)
    assert found["rule"]["type"] == "hil.design.bisection.Bisection"
    trials = [
        plan_document(a_trial, P(), AdaptiveDesign({"s": None}, Trials([{"s": 1}], UntilNarrow(width)), most=9), 1)
        for width in (0.1, 0.2)
    ]
    assert "rule.until.width is 0.1" in first_difference(*trials)


class Opaque:
    """A rule that JSON cannot tell."""

    def next(self, observed: object, seed: int, /) -> None:
        return None


def test_a_rule_that_cannot_be_told_is_refused() -> None:
    with pytest.raises(ProcedureFault, match="a locked plan cannot tell"):
        plan_document(a_trial, P(), AdaptiveDesign({"s": None}, Opaque(), most=1), 1)
