"""A bench under watch: its devices, some of its channels, and the tasks that read them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hil_drivers.clock import Clock, WallClock
from hil_drivers.errors import DriverError
from hil_drivers.pacing import paced

from ..bench.connecting import device_address
from ..bench.drivers import check_drivers, declared_points, device_options
from ..bench.fit import Fitness, assess
from ..bench.world import compile_world, start_utc
from ..clock import PacedClock
from ..errors import BenchFault, HilError, UsageError
from ..suggest import nearest
from .channel import WatchedChannel
from .device import WatchedDevice

if TYPE_CHECKING:
    from hil_drivers.sim.client import Simulation

    from ..bench.config import BenchConfig

DEFAULT_PERIOD = 1.0
"""Seconds between readings of a channel that has no period of its own."""


@dataclass(frozen=True)
class WatchedBench:
    """A bench under watch; ``devices`` by name, ``channels`` in the order asked for.

    ``ambient`` holds the room's temperature where others need it and it was not asked for.
    """

    config: BenchConfig
    clock: Clock
    devices: Mapping[str, WatchedDevice]
    channels: Sequence[WatchedChannel]
    ambient: Sequence[WatchedChannel]

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[None]:
        """Read every channel by its period while this is held."""
        read = [*self.ambient, *self.channels]
        tasks = [asyncio.create_task(self._read(channel), name=f"watch {channel.name}") for channel in read]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _read(self, channel: WatchedChannel) -> None:
        async for _ in paced(self.clock, channel.period):
            await channel.read()


@asynccontextmanager
async def watch_bench(
    config: BenchConfig,
    *,
    channels: Collection[str] = (),
    devices: Collection[str] = (),
    period: float | None = None,
    seed: int | None = None,
    speed: float = 1.0,
) -> AsyncIterator[WatchedBench]:
    """Make the devices of ``channels`` and ``devices``; each is opened when it is first used.

    A device that is not there stops nobody. A simulated bench runs at ``speed`` times wall time.

    :param channels: all that can be read by default, unless ``devices`` are named.
    :param period: in s, instead of the channels' own.
    :raises ConfigurationError: if the bench file, a driver or a simulated world is wrong.
    :raises UsageError: if a channel or device does not exist, or a channel cannot be read.
    """
    names = list(channels) or ([] if devices else readable_channels(config))
    _check_names(config, names, devices)
    room = config.roles.get("temperature", "")
    read = list(dict.fromkeys([*([room] if names and room in config.channels else []), *names]))
    used = list(dict.fromkeys([*devices, *(config.channels[name].device for name in read)]))
    check_drivers(config, used, read, broken=False)
    async with AsyncExitStack() as stack:
        fitness = {name: assess(config, name, seed=seed) for name in read}
        clock, world = await _start(config, fitness, used, seed, speed, stack)
        watched = {}
        for name in used:
            address, options = device_address(config, name, world), device_options(config, name)
            watched[name] = WatchedDevice(name, config.devices[name], address, clock, options)
            stack.push_async_callback(watched[name].close)
        made = _channels(config, fitness, watched, clock, period)
        ambient = [made[name] for name in read if name not in names]
        yield WatchedBench(config, clock, watched, [made[name] for name in names], ambient)


def readable_channels(config: BenchConfig) -> list[str]:
    """The channels that sense something, as far as their drivers say before they are opened."""
    return [name for name in config.channels if _senses(config, name)]


def _senses(config: BenchConfig, channel: str) -> bool:
    section = config.channels[channel]
    try:
        points = declared_points(config, section.device)
    except DriverError:
        return True
    return not points or (section.point in points and points[section.point].readable)


def _check_names(config: BenchConfig, channels: Collection[str], devices: Collection[str]) -> None:
    for known, names in ((config.channels, channels), (config.devices, devices)):
        for name in names:
            if name not in known:
                raise UsageError(f"the bench {config.name} has no {name!r}", remedy=nearest(name, known))
    for name in channels:
        if not _senses(config, name):
            raise UsageError("takes setpoints and cannot be read", where=name, remedy="name a channel that senses")


async def _start(
    config: BenchConfig,
    fitness: Mapping[str, Fitness],
    devices: Sequence[str],
    seed: int | None,
    speed: float,
    stack: AsyncExitStack,
) -> tuple[Clock, Simulation | None]:
    if config.sim is None:
        return WallClock(), None
    from hil_drivers.sim.client import Simulation

    records = {name: found.record for name, found in fitness.items() if found.record is not None}
    world = await Simulation.start(compile_world(config, records, devices=devices, seed=seed, speed=speed))
    stack.push_async_callback(world.end)
    elapsed = round(await world.advance(0, {}) / speed)
    return PacedClock(speed, start_utc(config.sim), epoch=time.monotonic_ns() - elapsed), world


def _channels(
    config: BenchConfig,
    fitness: Mapping[str, Fitness],
    devices: Mapping[str, WatchedDevice],
    clock: Clock,
    period: float | None,
) -> dict[str, WatchedChannel]:
    made: dict[str, WatchedChannel] = {}

    def temperature() -> float | None:
        channel = made.get(config.roles.get("temperature", ""))
        return channel.value if channel is not None else None

    for name, found in fitness.items():
        section = config.channels[name]
        made[name] = WatchedChannel(
            name,
            devices[section.device],
            section.point,
            section.point_unit if found.faults else section.unit,
            record=None if found.faults else found.record,
            note="; ".join(found.faults),
            period=period or section.period or DEFAULT_PERIOD,
            clock=clock,
            temperature=temperature,
        )
    return made


async def open_all(devices: Collection[WatchedDevice]) -> dict[str, str]:
    """Open devices side by side; what went wrong with each, empty where nothing did."""

    async def opened(device: WatchedDevice) -> str:
        try:
            await device.open()
        except (DriverError, HilError, BenchFault) as error:
            return str(error)
        return ""

    return dict(zip((device.name for device in devices), await asyncio.gather(*map(opened, devices)), strict=True))
