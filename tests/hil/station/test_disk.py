"""Writing beside the loop: nothing that was asked for is lost, and what could not be written is told."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest

from hil.errors import RecordError
from hil.station.disk import Disk


@pytest.fixture
def disk() -> Iterator[Disk]:
    made = Disk()
    yield made
    made.close()


async def test_whoever_does_not_wait_any_longer_takes_nothing_out_of_it(disk: Disk) -> None:
    slow, done = threading.Event(), list[int]()
    disk.do(slow.wait)
    disk.do(done.append, 1)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await disk.flush()
    slow.set()
    await disk.flush()
    assert done == [1]


async def test_a_failure_is_told_until_the_same_work_is_done(disk: Disk) -> None:
    full = True

    def save() -> None:
        if full:
            raise RecordError("cannot be written")

    disk.do(save)
    disk.do(list)
    with pytest.raises(RecordError, match="cannot be written"):
        await disk.flush()
    full = False
    disk.do(save)
    await disk.flush()
    assert disk.failure is None
