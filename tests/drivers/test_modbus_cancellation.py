"""A read that is cancelled is cancelled, even in the very moment in which its answer arrives."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator
from functools import partial

import pytest

from hil_drivers.clock import WallClock
from hil_drivers.transport.link import modbus_link
from hil_drivers.transport.modbus import ModbusLink
from hil_drivers.transport.supervisor import Supervisor

TURNS = 80


async def answer(
    serving: list[asyncio.Task[None] | None], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    """Answer each read of holding registers by their addresses."""
    serving.append(asyncio.current_task())
    try:
        while True:
            transaction, _, _, unit, function, first, count = struct.unpack(">HHHBBHH", await reader.readexactly(12))
            body = struct.pack(f">BB{count}H", function, 2 * count, *range(first, first + count))
            writer.write(struct.pack(">HHHB", transaction, 0, len(body) + 1, unit) + body)
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


@pytest.fixture
async def link() -> AsyncIterator[ModbusLink]:
    serving: list[asyncio.Task[None] | None] = []
    server = await asyncio.start_server(partial(answer, serving), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    made = modbus_link(f"modbus+tcp://127.0.0.1:{port}?device_id=1", supervisor=Supervisor("meter"), clock=WallClock())
    await made.open()
    async with server:
        yield made
        await made.close()
        await asyncio.gather(*(task for task in serving if task is not None))


async def test_no_cancellation_is_lost_to_an_answer(link: ModbusLink) -> None:
    cancelled = answered = 0
    for turns in range(TURNS):
        task = asyncio.create_task(link.read_holding_registers(turns, 2))
        for _ in range(turns // 4):
            await asyncio.sleep(0)
        asked = task.cancel()
        await asyncio.wait([task])
        assert task.cancelled() == asked, f"after {turns // 4} turns of the loop"
        cancelled += asked
        answered += not asked
        assert await link.read_holding_registers(1000 + turns, 2) == [1000 + turns, 1001 + turns]
    assert cancelled
    assert answered
