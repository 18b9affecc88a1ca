"""A console that attaches late shows what was before: asked of a real gateway, on its socket and by TLS."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from bench_stream import BEGAN
from console_rig import console
from gateway_door import reachable, told
from hil.console.channels import Facts, Live
from hil.console.past import Past
from hil.console.places import Place
from hil.console.recall import recall, rows_of
from hil.record import RecordWriter

READINGS = 6000
NANOSECONDS = 10**9


async def recorded(folder: Path) -> Path:
    """A record of a calibrated channel at 10 Hz, and one without a calibration."""
    writer = RecordWriter.create(folder, {})
    lux, volt = writer.channel("lux", unit="lx"), writer.channel("volt", unit="V")
    for number in range(READINGS):
        t = BEGAN * 10**6 + number * NANOSECONDS // 10
        writer.readings(lux, t, 1.0, float(number), 0.0, 0.5, 0.0, 0)
        writer.readings(volt, t, 7.0, None, None, None, 0.0, 8 if number == 10 else 0)
    await writer.close("complete")
    return folder


def live(name: str, number: int) -> Live:
    """A channel that was seen first with the reading ``number``."""
    channel = Live(Facts(name, "lx", "lx"))
    channel.take([float(number), 0.5, 0, BEGAN + 100 * number, None, None], 1.0)
    return channel


async def test_the_record_comes_before_what_was_seen(tmp_path: Path) -> None:
    folder = await recorded(tmp_path / "run")
    async with reachable(tmp_path) as bench:
        unix = Place(bench.unix.path)
        lux = live("lux", READINGS)
        await recall(unix, lux, 3600.0)
        assert lux.past.first == READINGS / 10 + BEGAN / 1000, "there is no record yet"
        told(bench.parts.board, 1.0, folder=str(folder))
        await recall(unix, lux, 550.0)
        t, low, high, U = lux.past.samples()  # noqa: N806
        assert 50.0 < t[0] - BEGAN / 1000 < 60.0, "the oldest are joined"
        assert (low.min(), high.max()) == (500.0, float(READINGS))
        assert set(U) == {1.0}
        assert (t[1:] > t[:-1]).all()
        volt = live("volt", 50)
        await recall(unix, volt, 60.0)
        _, low, _, _ = volt.past.samples()
        assert len(low) == 51
        assert [place for place, value in enumerate(low) if value != value] == [10]
        assert set(low[:10]) == {7.0}


async def test_from_another_machine_one_page_is_asked_for_and_a_refusal_changes_nothing(tmp_path: Path) -> None:
    folder = await recorded(tmp_path / "run")
    async with reachable(tmp_path, clock=lambda: 0.0) as bench:
        told(bench.parts.board, 1.0, folder=str(folder))
        place = Place(address=f"localhost:{bench.port}", token=bench.secrets["view"], ca=bench.authority)
        for _ in range(5):
            lux = live("lux", READINGS)
            await recall(place, lux, 3600.0)
            assert len(lux.past) > 1
        lux = live("lux", READINGS)
        await recall(place, lux, 3600.0)
        assert len(lux.past) == 1
        await recall(Place(tmp_path / "nobody"), lux, 3600.0)
        assert len(lux.past) == 1


@pytest.mark.parametrize("rows", [None, 3, [[]], [None], [["a", 1.0, 1.0]], {}, [[math.nan, 1.0]]])
def test_what_makes_no_sense_is_left_out(rows: Any) -> None:
    assert list(rows_of({"rows": rows})) == []
    assert list(rows_of({"rows": [[2000], [1000, "x", math.inf]]})) == [(2.0, None, None), (1.0, None, None)]


def test_what_is_not_before_is_left_out() -> None:
    past = Past()
    past.add(10.0, 1.0, 0.1, 0.5, 1.5)
    past.before([(8.0, 2.0, None), (7.0, 3.0, None), (9.0, None, None), (10.0, 4.0, None), (11.0, 5.0, None)])
    t, low, high, _ = past.samples()
    assert list(t) == [8.0, 9.0, 10.0]
    assert (low[0], high[-1], low[-1]) == (2.0, 1.5, 0.5)


async def test_a_trend_begins_with_what_was_before(tmp_path: Path) -> None:
    async with console(tmp_path) as rig:
        rig.bench.history = {"tc2.T_dut": [[BEGAN - 1000 * back, 41.0 + back % 2, 0.1, 0] for back in range(50, 0, -1)]}
        await rig.press("2")
        live = rig.app.model.channel("tc2.T_dut")
        assert live is not None
        await rig.until(lambda: live.past.first == BEGAN / 1000 - 50.0)
        assert len(live.past) == 51
