"""Binding the roles of a procedure to the bench: every use of a device goes on record, one at a time."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from hil_drivers.capability import Camera, Source, SystemIdentity
from hil_drivers.replay import Replay
from hil_drivers.transport.supervisor import LinkState, LinkStatus

from .bench.channel import ActuatorChannel, Channel, SensorChannel
from .errors import ConfigurationError
from .exclusive import OPERATION_DEADLINE, Exclusive
from .live import LiveChannel
from .lookups import Lookups
from .measurement import in_lane
from .patience import Patience
from .recorded import BY_CAPABILITY, RecordedActuator, RecordedCamera, RecordedRobot, RecordedSystem

if TYPE_CHECKING:
    from hil_drivers.device import Device

    from .bench.opened import Bench
    from .record import RecordWriter
    from .scripts import Procedure

NOT_KNOWN = "not known"
"""What a report says of a robot where the register of equipment says nothing."""


class Binding:
    """The roles of one run, and the channels sampled in its background.

    :param u_clock: the standard uncertainty of the bench clock as UTC now, in s.
    :param lane: of a dataset bench, counted from 1: each has its own channels on record.
    :raises ConfigurationError: if a role is bound to something without the capability that is asked for.
    """

    def __init__(
        self,
        procedure: Procedure,
        bench: Bench,
        record: RecordWriter,
        *,
        u_clock: Callable[[], float] = float,
        lane: int = 1,
    ) -> None:
        self._bench, self._record, self._u_clock = bench, record, u_clock
        self.lane = lane
        self.on_lost: Callable[[str, Exception], None] | None = None
        """Told when a device is lost while the script uses it."""
        self._patience = Patience(bench.clock, bench.config.bench.patience, self._lost)
        self._exclusive: dict[str, Exclusive] = {}
        self.channels: dict[str, LiveChannel] = {}
        self.systems: dict[str, SystemIdentity] = {}
        """What is tried, by role; the robots of a procedure that asks for no other system under test."""
        self.cameras: dict[str, RecordedCamera] = {}
        for name, device in bench.devices.items():
            device.supervisor.on_change = partial(self._link_changed, name)
        for name, channel in bench.channels.items():
            if isinstance(channel, SensorChannel) and not isinstance(channel, ActuatorChannel):
                self.channels[name] = self._live(name, channel)
        self.roles: Mapping[str, object] = {
            role: self._bind(role, capability) for role, capability in procedure.roles.items()
        }
        if not self.systems:
            robots = [role for role, bound in self.roles.items() if isinstance(bound, RecordedRobot)]
            self.systems = {role: _robot(bench, bench.role(role).name) for role in robots}

    def temperature(self) -> float | None:
        """The latest temperature of the room in Cel, by the bench's role ``temperature``."""
        channel = self.channels.get(self._bench.config.roles.get("temperature", ""))
        return channel.last.value if channel is not None and channel.last is not None else None

    def close(self) -> None:
        """Let nothing but the safe state command a device from here on."""
        for exclusive in self._exclusive.values():
            exclusive.close()

    def cut(self) -> None:
        """Cancel the operations under way."""
        for exclusive in self._exclusive.values():
            exclusive.cut()

    async def free(self, device: str) -> None:
        """Return once no operation is under way in ``device``, whose queue is closed."""
        if device in self._exclusive:
            await self._exclusive[device].free()

    def leave_alone(self) -> None:
        """Let nobody close a device in which an operation is under way that has not ended in its time."""
        for device, exclusive in self._exclusive.items():
            if exclusive.under_way is not None:
                self._bench.stuck[device] = exclusive.under_way

    def watched(self) -> dict[str, LiveChannel]:
        """The channels that interlocks and readbacks name, those that take setpoints too among them."""
        from .safety.rules import sensed_channels

        found = {}
        for name in sensed_channels(self._bench.config.content):
            channel = self._bench.channels[name]
            if isinstance(channel, SensorChannel):
                found[name] = self.channels.get(name) or self._live(name, channel)
        return found

    async def idle(self) -> None:
        """Return once no device is in the middle of an operation."""
        for exclusive in self._exclusive.values():
            await exclusive.idle()

    def _link_changed(self, device: str, status: LinkStatus) -> None:
        """A link that was lost or has come back goes on record; one that is closed on purpose does not."""
        if status.state is not LinkState.CLOSED:
            t = self._bench.clock.utc(self._bench.clock.now())
            data = {"device": device, "state": status.state.value, "reason": status.last_error}
            self._record.event(t, "link", data)

    def _lost(self, device: str, error: Exception) -> None:
        if self.on_lost is not None:
            self.on_lost(device, error)

    def _one_at_a_time(self, device: str) -> Exclusive:
        if device not in self._exclusive:
            kind = Lookups if self._bench.device(device).looks_up else Exclusive
            self._exclusive[device] = kind(self._bench.clock, device, partial(self._hung, device))
        return self._exclusive[device]

    def _hung(self, device: str, what: str) -> None:
        """A driver that hangs says nothing of its link any more: the device counts as lost."""
        self._bench.device(device).supervisor.failed(what, OPERATION_DEADLINE)

    def _live(self, name: str, channel: SensorChannel) -> LiveChannel:
        on_record = in_lane(name, self.lane)
        number = self._record.channel(on_record, **_describe(self._bench, channel))
        return LiveChannel(
            on_record,
            channel.unit,
            channel,
            calibration=channel.record,
            period=channel.period,
            limits=channel.limits,
            clock=self._bench.clock,
            exclusive=self._one_at_a_time(channel.device.name),
            record=self._record,
            number=number,
            temperature=self.temperature,
            u_clock=self._u_clock,
            patience=self._patience,
            replayed=isinstance(channel.device, Replay),
        )

    def _bind(self, role: str, capability: type) -> object:
        target = self._bench.role(role)
        if isinstance(target, Channel):
            bound = self._bind_channel(target)
        else:
            bound = self._bind_device(target, capability)
            if isinstance(bound, RecordedSystem):
                self.systems[role] = bound.system
            elif isinstance(bound, RecordedCamera):
                self.cameras[target.name] = bound
        if not isinstance(bound, capability):
            raise ConfigurationError(
                f"is not a {capability.__name__}",
                where=f"role {role!r}",
                remedy=f"bind it to a {capability.__name__.lower()} in [roles]",
            )
        return bound

    def _bind_channel(self, channel: Channel) -> object:
        if isinstance(channel, ActuatorChannel):
            exclusive = self._one_at_a_time(channel.device.name)
            return RecordedActuator(channel.name, channel, self._bench.clock, exclusive, self._record, self._patience)
        return self.channels[channel.name]

    def _bind_device(self, device: Device, capability: type) -> object:
        recorded = BY_CAPABILITY.get(capability)
        if not isinstance(device, capability):
            return device
        if recorded is None:
            raise ConfigurationError(
                f"asks for a {capability.__name__}, which no procedure is given",
                where=f"role of {device.name!r}",
                remedy=f"ask for a channel, or one of {', '.join(sorted(each.__name__ for each in BY_CAPABILITY))}",
            )
        exclusive = self._one_at_a_time(device.name)
        if isinstance(exclusive, Lookups) and capability in (Camera, Source):
            exclusive = exclusive.apart
        return recorded(device.name, device, self._bench.clock, exclusive, self._record, self._patience)


def _robot(bench: Bench, device: str) -> SystemIdentity:
    """What the register of equipment says of a robot that is tried; what it does not say is not known."""
    section = bench.config.devices[device]
    entry = bench.config.equipment.instruments[section.instrument] if section.instrument else None
    return SystemIdentity(
        name=NOT_KNOWN if entry is None else f"{entry.manufacturer} {entry.model}",
        version=f"software {(entry and entry.software) or NOT_KNOWN}",
        digests={},
        settings={
            "serial number": NOT_KNOWN if entry is None else entry.serial,
            "description": NOT_KNOWN if entry is None else entry.description.en,
            "device": device,
            "driver": section.driver,
        },
    )


def _describe(bench: Bench, channel: SensorChannel) -> dict[str, Any]:
    """What the record keeps of a channel: enough to recompute its measurements without the bench."""
    instrument = bench.config.instrument(channel.name)
    certificate = bench.config.certificate(channel.name)
    return {
        "unit": channel.unit,
        "indication_unit": bench.config.channels[channel.name].point_unit,
        "device": channel.device.name,
        "driver": bench.config.devices[channel.device.name].driver,
        "period": channel.period,
        "provenance": channel.provenance,
        "register": bench.config.instrument_name(channel.name),
        "instrument": None if instrument is None else instrument.model_dump(mode="json"),
        "calibration": None if channel.record is None else channel.record.to_json(),
        "certificate_sha256": (None if certificate is None else hashlib.sha256(certificate.read_bytes()).hexdigest()),
        "response": [effect.to_json() for effect in channel.response],
        "placement": [effect.to_json() for effect in channel.placement],
        "transfer": [effect.to_json() for effect in channel.transfer],
    }
