"""What a procedure may ask of a role: one small protocol for each kind of equipment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from .indication import Flag, Indication

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@runtime_checkable
class Sensor(Protocol):
    """Yields indications of one quantity."""

    async def read(self) -> Indication:
        """Take one indication, in the declared unit."""
        ...


@runtime_checkable
class Actuator(Protocol):
    """Brings one quantity near a setpoint. A setpoint is a command, never a reference value."""

    async def set(self, value: float) -> None:
        """Command ``value`` in the declared unit.

        :raises SetpointRefused: if it lies outside the declared range.
        """
        ...


@runtime_checkable
class Switch(Protocol):
    """One output that is on or off."""

    async def switch(self, on: bool) -> None:
        """Switch it, and return once the device confirms that it is so.

        :raises DeviceError: if it does not.
        """
        ...


@runtime_checkable
class Watchdog(Protocol):
    """A rig that brings itself to its safe state unless it is fed."""

    @property
    def timeout(self) -> float:
        """Within how many seconds after a feed the next one must come."""
        ...

    async def feed(self) -> None:
        """Say that whoever is responsible is alive; the first time arms it."""
        ...


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture: ``image`` of shape ``(height, width)`` or ``(height, width, 3)``, uint8.

    ``earliest`` and ``latest`` bound the exposure on the bench clock, in nanoseconds. ``flags`` tell a picture that
    the camera itself calls damaged.
    """

    image: NDArray[np.uint8]
    number: int
    earliest: int
    latest: int
    codec: str
    flags: Flag = Flag.GOOD


@dataclass(frozen=True, slots=True)
class Values:
    """A stimulus of named numbers and series: what a model is given that looks at no picture.

    ``values`` are floats or arrays of shape ``(n,)``. ``earliest`` and ``latest`` bound when they held on the bench
    clock, in nanoseconds. ``subject`` says whose, or of which scene, they are: the unit by which data are split.
    """

    values: Mapping[str, float | NDArray[np.float64]]
    earliest: int = 0
    latest: int = 0
    flags: Flag = Flag.GOOD
    subject: str = ""


Stimulus = Frame | Values
"""What a system under test can be given."""


@runtime_checkable
class Source(Protocol):
    """Gives stimuli of named values."""

    async def take(self) -> Values:
        """Take the next one."""
        ...


@runtime_checkable
class Camera(Protocol):
    """Takes pictures."""

    async def grab(self) -> Frame:
        """Take one picture, exposed after this call."""
        ...


@runtime_checkable
class Scene(Protocol):
    """Shows something to the system under test."""

    async def show(self, content: str) -> None:
        """Show ``content`` and return once it is shown."""
        ...


@dataclass(frozen=True, slots=True)
class Drawn:
    """When a scene was drawn: the number of the display's frame, and bench times in nanoseconds.

    ``commanded`` is when the command was sent; the display began to draw the frame between ``earliest`` and ``latest``.
    """

    frame: int
    commanded: int
    earliest: int
    latest: int


@runtime_checkable
class StampedScene(Protocol):
    """Shows something, and tells when and in which frame of the display it began to draw it."""

    async def draw(self, content: str) -> Drawn:
        """Show ``content`` and return once it is drawn.

        :raises DeviceError: if it was not drawn.
        """
        ...


@dataclass(frozen=True, slots=True)
class Pose:
    """Where something is, and how it is turned: position in m, rotation vector (axis times angle) in rad."""

    x: float
    y: float
    z: float
    rx: float = 0.0
    ry: float = 0.0
    rz: float = 0.0


@dataclass(frozen=True, slots=True)
class PoseIndication:
    """A robot's own account of its pose, ``None`` where it has none.

    ``earliest`` and ``latest`` bound the measurement interval on the bench clock, in nanoseconds.
    """

    pose: Pose | None
    earliest: int
    latest: int
    flags: Flag = Flag.GOOD


@runtime_checkable
class Robot(Protocol):
    """Moves something to poses. A target is a command, never a reference value."""

    async def pose(self) -> PoseIndication:
        """Its own account of its pose, sensed after this call."""
        ...

    async def move_to(self, pose: Pose) -> None:
        """Move to ``pose`` and return when it has arrived, by its own account.

        :raises SetpointRefused: if it cannot go there.
        :raises NotArrived: if it was on its way, and does not get there.
        :raises StoppedItself: if a safety function of its own has stopped it.
        """
        ...


@dataclass(frozen=True, slots=True)
class TaskOutcome:
    """How a task ended: ``succeeded``, ``canceled``, ``aborted`` or ``rejected``, with its result and all feedback."""

    status: str
    result: Mapping[str, Any]
    feedback: tuple[Mapping[str, Any], ...]

    @property
    def succeeded(self) -> bool:
        """Whether it was carried out, by its own account."""
        return self.status == "succeeded"


@runtime_checkable
class Performer(Protocol):
    """Carries out tasks by name: docking, navigation, picking."""

    async def perform(self, task: str, **goal: Any) -> TaskOutcome:
        """Have a task carried out, and return when it has ended, one way or the other."""
        ...


@dataclass(frozen=True, slots=True)
class Response:
    """What a system under test answered.

    ``fault`` names a fault of the system under test (crash, time-out, wrong shape) or is empty. ``latency`` is
    wall time in seconds from the input's delivery to the answer, by the wire clock. ``details`` holds what
    else the system reported, such as its confidence.
    """

    output: Any
    latency: float
    fault: str = ""
    details: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class SystemIdentity:
    """What the system under test is: names, versions, and the SHA-256 of each model file and of the settings."""

    name: str
    version: str
    digests: dict[str, str]
    settings: dict[str, Any]


@runtime_checkable
class SystemUnderTest(Protocol):
    """The system whose performance is measured."""

    @property
    def system(self) -> SystemIdentity:
        """Its identity, on record in every run."""
        ...

    async def respond(self, stimulus: Stimulus) -> Response:
        """Give it one stimulus; a fault of the system is an answer with ``fault``, never an exception.

        :raises DriverError: for a stimulus of a kind that it does not take.
        """
        ...
