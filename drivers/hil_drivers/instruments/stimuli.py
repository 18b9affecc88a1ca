"""Stimuli of known truth for virtual instruments, made as they are asked for.

Address: ``stimuli:``. It takes the place of a data set on a bench of the kind ``dataset``; all values are simulated.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Literal

import numpy as np

from ..capability import Values
from ..clock import Clock
from ..device import Device, Point
from ..errors import AddressError, DeviceUnreachable, OptionError
from ..indication import Indication
from ..replay import Recording, Reference
from ..virtual.families import FAMILIES
from ..virtual.family import Given, Made, SettableFamily

ADDRESS = "stimuli:"
SETPOINT = ".set"
MADE = date(2026, 6, 1)
"""The day of the families' present form."""

FamilyName = Literal["micrograph", "pulse", "slab"]


class Stimuli(Device):
    """A ``Scene``, a ``Source`` of values, and the point ``reference``: the true value of what was given last.

    What is given is drawn from a content, which the scene chooses; or it is stated: where a family can be set, each of
    its settings is a point ``NAME.set``. Those not set are at their nominal value. The next content ends that.

    :param family: ``pulse`` (photoplethysmograms, heart rate), ``micrograph`` (particles, mean diameter) or ``slab``
        (conditions of a cooling slab, temperature).
    :param seed: another gives other stimuli.
    """

    def __init__(self, name: str, address: str, *, clock: Clock, family: FamilyName, seed: int = 1) -> None:
        super().__init__(name, address, clock=clock)
        if address != ADDRESS:
            raise AddressError(f"no such address {address!r}", where=name, remedy=f"use {ADDRESS}")
        if seed < 0:
            raise OptionError(f"seed = {seed}", where=name, remedy="give 0 or more")
        self._name, self._family, self._seed = family, FAMILIES[family], seed
        self.points = _points(family)
        self.reuse = False
        self.on_use: Callable[[Recording], None] | None = None
        self._content, self._occasion = self._family.contents[0], 0
        self._made: Made | None = None
        self._stated: dict[str, float] = {}
        self._opened = False

    @classmethod
    def declared(cls, options: Mapping[str, Any]) -> Mapping[str, Point]:
        """The point of the family's quantity."""
        return _points(str(options.get("family", "")))

    @classmethod
    def reference(cls, options: Mapping[str, Any], point: str) -> Reference | None:
        """Span and standard uncertainty of the true values."""
        name = str(options.get("family", ""))
        if name not in FAMILIES or point != "reference":
            return None
        family = FAMILIES[name]
        return Reference(
            unit=family.unit,
            values=tuple((value, family.u) for value in family.span),
            simulated=True,
            source=f"stimuli {name}",
            date=MADE,
            sha256=hashlib.sha256(f"{name} {options.get('seed', 1)}".encode()).hexdigest(),
        )

    @property
    def facts(self) -> dict[str, Any]:
        """What a record keeps of them."""
        return {"name": f"stimuli {self._name}", "origin": "rendered", "seed": self._seed}

    async def open(self) -> None:
        self._opened = True
        self.supervisor.answered(0.0)

    async def close(self) -> None:
        self._opened = False
        self.supervisor.closed()

    def present(self, occasion: int) -> None:
        """What follows is presentation ``occasion`` of its condition, counted from 0."""
        self._occasion = occasion

    def lacking(self, factors: Mapping[str, Any], occasion: int) -> str:  # noqa: ARG002 (there is no end of them)
        """What is missing for a point with these factors: a content that there is not."""
        content = factors.get("content", self._content)
        return "" if content in self._family.contents else f"there is no content {content!r}"

    async def show(self, content: str) -> None:
        """Choose what is given next."""
        self._require_open()
        if content not in self._family.contents:
            raise DeviceUnreachable(
                f"there is no content {content!r}",
                where=self.name,
                remedy=f"use one of {', '.join(self._family.contents)}",
            )
        self._content, self._stated = content, {}

    async def write(self, point: str, value: float) -> None:
        """State one setting of what is given next."""
        self._require_open()
        self._stated[point.removesuffix(SETPOINT)] = value

    async def take(self) -> Values:
        """The stimulus of this presentation."""
        self._require_open()
        made = self._make()
        if self.on_use is not None and not self._stated:
            name = f"{self._content}/{self._occasion + 1}"
            self.on_use(Recording(self._occasion + 1, name, digest(made.values)))
        self._made = made
        now = self.clock.now()
        return Values(made.values, now, now, subject=made.subject)

    def foreseen(self, content: str, occasion: int) -> Values | None:
        """What is given at presentation ``occasion`` of a content, before it is open."""
        if content not in self._family.contents:
            return None
        made = self._family.make(content, occasion, self._seed)
        return Values(made.values, subject=made.subject)

    def _make(self) -> Made:
        if self._stated and isinstance(self._family, SettableFamily):
            nominal = {name: setting.nominal for name, setting in self._family.settings.items()}
            return self._family.stated({**nominal, **self._stated})
        return self._family.make(self._content, self._occasion, self._seed)

    async def read(self, point: str) -> Indication:
        """The true value of what was given last.

        :raises DeviceUnreachable: if nothing was.
        """
        unit = self._readable(point).unit
        self._require_open()
        if self._made is None:
            raise DeviceUnreachable("has given nothing yet", where=self.name, remedy="take a stimulus first")
        begin = self.clock.now()
        await self.clock.sleep(1.0)
        return Indication(point, self._made.reference, unit, begin, self.clock.now())

    def _require_open(self) -> None:
        if not self._opened:
            raise DeviceUnreachable("is not open", where=self.name, remedy="open the device first")


def digest(values: Given) -> str:
    """SHA-256 (hexadecimal) of named values."""
    found = hashlib.sha256()
    for name, value in sorted(values.items()):
        found.update(name.encode() + b"\0" + np.asarray(value, dtype="<f8").tobytes())
    return found.hexdigest()


def _points(family: str) -> Mapping[str, Point]:
    if family not in FAMILIES:
        return {}
    found = FAMILIES[family]
    settings = found.settings if isinstance(found, SettableFamily) else {}
    return {
        "reference": Point(found.unit, lower=found.span[0], upper=found.span[1]),
        **{
            f"{name}{SETPOINT}": Point(one.unit, readable=False, writable=True, lower=one.low, upper=one.high)
            for name, one in settings.items()
        },
    }
