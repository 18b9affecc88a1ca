"""MQTT round trips at QoS 1 through our link against bare aiomqtt with no-delay, in turns, on the same broker.

A round trip is a publication, its acknowledgement, and its arrival at the same client. Target: at most 1.2 times the
bare library's, p50. What aiomqtt needs without no-delay is printed beside it. The broker is mosquitto, a child process.
"""

from __future__ import annotations

import asyncio
import socket
import statistics
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from time import perf_counter

from aiomqtt import Client

from hil_drivers.clock import WallClock
from hil_drivers.sim.server.broker import Broker
from hil_drivers.transport.mqtt import Message, MqttLink
from hil_drivers.transport.supervisor import Supervisor

ROUNDS, TRIPS = 15, 200
DEFAULT_TRIPS = 20
TARGET = 1.2
PAYLOAD = b'{"power": 12.34, "time": "2026-06-01T12:00:00.000Z"}'

Trip = Callable[[], Awaitable[object]]


async def timed(trip: Trip, count: int = TRIPS) -> list[float]:
    """The seconds of each round trip."""
    taken = []
    for _ in range(count):
        begun = perf_counter()
        await trip()
        taken.append(perf_counter() - begun)
    return taken


def percentiles(taken: list[list[float]]) -> tuple[float, float]:
    """p50 and p99 of all rounds, in milliseconds."""
    cuts = statistics.quantiles([1e3 * each for one in taken for each in one], n=100)
    return cuts[49], cuts[98]


def bare_trip(client: Client, topic: str) -> Trip:
    async def trip() -> object:
        await client.publish(topic, PAYLOAD, qos=1)
        return await anext(client.messages)

    return trip


def our_trip(link: MqttLink, topic: str) -> Trip:
    """The trip of a link that is not open yet."""
    arrived = asyncio.Event()

    def receive(_: Message) -> None:
        arrived.set()

    async def trip() -> object:
        arrived.clear()
        await link.publish(topic, PAYLOAD)
        return await arrived.wait()

    link.listen(topic, receive)
    return trip


async def measure(port: int) -> float:
    """Print the latencies; the median ratio of neighbouring rounds at p50."""
    link = MqttLink(f"mqtt://127.0.0.1:{port}/ours", supervisor=Supervisor("bench"), clock=WallClock())
    ours = our_trip(link, "ours")
    await link.open()
    no_delay = [(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)]
    async with Client("127.0.0.1", port, socket_options=no_delay) as bare, Client("127.0.0.1", port) as default:
        await bare.subscribe("bare", qos=1)
        await default.subscribe("default", qos=1)
        theirs = bare_trip(bare, "bare")
        await timed(ours), await timed(theirs)
        pairs = [(await timed(ours), await timed(theirs)) for _ in range(ROUNDS)]
        slow = await timed(bare_trip(default, "default"), DEFAULT_TRIPS)
    await link.close()
    ratio = statistics.median(statistics.median(a) / statistics.median(b) for a, b in pairs)
    (p50, p99), (bare_p50, bare_p99) = (percentiles(list(column)) for column in zip(*pairs, strict=True))
    print(
        f"mqtt: round trip at QoS 1 p50 {p50:.2f} ms, p99 {p99:.2f} ms; bare aiomqtt with no-delay {bare_p50:.2f} ms, "
        f"{bare_p99:.2f} ms; ratio {ratio:.2f} (target at most {TARGET}); with default sockets "
        f"{1e3 * statistics.median(slow):.0f} ms"
    )
    return ratio


def main() -> int:
    """0 if the target is met."""
    with tempfile.TemporaryDirectory() as folder:
        broker = Broker(Path(folder))
        broker.start()
        try:
            ratio = asyncio.run(measure(broker.port))
        finally:
            broker.close()
    return int(ratio > TARGET)


if __name__ == "__main__":
    sys.exit(main())
