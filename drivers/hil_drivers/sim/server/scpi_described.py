"""An instrument of a description: what it answers and obeys, written apart from the driver's code."""

from __future__ import annotations

import re
from collections.abc import Callable

from ...clock import NANOSECONDS
from ...instruments.scpi_description import PointSection
from ..devices.scpi import PLACE, ScpiInstrumentDevice
from ..faults import Faults
from ..world import World
from .scpi import DATA_TYPE_ERROR, OUT_OF_RANGE, ScpiError, ScpiProtocol
from .shown import Shown

_SLOT = re.compile(r"\\\{value[^}]*\\\}")
_NUMBER = r"([-+.0-9eE]+)"


class DescribedInstrument:
    """The state of the instrument, which every connection shares: what is commanded, and when it was triggered."""

    def __init__(self, name: str, device: ScpiInstrumentDevice, world: World, faults: Faults) -> None:
        self.device, self.world, self.faults = device, world, faults
        self.points = device.described.points
        self._shown = {point: Shown(world, name, point, device.served(point), device.place) for point in self.points}
        self._commands = {point: _command(section) for point, section in self.points.items() if section.command}
        self._held: dict[str, float] = {}
        self._triggered: dict[str, int] = {}
        self._last: dict[str, float] = {}

    def measures(self, query: str) -> bool:
        """Whether what ``query`` asks for is being measured."""
        now = self.world.time.now()
        return any(point.query == query and now < self._end(point) for point in self.points.values())

    def trigger(self, message: str) -> bool:
        """Begin to measure, if that is what ``message`` is for."""
        if all(point.trigger != message for point in self.points.values()):
            return False
        self._triggered[message] = self.world.time.now()
        return True

    def command(self, message: str) -> bool:
        """Hold what ``message`` commands, if it is a command of a point."""
        for name, pattern in self._commands.items():
            if (found := pattern.fullmatch(message)) is not None:
                self._hold(name, self.points[name], found[1])
                return True
        return False

    def answer(self, query: str) -> str | None:
        """The answer to a query of the description."""
        asked = {name: point for name, point in self.points.items() if point.query == query}
        if not asked:
            return None
        numbers = {name: f"{self._number(name, point):+.8E}" for name, point in asked.items()}
        if (form := self.device.answers.get(query)) is not None:
            return PLACE.sub(lambda place: numbers[place[1]], form)
        fields = {point.field: numbers[name] for name, point in asked.items()}
        return ",".join(fields.get(place, "+0.00000000E+00") for place in range(max(fields) + 1))

    def _hold(self, name: str, point: PointSection, text: str) -> None:
        try:
            value = float(text) * point.scale + point.offset
        except ValueError:
            raise ScpiError(DATA_TYPE_ERROR) from None
        slack = abs(point.scale) * 1e-6
        if point.lower is None or point.upper is None or not point.lower - slack <= value <= point.upper + slack:
            raise ScpiError(OUT_OF_RANGE)
        if not self.faults.present("frozen"):
            self._held[name] = value
            self._shown[name].command(value, self.world.time.now())

    def _end(self, point: PointSection) -> int:
        if point.trigger is None or point.trigger not in self._triggered:
            return 0
        return self._triggered[point.trigger] + round(point.integration * NANOSECONDS)

    def _number(self, name: str, point: PointSection) -> float:
        if self.faults.present("over-range"):
            return point.overload
        if name not in self._last or not self.faults.present("frozen"):
            self._last[name] = self._held[name] if name in self._held else self._shown[name].at(self._sampled(point))
        return (self._last[name] - point.offset) / point.scale

    def _sampled(self, point: PointSection) -> int:
        """When the present value was sensed: at the trigger, or on a grid of its own period."""
        if point.trigger is not None and point.trigger in self._triggered:
            return self._triggered[point.trigger]
        now, period = self.world.time.now(), round(point.age * NANOSECONDS)
        return now // period * period if period else now


class DescribedProtocol(ScpiProtocol):
    """Messages are compared whole, with single blanks and without regard to case."""

    def __init__(self, instrument: DescribedInstrument) -> None:
        section = instrument.device.described.instrument
        handlers = {section.error_query: lambda _: self.oldest_error()} if section.error_query else {}
        super().__init__(instrument.device.identity, handlers)
        self._instrument = instrument
        points = instrument.points.values()
        told = (*section.opening, *section.closing)
        self._known = {_plain(text): text for text in told}
        self._triggers = {_plain(point.trigger): point.trigger for point in points if point.trigger}
        self._queries = {_plain(point.query): point.query for point in points if point.query}

    def _waits(self, line: bytes) -> bool:
        query = self._queries.get(_plain(line.decode("latin-1")))
        return query is not None and self._instrument.measures(query)

    def _obey(self, text: str) -> str | None:
        plain = _plain(text)
        if plain in self._queries:
            return self._instrument.answer(self._queries[plain])
        if plain in self._triggers and self._instrument.trigger(self._triggers[plain]):
            return None
        if plain in self._known or self._instrument.command(text.strip()):
            return None
        return super()._obey(text)


def described(name: str, device: ScpiInstrumentDevice, world: World) -> Callable[[Faults], ScpiProtocol]:
    """What makes the protocol of each connection: all of them speak to one instrument."""
    made: list[DescribedInstrument] = []

    def protocol(faults: Faults) -> ScpiProtocol:
        if not made:
            made.append(DescribedInstrument(name, device, world, faults))
        return DescribedProtocol(made[0])

    return protocol


def _plain(text: str) -> str:
    return " ".join(text.upper().split())


def _command(point: PointSection) -> re.Pattern[str]:
    """What the commands of a point look like."""
    return re.compile(_SLOT.sub(lambda _: _NUMBER, re.escape(point.command or "")), re.IGNORECASE | re.ASCII)
