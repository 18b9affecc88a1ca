"""A virtual instrument: a model that turns an input into a value, and knows in which domain that value means anything.

Address: ``model:``.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Mapping
from typing import Any, Literal

from ..capability import Frame, Response, Stimulus, SystemIdentity, Values
from ..clock import Clock
from ..device import Device, Point
from ..errors import AddressError, DriverError
from ..indication import Flag, Indication
from ..virtual.families import MODELS
from ..virtual.family import Estimate
from .system import Domain, Identity, declared

ADDRESS = "model:"
ModelName = Literal["heart-rate", "particle-size", "slab"]


class VirtualInstrument(Device):
    """A ``SystemUnderTest`` with the output ``quantity``; the point ``value`` tells its latest answer.

    Answers hold ``features`` of the input, by which the domain is declared, and ``in_domain``. Outside the domain the
    point has the flag ``OUTSIDE_DOMAIN``, with which no value enters a measurement.

    :param model: ``heart-rate``, ``particle-size``, or ``slab`` (the emulator of a slow solver).
    :param domain: narrower or wider than the model's own, feature by feature.
    """

    def __init__(
        self, name: str, address: str, *, clock: Clock, model: ModelName, domain: Domain | None = None
    ) -> None:
        super().__init__(name, address, clock=clock)
        if address != ADDRESS:
            raise AddressError(f"no such address {address!r}", where=name, remedy=f"use {ADDRESS}")
        self._model = MODELS[model]()
        self._domain = {**self._model.domain, **(domain or {})}
        settings = declared(name, deadline=60.0, domain=self._domain, model=model, output="quantity")
        self._identity = Identity(name, settings)
        self.points = {"value": Point(self._model.unit)}
        self._latest: tuple[float | None, Flag] = (None, Flag.NOT_AVAILABLE)

    @classmethod
    def declared(cls, options: Mapping[str, Any]) -> Mapping[str, Point]:
        """The point of the model's quantity."""
        model = MODELS.get(str(options.get("model", "")))
        return {} if model is None else {"value": Point(model().unit)}

    async def open(self) -> None:
        with self.clock.exchange():
            digests = await asyncio.to_thread(self._model.digests)
        told = {"name": f"virtual instrument, {self._model.quantity}", "version": self._model.version}
        self._identity.take(told, digests=digests, remedy="")
        self.supervisor.answered(0.0)

    async def close(self) -> None:
        self.supervisor.closed()

    @property
    def system(self) -> SystemIdentity:
        """Its name, and the SHA-256 of what it learned and of its settings."""
        return self._identity.known

    async def respond(self, stimulus: Stimulus) -> Response:
        """The value for a stimulus of named values; one that the model cannot take is a fault of the system.

        :raises DriverError: for a picture of a camera.
        """
        if isinstance(stimulus, Frame):
            raise DriverError("takes named values, no picture", where=self.name, remedy="bind its source to it")
        begin = time.perf_counter()
        try:
            found = self._model.estimate(stimulus.values)
        except (ValueError, KeyError, TypeError) as error:
            self._latest = (None, Flag.NOT_AVAILABLE)
            return Response(None, time.perf_counter() - begin, fault="crash", details={"said": str(error)})
        latency = time.perf_counter() - begin
        if not math.isfinite(found.value):
            self._latest = (None, Flag.NOT_AVAILABLE)
            return Response(None, latency, fault="wrong shape")
        inside = self.covers(found)
        self._latest = (found.value, Flag.GOOD if inside else Flag.OUTSIDE_DOMAIN)
        return Response(found.value, latency, details={"features": dict(found.features), "in_domain": inside})

    def takes(self, stimulus: Values) -> bool:
        """Whether it has a value for a stimulus, inside the domain; known before it is open."""
        try:
            found = self._model.estimate(stimulus.values)
        except (ValueError, KeyError, TypeError):
            return False
        return math.isfinite(found.value) and self.covers(found)

    def covers(self, found: Estimate) -> bool:
        """Whether the features of an input lie in the domain; a feature that is not there does not."""
        return all(
            low <= found.features.get(feature, math.nan) <= high for feature, (low, high) in self._domain.items()
        )

    async def read(self, point: str) -> Indication:
        """The latest answer, flagged outside the domain."""
        unit, now = self._readable(point).unit, self.clock.now()
        value, flags = self._latest
        return Indication(point, value, unit, now, now, flags)
