"""The link to a bench, against a real WebSocket server: attach, loss, another boot, commands that may be lost."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from bench_stream import BEGAN, StreamBench
from hil.commanding.places import listening
from hil.commanding.verbs import Verb
from hil.console.link import LATEST, SOONEST, Link, NotSent, OutcomeUnknown
from hil.console.model import LinkState, Model
from hil.console.places import Place, finder
from hil.console.stop import OWN_SOCKET, STREAM, safe_stop
from hil.errors import Unreachable, UsageError

WITHIN = 30.0


@pytest.fixture
def bench(tmp_path: Path) -> StreamBench:
    bench = StreamBench(tmp_path / "bench.http")
    bench.run = {"bench": "rig", "state": "running"}
    bench.channels = [{"name": "a", "unit": "lx", "period": 1.0}]
    bench.rows = [[1.0, 0.1, 0, BEGAN, None, None]]
    return bench


class Watched:
    """A link that runs, and what it did."""

    def __init__(self, place: Place) -> None:
        self.model = Model()
        self.pauses: list[float] = []
        self.changed = asyncio.Event()
        self.link = Link(self.model, lambda: place, changed=self._changed, pause=self._pause)

    def _changed(self) -> None:
        self.changed.set()
        self.changed = asyncio.Event()

    async def _pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        await asyncio.sleep(0)

    async def until(self, seen: Callable[[], bool]) -> None:
        """Return once something is the case."""
        async with asyncio.timeout(WITHIN):
            while not seen():
                await self.changed.wait()


@asynccontextmanager
async def watching(place: Place) -> AsyncIterator[Watched]:
    watched = Watched(place)
    task = asyncio.create_task(watched.link.run())
    try:
        yield watched
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_it_attaches_and_follows(bench: StreamBench) -> None:
    async with bench.listening(), watching(Place(bench.path)) as console:
        await console.until(lambda: console.model.link.state is LinkState.UP)
        assert console.model.channels[0].value == 1.0
        await bench.delta({0: [2.0, 0.1, 0, BEGAN + 100, None, None]}, [{"kind": "note", "reason": "hello"}])
        await console.until(lambda: console.model.channels[0].value == 2.0)
        assert console.model.log[-1].text == "by somebody: hello"
        assert bench.rates[-1] == 10.0


async def test_a_rate_is_told_at_once_and_after_each_loss(bench: StreamBench) -> None:
    async with bench.listening(), watching(Place(bench.path)) as console:
        await console.until(lambda: console.model.link.state is LinkState.UP)
        await console.link.rate(2.0)
        await bench.drop()
        await console.until(lambda: bench.rates[-2:] == [2.0, 2.0])


async def test_the_events_before_it_are_asked_for_once(bench: StreamBench) -> None:
    bench.events = [{"number": n, "wall": 0, "kind": "note", "reason": str(n)} for n in range(1, 301)]
    async with bench.listening(), watching(Place(bench.path)) as console:
        await console.until(lambda: len(console.model.log) == 200)
        assert bench.attached == [None, 100]
        assert [each.number for each in console.model.log] == list(range(101, 301))


async def test_after_a_loss_it_goes_on_where_it_was(bench: StreamBench) -> None:
    async with bench.listening(), watching(Place(bench.path)) as console:
        await console.until(lambda: console.model.link.state is LinkState.UP)
        await bench.delta(events=[{"kind": "note", "reason": "one"}])
        await console.until(lambda: console.model.number == 1)
        bench.events.append({"number": 2, "wall": 0, "kind": "note", "reason": "two"})
        await bench.drop()
        await console.until(lambda: console.model.number == 2)
        assert bench.attached[-1] == 1
        assert console.pauses == [SOONEST]


async def test_a_bench_that_started_anew_is_followed_from_its_first_event(bench: StreamBench) -> None:
    async with bench.listening(), watching(Place(bench.path)) as console:
        await console.until(lambda: console.model.link.state is LinkState.UP)
        await bench.delta(events=[{"kind": "note", "reason": str(n)} for n in range(5)])
        await console.until(lambda: console.model.number == 5)
        bench.boot, bench.events = "boot-2", [{"number": 1, "wall": 0, "kind": "note", "reason": "new"}]
        await bench.drop()
        await console.until(lambda: console.model.log[-1].text == "by somebody: new")
        assert bench.attached[-2:] == [5, 0]
        assert console.model.number == 1


async def test_attempts_come_further_apart_up_to_a_limit_and_say_why(bench: StreamBench) -> None:
    async with watching(Place(bench.path)) as console:
        await console.until(lambda: len(console.pauses) >= 6)
        assert console.pauses[:6] == [0.5, 1.0, 2.0, 4.0, LATEST, LATEST]
        assert console.model.link.reason == "nobody listens there"
        async with bench.listening():
            await console.until(lambda: console.model.link.state is LinkState.UP)


async def test_nonsense_ends_a_stream_and_not_the_console(bench: StreamBench) -> None:
    async with bench.listening(), watching(Place(bench.path)) as console:
        await console.until(lambda: console.model.link.state is LinkState.UP)
        await bench.clients[0].socket.send("[" * 100_000)
        await console.until(lambda: console.model.link.attempts > 0)
        assert "makes no sense" in console.model.link.reason
        await console.until(lambda: console.model.link.state is LinkState.UP)
        await bench.clients[0].socket.send("[1, 2]")
        await bench.delta({0: [3.0, 0.1, 0, BEGAN + 100, None, None]})
        await console.until(lambda: console.model.channels[0].value == 3.0)


async def test_a_command_is_answered_with_what_the_bench_says(bench: StreamBench) -> None:
    bench.answer = lambda request: {"status": "refused", "what": "is idle", "where": "rig", "remedy": "start a run"}
    async with bench.listening(), watching(Place(bench.path)) as console:
        await console.until(lambda: console.model.link.state is LinkState.UP)
        answer = await console.link.command(Verb.PAUSE, operator="ada", reason="why", expect="r1", lease="secret")
        assert not answer.accepted
        assert answer.words == "refused: rig: is idle; start a run"
        (request,) = bench.commands
        number = request.pop("command_id")
        assert len(number) >= 26
        assert request == {
            "verb": "pause", "args": {}, "operator": "ada", "reason": "why", "expect": "r1", "lease": "secret",
        }  # fmt: skip


async def test_a_command_whose_answer_was_lost_is_sent_again_as_the_same_one(bench: StreamBench) -> None:
    async with bench.listening(), watching(Place(bench.path)) as console:
        await console.until(lambda: console.model.link.state is LinkState.UP)
        bench.answer = lambda request: None if len(bench.commands) == 1 else {"status": "accepted"}
        given = asyncio.create_task(console.link.command(Verb.ACK, {"alarm": "hot"}))
        async with asyncio.timeout(WITHIN):
            await bench.asked.wait()
        await bench.drop()
        assert (await given).accepted
        first, second = bench.commands
        assert first["command_id"] == second["command_id"]


async def test_a_command_is_not_sent_again_to_a_bench_that_started_anew(bench: StreamBench) -> None:
    async with bench.listening(), watching(Place(bench.path)) as console:
        await console.until(lambda: console.model.link.state is LinkState.UP)
        bench.answer = lambda request: None
        given = asyncio.create_task(console.link.command(Verb.RESUME))
        async with asyncio.timeout(WITHIN):
            await bench.asked.wait()
        bench.boot = "boot-2"
        await bench.drop()
        with pytest.raises(OutcomeUnknown, match="started anew"):
            await given
        assert len(bench.commands) == 1


async def test_a_command_without_a_link_is_not_kept_for_later(bench: StreamBench) -> None:
    async with watching(Place(bench.path)) as console:
        await console.until(lambda: bool(console.pauses))
        with pytest.raises(NotSent):
            await console.link.command(Verb.PAUSE)


@asynccontextmanager
async def core(status: str) -> AsyncIterator[tuple[Path, list[dict[str, Any]]]]:
    """A control socket that answers everything alike."""
    asked: list[dict[str, Any]] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(json.loads(await reader.readline()))
        writer.write(json.dumps({"status": status, "what": "w", "where": "", "remedy": "r"}).encode() + b"\n")
        await writer.drain()
        writer.close()

    with listening("sock") as (listener, path):
        server = await asyncio.start_unix_server(serve, sock=listener)
        try:
            yield path, asked
        finally:
            server.close()


async def test_safe_stop_goes_by_the_cores_own_socket(bench: StreamBench) -> None:
    async with core("accepted") as (path, asked), watching(Place(bench.path)) as console:
        stopped = await safe_stop(console.link, path, "ada", "by the console")
        assert (stopped.accepted, stopped.way) == (True, OWN_SOCKET)
        assert asked == [{"verb": "stop", "operator": "ada", "reason": "by the console", "args": {}}]


async def test_safe_stop_goes_by_the_stream_where_the_core_does_not_answer(bench: StreamBench, tmp_path: Path) -> None:
    async with bench.listening(), watching(Place(bench.path)) as console:
        await console.until(lambda: console.model.link.state is LinkState.UP)
        stopped = await safe_stop(console.link, tmp_path / "1-gone.sock", None, "")
        assert (stopped.accepted, stopped.way) == (True, STREAM)
        assert bench.commands == [{"verb": "stop", "args": {}, "operator": None, "reason": ""}]


async def test_a_safe_stop_that_nobody_confirms_says_so(bench: StreamBench) -> None:
    async with core("refused") as (path, _), watching(Place(bench.path)) as console:
        stopped = await safe_stop(console.link, path, None, "")
        assert not stopped.accepted
        assert stopped.words.startswith("SAFE STOP NOT CONFIRMED: use the E-stop of the rig. the bench itself: ")
        assert "there is no link" in stopped.words


def test_options_that_do_not_go_together(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="two benches"):
        finder("run", "/tmp/x", None, None)
    with pytest.raises(UsageError, match="need --connect"):
        finder(None, None, tmp_path, None)
    with pytest.raises(UsageError, match="is no token"):
        finder(None, "rig:8443", tmp_path / "none", None)
    with pytest.raises(Unreachable, match="no run is under way"):
        finder(None, None, None, None)()


def test_where_a_bench_is_reached(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("secret\n")
    place = finder(None, "rig.example:8443", token, None)()
    assert (place.address, place.token, place.path) == ("rig.example:8443", "secret", None)
    assert finder(None, "[::1]:8443", None, None)().address == "[::1]:8443"
    with listening("sock") as (_, control):
        gateway = control.with_name(control.name.partition("-")[0] + "-other.http")
        assert finder(None, str(gateway), None, None)() == Place(gateway, control=control)
    with pytest.raises(UsageError, match="is no certificate"):
        Place(address="rig:1", ca=tmp_path / "none").context()
