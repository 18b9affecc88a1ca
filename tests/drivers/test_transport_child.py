"""Children that end by themselves just when they are ended."""

from __future__ import annotations

import asyncio
import logging

import pytest

from hil_drivers.transport.child import LineChild

CRASHES = 100


async def test_how_a_child_ended_is_known_although_it_was_killed_as_it_crashed(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Its output ends before it has ended: a third of the kills at that moment took its exit code away from asyncio,
    which then said so on standard error and told 255.
    """
    codes = []
    with caplog.at_level(logging.WARNING, logger="asyncio"):
        for _ in range(CRASHES):
            child = await LineChild.start(["/bin/sh", "-c", "exit 3"], "reader")
            with pytest.raises(EOFError):
                await child.message()
            await child.kill()
            codes.append(child._process.returncode)
    assert caplog.messages == []
    assert set(codes) <= {3, -9}
    assert 3 in codes


async def test_a_child_that_goes_on_is_killed(caplog: pytest.LogCaptureFixture) -> None:
    child = await LineChild.start(["/bin/sh", "-c", "echo '{}'; exec sleep 60"], "reader")
    assert await child.message() == {}
    async with asyncio.timeout(10.0):
        await child.kill()
        await child.kill()
    assert child._process.returncode == -9
    assert caplog.messages == []
