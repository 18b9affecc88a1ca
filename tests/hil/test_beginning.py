"""A run that is being started can be ended."""

from __future__ import annotations

import asyncio

import pytest

from hil.beginning import Beginning
from hil.commands import Abort, Command, Note, Pause, Stop
from hil.ending import ended_by_person
from hil.errors import UsageError
from hil.service import Event


async def forever() -> int:
    await asyncio.Event().wait()
    return 1


async def done() -> int:
    return 1


@pytest.mark.parametrize(("command", "status"), [(Abort("A", "enough"), "aborted"), (Stop("A", "smoke"), "stopped")])
async def test_a_command_cuts_the_start_off(command: Command, status: str) -> None:
    beginning = Beginning()
    starting = asyncio.create_task(beginning.unless_ended(forever()))
    await asyncio.sleep(0)
    assert beginning.state()["state"] == "starting"
    beginning.carry_out(command)
    assert beginning.state()["state"] == "ending"
    assert await starting is None
    assert beginning.ending.status == status
    told = str(beginning.ending.error)
    assert f"before it began, by A: {command.reason}" in told
    assert ended_by_person(told) == status


async def test_a_command_that_comes_before_anything_began_keeps_it_from_beginning() -> None:
    beginning = Beginning()
    beginning.carry_out(Stop("A"))
    assert await beginning.unless_ended(done()) is None


async def test_a_start_that_nobody_ends_has_its_result() -> None:
    assert await Beginning().unless_ended(done()) == 1


async def test_several_commands_cut_it_off_once_and_a_stop_counts_more_than_an_abort() -> None:
    beginning = Beginning()
    starting = asyncio.create_task(beginning.unless_ended(forever()))
    await asyncio.sleep(0)
    for command in (Abort("A"), Stop("B", "smoke"), Abort("C")):
        beginning.carry_out(command)
    assert await starting is None
    assert (starting.cancelling(), beginning.ended_by) == (0, Stop("B", "smoke"))


async def test_an_interruption_passes_whatever_else_was_commanded() -> None:
    for command in (None, Stop("A")):
        beginning = Beginning()
        starting = asyncio.create_task(beginning.unless_ended(forever()))
        await asyncio.sleep(0)
        if command is not None:
            beginning.carry_out(command)
        starting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await starting


@pytest.mark.parametrize("command", [Pause("A"), Note("A", "hello")])
def test_everything_else_is_refused(command: Command) -> None:
    with pytest.raises(UsageError, match="the run is being started"):
        Beginning().carry_out(command)


def test_a_stop_makes_safe_what_nobody_has_made_safe() -> None:
    beginning = Beginning()
    beginning.carry_out(Abort("A"))
    assert not beginning.unsafe
    beginning.carry_out(Stop("A"))
    assert beginning.unsafe
    beginning.heard(Event(1, 0, "safe state", {}))
    assert not beginning.unsafe
