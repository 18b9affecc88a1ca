"""Sensors that publish on ROS 2: each point is a field of a message, so that most of them need no code.

Address: ``ros2:///topic``, with the options of :mod:`hil_drivers.transport.ros2`.

``type``      of the messages, such as ``sensor_msgs/msg/Temperature``
``points``    name -> ``unit``; ``field``, its path (``temperature``, ``ranges.0``); ``topic`` and ``type`` where they
              are others than the device's; ``lower`` and ``upper``, beyond which a value is flagged; ``resolution``
``stamp``     path of the time stamp, such as ``header.stamp``; without one the arrival counts
``qos``       ``reliability`` (``reliable``, ``best-effort``), ``durability`` (``volatile``, ``transient-local``),
              ``depth``
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from pydantic import Field, ValidationError

from ..clock import Clock
from ..description import Described, shown
from ..device import Device, Point
from ..errors import DeviceUnreachable, OptionError, RemoteProtocolError
from ..indication import Flag, Indication
from ..transport.ros2 import Qos, RosLink, Subscription
from ..transport.stream import TIMEOUT
from .ros_feed import Reading, RosFeed, Timing


class PointOptions(Described):
    """One field of a message."""

    unit: str = Field(min_length=1)
    field: str = Field(min_length=1)
    topic: str = ""
    type: str = ""
    lower: float | None = None
    upper: float | None = None
    resolution: float | None = Field(default=None, gt=0)


class RosSensor(Device):
    """A sensor that publishes by itself.

    The measurement interval of a value: with ``synchronised``, from ``age`` before the stamp to the stamp, taken as UTC
    give or take that. Else, with a stamp, within the bounds of the publisher's clock, which are as wide as the
    shortest way in 30 s, at most ``latency``. Without a stamp, from ``latency`` and ``age`` before the arrival to the
    arrival. All three are statements of the user, from the manual or by experience.

    :param period: seconds between two messages.
    :param age: seconds from the beginning of sensing to the stamp, or to the publication; one ``period`` by default.
    :param latency: seconds within which at least one message in 30 s comes.
    :param timeout: seconds of wall time within which whatever is asked for must come.
    :param synchronised: seconds within which the publisher's clock agrees with UTC; not known by default.
    """

    def __init__(
        self,
        name: str,
        address: str,
        *,
        clock: Clock,
        type: str = "",  # noqa: A002 (as ROS calls it)
        points: Mapping[str, Any] | None = None,
        stamp: str = "",
        qos: Mapping[str, Any] | None = None,
        period: float = 1.0,
        age: float | None = None,
        latency: float = 0.1,
        synchronised: float | None = None,
        timeout: float = TIMEOUT,
        python: str = "",
    ) -> None:
        super().__init__(name, address, clock=clock)
        self._options = _point_options({"points": points, "type": type}, name)
        self.points = _declared(self._options)
        timing = Timing.checked(
            period=period,
            age=period if age is None else age,
            latency=latency,
            synchronised=synchronised,
            timeout=timeout,
            where=name,
        )
        self._period = timing.period
        self._link = RosLink(address, supervisor=self.supervisor, clock=clock, python=python, timeout=timing.timeout)
        self._link.on_loss = self._lost
        self._feeds: dict[tuple[str, str], tuple[RosFeed, Subscription]] = {}
        for topic, message in {self._source(one, type) for one in self._options.values()}:
            feed = RosFeed(self.supervisor, clock, timing, settle=self._link.settle, stamp=stamp)
            fields = [one.field for one in self._options.values() if self._source(one, type) == (topic, message)]
            subscription = self._link.subscribe(
                topic,
                message,
                feed.take,
                qos=Qos.of(qos, where=name),
                fields=[*dict.fromkeys(fields), *([stamp] if stamp else [])],
                on_trouble=feed.lost,
            )
            self._feeds[topic, message] = feed, subscription
        self._sources = {point: self._source(one, type) for point, one in self._options.items()}

    @classmethod
    def declared(cls, options: Mapping[str, Any]) -> Mapping[str, Point]:
        return _declared(_point_options(options, cls.__name__))

    async def open(self) -> None:
        """Start or join the ROS process; somebody must publish on each topic."""
        try:
            with self.supervisor.opening():
                await self._link.open()
                for _, subscription in self._feeds.values():
                    await self._link.published(subscription)
        except BaseException:
            await self._link.leave()
            raise

    async def close(self) -> None:
        self.supervisor.closed()
        await self._link.leave()
        for feed, _ in self._feeds.values():
            feed.clear()

    async def read(self, point: str) -> Indication:
        """The first value that was sensed after this call."""
        unit = self._readable(point).unit
        await self._link.ready()
        feed, subscription = self._feeds[self._sources[point]]
        with self.supervisor.exchange(answered=False):
            await self._link.check(subscription, self._period)
        reading = await feed.fresh()
        one = self._options[point]
        value = self._number(reading, one.field)
        flags = reading.flags | _range(value, one)
        finite = value if value is not None and math.isfinite(value) else None
        return Indication(point, finite, unit, reading.earliest, reading.latest, flags, one.resolution)

    def _source(self, one: PointOptions, type: str) -> tuple[str, str]:  # noqa: A002
        return one.topic or self._link.topic, one.type or type

    def _number(self, reading: Reading, field: str) -> float | None:
        """The value of a field; ``None`` where an array is too short for it."""
        with self.supervisor.exchange(answered=False):
            if reading.error is not None:
                raise RemoteProtocolError(reading.error.what, where=self.name)
            value = reading.value.get(field)
            if value is not None and not isinstance(value, int | float):
                raise RemoteProtocolError(
                    f"{field} is {value!r:.40}, no number", where=self.name, remedy="name a field that is a number"
                )
            return None if value is None else float(value)

    def _lost(self, error: DeviceUnreachable) -> None:
        for feed, _ in self._feeds.values():
            feed.lost(error)


def _range(value: float | None, one: PointOptions) -> Flag:
    if value is None or math.isnan(value):
        return Flag.NOT_AVAILABLE
    if value == math.inf or (one.upper is not None and value > one.upper):
        return Flag.OVER_RANGE
    if value == -math.inf or (one.lower is not None and value < one.lower):
        return Flag.UNDER_RANGE
    return Flag.GOOD


def _declared(options: Mapping[str, PointOptions]) -> Mapping[str, Point]:
    return MappingProxyType({name: Point(one.unit, lower=one.lower, upper=one.upper) for name, one in options.items()})


def _point_options(options: Mapping[str, Any], where: str) -> dict[str, PointOptions]:
    given = options.get("points")
    if not isinstance(given, Mapping) or not given:
        raise OptionError(
            "has no points", where=where, remedy='give points = {temperature = {field = "temperature", unit = "Cel"}}'
        )
    found = {str(name): _point(one, f"points.{name}", where) for name, one in given.items()}
    for name, one in found.items():
        if not (one.type or options.get("type")):
            raise OptionError(
                f"points.{name} has no type", where=where, remedy='give type = "sensor_msgs/msg/Temperature"'
            )
    return found


def _point(given: object, option: str, where: str) -> PointOptions:
    try:
        return PointOptions.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = shown((*option.split("."), *first["loc"]))
        raise OptionError(
            f"{key}: {first['msg'][:1].lower()}{first['msg'][1:]}",
            where=where,
            remedy=f"use {', '.join(sorted(PointOptions.model_fields))}",
        ) from None
