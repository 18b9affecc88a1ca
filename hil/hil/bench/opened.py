"""An open bench: its devices connected, its channels calibrated, its clock running."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from hil_drivers.clock import WallClock
from hil_drivers.device import Device

from ..clock import LockstepClock, PacedClock
from ..errors import BenchFault, NotFit, UsageError
from ..shared import Shared
from ..suggest import nearest
from .channel import ActuatorChannel, Channel, SensorChannel, channel_class
from .connecting import Stuck, open_devices
from .drivers import check_drivers, point_faults
from .effects import channel_effects
from .files import Fault, SourceFile
from .fit import assess, fit_to_start, item_faults
from .world import compile_world, start_utc

if TYPE_CHECKING:
    from hil_calibration.calibration import CalibrationRecord
    from hil_drivers.clock import Clock
    from hil_drivers.sim.client import Simulation

    from .config import BenchConfig, Provenance

Item = TypeVar("Item")


@dataclass(frozen=True)
class Bench:
    """A connected bench.

    ``devices`` and ``channels`` hold what the run's roles and the safe state use; ``world`` is the simulation
    behind them, ``None`` on a real bench. While an operation that is in ``stuck`` lasts,
    nothing else is done with its device, which is not closed either.
    """

    config: BenchConfig
    clock: Clock
    devices: Mapping[str, Device]
    channels: Mapping[str, Channel]
    world: Simulation | None
    stuck: Stuck = field(default_factory=dict)

    @property
    def provenance(self) -> Provenance:
        """``"measured"`` or ``"simulated"``; it follows every value into every document."""
        return self.config.provenance

    def channel(self, name: str) -> Channel:
        """The channel called ``name``.

        :raises UsageError: if there is none, or this run does not use it.
        """
        return _item(self.channels, name, "channel")

    def device(self, name: str) -> Device:
        """The device called ``name``.

        :raises UsageError: if there is none, or this run does not use it.
        """
        return _item(self.devices, name, "device")

    def sensor(self, channel: str) -> SensorChannel:
        """The channel called ``channel``, to read from.

        :raises UsageError: if it cannot be read.
        """
        found = self.channel(channel)
        if isinstance(found, SensorChannel):
            return found
        raise UsageError("cannot be read", where=channel, remedy="bind the role to a channel that senses")

    def actuator(self, channel: str) -> ActuatorChannel:
        """The channel called ``channel``, to command.

        :raises UsageError: if it takes no setpoint.
        """
        found = self.channel(channel)
        if isinstance(found, ActuatorChannel):
            return found
        raise UsageError("takes no setpoint", where=channel, remedy="bind the role to a channel that sets")

    def role(self, name: str) -> Channel | Device:
        """What the role called ``name`` is bound to: a channel, or a device.

        :raises UsageError: if the bench has no such role, or this run does not use it.
        """
        target = _item(self.config.roles, name, "role")
        return self.channel(target) if target in self.config.channels else self.device(target)


@dataclass(frozen=True)
class _Start:
    """What a simulation starts with."""

    seed: int | None
    speed: float | None
    since: int
    devices: Sequence[str]
    records: Mapping[str, CalibrationRecord]


@asynccontextmanager
async def open_bench(
    config: BenchConfig,
    *,
    seed: int | None = None,
    speed: float | None = None,
    roles: Collection[str] | None = None,
    items: Collection[str] = (),
    calibrated: Collection[str] = (),
    since: int = 0,
    excused: bool = False,
    shared: Mapping[str, Shared] | None = None,
) -> AsyncIterator[Bench]:
    """Open the devices that ``roles``, safety and signals use, and close them again.

    Nothing is opened before the bench is known to be fit to start. Leaving the context closes the devices and
    ends the simulation; the safe state is the engine's to command while they are open.

    :param seed: the simulated world's seed; the bench file's by default.
    :param speed: bench seconds for each wall second of a simulated bench; ``None`` for lockstep.
    :param roles: the roles a run uses; all by default.
    :param items: roles under calibration: their own calibration is neither needed nor used.
    :param calibrated: roles whose channel must have a calibration.
    :param since: the bench time in nanoseconds at which a simulated world begins, where a run is resumed.
    :param excused: an authorised deviation lets it begin although a calibration is overdue or a check failed.
    :param shared: devices that are open already, for this bench and others.
    :raises ConfigurationError: if a driver, a point or a unit does not match.
    :raises NotFit: if a calibration may not be used.
    :raises BenchFault: naming every device that does not open.
    """
    channels, devices = config.needed_channels(roles), config.needed_devices(roles)
    check_drivers(config, devices, channels)
    under_calibration = {config.roles[role] for role in items}
    records = fit_to_start(
        config,
        [name for name in channels if name not in under_calibration],
        calibrated=[config.roles[role] for role in calibrated],
        seed=seed,
        excused=excused,
    )
    if faults := [fault for name in sorted(under_calibration) for fault in item_faults(config, name)]:
        raise NotFit("\n".join(f"{config.path}: {fault}" for fault in faults))
    known = {name: record for name in under_calibration if (record := assess(config, name).record)}
    async with AsyncExitStack() as stack:
        start = _Start(seed, speed, since, devices, {**known, **records})
        clock, world = await _start_clock(config, start, stack)
        stuck: Stuck = {}
        given = shared or {}
        own = [name for name in devices if name not in given]
        opened, failures = await open_devices(config, own, clock, world, stack, stuck)
        if failures:
            raise BenchFault("\n".join(failures))
        opened |= {name: given[name].on(clock) for name in devices if name in given}
        _check_points(config, opened, channels)
        yield Bench(config, clock, opened, _channels(config, opened, channels, records), world, stuck)


@asynccontextmanager
async def open_shared(config: BenchConfig, names: Sequence[str]) -> AsyncIterator[dict[str, Shared]]:
    """Open systems under test that benches of one file share, and close them again.

    :raises BenchFault: naming every one that does not open.
    """
    check_drivers(config, names, ())
    async with AsyncExitStack() as stack:
        under_way: Stuck = {}
        opened, failures = await open_devices(config, names, WallClock(), None, stack, under_way)
        if failures:
            raise BenchFault("\n".join(failures))
        yield {name: Shared(device, under_way) for name, device in opened.items()}


@asynccontextmanager
async def open_for_safety(config: BenchConfig, *, seed: int | None = None) -> AsyncIterator[tuple[Bench, list[str]]]:
    """Open what the safe state needs, as far as it answers, whether the bench is fit to start or not.

    :returns: the bench, and a sentence for each device that does not open.
    """
    from ..safety.rules import safe_state_channels

    names = [name for name in config.channels if name in safe_state_channels(config.content)]
    devices = [name for name in config.devices if name in {config.channels[each].device for each in names}]
    records = {name: record for name in names if (record := assess(config, name, seed=seed).record) is not None}
    async with AsyncExitStack() as stack:
        clock, world = await _start_clock(config, _Start(seed, None, 0, devices, records), stack)
        stuck: Stuck = {}
        opened, failures = await open_devices(config, devices, clock, world, stack, stuck)
        there = [name for name in names if config.channels[name].device in opened]
        yield Bench(config, clock, opened, _channels(config, opened, there, records), world, stuck), failures


async def _start_clock(config: BenchConfig, start: _Start, stack: AsyncExitStack) -> tuple[Clock, Simulation | None]:
    if config.sim is None:
        if start.seed is not None or start.speed is not None:
            raise UsageError(
                "seed and speed belong to a simulated bench", where=str(config.path), remedy="leave them out"
            )
        if config.replays:
            return LockstepClock(None, time.time_ns(), begin=start.since), None
        return WallClock(), None
    from hil_drivers.sim.client import Simulation

    compiled = compile_world(
        config, start.records, devices=start.devices, seed=start.seed, speed=start.speed, begin=start.since
    )
    world = await Simulation.start(compiled)
    stack.push_async_callback(world.end)
    utc = start_utc(config.sim)
    if start.speed is None:
        return LockstepClock(world, utc, begin=await world.advance(start.since, {})), world
    elapsed = round(await world.advance(0, {}) / start.speed)
    return PacedClock(start.speed, utc, epoch=time.monotonic_ns() - elapsed), world


def _check_points(config: BenchConfig, opened: Mapping[str, Device], channels: Sequence[str]) -> None:
    """Check points and units again: a driver may learn its points from the device."""
    faults: list[Fault] = []
    for name in channels:
        section = config.channels[name]
        faults += point_faults(name, section, opened[section.device].points)
    if faults:
        SourceFile.read(config.path).refuse(faults)


def _channels(
    config: BenchConfig,
    opened: Mapping[str, Device],
    names: Sequence[str],
    records: Mapping[str, CalibrationRecord],
) -> dict[str, Channel]:
    _restrict(config, opened)
    made = {}
    for name in names:
        section = config.channels[name]
        device = opened[section.device]
        point = device.points[section.point]
        made[name] = channel_class(readable=point.readable, writable=point.writable)(
            name=name,
            device=device,
            point=section.point,
            unit=section.unit,
            period=section.period,
            limits=section.limits,
            record=records.get(name),
            response=channel_effects(config, name, "response"),
            placement=channel_effects(config, name, "placement"),
            transfer=channel_effects(config, name, "transfer"),
            provenance=config.provenance,
        )
    return made


def _restrict(config: BenchConfig, opened: Mapping[str, Device]) -> None:
    """Have the devices refuse what the range of any channel excludes, whatever way a setpoint comes."""
    for section in config.channels.values():
        device = opened.get(section.device)
        point = None if device is None else device.points.get(section.point)
        if device is not None and point is not None and point.writable and section.range is not None:
            device.restrict(section.point, *section.range)


def _item(items: Mapping[str, Item], name: str, what: str) -> Item:
    if name in items:
        return items[name]
    raise UsageError(f'this run uses no {what} "{name}"', remedy=nearest(name, items))
