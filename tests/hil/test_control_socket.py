"""The control socket: who may use it, how much, and that nothing of it is left."""

from __future__ import annotations

import asyncio
import json
import os
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from hil.commanding import places, server
from hil.commanding.caller import Caller
from hil.commanding.client import the_run
from hil.commanding.commander import REMEMBERED, Commander, RunFacts
from hil.commanding.places import control_sockets, directories, listening
from hil.commanding.requests import parse
from hil.commanding.server import MOST_CONNECTIONS, control_socket
from hil.commands import Command, Note, Stop
from hil.errors import RecordError, Unreachable, UsageError
from hil.service import Service


class Handler:
    """Takes every command but an empty note."""

    def __init__(self) -> None:
        self.carried_out: list[Command] = []

    def carry_out(self, command: Command) -> dict[str, Any]:
        if isinstance(command, Note) and not command.reason:
            raise UsageError("the note is empty", remedy="say something")
        if command.reason == "break":
            raise ZeroDivisionError
        self.carried_out.append(command)
        return {}

    def state(self) -> dict[str, Any]:
        return {"state": "running"}

    def note(self, kind: str, data: dict[str, Any]) -> None:
        raise AssertionError(kind)


@pytest.fixture
def handler() -> Handler:
    return Handler()


@pytest.fixture
def commander(handler: Handler) -> Commander:
    def who(name: str | None) -> str:
        if name not in (None, "A", "B"):
            raise UsageError(f"the laboratory has no operator {name!r}", remedy="use one of A, B")
        return name or "A"

    service = Service()
    service.attach(handler)
    facts = RunFacts("safe", "/bench/safe.toml", "burn", "A", run="the-run")
    return Commander(service, facts, who)


@asynccontextmanager
async def connected() -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    (path,) = control_sockets()
    reader, writer = await asyncio.open_unix_connection(path)
    try:
        yield reader, writer
    finally:
        writer.close()


async def asked(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, line: bytes) -> dict[str, Any]:
    writer.write(line + b"\n")
    answer: dict[str, Any] = json.loads(await reader.readline())
    return answer


def request(verb: str, **more: Any) -> dict[str, Any]:
    return {"verb": verb, "command_id": "1", **more}


async def test_a_command_given_twice_acts_once(commander: Commander, handler: Handler) -> None:
    first = await commander.answer(parse(request("note", reason="hello")))
    again = await commander.answer(parse(request("note", reason="hello")))
    other = await commander.answer(parse(request("note", reason="good bye")))
    assert first == again == {"status": "accepted", "number": 1, "run": "the-run", "on_record": True}
    assert (other["status"], other["what"]) == ("refused", "another command has this command_id")
    assert len(handler.carried_out) == 1


async def test_a_command_on_record_of_a_run_that_is_resumed_acts_no_second_time(
    commander: Commander, handler: Handler
) -> None:
    await commander.answer(parse(request("note", reason="hello")))
    resumed = Commander(commander._service, commander.facts, lambda name: name or "A")
    resumed.recall([handler.carried_out[0].to_json(), {"command": "stop", "operator": "A", "reason": ""}])
    again = await resumed.answer(parse(request("note", reason="hello")))
    other = await resumed.answer(parse(request("note", reason="good bye")))
    assert (again["status"], again["before"]) == ("accepted", "the run was resumed")
    assert (other["status"], other["what"]) == ("refused", "another command has this command_id")
    assert len(handler.carried_out) == 1


async def test_the_secret_in_an_answer_is_for_whom_it_was_given_to(commander: Commander, handler: Handler) -> None:
    handler.carry_out = lambda command: {"private": {"lease": "secret", "epoch": 1}}  # type: ignore[method-assign]
    asked, console, other = (
        parse(request("note", reason="x")),
        Caller("a", "operate", "tcp"),
        Caller("b", "view", "tcp"),
    )
    assert (await commander.answer(asked, console))["lease"] == "secret"
    assert (await commander.answer(asked, console))["lease"] == "secret"
    again = await commander.answer(asked, other)
    assert (again.get("lease"), again["epoch"]) == (None, 1)


async def test_a_refusal_given_twice_is_the_same_and_a_fault_keeps_nothing_out(
    commander: Commander, handler: Handler
) -> None:
    first = await commander.answer(parse(request("note")))
    assert first["why"] == "the note is empty; say something"
    assert await commander.answer(parse(request("note"))) == first
    broken = await commander.answer(parse(request("note", reason="break", command_id="2")))
    assert "a fault in hil itself: ZeroDivisionError" in broken["why"]
    assert (await commander.answer(parse(request("note", reason="x", command_id="3"))))["status"] == "accepted"


async def test_only_so_many_answers_are_kept(commander: Commander, handler: Handler) -> None:
    for number in range(REMEMBERED + 1):
        await commander.answer(parse(request("note", reason="x", command_id=str(number))))
    await commander.answer(parse(request("note", reason="x", command_id=str(REMEMBERED))))
    assert len(handler.carried_out) == REMEMBERED + 1
    await commander.answer(parse(request("note", reason="x", command_id="0")))
    assert len(handler.carried_out) == REMEMBERED + 2


async def test_a_command_meant_for_another_run_is_refused(commander: Commander, handler: Handler) -> None:
    refused = await commander.answer(parse(request("abort", expect="yesterday's")))
    assert refused["why"] == "expect: the run yesterday's is meant, and this is the-run; look at hil status"
    assert (await commander.answer(parse(request("abort", expect="the-run", command_id="2"))))["status"] == "accepted"


async def test_a_stop_is_obeyed_whoever_sends_it_and_nothing_else_is(commander: Commander, handler: Handler) -> None:
    refused = await commander.answer(parse(request("abort", operator="C")))
    assert refused["why"] == "the laboratory has no operator 'C'; use one of A, B"
    for _ in range(10):
        assert (await commander.answer(parse({"verb": "stop", "operator": "C"})))["status"] == "accepted"
    assert handler.carried_out == [Stop("C")] * 10


async def test_what_cannot_be_put_on_record_is_told(commander: Commander, monkeypatch: pytest.MonkeyPatch) -> None:
    async def full() -> None:
        raise RecordError("the disk is full")

    async def stuck() -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(commander._service, "flush", full)
    assert (await commander.answer(parse({"verb": "stop"})))["on_record"] is False
    monkeypatch.setattr("hil.commanding.commander.ON_RECORD", 0.01)
    monkeypatch.setattr(commander._service, "flush", stuck)
    assert (await commander.answer(parse({"verb": "stop"})))["on_record"] is False


async def test_lines_are_answered_in_turn_and_a_bad_one_keeps_the_connection(commander: Commander) -> None:
    async with control_socket(commander), connected() as (reader, writer):
        assert "is no JSON" in (await asked(reader, writer, b"\x00"))["why"]
        state = (await asked(reader, writer, b'{"verb": "state"}'))["state"]
        assert (state["run"], state["state"], state["pid"]) == ("the-run", "running", os.getpid())
        writer.write(b'{"verb": "stop"}\n{"verb": "stop"}\n')
        assert [json.loads(await reader.readline())["number"] for _ in range(2)] == [1, 2]


async def test_a_line_that_is_too_long_is_refused_and_ends_the_connection(commander: Commander) -> None:
    async with control_socket(commander), connected() as (reader, writer):
        writer.write(b"x" * 5000)
        assert "longer than 4096 bytes" in json.loads(await reader.readline())["why"]
        assert await reader.read() == b""


async def test_a_client_that_says_nothing_is_dismissed(commander: Commander, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "LINE_WITHIN", 0.01)
    async with control_socket(commander), connected() as (reader, writer):
        writer.write(b'{"verb": "st')
        assert await reader.read() == b""


async def test_a_client_that_does_not_read_is_dismissed(commander: Commander, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "LINE_WITHIN", 0.05)
    async with control_socket(commander):
        (path,) = control_sockets()
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
            client.connect(os.fspath(path))
            client.setblocking(False)
            with pytest.raises(BrokenPipeError):
                await asyncio.get_running_loop().sock_sendall(client, b'{"verb": "state"}\n' * 100_000)


async def test_a_stop_finds_room_among_those_who_keep_all_connections(commander: Commander) -> None:
    async with control_socket(commander):
        (path,) = control_sockets()
        idle = [await asyncio.open_unix_connection(path) for _ in range(MOST_CONNECTIONS)]
        async with connected() as (reader, writer):
            assert (await asked(reader, writer, b'{"verb": "stop"}'))["status"] == "accepted"
        assert await idle[0][0].read() == b""
        for _, each in idle:
            each.close()


def files() -> list[Path]:
    return list(directories()[0].iterdir())


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


async def test_a_crowd_that_comes_at_once_finds_no_more_room_than_there_is(commander: Commander) -> None:
    async with control_socket(commander):
        (path,) = control_sockets()
        crowd = [await asyncio.open_unix_connection(path) for _ in range(60)]
        async with connected() as (reader, writer):
            assert (await asked(reader, writer, b'{"verb": "stop"}'))["status"] == "accepted"
        sent_away = [reader for reader, _ in crowd[: -MOST_CONNECTIONS + 1]]
        assert [await reader.read() for reader in sent_away] == [b""] * len(sent_away)
        for _, each in crowd:
            each.close()


async def test_a_thousand_connections_leave_no_descriptor(commander: Commander) -> None:
    before = descriptors()
    async with control_socket(commander):
        serving = descriptors()
        for _ in range(1000):
            async with connected() as (reader, writer):
                await asked(reader, writer, b'{"verb": "state"}')
                writer.close()
                assert await reader.read() == b""
        assert descriptors() <= serving + MOST_CONNECTIONS
    for _ in range(10):
        await asyncio.sleep(0)
    assert descriptors() == before
    assert files() == []


async def test_a_stranger_is_not_answered(commander: Commander, monkeypatch: pytest.MonkeyPatch) -> None:
    uid = os.geteuid()
    async with control_socket(commander):
        (path,) = control_sockets()
        monkeypatch.setattr(os, "geteuid", lambda: uid + 1)
        monkeypatch.setattr(server, "ROOT", -1)
        reader, writer = await asyncio.open_unix_connection(path)
        assert await reader.read() == b""
        writer.close()


@pytest.fixture
def short() -> Iterator[Path]:
    """A folder whose path leaves room for the name of a socket."""
    with TemporaryDirectory(prefix="hil-") as folder:
        yield Path(folder)


def test_a_directory_that_others_may_enter_is_made_private_and_one_of_others_is_refused(
    short: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HIL_RUNTIME_DIR", str(short))
    (short / "runs").mkdir(mode=0o777)
    with listening("sock") as (_, path):
        assert path.parent == short / "runs"
        assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    short.chmod(0o777)
    with pytest.raises(UsageError, match="set HIL_RUNTIME_DIR"), listening("sock"):
        pass
    monkeypatch.setenv("HIL_RUNTIME_DIR", str(short / ("long" * 30)))
    with pytest.raises(UsageError, match="too long for a socket"), listening("sock"):
        pass


def test_a_long_runtime_directory_is_passed_over_and_runs_are_sought_everywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HIL_RUNTIME_DIR")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / ("long" * 30)))
    assert [str(each) for each in directories()[1:]] == [
        f"/run/user/{os.geteuid()}/hil/runs",
        f"/tmp/hil-{os.geteuid()}/runs",
    ]
    with listening("sock") as (_, path):
        assert len(os.fsencode(path)) <= places.LONGEST_ADDRESS
        assert path in control_sockets()


def test_what_a_dead_process_left_is_swept_and_no_run_is_reached() -> None:
    directory = directories()[0]
    directory.mkdir(mode=0o700, exist_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as left:
        left.bind(os.fspath(directory / "1-dead.sock"))
    (directory / "1-dead.lock").touch(0o600)
    with pytest.raises(Unreachable, match="no run is under way"):
        the_run(None)
    assert not list(directory.iterdir())
