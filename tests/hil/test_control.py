"""What commands do to a run, each distinct from the others."""

from __future__ import annotations

from pathlib import Path

import pytest

from hil.commands import Abort, Acknowledge, Answer, Command, Note, Pause, PauseNow, Resume, Shelve, Stop
from hil.errors import UsageError
from rig import Rig, control_of, plan


@pytest.fixture
async def rig(tmp_path: Path) -> Rig:
    made = Rig(tmp_path, plan(1.0), lambda t: 100.0)
    await made.record.close("complete")
    return made


@pytest.mark.parametrize(
    ("command", "ended", "state"),
    [
        (Pause("A"), [], "pausing"),
        (PauseNow("A"), [], "pausing"),
        (Abort("A", "enough"), ["end"], "ending"),
        (Stop("A", "smoke"), ["safe", "end"], "ending"),
        (Note("A", "the door was open"), [], "running"),
    ],
)
async def test_a_command_and_what_it_does(rig: Rig, command: Command, ended: list[str], state: str) -> None:
    told: list[str] = []
    control = control_of(rig, ended=told.append)
    control.carry_out(command)
    assert told == ended
    assert control.state()["state"] == state
    kind, data = rig.reports[-1]
    assert kind == "command of operator"
    assert (data["command"], data["operator"], data["reason"]) == (type(command).__name__.lower(), "A", command.reason)


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (Resume("A"), "not paused"),
        (Note("A", "  "), "note is empty"),
        (Answer("A", prompt=3, value="yes"), "no such prompt"),
        (Acknowledge("A", alarm="smoke"), "no alarm 'smoke'"),
        (Shelve("A", "why", alarm="smoke", seconds=60.0), "no alarm 'smoke'"),
        (Command("A"), "no command of a run"),
    ],
)
async def test_a_command_that_cannot_be_carried_out_is_refused_and_not_on_record(
    rig: Rig, command: Command, told: str
) -> None:
    with pytest.raises(UsageError, match=told):
        control_of(rig).carry_out(command)
    assert rig.reports == []


async def test_a_stop_after_an_abort_makes_the_bench_safe_at_once(rig: Rig) -> None:
    told: list[str] = []
    control = control_of(rig, ended=told.append)
    control.carry_out(Abort("A", "enough"))
    control.carry_out(Stop("B", "smoke"))
    control.carry_out(Abort("C", "me too"))
    assert told == ["end", "safe", "end", "end"]
    assert control.ended_by == Stop("B", "smoke")


async def test_while_the_script_ends_only_what_can_still_act_is_taken(rig: Rig) -> None:
    told: list[str] = []
    control = control_of(rig, ended=told.append)
    control.ending = True
    assert control.state()["state"] == "ending"
    for command in (Pause("A"), PauseNow("A"), Resume("A"), Answer("A", prompt=1, value="yes")):
        with pytest.raises(UsageError, match="the run is ending"):
            control.carry_out(command)
    control.carry_out(Note("A", "the door was open"))
    control.carry_out(Stop("B", "smoke"))
    assert told == ["safe", "end"]
    control.over = True
    control.carry_out(Stop("B", "smoke"))
    control.carry_out(Abort("B", "smoke"))
    assert told == ["safe", "end"]
