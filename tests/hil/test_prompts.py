"""Prompts: every kind of answer, limits that stand still in a pause, the first valid answer."""

from __future__ import annotations

import asyncio
import hashlib
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hil.commands import Answer, Pause, Resume
from hil.errors import BenchFault, ProcedureFault, UsageError
from hil.pausing import Pausing
from hil.prompts import Kind, Prompts, Question
from hil.trial import Trial
from hil_drivers.clock import WallClock
from rig import Rig, control_of, plan

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.mark.parametrize(
    ("question", "answer", "meant"),
    [
        (Question("Which lamp?"), " lamp 7 ", "lamp 7"),
        (Question("Distance?", "number", "m", 0.0, 2.0), "1.5", 1.5),
        (Question("Distance?", "number", "m", 0.0, 2.0), "150 cm", 1.5),
        (Question("Filter?", "choice", choices=("red", "green")), "green", "green"),
        (Question("Door shut?", "yes/no"), "Yes", True),
        (Question("Door shut?", "yes/no"), "n", False),
    ],
)
def test_an_answer_is_understood(question: Question, answer: str, meant: object) -> None:
    assert question.parse(answer) == meant


@pytest.mark.parametrize(
    ("question", "answer", "told"),
    [
        (Question("Which lamp?"), "  ", "empty"),
        (Question("Distance?", "number", "m", 0.0, 2.0), "2.5", "outside 0 to 2 m"),
        (Question("Distance?", "number", "m"), "five", "number in m"),
        (Question("Distance?", "number", "m"), "5 K", "number in m"),
        (Question("Distance?", "number", "m"), "nan", "answer"),
        (Question("Filter?", "choice", choices=("red", "green")), "gren", "green"),
        (Question("Door shut?", "yes/no"), "perhaps", "neither yes nor no"),
        (Question("Photograph?", "picture"), "no/such/file.png", "no file"),
        (Question("Photograph?", "picture"), "/dev/zero", "no file"),
        (Question("Photograph?", "picture"), "a\0b", "no file"),
        (Question("Photograph?", "picture"), __file__, "neither PNG nor JPEG"),
    ],
)
def test_what_is_no_answer_is_refused_in_a_sentence(question: Question, answer: str, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        question.parse(answer)


def test_a_picture_is_kept_by_name_and_hash(tmp_path: Path) -> None:
    (tmp_path / "scene.png").write_bytes(PNG)
    parsed = Question("Photograph?", "picture").parse(str(tmp_path / "scene.png"))
    assert parsed["file"] == "scene.png"
    assert len(parsed["sha256"]) == 64


@pytest.mark.parametrize(
    "asked",
    [
        {"text": " "},
        {"text": "Filter?", "kind": "choice"},
        {"text": "Filter?", "choices": ("red",)},
        {"text": "Distance?", "kind": "number", "unit": "m", "lower": 2.0, "upper": 1.0},
        {"text": "Distance?", "kind": "number", "unit": "m", "lower": math.nan, "upper": 1.0},
    ],
    ids=["empty", "no choices", "choices of a text", "upside down", "nan"],
)
def test_a_question_that_cannot_be_answered_is_a_fault_of_the_procedure(asked: dict[str, Any]) -> None:
    with pytest.raises(ProcedureFault):
        Question(**asked)


@given(st.sampled_from(["text", "number", "yes/no", "picture"]), st.text())
def test_any_text_is_an_answer_or_is_refused(kind: Kind, text: str) -> None:
    try:
        Question("What?", kind, unit="lx" if kind == "number" else "1").parse(text)
    except UsageError:
        return


class Asked:
    """Prompts on a wall clock that the test moves."""

    def __init__(self) -> None:
        self.wall = 0.0
        self.told: list[tuple[str, dict[str, Any]]] = []
        self.pausing = Pausing(WallClock())
        self.prompts = Prompts(
            WallClock(), self.pausing, lambda kind, data: self.told.append((kind, data)), wire=lambda: self.wall
        )


async def soon() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_the_first_valid_answer_wins_and_the_second_is_told_whose_it_was() -> None:
    asked = Asked()
    asking = asyncio.create_task(asked.prompts.ask(Question("Distance?", "number", "m")))
    await soon()
    with pytest.raises(UsageError, match="number in m"):
        asked.prompts.answer(1, "far", "Operator A")
    asked.prompts.answer(1, "2", "Operator A")
    with pytest.raises(UsageError, match="answered by Operator A: 2"):
        asked.prompts.answer(1, "3", "Operator B")
    assert await asking == 2.0
    assert [kind for kind, _ in asked.told] == ["prompt", "answer"]
    assert asked.told[1][1] == {"prompt": 1, "operator": "Operator A", "answer": 2.0, "unit": "m"}
    with pytest.raises(UsageError, match="no such prompt"):
        asked.prompts.answer(7, "3", "Operator B")


async def test_a_picture_beside_a_question_is_shown_while_it_is_open_and_its_hash_is_on_record() -> None:
    asked = Asked()
    image = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    asking = asyncio.create_task(asked.prompts.ask(Question("Is the mark inside?", "yes/no", picture=image)))
    await soon()
    assert asked.prompts.open[1].to_json()["picture"] == {
        "width": 4,
        "height": 2,
        "sha256": hashlib.sha256(bytes(range(24))).hexdigest(),
    }
    shown = asked.prompts.pictures["prompt 1"].taken
    assert shown is not None
    assert shown.image is image
    asked.prompts.answer(1, "yes", "Operator A")
    assert await asking is True
    assert not asked.prompts.pictures


@pytest.mark.parametrize("image", [np.zeros((2, 2)), np.zeros((2, 2, 4), np.uint8), np.zeros((0, 2), np.uint8)])
def test_what_is_no_picture_is_not_asked_about(image: Any) -> None:
    with pytest.raises(ProcedureFault, match="is no picture"):
        Question("What is this?", picture=image)


async def test_a_limit_ends_in_the_default_or_in_a_fault_of_the_bench() -> None:
    asked = Asked()
    asking = asyncio.create_task(asked.prompts.ask(Question("Door shut?", "yes/no"), limit=0.05, default=False))
    await soon()
    asked.wall = 10.0
    assert await asking is False
    assert asked.told[-1][1]["default"] is True
    asking = asyncio.create_task(asked.prompts.ask(Question("Door shut?", "yes/no"), limit=0.05))
    await soon()
    asked.wall = 20.0
    with pytest.raises(BenchFault, match=r"nobody answered within 0\.05 s"):
        await asking
    with pytest.raises(UsageError, match="time limit"):
        asked.prompts.answer(2, "yes", "Operator A")


async def test_a_limit_stands_still_in_a_pause() -> None:
    asked = Asked()
    asked.pausing.request(now=True)
    asking = asyncio.create_task(asked.prompts.ask(Question("Door shut?", "yes/no"), limit=0.05))
    await soon()
    asked.wall = 1000.0
    await soon()
    assert asked.prompts.open
    asked.prompts.answer(1, "yes", "Operator A")
    assert await asking is True


async def test_a_prompt_that_is_cut_off_is_withdrawn() -> None:
    asked = Asked()
    asking = asyncio.create_task(asked.prompts.ask(Question("Which lamp?")))
    await soon()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    with pytest.raises(UsageError, match="withdrawn"):
        asked.prompts.answer(1, "lamp 7", "Operator A")


async def test_a_script_asks_while_bench_time_stands_still(tmp_path: Path) -> None:
    rig = Rig(tmp_path, plan(1.0), lambda t: 100.0)
    control, got = control_of(rig), list[object]()

    async def script(trial: Trial) -> None:
        await trial.sleep(3.0)
        got.append(await trial.ask("Which filter?", "choice", choices=("red", "green")))
        got.append(rig.clock.now())

    run = asyncio.ensure_future(rig.run(script))
    while not rig.prompts.open:  # noqa: ASYNC110 (nothing tells of it)
        await asyncio.sleep(0)
    (shown,) = control.state()["prompts"]
    asked = {"prompt": 1, "limit": None, "text": "Which filter?", "wants": "choice", "choices": ["red", "green"]}
    assert {key: value for key, value in shown.items() if key != "asked"} == asked
    control.carry_out(Pause("Operator A"))
    control.carry_out(Resume("Operator A"))
    control.carry_out(Answer("Operator A", prompt=1, value="red"))
    record = await run
    assert got == ["red", 3_000_000_000]
    assert record.status == "complete"
