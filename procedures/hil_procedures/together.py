"""Reading several sensors together: one sweep after the other, and waiting until all of them are steady."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

from hil import Trial, Window
from hil.errors import BenchFault
from hil_drivers.capability import Sensor

NANOSECONDS = 1_000_000_000


async def observe_together(
    trial: Trial, sensors: Mapping[str, Sensor], *, sweeps: int, interval: float
) -> dict[str, Window]:
    """Read each sensor once in every sweep, and return the window of each by name.

    :param sweeps: at least 1.
    :param interval: bench seconds from the end of one sweep to the beginning of the next.
    """
    first = {name: await trial.sample(sensor, 1) for name, sensor in sensors.items()}
    last = first
    for _ in range(sweeps - 1):
        await trial.sleep(interval)
        last = {name: await trial.sample(sensor, 1) for name, sensor in sensors.items()}
    return {name: Window(window.channel, window.start, last[name].end) for name, window in first.items()}


async def stabilised(
    trial: Trial, sensors: Mapping[str, Sensor], *, within: float, for_: float, interval: float, timeout: float
) -> None:
    """Wait until the readings of each sensor in the last ``for_`` seconds differ by at most ``within``.

    :param within: the widest permitted spread (largest minus smallest), in the unit of the sensors.
    :param interval: bench seconds between two sweeps.
    :param timeout: bench seconds after which the bench has failed.
    :raises BenchFault: if one of them is not steady in time.
    """
    recent: dict[str, deque[tuple[int, float]]] = {name: deque() for name in sensors}
    begun: int | None = None
    while True:
        for name, sensor in sensors.items():
            measured = await trial.measure(sensor)
            begun = measured.t if begun is None else begun
            _append(recent[name], (measured.t, measured.value), for_)
        unsteady = [name for name, readings in recent.items() if not _steady(readings, within, for_)]
        if not unsteady:
            return
        if begun is not None and measured.t - begun >= timeout * NANOSECONDS:
            raise BenchFault(
                f"did not stay within {within:g} for {for_:g} s, in {timeout:g} s",
                where=unsteady[0],
                remedy="look at what disturbs it, or give it more time",
            )
        await trial.sleep(interval)


def _append(readings: deque[tuple[int, float]], reading: tuple[int, float], for_: float) -> None:
    readings.append(reading)
    while len(readings) > 2 and reading[0] - readings[1][0] >= for_ * NANOSECONDS:
        readings.popleft()


def _steady(readings: deque[tuple[int, float]], within: float, for_: float) -> bool:
    values = [value for _, value in readings]
    dwelt = readings[-1][0] - readings[0][0] >= for_ * NANOSECONDS
    return dwelt and max(values) - min(values) <= within
