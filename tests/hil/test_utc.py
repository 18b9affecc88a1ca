"""UTC is claimed for a run's times only where each look at the system clock allows it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from hil.clock_state import ClockState
from hil.record import RecordWriter, open_run
from hil.utc import TimeClaim, iso, machine_instant, time_claim

T = 1_780_300_800_123_456_789

GOOD: dict[str, Any] = {"offset": -1e-4, "root_dispersion": 2e-4, "root_delay": 1e-3, "source": "chrony (192.0.2.1)"}
WIDER: dict[str, Any] = {"offset": 1e-4, "root_dispersion": 4e-3, "source": "the kernel"}
FREE: dict[str, Any] = {"root_dispersion": 16.0}


async def claim(
    folder: Path, looks: Sequence[dict[str, Any]], *, provenance: str = "measured", steps: Sequence[float] = ()
) -> TimeClaim:
    record = RecordWriter.create(folder / "run", {"provenance": provenance})
    for look in looks:
        record.clock(1, 2, 3, **look)
    for departure in steps:
        record.event(T, "clock step", {"seconds": departure, "departure": departure})
    await record.close("complete")
    return time_claim(open_run(folder / "run"))


async def test_the_widest_look_bounds_the_run(tmp_path: Path) -> None:
    found = await claim(tmp_path, [GOOD, WIDER, GOOD])
    assert found.synchronised
    assert found.bound == pytest.approx(4.1e-3)
    assert found.told == "synchronised with UTC within 4.1 ms, says chrony (192.0.2.1), the kernel"
    assert found.instant(T) == "2026-06-01 08:00:00 UTC"


async def test_a_step_during_the_run_widens_the_bound(tmp_path: Path) -> None:
    found = await claim(tmp_path, [GOOD, GOOD], steps=[-2.0, 0.5])
    assert found.bound == pytest.approx(2.0008)


@pytest.mark.parametrize("looks", [[GOOD, FREE, GOOD], [FREE], []])
async def test_one_look_without_a_source_and_utc_is_not_claimed(tmp_path: Path, looks: list[dict[str, Any]]) -> None:
    found = await claim(tmp_path, looks)
    assert (found.synchronised, found.bound) == (False, None)
    assert found.told == "not synchronised with UTC"
    assert found.instant(T) == "2026-06-01 08:00:00 UTC (clock not synchronised)"


@pytest.mark.parametrize("looks", [[GOOD], [FREE]])
async def test_simulated_times_are_those_of_the_simulation(tmp_path: Path, looks: list[dict[str, Any]]) -> None:
    found = await claim(tmp_path, looks, provenance="simulated")
    assert found.instant(T) == "2026-06-01 08:00:00 UTC, simulated"


def test_times_of_the_machine_say_z_only_where_its_clock_is_synchronised() -> None:
    assert iso(T, synchronised=True) == "2026-06-01T08:00:00Z"
    assert iso(T, synchronised=False) == "2026-06-01T08:00:00"
    assert machine_instant(T, ClockState(synchronised=False)) == "2026-06-01 08:00:00 UTC (clock not synchronised)"
    assert machine_instant(T, ClockState(synchronised=True, bound=1e-3)) == "2026-06-01 08:00:00 UTC"
