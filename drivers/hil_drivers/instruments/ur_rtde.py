"""A Universal Robots arm by RTDE: its own account of its pose and joints, and moves to target poses.

Address: ``tcp://host:30004``.

RTDE itself moves nothing. With ``commands`` the driver writes targets into input registers, which a program on the
controller must follow: ``hil_follow.script`` beside this module. The registers are

- inputs: double 24 to 29 the target (position in m, rotation vector in rad), int 24 the number of the command (0:
  stop), int 25 a heartbeat;
- outputs: int 24 the number of the latest command that was seen, int 25 what became of it (0 none yet, 1 moving,
  2 arrived, 3 stopped because no heartbeat came, 4 cannot be reached, 5 stopped).

The program stops the arm when no heartbeat has come for 1 s, so an arm whose controller was killed stops.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from types import MappingProxyType

from ..capability import Pose, PoseIndication
from ..clock import NANOSECONDS, Clock
from ..device import Device, Point
from ..errors import DeviceError, DeviceUnreachable, NotArrived, OptionError, SetpointRefused, StoppedItself
from ..indication import Flag, Indication
from .rtde_link import RtdeLink, State
from .turn import Turns

POLL = 0.1
LONGEST_MOVE = 60.0
FOLLOWS_WITHIN = 2.0
"""Seconds within which a program that runs has seen a command."""

_AXES = ("x", "y", "z", "rx", "ry", "rz")
_OUTPUTS = (
    "timestamp",
    "actual_TCP_pose",
    "actual_q",
    "actual_qd",
    "speed_scaling",
    "robot_mode",
    "safety_mode",
)
_SEEN, _DOING = "output_int_register_24", "output_int_register_25"
_INPUTS = (
    *(f"input_double_register_{n}" for n in range(24, 30)),
    "input_int_register_24",
    "input_int_register_25",
)
_MOVING, _ARRIVED, _UNHEARD, _UNREACHABLE, _STOPPED = range(1, 6)
_LARGEST_NUMBER = 2**30

_WORKING_MODES = (5, 6, 7)
"""Robot modes in which the joints are read: idle, backdrive, running."""
_SAFE_MODES = (1, 2)
"""Safety modes without a stop: normal, reduced."""
_SAFETY = {
    3: "is in a protective stop",
    4: "is in recovery mode",
    5: "is in a safeguard stop",
    6: "is in a system emergency stop",
    7: "is in an emergency stop",
    8: "reports a safety violation",
    9: "reports a safety fault",
}
_BY_ITSELF = (3, 4, 8, 9)
"""Safety modes into which the arm goes by itself; a person, a fence or the cell's own chain makes the others."""


def _points() -> dict[str, tuple[Point, str, int]]:
    """Each point with the output field that holds it, and its place in there."""
    found = {f"tcp.{axis}": (Point("m" if i < 3 else "rad"), "actual_TCP_pose", i) for i, axis in enumerate(_AXES)}
    found |= {f"joint.{i + 1}": (Point("rad"), "actual_q", i) for i in range(6)}
    found |= {f"joint.{i + 1}.speed": (Point("rad/s"), "actual_qd", i) for i in range(6)}
    found |= {name: (Point("1"), name, 0) for name in ("speed_scaling", "robot_mode", "safety_mode")}
    return found


_WHERE = _points()


class UrRtde(Device):
    """A robot arm. Every point of one data package has the same measurement interval.

    While a safety stop holds or the arm is switched off, values carry ``DEVICE_ERROR``: the arm is then not where a
    procedure takes it to be.

    :param frequency: data packages in a second, 1 to 500 (125 for a CB3).
    :param commands: whether to claim the registers for moving.
    :param reach: the farthest target from the base, m.
    """

    points = MappingProxyType({name: point for name, (point, _, _) in _WHERE.items()})

    def __init__(
        self,
        name: str,
        address: str,
        *,
        clock: Clock,
        frequency: float = 125.0,
        commands: bool = False,
        reach: float = 1.3,
    ) -> None:
        super().__init__(name, address, clock=clock)
        if not 1.0 <= frequency <= 500.0:
            raise OptionError(f"frequency = {frequency:g} Hz", where=name, remedy="give 1 to 500")
        if not (math.isfinite(reach) and reach > 0.0):
            raise OptionError(f"reach = {reach:g} m", where=name, remedy="give a positive number")
        self._commands, self._reach = commands, reach
        self._link = RtdeLink(
            address,
            supervisor=self.supervisor,
            clock=clock,
            outputs=(*_OUTPUTS, _SEEN, _DOING) if commands else _OUTPUTS,
            inputs=_INPUTS if commands else (),
            frequency=frequency,
        )
        self._turns = Turns(name, clock)
        self._beat = 0

    async def open(self) -> None:
        """Connect, set up the fields and start.

        :raises RemoteProtocolError: naming a field that the controller does not have, or an input that is taken.
        """
        await self._link.open()

    async def close(self) -> None:
        await self._link.close()

    async def read(self, point: str) -> Indication:
        """The first value sensed after this call."""
        self._readable(point)
        declared, field, place = _WHERE[point]
        state = await self._link.fresh()
        value = state.values[self._link.outputs.places[field] + place]
        flags = state.flags | self._flags(state)
        if not math.isfinite(value):
            return Indication(point, None, declared.unit, state.earliest, state.latest, flags | Flag.NOT_AVAILABLE)
        return Indication(point, value, declared.unit, state.earliest, state.latest, flags)

    async def pose(self) -> PoseIndication:
        """The tool's pose as the controller knows it, sensed after this call."""
        state = await self._link.fresh()
        flags = state.flags | self._flags(state)
        first = self._link.outputs.places["actual_TCP_pose"]
        values = state.values[first : first + 6]
        if not all(map(math.isfinite, values)):
            return PoseIndication(None, state.earliest, state.latest, flags | Flag.NOT_AVAILABLE)
        return PoseIndication(Pose(*values), state.earliest, state.latest, flags)

    async def move_to(self, pose: Pose) -> None:
        """Move the tool to ``pose`` and return when the program says that it has arrived.

        A move that is cancelled, fails, or takes longer than 60 s of bench time is stopped.

        :raises SetpointRefused: if it lies beyond ``reach``, or no joints lead there.
        :raises NotArrived: if it still moves after that time.
        :raises StoppedItself: if it has, such as in a protective stop.
        :raises OptionError: if the bench does not command it.
        :raises DeviceError: if somebody or something else has stopped it, or no program follows.
        """
        if not self._commands:
            raise OptionError(
                "is not commanded by this bench", where=self.name, remedy="set commands = true in the bench file"
            )
        self.require_reachable(pose)
        await self._turns.run(partial(self._move, _numbers(pose)))

    def require_reachable(self, pose: Pose) -> None:
        """Check a pose as far as that is possible without the arm.

        :raises SetpointRefused: if it lies beyond ``reach``.
        """
        target = _numbers(pose)
        distance = math.hypot(*target[:3])
        if not (all(map(math.isfinite, target)) and distance <= self._reach):
            raise SetpointRefused(
                f"cannot be moved to {distance:g} m from its base",
                where=self.name,
                remedy=f"command a pose within {self._reach:g} m",
            )

    async def _move(self, target: Sequence[float]) -> None:
        number = round(self._field(await self._fit(), _SEEN)) % _LARGEST_NUMBER + 1
        begun = self.clock.now()
        arrived = False
        try:
            while not arrived:
                self._command(target, number)
                await self.clock.sleep(POLL)
                arrived = self._has_arrived(await self._fit(), number, self.clock.now() - begun)
        finally:
            if not arrived:
                with suppress(DeviceUnreachable):
                    self._command(target, 0)

    async def _fit(self) -> State:
        """The arm's state, if it can move.

        :raises StoppedItself: if a safety function of its own holds it.
        :raises DeviceError: if it cannot move for another reason.
        """
        state = await self._link.fresh()
        if self._flags(state):
            safety, mode = (round(self._field(state, name)) for name in ("safety_mode", "robot_mode"))
            raised = StoppedItself if safety in _BY_ITSELF else DeviceError
            raise raised(
                _SAFETY.get(safety, f"does not run (robot mode {mode})"),
                where=self.name,
                remedy="clear it at the teach pendant",
            )
        return state

    def _has_arrived(self, state: State, number: int, elapsed: int) -> bool:
        seen, doing = round(self._field(state, _SEEN)), round(self._field(state, _DOING))
        if seen != number:
            if elapsed > FOLLOWS_WITHIN * NANOSECONDS:
                raise DeviceError(
                    "does not follow: no program has seen the command",
                    where=self.name,
                    remedy="run hil_follow.script on the controller",
                )
            return False
        if doing == _UNREACHABLE:
            raise SetpointRefused("finds no joints for the target", where=self.name, remedy="command another pose")
        if doing in (_UNHEARD, _STOPPED):
            why = "no heartbeat came" if doing == _UNHEARD else "it was told to"
            raise DeviceError(f"stopped on its way: {why}", where=self.name, remedy="check what else commands it")
        if doing != _ARRIVED and elapsed > LONGEST_MOVE * NANOSECONDS:
            raise NotArrived(
                f"still moves after {LONGEST_MOVE:g} s", where=self.name, remedy="check its speed at the teach pendant"
            )
        return doing == _ARRIVED

    def _command(self, target: Sequence[float], number: int) -> None:
        self._beat = self._beat % _LARGEST_NUMBER + 1
        self._link.write((*target, number, self._beat))

    def _flags(self, state: State) -> Flag:
        safety, mode = self._field(state, "safety_mode"), self._field(state, "robot_mode")
        return Flag.GOOD if safety in _SAFE_MODES and mode in _WORKING_MODES else Flag.DEVICE_ERROR

    def _field(self, state: State, name: str) -> float:
        return state.values[self._link.outputs.places[name]]


def _numbers(pose: Pose) -> tuple[float, ...]:
    return (pose.x, pose.y, pose.z, pose.rx, pose.ry, pose.rz)
