"""The ROS side of the controller: one node that does what it is asked for over a socket, and tells what it hears.

A request is ``{"id", "op", ...}``; its answer is ``{"id", "value"}`` or ``{"id", "error"}``. What comes by itself
is ``{"handle", "event", ...}``. All of it is done by one thread, the executor's; a second one reads the socket. When
the socket closes, the process ends.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

import rclpy
from rclpy.action import ActionClient
from rclpy.clock import Clock
from rclpy.clock_type import ClockType
from rclpy.duration import Duration
from rclpy.event_handler import PublisherEventCallbacks, SubscriptionEventCallbacks
from rclpy.exceptions import InvalidTopicNameException
from rclpy.parameter import Parameter, parameter_value_to_python
from rclpy.parameter_client import AsyncParameterClient
from rclpy.signals import SignalHandlerOptions
from rclpy.subscription import RCLError

from .frames import FrameError, Frames, frame
from .messages import TypeRefused, fill, picker, plain, type_named
from .qos import mismatch, profile
from .turns import Turns

READY_PERIOD = 0.01
"""How often it is looked for a service or a peer that is not there yet, in s."""

GOODBYE = 1.0
"""Seconds within which ROS must have said goodbye when the controller is gone."""

REFUSED = -1
"""The status of a goal that was never accepted."""

ACQUAINTANCE = 0.1
"""Seconds in which a publisher that is known here learns of our subscription: what it publishes before is lost, and
nothing in ROS tells when it has."""

RECONSIDERED = 0.05
"""Seconds after which it is told who matches: one that changes its QoS comes and goes."""

ACKNOWLEDGED = 0.2
"""Seconds that the last messages of a publisher, such as a command to stop, are given to arrive."""

ARGUMENTS = ["--ros-args", "--disable-external-lib-logs", "--disable-rosout-logs"]

Reply = Callable[..., None]


def main(arguments: list[str]) -> None:
    """Serve the socket whose descriptor is the first argument; the second is the node's name."""
    with socket.socket(fileno=int(arguments[0])) as link:
        rclpy.init(args=ARGUMENTS, signal_handler_options=SignalHandlerOptions.NO)
        node = rclpy.create_node(arguments[1], enable_rosout=False, start_parameter_services=False)
        turns = Turns()
        turns.executor.add_node(node)
        bridge = Bridge(link, node, turns)
        threading.Thread(target=bridge.read, name="requests", daemon=True).start()
        bridge.send({"hello": node.get_name()})
        try:
            turns.run()
            turns.executor.remove_node(node)
            bridge.leave()
        finally:
            os._exit(0)


class Waiting:
    """Something that shall be done once it can be, or be refused after a deadline."""

    def __init__(self, ready: Callable[[], bool], then: Callable[[], None], late: Callable[[], None], within: float):
        self.ready, self.then, self.late = ready, then, late
        self.until = time.monotonic() + within


class Bridge:
    """Requests in, answers and events out."""

    def __init__(self, link: socket.socket, node: Any, turns: Turns) -> None:
        self._link, self.node, self._turns = link, node, turns
        self._sending = threading.Lock()
        self._things: dict[int, Any] = {}
        self._clients: dict[tuple[str, str], Any] = {}
        self._waiting: list[Waiting] = []
        self._unwanted: set[int] = set()
        self._timer = node.create_timer(READY_PERIOD, self._look, clock=Clock(clock_type=ClockType.STEADY_TIME))
        self._timer.cancel()
        self._ops: dict[str, Callable[[Mapping[str, Any], Reply], None]] = {
            "settle": self._settle,
            "ping": lambda _, reply: reply(value=True),
            "subscribe": self._subscribe,
            "advertise": self._advertise,
            "publish": self._publish,
            "release": self._release,
            "publishers": self._publishers,
            "call": self._call,
            "goal": self._goal,
            "cancel": self._cancel,
            "get": self._get,
            "set": self._set,
            "sim-time": self._sim_time,
            "time": lambda _, reply: reply(value=self.node.get_clock().now().nanoseconds),
            "topics": self._topics,
        }

    def read(self) -> None:
        """Take requests until the socket closes; to be run in a thread of its own."""
        frames = Frames()
        try:
            while data := self._link.recv(1 << 16):
                for request in frames.receive(data):
                    self._turns.executor.create_task(self._do, request)
        except (OSError, FrameError):
            pass
        threading.Timer(GOODBYE, os._exit, (0,)).start()
        self._turns.executor.create_task(self._turns.end)

    def send(self, head: dict[str, Any]) -> None:
        """Send one frame; where nobody reads any more, the end of the socket is what is heard next."""
        with self._sending, suppress(OSError):
            self._link.sendall(frame(head))

    def leave(self) -> None:
        """Say goodbye to the others; not from within the executor, which would hold what shall go."""
        for thing in self._things.values():
            if isinstance(thing, Published):
                thing()
        for client in self._clients.values():
            if isinstance(client, ActionClient):
                client.destroy()
        self.node.destroy_node()
        rclpy.try_shutdown()

    def _do(self, request: Mapping[str, Any]) -> None:
        number = request.get("id")

        def reply(**outcome: Any) -> None:
            self.send({"id": number, **outcome})

        try:
            self._ops[request["op"]](request, reply)
        except TypeRefused as error:
            reply(error=str(error), refused=True)
        except Exception as error:  # noqa: BLE001 (whatever ROS raises is the answer)
            reply(error=f"{type(error).__name__}: {error}")

    def _await(
        self, ready: Callable[[], bool], then: Callable[[], None], late: Callable[[], None], within: float
    ) -> None:
        """Do ``then`` now if it is ready, else as soon as it is, or ``late`` after ``within`` s."""
        if ready():
            then()
            return
        self._waiting.append(Waiting(ready, then, late, within))
        self._timer.reset()

    def _after(self, seconds: float, then: Callable[[], None]) -> None:
        """Do ``then`` after ``seconds``."""
        due = time.monotonic() + seconds
        self._await(lambda: time.monotonic() >= due, then, then, 2.0 * seconds)

    def _look(self) -> None:
        waiting, self._waiting = self._waiting, []
        for each in waiting:
            if each.ready():
                each.then()
            elif time.monotonic() >= each.until:
                each.late()
            else:
                self._waiting.append(each)
        if not self._waiting:
            self._timer.cancel()

    def _subscribe(self, request: Mapping[str, Any], reply: Reply) -> None:
        kind, topic, handle = type_named(request["type"], "msg"), request["topic"], request["handle"]
        asked = profile(request["qos"])
        heard = Heard(handle, picker(request["fields"], kind()), self.send)

        matching = Matching(lambda **told: self.send({"handle": handle, "event": "qos", **told}), self._after)

        def incompatible(event: Any) -> None:
            others = self.node.get_publishers_info_by_topic(topic)
            matching.refused(f"{topic}: {mismatch(event, asked, others, they='publisher')}")

        events = SubscriptionEventCallbacks(
            incompatible_qos=incompatible,
            matched=lambda event: matching.matched(event.current_count),
            message_lost=heard.lost,
            use_default_callbacks=False,
        )
        with usable(topic, request["type"]):
            made = self.node.create_subscription(kind, topic, heard, asked, event_callbacks=events)
        self._things[handle] = lambda: self.node.destroy_subscription(made)
        reply(value=True)

    def _settle(self, _request: Mapping[str, Any], reply: Reply) -> None:
        """Answer once all that has come by now has been handed on."""
        self._turns.when_idle(lambda: reply(value=True))

    def _publishers(self, request: Mapping[str, Any], reply: Reply) -> None:
        """Wait until somebody publishes on a topic, and has had the time to know of us; the types of those who do."""
        topic = request["topic"]

        def types() -> list[str]:
            return [each.topic_type for each in self.node.get_publishers_info_by_topic(topic)]

        def known() -> None:
            self._after(ACQUAINTANCE, lambda: reply(value=types()))

        self._await(lambda: bool(types()), known, lambda: reply(value=[]), request["within"])

    def _advertise(self, request: Mapping[str, Any], reply: Reply) -> None:
        kind, topic, handle = type_named(request["type"], "msg"), request["topic"], request["handle"]
        offered = profile(request["qos"])

        def incompatible(event: Any) -> None:
            others = self.node.get_subscriptions_info_by_topic(topic)
            text = mismatch(event, offered, others, they="subscriber")
            self.send({"handle": handle, "event": "qos", "text": f"{topic}: {text}"})

        events = PublisherEventCallbacks(incompatible_qos=incompatible, use_default_callbacks=False)
        with usable(topic, request["type"]):
            made = self.node.create_publisher(kind, topic, offered, event_callbacks=events)
        self._things[handle] = Published(made, kind, self.node)
        reply(value=True)

    def _publish(self, request: Mapping[str, Any], reply: Reply) -> None:
        """Publish once there are enough who listen; the number of those who did."""
        published: Published = self._things[request["handle"]]
        message = fill(published.kind(), request["value"])
        publisher, needed = published.publisher, int(request["listeners"])

        def send() -> None:
            if request.get("stamp"):
                stamp_now(message, request["stamp"], self.node)
            publisher.publish(message)
            reply(value=publisher.get_subscription_count())

        self._await(
            lambda: publisher.get_subscription_count() >= needed, send, lambda: reply(value=0), request["within"]
        )

    def _release(self, request: Mapping[str, Any], reply: Reply) -> None:
        thing = self._things.pop(request["handle"], None)
        if callable(thing):
            thing()
        reply(value=True)

    def _client(self, name: str, kind: str, make: Callable[[], Any]) -> Any:
        if (name, kind) not in self._clients:
            self._clients[name, kind] = make()
        return self._clients[name, kind]

    def _call(self, request: Mapping[str, Any], reply: Reply) -> None:
        name, kind = request["service"], type_named(request["type"], "srv")
        client = self._client(name, request["type"], lambda: self.node.create_client(kind, name))
        asked = fill(kind.Request(), request["value"])
        handle = request["handle"]

        def call() -> None:
            future = client.call_async(asked)
            self._things[handle] = lambda: client.remove_pending_request(future)
            future.add_done_callback(lambda done: self._settled(handle, done, reply))

        self._await(client.service_is_ready, call, lambda: reply(absent=True), request["within"])

    def _settled(self, handle: int, future: Any, reply: Reply) -> None:
        self._things.pop(handle, None)
        if future.cancelled():
            return
        if future.exception() is not None:
            reply(error=str(future.exception()))
        else:
            reply(value=plain(future.result()))

    def _goal(self, request: Mapping[str, Any], reply: Reply) -> None:
        name, kind, handle = request["action"], type_named(request["type"], "action"), request["handle"]
        client = self._client(name, request["type"], lambda: ActionClient(self.node, kind, name))
        goal = fill(kind.Goal(), request["value"])

        def feedback(message: Any) -> None:
            self.send({"handle": handle, "event": "feedback", "value": plain(message.feedback)})

        def over(status: int, result: Mapping[str, Any]) -> None:
            self._unwanted.discard(handle)
            self._things.pop(handle, None)
            self.send({"handle": handle, "event": "result", "status": status, "value": result})

        def accepted(future: Any) -> None:
            if future.exception() is not None:
                reply(error=str(future.exception()))
                over(REFUSED, {})
                return
            taken = future.result()
            if not taken.accepted:
                reply(value=False)
                over(REFUSED, {})
                return
            self._things[handle] = taken
            taken.get_result_async().add_done_callback(ended)
            reply(value=True)
            if handle in self._unwanted:
                taken.cancel_goal_async()

        def ended(future: Any) -> None:
            if future.exception() is None and not future.cancelled():
                over(future.result().status, plain(future.result().result))

        def send() -> None:
            if handle in self._unwanted:
                over(REFUSED, {})
                return
            client.send_goal_async(goal, feedback_callback=feedback).add_done_callback(accepted)

        def late() -> None:
            reply(absent=True)
            over(REFUSED, {})

        self._await(client.server_is_ready, send, late, request["within"])

    def _cancel(self, request: Mapping[str, Any], reply: Reply) -> None:
        """Cancel a goal, now or once it is accepted; whether the server agreed."""
        goal = self._things.get(request["handle"])
        if goal is None or callable(goal):
            self._unwanted.add(request["handle"])
            reply(value=False)
            return
        goal.cancel_goal_async().add_done_callback(
            lambda done: reply(value=done.exception() is None and bool(done.result().goals_canceling))
        )

    def _get(self, request: Mapping[str, Any], reply: Reply) -> None:
        def got(answer: Any) -> list[Any]:
            return [plain(parameter_value_to_python(each)) for each in answer.values]

        names = list(request["names"])
        self._parameters(request, reply, lambda client: client.get_parameters(names), got)

    def _set(self, request: Mapping[str, Any], reply: Reply) -> None:
        def got(answer: Any) -> list[str]:
            return ["" if each.successful else each.reason or "refused" for each in answer.results]

        given = [Parameter(name, value=value) for name, value in request["values"].items()]
        self._parameters(request, reply, lambda client: client.set_parameters(given), got)

    def _parameters(
        self, request: Mapping[str, Any], reply: Reply, ask: Callable[[Any], Any], got: Callable[[Any], Any]
    ) -> None:
        name = request["node"]
        client = self._client(name, "parameters", lambda: AsyncParameterClient(self.node, name))

        def answered(future: Any) -> None:
            if future.exception() is not None:
                reply(error=str(future.exception()))
            else:
                reply(value=got(future.result()))

        self._await(
            client.services_are_ready,
            lambda: ask(client).add_done_callback(answered),
            lambda: reply(absent=True),
            request["within"],
        )

    def _sim_time(self, request: Mapping[str, Any], reply: Reply) -> None:
        """Follow ``/clock``, or the machine's own clock again."""
        self.node.set_parameters([Parameter("use_sim_time", value=bool(request["on"]))])
        reply(value=True)

    def _topics(self, _request: Mapping[str, Any], reply: Reply) -> None:
        reply(value={name: list(types) for name, types in self.node.get_topic_names_and_types()})


@contextmanager
def usable(topic: str, kind: str) -> Iterator[None]:
    """Say in words why a topic cannot be used."""
    try:
        yield
    except InvalidTopicNameException as error:
        raise TypeRefused(f"{topic!r} is no name of a topic: {str(error).splitlines()[0]}") from None
    except RCLError as error:
        if "incompatible type" not in str(error):
            raise
        raise TypeRefused(f"{topic} is used with another type than {kind} by this process already") from None


def stamp_now(message: Any, path: str, node: Any) -> None:
    """Set the time stamp at ``path`` to the time of ROS."""
    *names, last = path.split(".")
    place = message
    for name in names:
        place = getattr(place, name)
    setattr(place, last, node.get_clock().now().to_msg())


class Published:
    """A publisher, and how to make its messages."""

    def __init__(self, publisher: Any, kind: Any, node: Any) -> None:
        self.publisher, self.kind, self._node = publisher, kind, node

    def __call__(self) -> None:
        """Take it away, once what was published has arrived."""
        self.publisher.wait_for_all_acked(Duration(seconds=ACKNOWLEDGED))
        self._node.destroy_publisher(self.publisher)


class Matching:
    """Whether anybody is left whose QoS matches, once somebody's did not: told whenever that changes."""

    def __init__(self, tell: Callable[..., None], after: Callable[[float, Callable[[], None]], None]) -> None:
        self._tell, self._after, self._text, self._count = tell, after, "", 0
        self._told: tuple[str, bool] | None = None

    def refused(self, text: str) -> None:
        """Somebody's does not match."""
        self._text = text
        self._after(RECONSIDERED, self._consider)

    def matched(self, count: int) -> None:
        """So many match now."""
        self._count = count
        self._after(RECONSIDERED, self._consider)

    def _consider(self) -> None:
        state = self._text, self._count == 0
        if self._text and state != self._told:
            self._told = state
            self._tell(text=self._text, alone=state[1])


class Heard:
    """What is heard on one topic: sends the values, and how many messages before each never came.

    Gaps are seen in the publishers' own numbers; where a middleware has none, in what it says that it lost.
    """

    def __init__(
        self, handle: int, pick: Callable[[Any], dict[str, Any]], send: Callable[[dict[str, Any]], None]
    ) -> None:
        self._handle, self._pick, self._send = handle, pick, send
        self._numbers: dict[bytes, int] = {}
        self._lost = 0

    def __call__(self, message: Any, info: Mapping[str, Any]) -> None:
        try:
            value = self._pick(message)
        except Exception as error:  # noqa: BLE001 (a path that goes wrong behind an index)
            self._send({"handle": self._handle, "event": "refused", "text": str(error)})
            return
        head = {
            "handle": self._handle,
            "event": "message",
            "missed": self._missed(info),
            "sent": info.get("source_timestamp", 0),
            "value": value,
        }
        self._send(head)

    def lost(self, event: Any) -> None:
        """The middleware says that it lost some."""
        self._lost += event.total_count_change

    def _missed(self, info: Mapping[str, Any]) -> int:
        number, publisher = info.get("publication_sequence_number"), info.get("publisher_gid") or {}
        if number is None:
            lost, self._lost = self._lost, 0
            return lost
        key = bytes(publisher.get("data", b""))
        before = self._numbers.get(key)
        self._numbers[key] = number
        return max(0, number - before - 1) if before is not None else 0
