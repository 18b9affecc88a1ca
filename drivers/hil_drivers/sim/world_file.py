"""The world file: a JSON document that says everything about one simulated bench, and its validation."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError, model_validator

from ..description import nearest
from ..errors import DriverError
from .devices import AnyDevice
from .devices.artnet import ArtnetDevice
from .devices.base import ROOM
from .devices.camera import CameraOptics
from .devices.modbus import ModbusDevice
from .devices.modbus_linked import ModbusLinked
from .devices.ros2_robot import Ros2RobotDevice
from .devices.scene_server import SceneServerDevice
from .devices.t10a import LuxmeterDevice
from .model import Effect, Model, Name, NotNegative, Positive


class WorldFileError(DriverError):
    """A world file that cannot be read or contradicts itself."""


class Room(Model):
    """The room: temperatures in Cel, period in s, relative humidity in %, illuminance without the lamp in lx."""

    temperature: float = 23.4
    temperature_swing: NotNegative = 0.3
    swing_period: Positive = 3600.0
    humidity: Annotated[float, Field(gt=0, le=100)] = 45.0
    dark_illuminance: NotNegative = 0.02


class Luminaire(Model):
    """One luminaire: ``intensity`` towards the plane in cd, ``distance`` in m, ``angle`` to the plane's normal in
    degrees, ``radius`` of its disc in m."""

    intensity: Positive = 4225.0
    distance: Positive = 2.0
    angle: Annotated[float, Field(ge=-89, le=89)] = 0.0
    radius: NotNegative = 0.1


class Lamp(Model):
    """The luminaires of one dimmer: tolerances and drifts relative, per K from 23 Cel, per h, or in s.

    ``hours`` is the most that they may have burnt before; ``stray`` the part of their light that comes by the walls;
    ``power`` what all of them draw at full level, in W. ``cct`` is the correlated colour temperature of their light at
    full level in K, by the part ``dim_to_warm`` lower at the lowest, ``duv`` its distance from the Planckian locus.
    """

    device: str
    luminaires: tuple[Luminaire, ...] = Field(default=(Luminaire(angle=-20.0), Luminaire(angle=20.0)), min_length=1)
    ageing: NotNegative = 7.1e-6
    hours: NotNegative = 2000.0
    tolerance: Annotated[float, Field(ge=0, lt=1)] = 0.05
    warm_up: float = 0.03
    warm_up_time: Positive = 720.0
    temperature_coefficient: float = -0.002
    stray: NotNegative = 0.01
    power: NotNegative = 160.0
    cct: Annotated[float, Field(ge=1700, le=15000)] = 4000.0
    dim_to_warm: Annotated[float, Field(ge=0, le=0.5)] = 0.03
    duv: Annotated[float, Field(ge=-0.02, le=0.02)] = 0.001


class Fault(Model):
    """One fault of one device between two bench times in s; ``delay`` of a late reply is wall time in s."""

    device: str
    kind: str
    start: NotNegative = Field(default=0.0, alias="from")
    end: NotNegative = Field(default=1e9, alias="to")
    delay: NotNegative = 0.5


Scene = Literal["light-room", "robot-hall", "immersion-wall"]
IN_HALL_ONCE = ("ros2-robot", "ur-rtde")
"""The kinds of which a hall has one body each."""


class WorldFile(Model):
    """A whole world. ``orphan_after`` is wall time in s without a control connection; ``begin`` the bench time in ns
    at which paced time begins, where a run is resumed.

    In a ``robot-hall``, the robot and the arm move by the physics of MuJoCo, among obstacles.
    """

    seed: int
    mode: Literal["lockstep", "paced"] = "lockstep"
    speed: Positive = 1.0
    begin: int = Field(default=0, ge=0)
    start_utc: int = 0
    scene: Scene = "light-room"
    orphan_after: Positive = 30.0
    room: Room = Room()
    lamp: Lamp | None = None
    devices: dict[Name, AnyDevice]
    effects: list[Effect] = Field(default_factory=list)
    faults: list[Fault] = Field(default_factory=list)

    @model_validator(mode="after")
    def _is_consistent(self) -> WorldFile:
        for message in self._contradictions():
            raise ValueError(message)
        return self

    def _contradictions(self) -> Iterator[str]:
        if self.lamp is not None and not isinstance(self.devices.get(self.lamp.device), ArtnetDevice):
            yield f"lamp.device {self.lamp.device!r} is not a device of kind 'artnet'"
        for kind in {device.kind for device in self.devices.values() if device.only_one}:
            if sum(device.kind == kind for device in self.devices.values()) > 1:
                yield f"there can be one device of kind {kind!r} only"
        yield from self._scene_contradictions()
        yield from self._place_contradictions()
        yield from self._line_contradictions()
        yield from self._effect_contradictions()
        yield from filter(None, map(self.fault_contradiction, self.faults))

    def _scene_contradictions(self) -> Iterator[str]:
        if self.scene == "robot-hall":
            for kind in IN_HALL_ONCE:
                if sum(device.kind == kind for device in self.devices.values()) > 1:
                    yield f"a robot-hall can have one device of kind {kind!r} only"
            return
        yield from self._wall_contradictions()
        for name, device in self.devices.items():
            if isinstance(device, CameraOptics) and device.view == "robot":
                yield f"{name!r} has the view of a robot, which only the world robot-hall has"
            if isinstance(device, Ros2RobotDevice) and (device.protection is not None or device.mass_u):
                yield f"{name!r} has a protection or a mass, which only the world robot-hall has"
            if isinstance(device, ModbusDevice) and any(device.served(point).in_hall for point in device.values):
                yield f"{name!r} shows quantities of the world robot-hall, which this one is not"

    def _wall_contradictions(self) -> Iterator[str]:
        walls = [name for name, device in self.devices.items() if isinstance(device, SceneServerDevice)]
        if bool(walls) != (self.scene == "immersion-wall"):
            yield "an immersion-wall needs a device of kind 'scene-server', and no other world has one"
        if walls and self.lamp is not None:
            yield "an immersion-wall is lit by its display, and has no lamp"
        for name, device in self.devices.items():
            if isinstance(device, CameraOptics) and (device.view == "wall") != bool(walls):
                yield f"{name!r} must have the view of a wall in an immersion-wall, and nowhere else"
            if isinstance(device, LuxmeterDevice) and device.stands == "eye" and not walls:
                yield f"{name!r} stands at the eye point, which only an immersion-wall has"

    def _line_contradictions(self) -> Iterator[str]:
        first: dict[tuple[str, int], str] = {}
        for name, device in self.devices.items():
            if isinstance(device, ModbusLinked) and device.line is not None:
                place = (device.line, device.bus_id)
                if (other := first.setdefault(place, name)) != name:
                    yield f"{other!r} and {name!r} both have the device id {place[1]} on the line {place[0]!r}"

    def fault_contradiction(self, fault: Fault) -> str:
        """Why this world cannot have ``fault``, in one clause; empty where it can."""
        device = self.devices.get(fault.device)
        if device is None:
            return f"fault {fault.kind!r}: there is no device {fault.device!r}; {nearest(fault.device, self.devices)}"
        if fault.end <= fault.start:
            return f"fault {fault.kind!r} of {fault.device!r} ends at {fault.end:g} s, but starts at {fault.start:g} s"
        if fault.kind not in device.faults:
            return f"{fault.device!r} has no fault {fault.kind!r}; {nearest(fault.kind, device.faults)}"
        return ""

    def _place_contradictions(self) -> Iterator[str]:
        known = [ROOM, *(place for name, device in self.devices.items() for place in device.inside(name))]
        if len(known) != len(set(known)):
            yield f"a device that encloses air cannot be named {ROOM!r}"
        for name, device in self.devices.items():
            for place in device.places():
                if place not in known:
                    yield f"{name!r} cannot stand at {place!r}; places are {', '.join(known)}"

    def _effect_contradictions(self) -> Iterator[str]:
        drawn: dict[str, tuple[str, float | None, float | None]] = {}
        for effect in self.effects:
            device = self.devices.get(effect.device)
            if device is None:
                yield f"effect {effect.name!r}: there is no device {effect.device!r}"
            else:
                points = device.responses() if effect.acts_on == "response" else device.placements()
                if effect.point not in points and (effect.point is not None or len(points) != 1):
                    allowed = ", ".join(points) or "none"
                    yield (
                        f"effect {effect.name!r}: {effect.acts_on} of {effect.device!r} has no point "
                        f"{effect.point!r}; points are {allowed}"
                    )
            distribution = (effect.distribution, effect.u, effect.half_width)
            if drawn.setdefault(effect.name, distribution) != distribution:
                yield f"effect {effect.name!r} is declared twice with different distributions"


def load(path: Path) -> WorldFile:
    """Read and check a world file.

    :raises WorldFileError: naming the file, the key and what was expected, in one sentence.
    """
    try:
        text = path.read_bytes()
    except OSError as error:
        raise WorldFileError(
            f"cannot read the world file: {error.strerror}", where=str(path), remedy="name a readable JSON file"
        ) from None
    try:
        return WorldFile.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(str(part) for part in first["loc"])
        message = first["msg"].removeprefix("Value error, ").rstrip(".")
        raise WorldFileError(
            f"{key}: {message}" if key else message, where=str(path), remedy="correct the world file"
        ) from None


def parse_fault(text: str) -> Fault:
    """A fault as the command line writes it: ``DEVICE:KIND[:from=S][:to=S][:delay=S]``.

    >>> parse_fault("luxmeter:late:from=10:delay=0.2").delay
    0.2

    :raises WorldFileError: if it is none.
    """
    device, _, rest = text.partition(":")
    kind, *timing = rest.split(":")
    pairs = dict(pair.partition("=")[::2] for pair in timing)
    try:
        return Fault.model_validate({"device": device, "kind": kind, **pairs})
    except ValidationError as error:
        key = ".".join(map(str, error.errors(include_url=False)[0]["loc"]))
        known = key in ("from", "to", "delay", "device", "kind")
        raise WorldFileError(
            f"{key} is no number of seconds of 0 or more" if known else f"there is no setting {key!r}",
            where=f"--fault {text}",
            remedy="write DEVICE:KIND[:from=S][:to=S][:delay=S]",
        ) from None
