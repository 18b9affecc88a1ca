"""A system under test on ROS 2: a stimulus on a topic and its answer on another, or a goal of an action and its result.

Address: ``ros2:///topic`` for the topic of the stimuli or the name of the action, with the options of
:mod:`hil_drivers.transport.ros2`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from time import monotonic
from typing import Any

import numpy as np

from ..capability import Frame, Response, Stimulus, SystemIdentity
from ..clock import Clock
from ..device import Device
from ..errors import DeviceUnreachable, OptionError
from ..transport.ros2 import Qos, RosLink, RosMessage
from ..transport.stream import TIMEOUT
from .questions import Output, output_of
from .system import Domain, Identity, declared

IMAGE = "sensor_msgs/msg/Image"
SUCCEEDED = 4
"""The status of a goal, as action_msgs has it."""

ENDS = {5: "was cancelled", 6: "was aborted"}


class SystemRos2(Device):
    """Publishes each stimulus, and takes the answer from another topic; or has an action carry it out.

    A picture is a ``sensor_msgs/msg/Image`` (``mono8``, ``bgr8``) with the time of ROS as its stamp. ``type`` that ends
    in ``/action/Name`` makes the address that of an action. Implements ``SystemUnderTest``.

    No answer within the deadline is the fault ``time-out``; a goal that is refused or ends in another way than
    success, and a node that is gone, are ``crash``; an answer of another kind and a number that is not finite are
    ``wrong shape``. Where ``stamp`` is given, only the answer with the stimulus's own stamp counts. Else the next
    message is the answer, and after a time-out the overdue one is waited for once as long again before the next
    stimulus, so that it is not taken for another's. A ROS process of the controller that is lost is the bench's fault.

    The response time is that seen by the controller: from before it hands the stimulus to ROS until it has the answer.

    :param type: of the stimuli, such as ``sensor_msgs/msg/Image`` or ``test_msgs/action/Fibonacci``.
    :param picture: path of the field for the picture in it; the whole message by default.
    :param values: name of a value of the stimulus to the path of its field.
    :param answer: topic of the answers.
    :param answer_type: of the answers.
    :param field: path of the output in the answer, or in the result of the action.
    :param stamp: path in the answer where the stamp of the stimulus is repeated, such as ``header.stamp``.
    :param output: what it answers: ``text``, ``quantity``, ``flag``, ``intervals``, or ``any``.
    :param version: of the system, as you know it: ROS does not tell.
    :param node: whose ``parameters`` are put on record; they must stay the same while the bench is open.
    :param deadline: wall time for an answer, in seconds.
    :param domain: its operating domain as declared: name of a quantity, with its unit, to lower and upper bound.
    """

    def __init__(
        self,
        name: str,
        address: str,
        *,
        clock: Clock,
        version: str,
        type: str = IMAGE,  # noqa: A002 (as ROS calls it)
        picture: str = "",
        values: Mapping[str, str] | None = None,
        answer: str = "",
        answer_type: str = "std_msgs/msg/String",
        field: str = "data",
        stamp: str = "",
        output: Output = "any",
        node: str = "",
        parameters: Sequence[str] = (),
        qos: Mapping[str, Any] | None = None,
        deadline: float = 5.0,
        domain: Domain | None = None,
        timeout: float = TIMEOUT,
        python: str = "",
    ) -> None:
        super().__init__(name, address, clock=clock)
        self._link = RosLink(address, supervisor=self.supervisor, clock=clock, python=python, timeout=timeout)
        self._link.on_loss = self._lost
        self._type, self._picture, self._values = type, picture, dict(values or {})
        self._field, self._stamp, self._output, self._deadline = field, stamp, output, deadline
        self._by_action = "/action/" in type
        self._node, self._parameters = node, tuple(parameters)
        if not self._by_action and not answer:
            raise OptionError("has no topic for its answers", where=name, remedy='give answer = "/read"')
        if self._parameters and not node:
            raise OptionError("parameters without a node", where=name, remedy='give node = "/reader"')
        settings = {"topic": self._link.topic, "type": type, "picture": picture, "values": self._values}
        if not self._by_action:
            settings |= {"answer": answer, "answer_type": answer_type, "stamp": stamp}
            quality = Qos.of(qos, where=name)
            self._publisher = self._link.publisher(self._link.topic, type, qos=quality)
            fields = [field, *([f"{stamp}.sec", f"{stamp}.nanosec"] if stamp else [])]
            self._answers = self._link.subscribe(answer, answer_type, self._hear, qos=quality, fields=fields)
        settings |= {"field": field, "output": output, "version": version}
        self._version = version
        self._settings = declared(name, deadline=deadline, domain=domain, **settings)
        self._identity = Identity(name, self._settings)
        self._waiting: asyncio.Future[Any] | None = None
        self._asked: tuple[int, int] = (0, 0)
        self._owed = False

    async def open(self) -> None:
        """Start or join the ROS process; the node must be there.

        :raises DeviceUnreachable: if nobody publishes answers, or the node with the parameters is not there.
        """
        try:
            with self.supervisor.opening():
                await self._link.open()
                if not self._by_action:
                    await self._link.published(self._answers)
                told = {}
                if self._parameters:
                    told = await self._link.parameters(self._node, self._parameters)
            known = {f"parameter {name}": str(value) for name, value in told.items()}
            identity = {"name": self._node or self._link.topic, "version": self._version}
            self._identity.take(identity, digests=known, remedy="restart the bench")
        except BaseException:
            await self._link.leave()
            raise

    async def close(self) -> None:
        self.supervisor.closed()
        await self._link.leave()

    @property
    def system(self) -> SystemIdentity:
        """Its node, the version that was declared, the parameters that were read, and the SHA-256 of the settings.

        :raises DeviceUnreachable: before the device is opened.
        """
        return self._identity.known

    async def respond(self, stimulus: Stimulus) -> Response:
        """Give it one stimulus.

        :raises OptionError: if the type of the stimuli has no room for it.
        :raises DeviceUnreachable: if the ROS process of the controller is lost.
        """
        await self._link.ready()
        await self._let_overdue_come()
        self._asked = divmod(await self._link.ros_time(), 10**9)
        message = self._message(stimulus)
        begin = monotonic()
        try:
            with self.clock.exchange():
                asked = self._carry_out(message) if self._by_action else self._publish(message)
                output, details = output_of({"output": _plain(await asked)}, self._output)
        except TimeoutError:
            self._owed = not self._by_action and not self._stamp
            return self._failed("time-out", begin)
        except _Failed as failed:
            return self._failed("crash", begin, {"reason": str(failed)})
        except (ValueError, LookupError, TypeError, RecursionError) as error:
            return self._failed("wrong shape", begin, {"reason": str(error)})
        latency = monotonic() - begin
        self.supervisor.answered(latency)
        return Response(output, latency, details=details)

    async def _publish(self, message: dict[str, Any]) -> Any:
        """The field of the answer to ``message``."""
        waiting = self._waiting = asyncio.get_running_loop().create_future()
        stamped = self._type == IMAGE or bool(self._stamp)
        try:
            async with asyncio.timeout(self._deadline):
                await self._link.publish(self._publisher, self._with_stamp(message) if stamped else message)
                return await waiting
        except DeviceUnreachable as error:
            if not self._link.there:
                raise
            raise _Failed(error.what) from None
        finally:
            self._waiting = None

    async def _carry_out(self, goal: dict[str, Any]) -> Any:
        """The field of the result of ``goal``."""
        try:
            async with asyncio.timeout(self._deadline):
                sent = await self._link.start_goal(self._link.topic, self._type, goal)
                if sent is None:
                    raise _Failed("it refuses the goal")
                try:
                    await sent.over.wait()
                except BaseException:
                    self._link.abandon_goal(sent)
                    raise
        except DeviceUnreachable as error:
            if not self._link.there:
                raise
            raise _Failed(error.what) from None
        if sent.lost is not None:
            raise sent.lost
        if sent.status != SUCCEEDED:
            raise _Failed(f"the goal {ENDS.get(sent.status, f'ended with status {sent.status}')}")
        return _at(sent.result, self._field)

    async def _let_overdue_come(self) -> None:
        """Wait once for an answer that is overdue; whatever comes is nobody's."""
        if not self._owed:
            return
        self._owed = False
        self._waiting = asyncio.get_running_loop().create_future()
        try:
            with self.clock.exchange():
                async with asyncio.timeout(self._deadline):
                    await self._waiting
        except TimeoutError:
            pass
        finally:
            self._waiting = None

    def _hear(self, message: RosMessage) -> None:
        """An answer; one with another stamp is to an earlier question."""
        if self._waiting is None or self._waiting.done():
            return
        if self._stamp:
            stamp = message.value.get(f"{self._stamp}.sec"), message.value.get(f"{self._stamp}.nanosec")
            if stamp != self._asked:
                return
        self._waiting.set_result(message.value.get(self._field))

    def _lost(self, error: DeviceUnreachable) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(error)

    def _message(self, stimulus: Stimulus) -> dict[str, Any]:
        """The message or the goal that carries ``stimulus``."""
        if isinstance(stimulus, Frame):
            image = self._image(stimulus.image)
            return _nested({self._picture: image}) if self._picture else image
        unknown = [name for name in stimulus.values if name not in self._values]
        if unknown:
            raise OptionError(
                f"no field for {unknown[0]!r}", where=self.name, remedy=f'give values = {{"{unknown[0]}" = "data"}}'
            )
        return _nested({self._values[name]: _number(value) for name, value in stimulus.values.items()})

    def _image(self, image: np.ndarray[Any, Any]) -> dict[str, Any]:
        height, width = image.shape[:2]
        depth = 1 if image.ndim == 2 else 3
        return {
            "header": {"stamp": self._time()},
            "height": height,
            "width": width,
            "encoding": "mono8" if depth == 1 else "bgr8",
            "step": width * depth,
            "data": np.ascontiguousarray(image).reshape(-1),
        }

    def _with_stamp(self, message: dict[str, Any]) -> dict[str, Any]:
        return {**message, "header": {**message.get("header", {}), "stamp": self._time()}}

    def _time(self) -> dict[str, int]:
        return {"sec": self._asked[0], "nanosec": self._asked[1]}

    def _failed(self, fault: str, begin: float, details: dict[str, Any] | None = None) -> Response:
        return Response(None, monotonic() - begin, fault, details)


class _Failed(Exception):
    """The system under test failed."""


def _plain(value: Any) -> Any:
    """An array as a list."""
    return value.tolist() if isinstance(value, np.ndarray) else value


def _number(value: float | np.ndarray[Any, Any]) -> Any:
    """A value for a field of whatever type: one of integers takes no float."""
    if isinstance(value, np.ndarray):
        return value
    return int(value) if float(value).is_integer() else float(value)


def _at(result: Mapping[str, Any], path: str) -> Any:
    place: Any = result
    for name in path.split("."):
        place = place[int(name)] if isinstance(place, list | np.ndarray) else place[name]
    return place


def _nested(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Fields by their paths as objects in each other."""
    made: dict[str, Any] = {}
    for path, value in fields.items():
        *above, last = path.split(".")
        place = made
        for name in above:
            place = place.setdefault(name, {})
        place[last] = value
    return made
