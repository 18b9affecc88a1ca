"""ROS 2 through rclpy, which runs in a process of its own with a Python of its own.

Address: ``ros2:///topic``. Options: ``domain=N`` (ROS_DOMAIN_ID, 0 to 232) and ``range=localhost|subnet|off``
(ROS_AUTOMATIC_DISCOVERY_RANGE); without them the environment tells. All devices with the same settings share one
process. Where its Python is: the driver's option ``python``, or HIL_ROS_PYTHON, or what ``make setup`` has made.

A device declares what it subscribes to and publishes before it is opened; the link sets that up whenever the process
has been started. QoS that does not match, and messages that never came, are told: ROS itself would be silent.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from ..clock import Clock
from ..errors import DeviceError, DeviceUnreachable, OptionError, RemoteProtocolError
from .address import parse
from .ros2_process import REMEDY, RosProcess, RosSettings, SharedProcess, shared_process
from .ros2_python import RosStatus, ros_python, ros_status
from .ros2_requests import described, discovery_range, domain, patience, subject
from .ros2_types import Goal, Publisher, Qos, RosMessage, Subscription
from .stream import TIMEOUT
from .supervisor import Supervisor

__all__ = ["Publisher", "Qos", "RosLink", "RosMessage", "RosStatus", "Subscription", "ros_status"]

log = logging.getLogger("hil_drivers.link")

_MARGIN = 1.0
"""Seconds that the ROS process is given beyond a deadline that it keeps itself."""


class RosLink:
    """One device's part of the ROS process.

    :param python: the interpreter that has ROS 2; found by itself by default.
    :param timeout: seconds of wall time within which whatever is asked must be answered.
    :ivar on_loss: called with the error when the process is lost.
    """

    def __init__(
        self, address: str, *, supervisor: Supervisor, clock: Clock, python: str = "", timeout: float = TIMEOUT
    ) -> None:
        self._address = parse(address, allowed=("ros2",))
        self._domain, self._range = domain(self._address), discovery_range(self._address)
        self.supervisor, self.clock, self.timeout = supervisor, clock, timeout
        self.name = supervisor.name
        self.on_loss: Callable[[DeviceUnreachable], None] = lambda _: None
        self._python = python
        self._subscriptions: list[Subscription] = []
        self._publishers: list[Publisher] = []
        self._goals: dict[int, Goal] = {}
        self._handles: list[int] = []
        self._shared: SharedProcess | None = None
        self._process: RosProcess | None = None

    @property
    def topic(self) -> str:
        """The topic of the address."""
        return self._address.path

    @property
    def pid(self) -> int:
        """The ROS process, 0 where there is none."""
        return self._process.pid if self._process is not None else 0

    @property
    def there(self) -> bool:
        """Whether the ROS process is."""
        return self._process is not None and self._process.lost is None

    def subscribe(
        self,
        topic: str,
        type: str,  # noqa: A002 (as ROS calls it)
        receive: Callable[[RosMessage], None],
        *,
        qos: Qos | None = None,
        fields: Sequence[str] = (),
        on_trouble: Callable[[DeviceUnreachable], None] = lambda _: None,
    ) -> Subscription:
        """Listen to a topic; to be called before the link is opened.

        :param type: such as ``nav_msgs/msg/Odometry``.
        :param receive: called for each message as it comes.
        :param fields: paths such as ``pose.pose.position.x`` or ``ranges.0``: only these are brought over.
        :param on_trouble: called when nothing can come because the QoS does not match.
        """
        made = Subscription(topic, type, receive, qos or Qos(), tuple(fields), on_trouble)
        self._subscriptions.append(made)
        return made

    def publisher(self, topic: str, type: str, *, qos: Qos | None = None) -> Publisher:  # noqa: A002
        """Publish on a topic; to be called before the link is opened."""
        made = Publisher(topic, type, qos or Qos())
        self._publishers.append(made)
        return made

    async def open(self) -> None:
        """Start or join the ROS process, and set up what was declared: that the device is there is still to be seen.

        :raises MissingExtra: if there is no ROS 2.
        :raises DeviceUnreachable: if the process does not start.
        :raises OptionError: if this ROS does not have a type or field.
        """
        settings = RosSettings(ros_python(self._python), self._domain, self._range)
        if self._shared is None:
            self._shared = shared_process(settings)
            self._shared.users += 1
        try:
            with self.clock.exchange():
                await self._attach()
        except BaseException:
            await self.leave()
            raise

    async def leave(self) -> None:
        """Leave the ROS process; leaving twice, or when it is lost, is no error."""
        self._detach()
        shared, self._shared = self._shared, None
        if shared is not None:
            with self.clock.exchange():
                await shared.leave()

    async def ready(self) -> None:
        """Return if the ROS process is there; else start it again, unless it is too early for that.

        :raises DeviceUnreachable: if it cannot be, or the link is not open.
        """
        if self._shared is None:
            raise DeviceUnreachable("is not open", where=self.name, remedy="open the device first")
        if not self.there:
            with self.clock.exchange(), self.supervisor.exchange(answered=False):
                await self._attach()

    async def check(self, subscription: Subscription, period: float) -> None:
        """Raise if it is known that nothing can come, after it has been given ``period`` s of bench time to come.

        :raises DeviceUnreachable: if the QoS does not match.
        :raises RemoteProtocolError: if messages have no such field.
        """
        if subscription.trouble or subscription.refused:
            await self.clock.sleep(period)
            await self.settle()
        if subscription.trouble:
            raise self._mismatched(subscription.trouble)
        if subscription.refused:
            raise RemoteProtocolError(
                f"{subscription.topic}: {subscription.refused}", where=self.name, remedy="correct the option field"
            )

    async def settle(self) -> None:
        """Return once everything that has reached the ROS process has been received here.

        :raises DeviceUnreachable: if the process is lost.
        """
        with self.clock.exchange():
            await self._ask("settle", within=self.timeout)

    async def published(self, subscription: Subscription) -> None:
        """Return once somebody publishes what is subscribed to.

        :raises DeviceUnreachable: if nobody does in time, or the QoS does not match.
        :raises RemoteProtocolError: if only messages of another type are published there.
        """
        topic = subscription.topic
        with self.clock.exchange():
            types = await self._ask("publishers", topic=topic, within=self.timeout)
        if subscription.trouble:
            raise self._mismatched(subscription.trouble)
        if types and subscription.type not in types:
            raise RemoteProtocolError(
                f"publishes {', '.join(sorted(set(types)))} on {topic}, not {subscription.type}",
                where=self.name,
                remedy="correct the topic or the type",
            )
        if not types:
            raise DeviceUnreachable(
                f"nobody publishes on {topic}",
                where=self.name,
                remedy="check that it runs, its ROS_DOMAIN_ID and its discovery range",
            )

    async def publish(
        self, publisher: Publisher, value: Mapping[str, Any], *, listeners: int = 1, stamp: str = ""
    ) -> None:
        """Publish one message, once at least ``listeners`` listen: ROS drops what nobody hears.

        :param stamp: path of a time stamp that gets the time of ROS.
        :raises DeviceUnreachable: if too few listen in time, or their QoS does not match.
        :raises OptionError: if the type has no such field, or the value does not fit it.
        """
        request = {"handle": publisher.handle, "value": value, "listeners": listeners, "stamp": stamp}
        with self.clock.exchange():
            heard = await self._ask("publish", **request, within=self.timeout)
        if heard < listeners:
            if publisher.trouble:
                raise self._mismatched(publisher.trouble)
            raise DeviceUnreachable(
                f"nobody listens to {publisher.topic}", where=self.name, remedy="check that it runs"
            )

    def publish_now(
        self, publisher: Publisher, value: Mapping[str, Any], *, stamp: str = "", then: Callable[[int], None]
    ) -> None:
        """Publish to whoever listens without waiting for anything, also while a task is cancelled.

        :param then: called with their number, unless the ROS process is lost.
        """
        if self._process is None or self._process.lost is not None:
            return
        self._process.ask_later(
            "publish",
            lambda answer: then(answer.get("value", 0)),
            handle=publisher.handle,
            value=value,
            listeners=0,
            stamp=stamp,
            within=0.0,
        )

    async def call(self, service: str, type: str, request: Mapping[str, Any]) -> dict[str, Any]:  # noqa: A002
        """Call a service and return its response.

        :raises DeviceUnreachable: if there is none, or it does not answer.
        :raises OptionError: if this ROS does not have the type, or the type not a field.
        """
        with self.supervisor.exchange(), self.clock.exchange():
            handle = self._running().listen(lambda _: None)
            try:
                answer: dict[str, Any] = await self._ask(
                    "call", handle=handle, service=service, type=type, value=request, within=self.timeout
                )
            finally:
                self._forget(handle)
        return answer

    async def start_goal(
        self,
        action: str,
        type: str,  # noqa: A002
        goal: Mapping[str, Any],
        *,
        feedback: Callable[[Mapping[str, Any]], None] = lambda _: None,
    ) -> Goal | None:
        """Send a goal to an action, once those that were abandoned are over; ``None`` if it is refused.

        :param feedback: called for each feedback.
        :raises DeviceUnreachable: if there is no such action, or it does not answer; once where one that was
            abandoned is not over within the time of an answer: the robot may still be at it.
        """
        with self.clock.exchange():
            await self._quiet()
        with self.supervisor.exchange(), self.clock.exchange():
            handle = self._running().listen(lambda event: self._on_goal(handle, event))
            made = self._goals[handle] = Goal(handle, asyncio.Event(), feedback)
            try:
                accepted = await self._ask(
                    "goal", handle=handle, action=action, type=type, value=goal, within=self.timeout
                )
            except BaseException:
                self.abandon_goal(made)
                raise
        return made if accepted else None

    async def cancel_goal(self, goal: Goal) -> bool:
        """Ask the server to cancel; whether it agreed. That it has ended is still to come."""
        with self.supervisor.exchange(), self.clock.exchange():
            return bool(await self._ask("cancel", handle=goal.handle, within=self.timeout))

    def abandon_goal(self, goal: Goal) -> None:
        """Ask the server to cancel, without waiting for anything."""
        goal.abandoned = True
        if goal.handle in self._goals and self._process is not None and self._process.lost is None:
            self._process.tell("cancel", handle=goal.handle)

    async def _quiet(self) -> None:
        """Wait until the goals that were abandoned are over, as long as an answer may take."""
        abandoned = [goal for goal in self._goals.values() if goal.abandoned]
        try:
            async with asyncio.timeout(self.timeout):
                for goal in abandoned:
                    await goal.over.wait()
        except TimeoutError:
            for goal in abandoned:
                goal.abandoned = False
            raise DeviceUnreachable(
                f"a task that was cancelled has not ended within {self.timeout:g} s",
                where=self.name,
                remedy="look at the robot, and try again",
            ) from None

    async def parameters(self, node: str, names: Sequence[str]) -> dict[str, Any]:
        """The values of parameters of a node, ``None`` for those that it does not have.

        :raises DeviceUnreachable: if there is no such node.
        """
        with self.supervisor.exchange(), self.clock.exchange():
            return {name: await self._parameter(node, name) for name in names}

    async def _parameter(self, node: str, name: str) -> Any:
        """One parameter: of several, ROS gives none if it does not have one of them."""
        values = await self._ask("get", node=node, names=[name], within=self.timeout)
        return values[0] if values else None

    async def set_parameters(self, node: str, values: Mapping[str, Any]) -> None:
        """Set parameters of a node.

        :raises DeviceUnreachable: if there is no such node.
        :raises RemoteProtocolError: with the node's reason, if it refuses one.
        """
        with self.supervisor.exchange(), self.clock.exchange():
            reasons = await self._ask("set", node=node, values=dict(values), within=self.timeout)
        for name, reason in zip(values, reasons, strict=False):
            if reason:
                raise RemoteProtocolError(f"{node} refuses the parameter {name}: {reason}", where=self.name)

    async def ros_time(self) -> int:
        """The time of ROS in ns: that of ``/clock`` after `follow_clock`, else the machine's."""
        with self.clock.exchange():
            return int(await self._ask("time", within=self.timeout))

    async def follow_clock(self, *, on: bool = True) -> None:
        """Let the ROS process take its time from ``/clock`` (``use_sim_time``); all devices share that."""
        with self.clock.exchange():
            await self._ask("sim-time", on=on, within=self.timeout)

    async def topics(self) -> dict[str, list[str]]:
        """The topics that are known, each with its types."""
        with self.clock.exchange():
            found: dict[str, list[str]] = await self._ask("topics", within=self.timeout)
        return found

    async def _attach(self) -> None:
        """Join the process, and set up everything that was declared."""
        if self._shared is None:
            raise DeviceUnreachable("was closed", where=self.name, remedy="open the device again")
        try:
            process = await self._shared.process()
            self._detach()
            self._process = process
            process.on_loss.add(self._lost)
            for subscription in self._subscriptions:
                await self._set_up(subscription)
            for publisher in self._publishers:
                publisher.handle = self._listen(partial(self._on_publisher, publisher))
                await self._ask("advertise", handle=publisher.handle, **described(publisher), within=self.timeout)
        except DeviceUnreachable as error:
            self._detach()
            raise DeviceUnreachable(error.what, where=self.name, remedy=error.remedy) from None
        except BaseException:
            self._detach()
            raise

    async def _set_up(self, subscription: Subscription) -> None:
        subscription.trouble = subscription.refused = ""
        handle = self._listen(partial(self._on_subscription, subscription))
        await self._ask(
            "subscribe",
            handle=handle,
            **described(subscription),
            fields=list(subscription.fields),
            within=self.timeout,
        )

    def _listen(self, event: Callable[[dict[str, Any]], None]) -> int:
        handle = self._running().listen(event)
        self._handles.append(handle)
        return handle

    def _detach(self) -> None:
        process, self._process = self._process, None
        handles, self._handles = self._handles, []
        goals, self._goals = self._goals, {}
        if process is None:
            return
        process.on_loss.discard(self._lost)
        for goal in goals.values():
            goal.lost = DeviceUnreachable("was closed", where=self.name)
            goal.over.set()
        for handle in (*handles, *goals):
            process.forget(handle)

    def _running(self) -> RosProcess:
        if self._process is None:
            raise DeviceUnreachable("is not open", where=self.name, remedy="open the device first")
        return self._process

    def _forget(self, handle: int) -> None:
        if self._process is not None:
            self._process.forget(handle)

    async def _ask(self, op: str, *, within: float, **request: Any) -> Any:
        """The value of an answer.

        :raises DeviceUnreachable: if there is none, or the other side is absent.
        :raises OptionError: if ROS does not have what is asked for.
        :raises RemoteProtocolError: for any other refusal.
        """
        try:
            answer = await self._running().ask(op, deadline=within + _MARGIN, **{**request, **patience(op, within)})
        except DeviceUnreachable as error:
            raise DeviceUnreachable(error.what, where=self.name, remedy=error.remedy) from None
        except TimeoutError:
            raise DeviceUnreachable(
                f"{subject(op, request)} did not answer within {within + _MARGIN:.1f} s",
                where=self.name,
                remedy="check that it is not overloaded",
            ) from None
        if "absent" in answer:
            raise DeviceUnreachable(
                f"there is no {subject(op, request)}",
                where=self.name,
                remedy="check that it runs, its ROS_DOMAIN_ID and its discovery range",
            )
        if "error" in answer:
            error_type: type[OptionError | DeviceError] = OptionError if "refused" in answer else RemoteProtocolError
            raise error_type(f"{subject(op, request)}: {answer['error']}", where=self.name)
        return answer["value"]

    def _on_subscription(self, subscription: Subscription, event: dict[str, Any]) -> None:
        match event["event"]:
            case "message":
                subscription.trouble = subscription.refused = ""
                self._message(subscription, event)
            case "qos":
                self._unmatched(subscription, event)
            case "refused":
                subscription.refused = event["text"]
                subscription.on_trouble(DeviceUnreachable(event["text"], where=self.name))

    def _message(self, subscription: Subscription, event: dict[str, Any]) -> None:
        missed = event["missed"]
        if missed:
            self.supervisor.missed(missed)
        message = RosMessage(subscription.topic, event["value"], self.clock.arrived(), missed, event["sent"])
        subscription.receive(message)

    def _unmatched(self, subscription: Subscription, event: dict[str, Any]) -> None:
        """A publisher does not match: nothing can come if there is no other one."""
        if not event["alone"]:
            subscription.trouble = ""
            log.info("%s: %s; another one can", self.name, event["text"])
            return
        subscription.trouble = event["text"]
        self.supervisor.failed(event["text"], 0.0)
        subscription.on_trouble(self._mismatched(event["text"]))

    def _on_publisher(self, publisher: Publisher, event: dict[str, Any]) -> None:
        if event["event"] == "qos" and publisher.trouble != event["text"]:
            publisher.trouble = event["text"]
            log.warning("%s: %s", self.name, event["text"])

    def _on_goal(self, handle: int, event: dict[str, Any]) -> None:
        goal = self._goals.get(handle)
        if goal is None:
            return
        if event["event"] == "feedback":
            goal.feedback(event["value"])
        else:
            goal.status, goal.result = event["status"], event["value"]
            self._end_goal(goal)

    def _end_goal(self, goal: Goal) -> None:
        self._goals.pop(goal.handle, None)
        self._forget(goal.handle)
        goal.over.set()

    def _lost(self, error: DeviceUnreachable) -> None:
        """The ROS process is lost: its devices with it."""
        named = DeviceUnreachable(error.what, where=self.name, remedy=REMEDY)
        self.supervisor.failed(error.what, 0.0)
        for goal in tuple(self._goals.values()):
            goal.lost = named
            self._end_goal(goal)
        self.on_loss(named)

    def _mismatched(self, text: str) -> DeviceUnreachable:
        return DeviceUnreachable(text, where=self.name, remedy="set qos as the other side has it")
