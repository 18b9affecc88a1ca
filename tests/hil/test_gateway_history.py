"""History by the gateway: pages that together are what is on record, of a record that grows too, and never for long."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_door import reachable, told
from hil.errors import UsageError
from hil.gateway.app import LATEST
from hil.gateway.history import MOST_WAITING, History
from hil.gateway.history_process import NANOSECONDS, SLACK, page
from hil.record import RecordWriter, open_run

BEGIN = 1_790_000_000_000
"""UTC milliseconds."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A record of 3000 readings of two channels, in about the order of time."""
    made = tmp_path_factory.mktemp("history") / "run"
    late = random.Random(1)

    async def write() -> None:
        writer = RecordWriter.create(made, {})
        lux, deg = writer.channel("lux", unit="lx"), writer.channel("deg", unit="Cel")
        for number in range(3000):
            t = (BEGIN + number * 100) * NANOSECONDS + late.randrange(-SLACK // 2, SLACK // 2)
            value = None if number % 500 == 7 else float(number)
            writer.readings(lux if number % 3 else deg, t, value, value, None, 0.1, 0.0, 8 if value is None else 0)
        await writer.close("complete")

    asyncio.run(write())
    return made


@pytest.fixture
async def history() -> AsyncIterator[History]:
    made = History(deadline=30.0)
    yield made
    await made.close()


@given(st.integers(-200_000, 500_000), st.integers(-200_000, 500_000), st.integers(100, 5000), st.booleans())
def test_the_pages_together_are_what_is_on_record(folder: Path, begin: int, end: int, most: int, lux: bool) -> None:
    channel, begin, end = "lux" if lux else "deg", BEGIN + begin, BEGIN + end
    found: list[list[Any]] = []
    after: int | None = 0
    while after is not None:
        answer = page(str(folder), channel, begin, end, after, most)
        assert len(answer["rows"]) <= most
        found += answer["rows"]
        after = answer["next"]
    expected = open_run(folder).readings(channel, begin * NANOSECONDS, end * NANOSECONDS)
    assert [row[0] for row in found] == [int(t) // NANOSECONDS for t in expected.t]
    values = np.array([np.nan if row[1] is None else row[1] for row in found])
    np.testing.assert_array_equal(values, expected.value)
    assert [row[3] for row in found] == list(expected.flags)


def test_a_page_looks_only_at_so_much(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hil.gateway.history_process.LOOKED_AT", 700)
    monkeypatch.setattr("hil.gateway.history_process.STEP", 64)
    found, after, pages = 0, 0, 0
    while after is not None:
        answer = page(str(folder), "deg", 0, 2 * BEGIN, after, 5000)
        found, after, pages = found + len(answer["rows"]), answer["next"], pages + 1
    assert (found, pages) == (1000, 5)


def test_all_times_that_can_be_asked_for_are_answered(folder: Path) -> None:
    assert len(page(str(folder), "deg", 0, LATEST, 0, 5000)["rows"]) == 1000
    assert page(str(folder), "deg", LATEST, LATEST, 2**53, 5000)["rows"] == []


def test_what_is_not_there_is_named(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"luks: there is no such channel; use one of deg, lux"):
        page(str(folder), "luks", 0, 1, 0, 1)
    with pytest.raises(UsageError, match="is not the folder of a run"):
        page(str(tmp_path), "lux", 0, 1, 0, 1)


async def test_a_record_that_grows_is_read(tmp_path: Path, history: History) -> None:
    writer = RecordWriter.create(tmp_path / "run", {})
    lux = writer.channel("lux", unit="lx")
    for number in range(3):
        writer.readings(lux, (BEGIN + number) * NANOSECONDS, 1.0, 1.0, None, 0.1, 0.0, 0)
        await writer.flush()
        asked = {
            "folder": str(tmp_path / "run"),
            "channel": "lux",
            "begin": 0,
            "end": 2 * BEGIN,
            "after": 0,
            "most": 10,
        }
        body, status = await history.ask(asked)
        assert (status, len(json.loads(body)["rows"])) == (200, number + 1)
    await writer.close("complete")


async def test_a_question_that_takes_too_long_ends_and_the_next_is_answered(folder: Path, history: History) -> None:
    asked = {"folder": str(folder), "channel": "lux", "begin": 0, "end": 2 * BEGIN, "after": 0, "most": 5000}
    assert (await history.ask(asked))[1] == 200
    first = history._process
    assert first is not None
    history._deadline = 0.0
    with pytest.raises(TimeoutError):
        await history.ask(asked)
    history._deadline = 30.0
    assert (await history.ask(asked))[1] == 200
    process = history._process
    assert process is not None
    process.kill()
    with pytest.raises(TimeoutError):
        await history.ask(asked)
    several = [history.ask(asked) for _ in range(MOST_WAITING + 2)]
    answers = await asyncio.gather(*several, return_exceptions=True)
    assert sum(isinstance(answer, TimeoutError) for answer in answers) == 2
    assert sum(isinstance(answer, tuple) and answer[1] == 200 for answer in answers) == MOST_WAITING


async def test_history_over_the_network(folder: Path, tmp_path: Path) -> None:
    async with reachable(tmp_path, clock=lambda: 0.0) as remote:
        remote.parts.history._deadline = 60.0
        target = f"/history?channel=lux&from=0&to={2 * BEGIN}"
        assert (await remote.ask("GET", target, role="view")).status == 409
        told(remote.parts.board, 1.0, folder=str(folder))
        answer = await remote.ask("GET", f"{target}&most=5", role="view")
        assert answer.status == 200
        assert (answer.json["unit"], len(answer.json["rows"]), answer.json["next"]) == ("lx", 5, 8)
        assert answer.json["rows"][0][1:] == [1.0, 0.1, 0]
        refused = await remote.ask("GET", target.replace("lux", "lax"), role="view")
        assert (refused.status, "did you mean 'lux'" in refused.json["why"]) == (404, True)
        assert (await remote.ask("GET", f"{target}&most=5001", role="view")).status == 422
        too_late = target.replace(str(2 * BEGIN), str(LATEST + 1))
        assert (await remote.ask("GET", too_late, role="view")).status == 422
        for _ in range(3):
            assert (await remote.ask("GET", f"{target}&most=1", role="view")).status == 200
        assert (await remote.ask("GET", f"{target}&most=1", role="view")).status == 429
        assert (await remote.unix.get(f"{target}&most=1"))[0] == 200
