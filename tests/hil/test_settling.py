"""Settling: the band, the dwell, the slope, the limit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from hil.errors import BenchFault
from hil.trial import Trial
from hil_drivers.capability import Sensor
from hil_drivers.clock import NANOSECONDS
from rig import Rig, plan

SECONDS = 1.0 / NANOSECONDS


async def settled_after(
    tmp_path: Path, value: Callable[[float], float], *, slope: float | None = None, timeout: float = 300.0
) -> float:
    """Bench seconds until a channel with these values has settled within 1 lx for 10 s."""
    rig, times = Rig(tmp_path, plan(1.0), value), list[float]()

    async def script(trial: Trial) -> None:
        async for point in trial.points():
            await point.settle(trial.role("lux", Sensor), within=1.0, for_=10.0, slope=slope, timeout=timeout)
            times.append(rig.clock.now() * SECONDS)

    await rig.run(script)
    return times[0]


async def test_it_dwells_in_the_band_for_the_whole_time(tmp_path: Path) -> None:
    assert await settled_after(tmp_path, lambda t: 100.0) == pytest.approx(10.0, abs=1.0)
    assert await settled_after(tmp_path / "step", lambda t: 0.0 if t < 5.0 else 100.0) == pytest.approx(15.0, abs=1.1)


async def test_a_slow_drift_inside_the_band_is_no_rest(tmp_path: Path) -> None:
    def drift(t: float) -> float:
        return 100.0 + 0.05 * min(t, 60.0)

    assert await settled_after(tmp_path / "band", drift) < 12.0
    assert await settled_after(tmp_path / "slope", drift, slope=0.01) == pytest.approx(68.0, abs=3.0)


async def test_what_does_not_settle_in_time_is_a_fault_of_the_bench(tmp_path: Path) -> None:
    with pytest.raises(
        BenchFault, match=r"lux: did not settle within 1 lx and 0\.01 lx/s for 10 s, in 50 s: .* show 1\d lx and 1 lx/s"
    ):
        await settled_after(tmp_path, lambda t: t, slope=0.01, timeout=50.0)
