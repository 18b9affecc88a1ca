"""A system under test behind a broker: what it answers, and what it does instead."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from hil_drivers.capability import SystemUnderTest, Values
from hil_drivers.clock import WallClock
from hil_drivers.errors import DeviceUnreachable, RemoteProtocolError
from hil_drivers.instruments import system_mqtt
from hil_drivers.instruments.system_mqtt import SystemMqtt
from hil_drivers.sim.server.broker import Broker
from hil_drivers.transport.mqtt import Message, MqttLink
from hil_drivers.transport.supervisor import Supervisor
from misbehaving_system import IDENTITY, answer

SILENT, LATE, EARLY = 7, 8, 9


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    made = Broker(Path(tmp_path_factory.mktemp("broker")), passwords=None, settings=())
    made.start()
    yield made
    made.close()


@asynccontextmanager
async def peer(broker: Broker, topic: str, told: Any = IDENTITY) -> AsyncIterator[None]:
    """A system that answers on ``topic``."""
    link = MqttLink(f"mqtt://127.0.0.1:{broker.port}/{topic}", supervisor=Supervisor("peer"), clock=WallClock())
    questions: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    link.listen(f"{topic}/ask", lambda message: _take(message, questions))
    await link.open()
    if told is not None:
        await link.publish(f"{topic}/system", json.dumps(told), qos=1, retain=True)

    async def serve() -> None:
        while True:
            asked = await questions.get()
            how = int(asked.get("values", {}).get("how", 0))
            if how == LATE:
                asked["id"] -= 1
            if how == EARLY:
                asked["id"] += 1
            if how != SILENT:
                await link.publish(f"{topic}/answer", answer(asked), qos=1)

    serving = asyncio.create_task(serve())
    try:
        yield
    finally:
        serving.cancel()
        await asyncio.wait([serving])
        await link.close()


def _take(message: Message, questions: asyncio.Queue[dict[str, Any]]) -> None:
    questions.put_nowait(json.loads(message.payload))


def system(broker: Broker, topic: str, **options: Any) -> SystemMqtt:
    return SystemMqtt("it", f"mqtt://127.0.0.1:{broker.port}/{topic}", clock=WallClock(), **options)


async def test_values_go_in_and_a_quantity_comes_out(broker: Broker) -> None:
    async with peer(broker, "adder"):
        device = system(broker, "adder", output="quantity")
        await device.open()
        assert isinstance(device, SystemUnderTest)
        response = await device.respond(Values({"a": 1.5, "b": 2.0}))
        assert (response.output, response.fault, response.details) == (3.5, "", {"confidence": 0.5})
        assert (device.system.name, device.system.version) == ("adder", "1.2")
        await device.close()


@pytest.mark.parametrize(
    ("how", "fault"),
    [*((how, "wrong shape") for how in range(1, 7)), *((how, "time-out") for how in (SILENT, LATE, EARLY))],
)
async def test_whatever_it_does_instead_is_a_fault_and_the_next_stimulus_is_answered(
    broker: Broker, how: int, fault: str
) -> None:
    async with peer(broker, "adder"):
        device = system(broker, "adder", output="quantity", deadline=0.4)
        await device.open()
        response = await device.respond(Values({"a": 1.0, "how": float(how)}))
        assert (response.output, response.fault) == (None, fault)
        assert (await device.respond(Values({"a": 2.0, "b": 5.0}))).output == 7.0
        await device.close()


@pytest.mark.parametrize("told", [[], {"name": 7}, "adder"])
async def test_who_does_not_say_who_it_is_is_refused(broker: Broker, told: Any) -> None:
    async with peer(broker, "nameless", told):
        with pytest.raises(RemoteProtocolError, match=r"who it is|no identity"):
            await system(broker, "nameless").open()


async def test_who_says_nothing_is_not_there(broker: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system_mqtt, "START_DEADLINE", 0.2)
    with pytest.raises(DeviceUnreachable, match="has not said who it is"):
        await system(broker, "nobody").open()
