"""Streams of the gateway, protocol 2: rates, subscriptions, extremes, commands, and clients that do not keep up."""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosedError

from gateway_client import Stream
from gateway_door import reachable, serving, tell_events, told, until
from hil.errors import UsageError
from hil.gateway import stream
from hil.gateway.board import Board
from hil.gateway.messages import parse_message
from hil.gateway.rows import joined
from hil.gateway.views import MOST_VIEWS, RATES, Changes, View, Views, Wanted


async def say(client: Stream, **message: Any) -> None:
    """Send one message."""
    await client.connection.send(json.dumps(message))


async def answer(client: Stream) -> dict[str, Any]:
    """The next answer."""
    count = len(client.answers)
    while len(client.answers) == count:
        await client.next()
    return client.answers[-1]


async def next_value(client: Stream) -> dict[str, Any]:
    """The next frame with values."""
    while True:
        frame = await client.next()
        if frame["kind"] == "delta" and frame["values"]:
            return frame


async def test_the_first_frames_say_all_that_a_client_needs() -> None:
    board = Board()
    told(board, 1.0, 2.0, number=7)
    async with serving(board) as door, door.stream() as client:
        hello, snapshot = await client.next(), await client.next()
        assert hello == {"kind": "hello", "seq": 1, "prev": 0, "protocol": 2, "boot": "b"}
        assert snapshot["number"] == 7
        assert snapshot["run"] == board.state
        assert snapshot["channels"] == board.channels
        assert snapshot["values"] == [[1.0, 0.5, 0, 0, 1.0, 1.0], [2.0, 0.5, 0, 0, 2.0, 2.0]]
        assert snapshot["warn"] is False


async def test_extremes_between_two_deltas_are_not_lost() -> None:
    board = Board()
    told(board, 1.0, 1.0, limits=True)
    async with serving(board) as door, door.stream() as client:
        await say(client, rate=5)
        await client.next()
        await client.next()
        await until(lambda: len(board.watchers) == 1)
        for value in (2.0, 99.0, -3.0, 5.0):
            told(board, value, 1.0)
        low, high = [], []
        while True:
            rows = [frame["values"]["0"] for frame in [await next_value(client)] if "0" in frame["values"]]
            low += [row[4] for row in rows]
            high += [row[5] for row in rows]
            if rows and rows[-1][0] == 5.0:
                break
        assert (min(low), max(high)) == (-3.0, 99.0)


async def test_a_change_of_state_is_not_lost_by_a_change_of_rate() -> None:
    board = Board()
    told(board, 1.0)
    async with serving(board) as door, door.stream() as client:
        for number in range(20):
            await say(client, rate=RATES[number % 3 + 4])
            board.take_values({"rows": [None], "state": {**board.state, "state": f"state {number}"}})
            while client.frames[-1:] == [] or client.frames[-1].get("run", {}).get("state") != f"state {number}":
                await client.next()


async def test_a_client_has_only_what_it_subscribes_to() -> None:
    board = Board()
    told(board, 1.0, 2.0)
    async with serving(board) as door, door.stream() as client:
        await say(client, subscribe=["*1", "nothing"])
        frame = await next_value(client)
        while set(frame["values"]) != {"1"}:
            frame = await next_value(client)
        told(board, 10.0, 20.0)
        assert (await next_value(client))["values"]["1"][0] == 20.0
        assert all("0" not in frame["values"] for frame in client.frames[-1:])
        await say(client, subscribe=["lux?"])
        assert set((await next_value(client))["values"]) == {"0", "1"}


async def test_a_slow_rate_is_kept_and_events_wait_for_it_too() -> None:
    board = Board()
    told(board, 0.0)
    async with serving(board) as door, door.stream("?after=0") as client:
        await client.next()
        await say(client, rate=2.0)
        await next_value(client)
        begun = time.monotonic()
        for number in range(1, 5):
            tell_events(board, number, number)
            told(board, float(number))
            while not client.events or client.events[-1]["number"] < number:
                await client.next()
        assert time.monotonic() - begun >= 0.5 * 3 - 0.1


async def test_equal_wishes_are_one_view_and_there_are_only_so_many() -> None:
    board = Board()
    told(board, 1.0)
    async with serving(board) as door:
        before = len(board.watchers)
        async with door.stream() as one, door.stream() as two:
            for client in (one, two):
                await client.next()
                await client.next()
            assert len(board.watchers) - before == 1
        await until(lambda: len(board.watchers) == before)
    views = Views(board)
    deaf = [Deaf() for _ in range(MOST_VIEWS + 3)]
    joined_views = [views.join(each, Wanted.of([f"{n}*"], 5.0)) for n, each in enumerate(deaf)]
    assert [granted for _, granted in joined_views] == [True] * (MOST_VIEWS - 1) + [False] * 4
    assert len({view for view, _ in joined_views}) == MOST_VIEWS
    for each, (view, _) in zip(deaf, joined_views, strict=True):
        views.leave(each, view)
    await asyncio.sleep(0)
    assert board.watchers == []


class Deaf:
    """Takes nothing in."""

    def offer(self, changes: Changes) -> None:
        """Nothing."""


def test_what_is_the_same_for_all_is_encoded_once() -> None:
    board = Board()
    told(board, 1.0)
    view = View(board, Wanted())
    kept: list[Changes] = []

    class Keeping:
        def offer(self, changes: Changes) -> None:
            kept.append(changes)

    view.watchers |= {Keeping(), Keeping()}
    told(board, 2.0)
    view._offer()
    assert kept[0] is kept[1]
    assert kept[0].encoded is kept[1].encoded
    assert board.encoded_state() is board.encoded_state()
    tell_events(board, 1, 3)
    assert board.encoded_events(0, 10)[1] is board.encoded_events(0, 10)[1]
    assert board.encoded_events(0, 10)[0] == 3


async def test_a_page_that_does_not_say_what_it_has_seen_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    board = Board()
    told(board, 0.0)
    async with serving(board) as door, door.stream("?after=0") as client:
        await say(client, rate=20)
        await say(client, seen=0)
        await client.next()
        number = 0
        while not client.frames or client.frames[-1]["seq"] < stream.MOST_AHEAD:
            number += 1
            tell_events(board, number, number)
            await client.next()
        tell_events(board, number + 1, number + 5)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1.5):
                await client.connection.recv()
        await say(client, seen=client.frames[-1]["seq"])
        while client.events[-1]["number"] < number + 5:
            await client.next()
        assert [event["number"] for event in client.events] == list(range(1, number + 6))


async def test_saying_what_was_seen_brings_nothing_by_itself(tmp_path: Path) -> None:
    """Or a client that says so of each frame, and the gateway, would keep each other busy."""
    async with reachable(tmp_path, clock=lambda: 0.0) as remote:
        told(remote.parts.board, 1.0)
        async with remote.stream(role="operate") as client:
            await client.next()
            before = (await client.next())["seq"]
            for number in range(20):
                await say(client, seen=before)
                await say(client, command={"verb": "note", "command_id": f"n{number}"})
                await answer(client)
            tell_events(remote.parts.board, 1, 1)
            while not client.events:
                await client.next()
            empty = [frame["seq"] for frame in client.frames if frame["kind"] == "delta" and not frame["events"]]
            assert len(empty) <= 2, "no more than a view begins with"


async def test_commands_on_the_stream_are_answered_on_it(tmp_path: Path) -> None:
    async with reachable(tmp_path, clock=lambda: 0.0) as remote:
        told(remote.parts.board, 1.0)
        async with remote.stream(role="operate") as client:
            await say(client, command={"verb": "note", "command_id": "1", "reason": "hello"})
            first = await answer(client)
            assert (first["command_id"], first["status"], first["run"]) == ("1", "accepted", "the-run")
            await say(client, command={"verb": "note", "command_id": "1", "reason": "hello"})
            assert (await answer(client))["number"] == first["number"]
            await say(client, command={"verb": "note"})
            assert "needs a command_id" in (await answer(client))["why"]
            await say(client, command={"verb": "lease-override", "command_id": "2"})
            refused = await answer(client)
            assert (refused["command_id"], "this takes the role review" in refused["why"]) == ("2", True)
            for number in range(40):
                await say(client, command={"verb": "note", "command_id": f"n{number}"})
            flood = [await answer(client) for _ in range(40)]
            assert any("too many commands" in each.get("why", "") for each in flood)
            for _ in range(30):
                await say(client, command={"verb": "stop"})
                assert (await answer(client))["status"] == "accepted"


async def test_a_core_that_is_silent_leaves_the_outcome_unknown() -> None:
    board = Board()
    told(board, 1.0)
    async with serving(board) as door, door.stream() as client:
        await say(client, command={"verb": "pause", "command_id": "1"})
        unknown = await answer(client)
        assert (unknown["status"], unknown["command_id"]) == ("unknown", "1")
        assert "whether it has acted is not known" in unknown["why"]


async def test_nonsense_is_answered_for_a_while() -> None:
    board = Board()
    told(board, 1.0)
    nonsense = [
        "",
        "{",
        "[]",
        '{"rate": 0}',
        '{"rate": NaN}',
        '{"seen": -1}',
        '{"rate": 5, "seen": 1}',
        '{"subscribe": "*"}',
    ]
    async with serving(board) as door, door.stream() as client:
        await client.next()
        for text in nonsense:
            await client.connection.send(text)
            assert (await answer(client))["status"] == "refused"
        await client.connection.send(b"\x00")
        assert "is no text" in (await answer(client))["why"]
        for _ in range(2):
            await client.connection.send("{}")
        with pytest.raises(ConnectionClosedError, match="1008"):
            await client.until("never")


async def test_a_message_that_is_too_large_ends_the_stream() -> None:
    board = Board()
    told(board, 1.0)
    async with serving(board) as door, door.stream() as client:
        await client.next()
        await client.connection.send("x" * 100_000)
        with pytest.raises(ConnectionClosedError, match="1009"):
            await client.until("never")


async def test_other_channels_are_a_new_snapshot_and_that_not_too_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "SNAPSHOT_PAUSE", 0.5)
    board = Board()
    told(board, 1.0)
    async with serving(board) as door, door.stream() as client:
        times = []
        for number in range(3):
            while (await client.next())["kind"] != "snapshot":
                pass
            times.append(time.monotonic())
            assert [each["name"] for each in client.frames[-1]["channels"]] == ["lux0"] + ["x"] * number
            board.take_values({"channels": [*board.channels, {"name": "x"}], "rows": [None] * (number + 2)})
        assert all(later - sooner >= 0.45 for sooner, later in pairwise(times))


messages = st.fixed_dictionaries(
    {},
    optional={
        "rate": st.floats(allow_nan=False) | st.integers() | st.booleans(),
        "seen": st.integers() | st.floats(allow_nan=False),
        "subscribe": st.lists(st.text() | st.integers(), max_size=3),
        "command": st.dictionaries(st.text(), st.text(), max_size=2),
    },
)


@given(messages | st.text())
def test_every_message_is_understood_or_refused_by_name(message: Any) -> None:
    with suppress(UsageError):
        parse_message(message if isinstance(message, str) else json.dumps(message))


numbers = st.none() | st.floats(allow_nan=False, allow_infinity=False)
rows = st.builds(lambda value, low, high: [value, 0.1, 0, 1, low, high], numbers, numbers, numbers)


@given(st.lists(st.dictionaries(st.integers(0, 3), rows), min_size=1, max_size=6))
def test_changes_that_are_told_late_are_the_same_together(parts: list[dict[int, Any]]) -> None:
    together = Changes(1)
    for part in parts:
        together = together.then(Changes(1, part))
    for index in {index for part in parts for index in part}:
        told_rows = [part[index] for part in parts if index in part]
        lows = [row[4] for row in told_rows if row[4] is not None]
        highs = [row[5] for row in told_rows if row[5] is not None]
        row = together.rows[index]
        assert list(row[:4]) == told_rows[-1][:4]
        assert (row[4], row[5]) == (min(lows, default=None), max(highs, default=None))
    assert Changes(1, {0: [1.0, 1.0, 0, 0, None, None]}).then(Changes(2)) == Changes(2)
    assert joined([1.0, 0.1, 0, 1, 1.0, 1.0], [2.0, 0.1, 0, 2, None, None])[4:] == [1.0, 1.0]


@given(st.floats(0.2, 20.0))
def test_a_client_never_has_more_than_it_asks_for(rate: float) -> None:
    granted = Wanted.of(None, rate).rate
    assert granted in RATES
    assert granted <= rate
    assert Wanted.of(["b", "a", "b"], rate) == Wanted.of(["a", "b"], rate)
    assert Wanted.of(["a", "*"], rate) == Wanted.of(None, rate)
