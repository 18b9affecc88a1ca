"""Power meters, switchable outlets, and most other sensors that publish on MQTT by themselves.

Address: ``mqtt://host:1883/topic``, with the options of :mod:`hil_drivers.transport.mqtt`. In the topics of the options
a leading ``~`` stands for the topic of the address.

``points``         name -> ``unit``; ``topic`` (``~``); ``field``, its path in JSON (empty: the payload is the number);
                   ``lower`` and ``upper``, beyond which a value is flagged; ``resolution``
``relay``          ``command`` and ``state`` (topics), ``field`` of the state, ``on`` and ``off`` (words)
``availability``   ``topic``, ``field``, ``offline``: the word by which the device or its last will says that it is gone
``time``           field of the device's own time stamp, for points with a ``field``
``sequence``       field of a running number, likewise: gaps are counted as missed, a repeated number is an old value
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping
from functools import partial
from types import MappingProxyType
from typing import Any, TypeVar

from pydantic import BaseModel, Field, ValidationError

from ..clock import Clock
from ..description import Described, shown
from ..device import Device, Point
from ..errors import DeviceUnreachable, OptionError, RemoteProtocolError, SetpointRefused
from ..indication import Flag, Indication
from ..transport.mqtt import Message, MqttLink
from ..wire import telemetry
from .mqtt_feed import Feed, Reading, Timing
from .mqtt_told import Told
from .turn import Turns

RELAY = "relay"

M = TypeVar("M", bound=BaseModel)


class PointOptions(Described):
    """One quantity that is published."""

    unit: str = Field(min_length=1)
    topic: str = Field(default="~", min_length=1)
    field: str = ""
    lower: float | None = None
    upper: float | None = None
    resolution: float | None = Field(default=None, gt=0)


class RelayOptions(Described):
    """An outlet that is switched: every command is answered by a message on ``state``."""

    command: str = Field(min_length=1)
    state: str = Field(min_length=1)
    field: str = ""
    on: str = "ON"
    off: str = "OFF"


class AvailabilityOptions(Described):
    """How the device says that it is gone."""

    topic: str = Field(min_length=1)
    field: str = ""
    offline: str = "offline"


class MqttMeter(Device):
    """A sensor that publishes by itself, and an outlet that can be switched.

    The measurement interval of a value: with a time stamp of the device, from ``age`` before it to the stamp, within
    the bounds of the device's clock, which are as wide as the shortest way in 30 s, at most ``latency``. Without
    one it reaches from ``age`` before the arrival to the arrival. Both ``age`` and ``latency`` are statements of the
    user, from the manual or by experience. The state of the relay is taken to hold until it is told otherwise.

    :param period: seconds between two messages on one topic.
    :param age: seconds from the beginning of sensing to the stamp, or to the arrival; one ``period`` by default.
    :param latency: seconds within which at least one message in 30 s comes; used with ``time``.
    """

    libraries = ("aiomqtt",)

    def __init__(
        self,
        name: str,
        address: str,
        *,
        clock: Clock,
        points: Mapping[str, Any] | None = None,
        relay: Mapping[str, Any] | None = None,
        availability: Mapping[str, Any] | None = None,
        time: str = "",
        sequence: str = "",
        period: float = 10.0,
        age: float | None = None,
        latency: float = 1.0,
    ) -> None:
        super().__init__(name, address, clock=clock)
        options = {"points": points, "relay": relay}
        self._options, self._relay = _point_options(options, name), _relay_options(options, name)
        self.points = _declared(self._options, self._relay)
        self._availability = _checked(AvailabilityOptions, availability, "availability", name)
        timing = _timing(name, period, period if age is None else age, latency)
        self._link = MqttLink(address, supervisor=self.supervisor, clock=clock)
        if self._link.broker.persistent and not time:
            raise OptionError(
                "a persistent session delivers values of unknown age",
                where=name,
                remedy="name the field of the device's time, or leave out persistent=1",
            )
        self._feeds: dict[tuple[str, bool], Feed] = {}
        for one in self._options.values():
            fields = (time, sequence) if one.field else ("", "")
            feed = Feed(self.supervisor, clock, Timing(timing.period, timing.age, timing.latency, *fields))
            self._feeds.setdefault((self._topic(one.topic), bool(one.field)), feed)
        self._turns = Turns(name, clock)
        self._told = Told()
        self._listen()

    @classmethod
    def declared(cls, options: Mapping[str, Any]) -> Mapping[str, Point]:
        name = cls.__name__
        return _declared(_point_options(options, name), _relay_options(options, name))

    async def open(self) -> None:
        """Connect to the broker and subscribe; whether the device publishes is seen when it is read."""
        self._told = Told()
        await self._link.open()

    async def close(self) -> None:
        await self._link.close()
        for feed in self._feeds.values():
            feed.clear()

    async def read(self, point: str) -> Indication:
        """The first value that was sensed after this call, or the present state of the relay.

        A device that is offline, by its own word or its last will, has no value.
        """
        unit = self._readable(point).unit
        await self._link.ready()
        if point == RELAY and self._relay is not None:
            return await self._state(self._relay)
        if self._told.offline:
            return self._none(point, Flag.NOT_AVAILABLE)
        one = self._options[point]
        reading = await self._feeds[self._topic(one.topic), bool(one.field)].fresh()
        if reading.flags & Flag.NOT_AVAILABLE:
            return Indication(point, None, unit, reading.earliest, reading.latest, reading.flags)
        value = self._number(reading, one.field)
        flags = reading.flags | _range(value, one)
        finite = value if value is not None and math.isfinite(value) else None
        return Indication(point, finite, unit, reading.earliest, reading.latest, flags, one.resolution)

    async def write(self, point: str, value: float) -> None:
        """Switch the relay on (1) or off (0), and return once the device says that it is so.

        :raises SetpointRefused: for any other value.
        :raises DeviceUnreachable: if the device does not say so in time.
        """
        setpoint = self._setpoint(point, value)
        if self._relay is None or setpoint not in (0.0, 1.0):
            raise SetpointRefused(f"{point} cannot be set to {value:g}", where=self.name, remedy="command 0 or 1")
        relay = self._relay
        await self._turns.run(lambda: self._switch(relay, relay.on if setpoint else relay.off))

    async def _switch(self, relay: RelayOptions, word: str) -> None:
        await self._link.ready()
        told = self._told
        with self.supervisor.exchange(), self.clock.exchange():
            if told.offline:
                raise DeviceUnreachable("is offline, as it or its last will says", where=self.name, remedy="check it")
            before = told.count
            await self._link.send(self._topic(relay.command), word)
            self.clock.sent(self.address, len(word.encode()))
            try:
                async with asyncio.timeout(self._link.timeout):
                    while told.count == before or self._word(relay, told.state) != word:
                        before = told.count
                        await told.change()
            except TimeoutError:
                raise DeviceUnreachable(
                    f"did not say within {self._link.timeout:.1f} s that the relay is {word}",
                    where=self.name,
                    remedy=f"check that it is switched on and tells its state on {self._topic(relay.state)}",
                ) from None

    async def _state(self, relay: RelayOptions) -> Indication:
        """The state as it was told last. A retained one counts only of a device that is known to be alive."""
        told = self._told
        with self.clock.exchange():
            await self._until_told(told)
        if not told.alive and not told.offline and self._feeds:
            await next(iter(self._feeds.values())).fresh()
        if told.offline or told.state is None:
            return self._none(RELAY, Flag.NOT_AVAILABLE)
        value = 1.0 if self._word(relay, told.state) == relay.on else 0.0
        now = self.clock.now()
        return Indication(RELAY, value, "1", now, now, Flag.GOOD if told.alive else Flag.STALE, 1.0)

    async def _until_told(self, told: Told) -> None:
        """Wait until the state of the outlet is known, and whether it is there, as long as an answer may take."""
        says_so = self._availability is not None
        try:
            async with asyncio.timeout(self._link.timeout):
                while not told.offline and (told.state is None or (says_so and not told.alive)):
                    await told.change()
        except TimeoutError:
            return

    def _word(self, relay: RelayOptions, state: Message | None) -> str:
        """A state that was told: one of the two words.

        :raises RemoteProtocolError: if it is none of them.
        """
        payload = state.payload if state is not None else b""
        try:
            word = telemetry.word(payload, relay.field)
        except RemoteProtocolError as error:
            raise RemoteProtocolError(error.what, where=self.name, remedy=error.remedy) from None
        if word not in (relay.on, relay.off):
            raise RemoteProtocolError(
                f"told the state {word[:40]!r}, neither {relay.on} nor {relay.off}", where=self.name
            )
        return word

    def _number(self, reading: Reading, field: str) -> float | None:
        try:
            if reading.error is not None:
                raise reading.error
            return telemetry.number(reading.payload, field)
        except RemoteProtocolError as error:
            named = RemoteProtocolError(error.what, where=self.name, remedy=error.remedy)
        with self.supervisor.exchange():
            raise named

    def _none(self, point: str, flags: Flag) -> Indication:
        now = self.clock.now()
        return Indication(point, None, self.points[point].unit, now, now, flags)

    def _topic(self, topic: str) -> str:
        return self._link.broker.topic + topic[1:] if topic.startswith("~") else topic

    def _listen(self) -> None:
        for (topic, _), feed in self._feeds.items():
            self._link.listen(topic, feed.take)
            self._link.listen(topic, lambda message: self._told.heard(message))
        if self._relay is not None:
            self._link.listen(self._topic(self._relay.state), lambda message: self._told.told(message))
        if self._availability is not None:
            self._link.listen(self._topic(self._availability.topic), partial(self._available, self._availability))
        self._link.on_loss = self._lost

    def _available(self, availability: AvailabilityOptions, message: Message) -> None:
        try:
            online = telemetry.word(message.payload, availability.field) != availability.offline
        except RemoteProtocolError:
            return
        self._told.online(online)
        if not online:
            for feed in self._feeds.values():
                feed.offline(message.t)

    def _lost(self, error: DeviceUnreachable) -> None:
        for feed in self._feeds.values():
            feed.lost(error)
        before, self._told = self._told, Told()
        before.end(error)


def _range(value: float | None, one: PointOptions) -> Flag:
    if value is None:
        return Flag.NOT_AVAILABLE
    if value == math.inf or (one.upper is not None and value > one.upper):
        return Flag.OVER_RANGE
    if value == -math.inf or (one.lower is not None and value < one.lower):
        return Flag.UNDER_RANGE
    return Flag.GOOD


def _declared(options: Mapping[str, PointOptions], relay: RelayOptions | None) -> Mapping[str, Point]:
    points = {name: Point(one.unit, lower=one.lower, upper=one.upper) for name, one in options.items()}
    if relay is not None:
        points[RELAY] = Point("1", writable=True, lower=0.0, upper=1.0)
    return MappingProxyType(points)


def _point_options(options: Mapping[str, Any], where: str) -> dict[str, PointOptions]:
    given = options.get("points") or {}
    if not isinstance(given, Mapping) or not (given or options.get("relay")):
        raise OptionError("has no points", where=where, remedy='give points = {power = {field = "...", unit = "W"}}')
    if RELAY in given:
        raise OptionError("has a point named relay", where=where, remedy="give the option relay, or name it otherwise")
    found = {str(name): _checked(PointOptions, one, f"points.{name}", where) for name, one in given.items()}
    return {name: one for name, one in found.items() if one is not None}


def _relay_options(options: Mapping[str, Any], where: str) -> RelayOptions | None:
    return _checked(RelayOptions, options.get("relay"), "relay", where)


def _checked(model: type[M], given: object, option: str, where: str) -> M | None:
    if given is None:
        return None
    try:
        return model.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = shown((*option.split("."), *first["loc"]))
        raise OptionError(
            f"{key}: {first['msg'][:1].lower()}{first['msg'][1:]}",
            where=where,
            remedy=f"use {', '.join(sorted(model.model_fields))}",
        ) from None


def _timing(name: str, period: float, age: float, latency: float) -> Timing:
    for option, value, lower in (("period", period, 1e-3), ("age", age, 0.0), ("latency", latency, 0.0)):
        if not (isinstance(value, int | float) and lower <= value <= 86400.0):
            raise OptionError(f"{option} = {value!r} s", where=name, remedy=f"give a number from {lower:g} to 86400")
    return Timing(float(period), float(age), float(latency))
