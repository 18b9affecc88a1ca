"""The gateway, in this process: its frames, its picture of the run, its door, and clients that misbehave."""

from __future__ import annotations

import asyncio
import math
import os
import select
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from websockets.exceptions import ConnectionClosedOK, InvalidStatus

from gateway_door import serving
from hil.commanding.commander import Commander, RunFacts
from hil.commanding.requests import parse
from hil.errors import UsageError
from hil.gateway import keeper, server
from hil.gateway.board import Board, TooOld
from hil.gateway.core import frames
from hil.gateway.extra import NEEDED, require_extra
from hil.gateway.frames import LARGEST, LARGEST_COMMAND, Unpacker, pack
from hil.gateway.keeper import gateway
from hil.gateway.link import Link
from hil.gateway.messages import CommandBody
from hil.gateway.rows import shown
from hil.measurement import Look
from hil.service import KEPT, Event, Service
from near_misses import near_misses

documents = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)


@given(st.lists(documents.filter(lambda document: document is not None), max_size=4), st.lists(st.integers(1, 40)))
def test_frames_are_the_same_however_they_are_cut(given_documents: list[Any], cuts: list[int]) -> None:
    data = b"".join(map(pack, given_documents))
    unpacker, found = Unpacker(LARGEST), []
    for cut in [*cuts, len(data)]:
        unpacker.feed(data[:cut])
        data = data[cut:]
        while (document := unpacker.next()) is not None:
            found.append(document)
    assert found == given_documents


@given(st.binary(max_size=200))
def test_bytes_that_are_no_frames_are_refused_and_not_kept(data: bytes) -> None:
    unpacker = Unpacker(LARGEST_COMMAND)
    unpacker.feed(data)
    with suppress(ValueError):
        while unpacker.next() is not None:
            pass


async def until(seen: Callable[[], bool]) -> None:
    """Let the loop turn until something is the case."""
    async with asyncio.timeout(30.0):
        while not seen():
            await turn()


async def turn() -> None:
    await asyncio.sleep(0)


def commander_of(service: Service) -> Commander:
    return Commander(
        service, RunFacts("safe", "/bench/safe.toml", "burn", "A", run="the-run"), lambda name: name or "A"
    )


class Handler:
    """Takes every command."""

    def __init__(self) -> None:
        self.noted: list[dict[str, Any]] = []

    def carry_out(self, command: object) -> dict[str, Any]:
        return {}

    def state(self) -> dict[str, Any]:
        return {"state": "running"}

    def note(self, kind: str, data: dict[str, Any]) -> None:
        self.noted.append(data)


@pytest.fixture
def service() -> Service:
    made = Service()
    made.attach(Handler())
    return made


def measuring(value: float) -> Any:
    return SimpleNamespace(shown=Look(value, 0.5, 0, 1), extremes=(value, value))


async def test_events_wait_for_a_gateway_that_reads_late_and_values_do_not(service: Service) -> None:
    ours, theirs = socket.socketpair()
    values, values_of_theirs = socket.socketpair()
    link = Link(service, commander_of(service), ours, values)
    for number in range(8000):
        service.publish("point", {"index": number, "why": "x" * 50})
        if number % 10 == 0:
            service.channels = {"lux": measuring(float(number))}
            link.tick()
    reader, writer = await asyncio.open_connection(sock=theirs)
    told: list[int] = []
    async for document in frames(reader):
        told += [event["number"] for event in document["events"]]
        if told[-1] == 8000:
            break
    assert told == list(range(1, 8001))
    values_reader, values_writer = await asyncio.open_connection(sock=values_of_theirs)
    seen = []
    async for document in frames(values_reader):
        seen.append(document["rows"][0][0])
        link.tick()
        if seen[-1] == 7990.0:
            break
    assert seen == sorted(seen)
    assert len(seen) < 800
    link.close()
    writer.close()
    values_writer.close()


async def test_requests_by_the_pipe_are_answered_and_nonsense_breaks_it(service: Service) -> None:
    ours, theirs = socket.socketpair()
    values, values_of_theirs = socket.socketpair()
    link = Link(service, commander_of(service), ours, values)
    reader, writer = await asyncio.open_connection(sock=theirs)
    for number in range(100):
        writer.write(pack({"ask": number, "request": {"verb": "stop", "reason": str(number)}}))
    writer.write(pack({"ask": 100, "request": ["stop"]}))
    answered: dict[int, Any] = {}
    async for document in frames(reader):
        if "answer" in document:
            answered[document["answer"]] = document["with"]
        if len(answered) == 101:
            break
    assert {answer["status"] for number, answer in answered.items() if number < 100} == {"accepted"}
    assert "is no JSON object" in answered[100]["why"]
    assert link.broken == ""
    writer.write(b"\xff\xff\xff\xff")
    await until(lambda: bool(link.broken))
    assert "makes no sense" in link.broken
    link.close()
    writer.close()
    values_of_theirs.close()


def events(first: int, last: int) -> list[dict[str, Any]]:
    return [Event(number, 0, "point", {}).to_json() for number in range(first, last + 1)]


async def test_the_board_keeps_the_last_events_and_says_which_are_gone() -> None:
    board = Board()
    board.take_events(events(1, KEPT + 5))
    with pytest.raises(TooOld):
        board.events_after(4, 10)
    assert [event["number"] for event in board.events_after(5, 2)] == [6, 7]
    assert board.events_after(board.last, 10) == board.events_after(10**9, 10) == []
    board.take_events(events(KEPT + 100, KEPT + 101))
    with pytest.raises(TooOld):
        board.events_after(KEPT + 5, 10)


def test_values_are_shown_with_one_digit_more_than_their_uncertainty_has() -> None:
    t = 1_780_300_800_123_456_789
    seen = [123.4568, 0.0123, 0, 1780300800123, 123.44, 123.4567]
    assert shown([123.456789, 0.0123, 0, t, 123.44, 123.45674]) == seen
    assert shown([123456.0, 1234.56, 4, 0, None, None]) == [123460.0, 1235.0, 4, 0, None, None]
    assert shown([1.5, None, 0, 0, None, None]) == [1.5, None, 0, 0, None, None]
    assert shown([math.nan, 0.1, 1, 0, None, None])[1:4] == [0.1, 1, 0]
    assert shown(None) == [None] * 6


@given(st.floats(1e-9, 1e9), st.floats(-1e9, 1e9))
def test_a_client_that_doubles_u_is_told_enough_of_it_and_of_the_value(u: float, value: float) -> None:
    seen_value, seen_u = shown([value, u, 0, 0, None, None])[:2]
    assert seen_u == pytest.approx(u, rel=5.1e-4)
    assert abs(seen_value - value) <= 0.0051 * u


def told(board: Board, *values: float, number: int = 0) -> None:
    frame: dict[str, Any] = {"rows": [[value, 0.5, 0, 0, None, None] for value in values]}
    if not board.channels:
        frame |= {"channels": [{"name": f"lux{n}", "unit": "lx"} for n in range(len(values))]}
        frame |= {"state": {"state": "running", "number": number, "boot": "b"}}
    board.take_values(frame)


async def test_before_the_core_has_spoken_there_is_no_snapshot() -> None:
    async with serving(Board()) as door:
        assert (await door.get("/snapshot"))[0] == 503
        assert await door.get("/events") == (200, {"too_old": False, "last": 0, "events": []})
        status, answer = await door.post({"verb": "stop"})
        assert (status, answer["status"]) == (503, "unknown")


async def test_what_is_asked_wrongly_is_refused() -> None:
    board = Board()
    told(board, 1.0)
    async with serving(board) as door:
        assert (await door.get("/snapshot"))[0] == 200
        assert (await door.get("/snapshot", Origin="http://localhost"))[0] == 403
        with pytest.raises(InvalidStatus, match="403"):
            async with door.stream(origin="http://localhost"):
                pass
        assert (await door.get("/events?after=-1"))[0] == 422
        assert (await door.get("/docs"))[0] == 404
        assert (await door.get("/commands"))[0] == 405
        assert (await door.post(b"{"))[0] == 422
        assert (await door.post({"verb": "stop"}, **{"Content-Type": "text/plain"}))[0] == 422
        assert (await door.post({"verb": "stop", "force": True}))[0] == 422
        assert (await door.post({"verb": "pause"}))[0] == 422
        assert (await door.post({"verb": "stop", "reason": "x" * 100_000}))[0] == 413


@given(near_misses)
def test_a_body_that_the_model_takes_is_a_request_or_is_refused_by_name(document: dict[str, Any]) -> None:
    with suppress(ValidationError, UsageError):
        parse(CommandBody.model_validate(document).request())


async def test_values_are_conflated_for_a_slow_client_and_events_are_not() -> None:
    board = Board()
    told(board, 0.0, 0.0)
    async with serving(board) as door, door.stream("?after=0") as client:
        assert (await client.next())["kind"] == "hello"
        assert (await client.next())["values"] == [[0.0, 0.5, 0, 0, None, None]] * 2
        for number in range(1, 3001):
            board.take_events(events(number, number))
            told(board, float(number), 0.0)
        while not client.events or client.events[-1]["number"] < 3000:
            frame = await client.next()
            assert "1" not in frame["values"]
        assert [event["number"] for event in client.events] == list(range(1, 3001))
        shown_values = [frame["values"]["0"][0] for frame in client.frames[2:] if frame["values"]]
        assert shown_values[-1] == 3000.0
        assert len(shown_values) < 10


async def test_a_client_hears_the_last_event_before_it_is_told_to_go() -> None:
    board = Board()
    told(board, 0.0)
    async with serving(board) as door, door.stream("?after=0") as client:
        await client.next()
        board.take_events(events(1, 2000))
        ending = asyncio.create_task(board.end())
        with pytest.raises(ConnectionClosedOK, match=r"1001.*the run is over"):
            await client.until("never")
        await ending
        assert client.events[-1]["number"] == 2000


async def test_a_client_whose_events_are_gone_has_a_new_snapshot() -> None:
    board = Board()
    told(board, 0.0, number=KEPT + 100)
    board.take_events(events(1, KEPT + 100))
    async with serving(board) as door, door.stream("?after=3") as client:
        frames_of_client = [await client.next() for _ in range(4)]
        assert [frame["kind"] for frame in frames_of_client] == ["hello", "snapshot", "snapshot", "delta"]
        assert frames_of_client[2]["number"] == KEPT + 100


HANDSHAKE = (
    b"GET /stream HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)


def hung_up(client: socket.socket) -> bool:
    poll = select.poll()
    poll.register(client, select.POLLHUP)
    return bool(poll.poll(0))


@pytest.mark.parametrize("request_of_lazy", [HANDSHAKE, b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n" * 50])
async def test_a_client_that_never_reads_is_cut_off_and_another_does_not_notice(
    request_of_lazy: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "UNREAD", 0.2)
    board, last = Board(), 0
    told(board, 0.0)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as lazy:
        async with serving(board) as door, door.stream() as client:
            lazy.connect(str(door.path))
            lazy.sendall(request_of_lazy)
            while not hung_up(lazy):
                last += 300
                board.take_events([{**event, "why": "x" * 1000} for event in events(last - 299, last)])
                while not client.events or client.events[-1]["number"] < last:
                    await client.next()
        assert [event["number"] for event in client.events] == list(range(1, last + 1))


@pytest.mark.soak
async def test_a_thousand_clients_leave_no_descriptor_and_no_task() -> None:
    board = Board()
    told(board, 0.0)

    def descriptors() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    before = descriptors()
    async with serving(board) as door:
        for number in range(1000):
            if number % 2:
                async with door.stream() as client:
                    await client.next()
            else:
                _, writer = await asyncio.open_unix_connection(door.path)
                writer.write(os.urandom(50) if number % 4 else b"GET /snapshot HTTP/1.1\r\nHost: localhost\r\n\r\n")
                writer.close()
                await writer.wait_closed()
    for _ in range(10):
        await asyncio.sleep(0)
    assert descriptors() == before


@pytest.mark.parametrize("missing", NEEDED)
def test_without_the_extra_there_is_one_sentence(missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(
        UsageError, match=rf"the gateway needs {missing}; install the extra: pip install 'hil-bench\[web\]'"
    ):
        require_extra()


async def test_a_gateway_that_hangs_is_replaced_and_that_is_on_record(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    handler = Handler()
    service.attach(handler)
    monkeypatch.setattr(keeper, "SILENT", 4.0)
    monkeypatch.setattr(keeper, "FIRST_PAUSE", 0.01)
    heard: asyncio.Queue[Event] = asyncio.Queue()
    service.subscribe(heard.put_nowait)
    async with gateway(service, commander_of(service)):
        first = (await heard.get()).data["pid"]
        os.kill(first, signal.SIGSTOP)
        lost = await asyncio.wait_for(heard.get(), 30.0)
        assert lost.data == {"state": "lost", "reason": "it has said nothing for 4 s"}
        again = await asyncio.wait_for(heard.get(), 30.0)
        assert (again.data["state"], again.data["pid"] != first) == ("started", True)
    assert handler.noted == [{"state": "started", "pid": first}, lost.data, again.data]
    for pid in (first, again.data["pid"]):
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
