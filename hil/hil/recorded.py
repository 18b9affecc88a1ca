"""Equipment as a procedure uses it: one operation at a time, every command and every answer on record."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Coroutine
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from hil_drivers.capability import (
    Camera,
    Drawn,
    Frame,
    Performer,
    Pose,
    PoseIndication,
    Response,
    Robot,
    Scene,
    Source,
    StampedScene,
    Stimulus,
    Switch,
    SystemIdentity,
    SystemUnderTest,
    TaskOutcome,
    Values,
)
from hil_drivers.clock import Clock
from hil_drivers.indication import UNUSABLE, Flag

from .bench.channel import ActuatorChannel
from .errors import BenchFault
from .exclusive import Exclusive
from .patience import Patience
from .pausing import checkpoint
from .pictures import Taken

if TYPE_CHECKING:
    from .record import RecordWriter

T = TypeVar("T")
R = TypeVar("R")
Operation = Callable[[], Coroutine[Any, Any, R]]


class _Recorded(Generic[T]):
    """What a role is bound to.

    :param name: the device's, or the channel's.
    """

    def __init__(
        self, name: str, device: T, clock: Clock, exclusive: Exclusive, record: RecordWriter, patience: Patience
    ) -> None:
        self._name, self._device, self._patience = name, device, patience
        self._clock, self._exclusive, self._record = clock, exclusive, record

    async def _do(self, operation: Operation[R]) -> R:
        """Operate the device, once."""
        await checkpoint()
        return await self._exclusive.run(operation)

    async def _do_again(self, operation: Operation[R]) -> R:
        """Operate the device; an operation that may be repeated waits for a device that was lost."""
        return await self._patience.with_(self._name, lambda: self._do(operation))

    def _note(self, kind: str, data: dict[str, Any], *, t: int | None = None) -> None:
        """Record an event of this device, now or at the bench time ``t``."""
        at = self._clock.now() if t is None else t
        self._record.event(self._clock.utc(at), kind, {"device": self._name, **data})

    def _require_usable(self, flags: Flag, what: str, remedy: str) -> None:
        if flags and flags & UNUSABLE:
            names = ", ".join(flag.name or "" for flag in Flag if flag and flag in flags)
            raise BenchFault(
                f"gave {what} that may not be used ({names.lower().replace('_', ' ')})", where=self._name, remedy=remedy
            )


class RecordedActuator(_Recorded[ActuatorChannel]):
    """An actuator whose commands are on record."""

    async def set(self, value: float) -> None:
        await self._do_again(lambda: self._device.set(value))
        command = {"channel": self._device.name, "value": value, "unit": self._device.unit}
        self._record.event(self._clock.utc(self._clock.now()), "command", command)


class RecordedScene(_Recorded[Scene]):
    """A scene whose contents are on record."""

    async def show(self, content: str) -> None:
        await self._do_again(lambda: self._device.show(content))
        self._note("scene", {"content": content})


class RecordedStampedScene(_Recorded[StampedScene]):
    """A scene whose contents are on record, with the frame in which the display drew each."""

    async def draw(self, content: str) -> Drawn:
        drawn = await self._do_again(lambda: self._device.draw(content))
        at = (drawn.earliest + drawn.latest) // 2
        self._note("scene", {"content": content, "frame": drawn.frame}, t=at)
        return drawn


class RecordedCamera(_Recorded[Camera]):
    """A camera whose frames are on record by number, time and SHA-256, and themselves where the bench says so."""

    taken: Taken | None = None
    """The latest picture, for screens."""

    async def grab(self) -> Frame:
        """Take one picture.

        :raises BenchFault: if the camera itself calls it damaged.
        """
        frame = await self._do_again(self._device.grab)
        digest = hashlib.sha256(frame.image.tobytes()).hexdigest()
        data = {"number": frame.number, "codec": frame.codec, "sha256": digest}
        if frame.flags:
            data["flags"] = int(frame.flags)
        middle = (frame.earliest + frame.latest) // 2
        self._note("frame", data, t=middle)
        self._record.picture(self._name, self._clock.utc(middle), frame.image)
        self.taken = Taken(self._clock.utc(middle), frame.image)
        self._require_usable(frame.flags, "a picture", "look at the camera and its connection")
        return frame


class RecordedSource(_Recorded[Source]):
    """A source of named values, each of which is on record by what it is of."""

    async def take(self) -> Values:
        """Take the next stimulus.

        :raises BenchFault: if the source itself calls it damaged.
        """
        found = await self._do_again(self._device.take)
        data: dict[str, Any] = {"subject": found.subject, "names": sorted(found.values)}
        if found.flags:
            data["flags"] = int(found.flags)
        self._note("values", data)
        self._require_usable(found.flags, "a stimulus", "look at the device and its connection")
        return found


class RecordedRobot(_Recorded[Robot]):
    """A robot whose targets, and whose own account of its pose, are on record."""

    async def pose(self) -> PoseIndication:
        found = await self._do_again(self._device.pose)
        pose = None if found.pose is None else asdict(found.pose)
        self._note("pose", {"pose": pose, "flags": int(found.flags)}, t=(found.earliest + found.latest) // 2)
        return found

    async def move_to(self, pose: Pose) -> None:
        self._note("move", {"target": asdict(pose)})
        await self._do(lambda: self._device.move_to(pose))
        self._note("moved", {"target": asdict(pose)})


class RecordedPerformer(_Recorded[Performer]):
    """A device whose tasks, and how they ended, are on record."""

    async def perform(self, task: str, **goal: Any) -> TaskOutcome:
        self._note("task", {"task": task, "goal": goal})
        outcome = await self._do(lambda: self._device.perform(task, **goal))
        self._note("task ended", {"task": task, "status": outcome.status, "result": dict(outcome.result)})
        return outcome


class RecordedSwitch(_Recorded[Switch]):
    """A switch whose positions are on record."""

    async def switch(self, on: bool) -> None:
        await self._do_again(lambda: self._device.switch(on))
        self._note("switch", {"on": on})


class RecordedSystem(_Recorded[SystemUnderTest]):
    """A system under test, one stimulus at a time."""

    @property
    def system(self) -> SystemIdentity:
        return self._device.system

    async def respond(self, stimulus: Stimulus) -> Response:
        return await self._do(lambda: self._device.respond(stimulus))


BY_CAPABILITY: dict[type, type[_Recorded[Any]]] = {
    Camera: RecordedCamera,
    Performer: RecordedPerformer,
    Robot: RecordedRobot,
    Scene: RecordedScene,
    Source: RecordedSource,
    StampedScene: RecordedStampedScene,
    Switch: RecordedSwitch,
    SystemUnderTest: RecordedSystem,
}
"""What a device is wrapped in for a role that asks for one of these."""
