"""Runs of a coverage that are kept: what was cut off goes on, what does not belong together is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hil.coverage.kept import FILE, Kept
from hil.coverage.runs import Asked, Outcome
from hil.coverage.stated import Stated, StatedInterval
from hil.coverage.truth import Answer
from hil.errors import UsageError

ASKED = Asked("soak", "climate-sim", {"setpoint": "40"}, "Operator A")
SEEDS = range(1, 10)
FOUND = Outcome(3, Answer({"mean": Stated(40.1, 0.05, 40.12, "Cel")}, True, 0.05, True, 0.025), "PASS")
INTERVAL = Outcome(4, Answer({"s_r": StatedInterval(1.0, 0.8, 1.5, 1.1, "lx", 0.95)}))


def test_what_is_kept_is_read_back(tmp_path: Path) -> None:
    kept = Kept(tmp_path, ASKED)
    assert kept.among(SEEDS) == {}
    for outcome in (FOUND, INTERVAL, Outcome(5, None, error="the simulator is gone")):
        kept.add(outcome)
    again = Kept(tmp_path, ASKED)
    assert again.among(SEEDS) == {3: FOUND, 4: INTERVAL}
    assert again.among(range(4, 5)) == {4: INTERVAL}


def test_a_run_that_was_kept_before_a_risk_of_fail_was_tried_is_read(tmp_path: Path) -> None:
    Kept(tmp_path, ASKED).add(FOUND)
    file = tmp_path / FILE
    line = file.read_text(encoding="utf-8")
    assert line.count(', "acceptable": true, "producer_risk": 0.025') == 1
    file.write_text(line.replace(', "acceptable": true, "producer_risk": 0.025', ""), encoding="utf-8")
    assert FOUND.answer is not None
    before = replace(FOUND, answer=replace(FOUND.answer, acceptable=None, producer_risk=None))
    assert Kept(tmp_path, ASKED).among(SEEDS) == {3: before}


def test_measurands_stay_in_the_order_in_which_they_were_stated(tmp_path: Path) -> None:
    stated = {name: Stated(1.0, 0.1, 1.0, "m") for name in ("range at 90°", "range at 0°", "drift")}
    Kept(tmp_path, ASKED).add(Outcome(3, Answer(stated)))
    (found,) = Kept(tmp_path, ASKED).among(SEEDS).values()
    assert found.answer is not None
    assert list(found.answer.measurands) == list(stated)


def test_a_line_that_was_torn_is_made_again(tmp_path: Path) -> None:
    Kept(tmp_path, ASKED).add(FOUND)
    file = tmp_path / FILE
    file.write_bytes(file.read_bytes() + b'{"seed": 4, "answ')
    kept = Kept(tmp_path, ASKED)
    kept.add(INTERVAL)
    assert Kept(tmp_path, ASKED).among(SEEDS) == {3: FOUND, 4: INTERVAL}


def test_a_line_that_was_torn_in_the_middle_of_a_character_is_made_again(tmp_path: Path) -> None:
    Kept(tmp_path, ASKED).add(FOUND)
    file = tmp_path / FILE
    whole = file.read_bytes()
    file.write_bytes(whole + '{"answer": {"measurands": {"error at 20 °'.encode()[:-1])
    assert Kept(tmp_path, ASKED).among(SEEDS) == {3: FOUND}
    assert file.read_bytes() == whole


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ('"value": 40.1', '"value": "40.1"'),
        ('"value": 40.1', '"value": NaN'),
        ('"u": 0.05', '"u": 0'),
        ('"u": 0.05', '"u": Infinity'),
        ('"unit": "Cel"', '"unit": 1'),
        ('"verdict": "PASS"', '"verdict": 1'),
        ('"risk": 0.05', '"risk": "0.05"'),
        ('"conforms": true', '"conforms": 1'),
        ('"acceptable": true', '"acceptable": 1'),
        ('"producer_risk": 0.025', '"producer_risk": "0.025"'),
        ('"seed": 3', '"seed": 3.5'),
    ],
)
def test_a_run_that_holds_something_else_than_it_should_is_named(tmp_path: Path, right: str, wrong: str) -> None:
    Kept(tmp_path, ASKED).add(FOUND)
    file = tmp_path / FILE
    assert right in file.read_text(encoding="utf-8")
    file.write_text(file.read_text(encoding="utf-8").replace(right, wrong), encoding="utf-8")
    with pytest.raises(UsageError, match="line 2 is none of a run"):
        Kept(tmp_path, ASKED)


@pytest.mark.parametrize(
    ("asked", "what"),
    [
        (replace(ASKED, settings={"setpoint": "50"}), "by their settings"),
        (replace(ASKED, bench="robustness-sim"), "by their bench"),
        (replace(ASKED, procedure="sweep"), "by their procedure"),
    ],
)
def test_runs_of_something_else_are_refused(tmp_path: Path, asked: Asked, what: str) -> None:
    Kept(tmp_path, ASKED).add(FOUND)
    before = (tmp_path / FILE).read_bytes()
    with pytest.raises(UsageError, match=what):
        Kept(tmp_path, asked)
    assert (tmp_path / FILE).read_bytes() == before


@given(line=st.text(st.characters(exclude_characters="\n", codec="utf-8"), max_size=60))
def test_a_line_that_is_none_of_a_run_is_named(tmp_path_factory: pytest.TempPathFactory, line: str) -> None:
    folder = tmp_path_factory.mktemp("kept")
    Kept(folder, ASKED).add(FOUND)
    with (folder / FILE).open("a", encoding="utf-8", newline="\n") as file:
        file.write(line + "\n")
    with pytest.raises(UsageError, match="line 3 is none of a run"):
        Kept(folder, ASKED)
