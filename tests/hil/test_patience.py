"""Patience with a device that is lost: it is waited for, and its first failure is the one that is told."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import pytest

from hil.clock import LockstepClock
from hil.patience import RETRY, Patience
from hil_drivers.clock import NANOSECONDS
from hil_drivers.errors import DeviceUnreachable, RemoteProtocolError

Operation = Callable[[], Awaitable[str]]


class Still:
    async def advance(self, t: int, sent: Mapping[str, int]) -> None:
        await asyncio.sleep(0)


class Device:
    """Lost until ``back`` bench seconds; each failure differs from the one before."""

    def __init__(self, clock: LockstepClock, back: float) -> None:
        self._clock, self._back, self.tries = clock, back, 0

    async def read(self) -> str:
        self.tries += 1
        if self._clock.now() < self._back * NANOSECONDS:
            raise DeviceUnreachable(f"failed {self.tries}", where="lamp")
        return "good"


async def patient(seconds: float, use: Callable[[LockstepClock], Operation]) -> tuple[str, list[str]]:
    """What comes of an operation, and what was told of losses."""
    clock, told = LockstepClock(Still(), 0), list[str]()
    patience = Patience(clock, seconds, lambda device, error: told.append(f"{device}: {error}"))
    operation = use(clock)

    async def script() -> str:
        await clock.sleep(1.0)
        return await patience.with_("lamp", operation)

    task = asyncio.create_task(script())
    await clock.wait(task)
    return task.result(), told


async def test_a_device_that_comes_back_is_told_once() -> None:
    assert await patient(15.0, lambda clock: Device(clock, 9.0).read) == ("good", ["lamp: lamp: failed 1"])


async def test_one_that_answers_is_not_told_at_all() -> None:
    assert await patient(15.0, lambda clock: Device(clock, 0.0).read) == ("good", [])


async def test_the_first_failure_is_raised_after_the_patience() -> None:
    devices: list[Device] = []

    def use(clock: LockstepClock) -> Operation:
        devices.append(Device(clock, 1e9))
        return devices[0].read

    with pytest.raises(DeviceUnreachable, match="failed 1 when lamp was used, and has not come back in 1 s"):
        await patient(2 * RETRY, use)
    assert devices[0].tries > 2


async def test_without_patience_nothing_is_repeated() -> None:
    with pytest.raises(DeviceUnreachable, match="failed 1"):
        await patient(0.0, lambda clock: Device(clock, 9.0).read)


async def test_an_answer_that_is_wrong_is_not_repeated() -> None:
    tries: list[int] = []

    async def read() -> str:
        tries.append(1)
        raise RemoteProtocolError("nonsense", where="lamp")

    with pytest.raises(RemoteProtocolError):
        await patient(15.0, lambda clock: read)
    assert tries == [1]
