"""A conformance kit for drivers, ours and third parties', to be called from any test.

async def test_my_probe() -> None:
    await check_sensor(lambda: MyProbe("probe", address, clock=WallClock()), "temperature")
"""

from __future__ import annotations

from .conformance import ConformanceError, check_actuator, check_sensor

__all__ = ["ConformanceError", "check_actuator", "check_sensor"]
