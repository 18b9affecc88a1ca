"""A device: one connected instrument, actuator, camera or system under test, with its points."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, wraps
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from .clock import Clock, WallClock
from .errors import MissingExtra, OptionError, SetpointRefused, UnitError, UnknownDriver
from .indication import Indication
from .options import option_faults
from .pacing import Samples, paced
from .transport.supervisor import Supervisor

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint, EntryPoints


@dataclass(frozen=True, slots=True)
class Point:
    """One quantity that a device senses or sets; ``unit`` is a UCUM string.

    ``lower`` and ``upper`` bound what may be commanded (setpoints) or is declared to be measured (sensors).
    """

    unit: str
    readable: bool = True
    writable: bool = False
    lower: float | None = None
    upper: float | None = None


class Device(ABC):
    """Base class of every driver.

    :param name: the device's name on its bench, used in errors.
    :param address: where it is, as the transports understand it.
    :param clock: the bench clock.

    ``supervisor`` knows how its link does; a driver hands it to each link that it makes.
    """

    points: Mapping[str, Point] = {}
    libraries: ClassVar[tuple[str, ...]] = ()
    """Vendor libraries that it uses: imported before it is opened, so that no deadline is spent on an import."""
    files: ClassVar[tuple[str, ...]] = ()
    """Options that name a file: in a bench file, a relative path starts at the bench file's folder."""
    awaits: ClassVar[str] = ""
    """What it waits for while it is opened, where its user may have forgotten that."""
    looks_up: ClassVar[bool] = False
    """Whether what it does, but to give a picture or values, waits for nothing but bench time, and may end anywhere."""

    def __init__(self, name: str, address: str, *, clock: Clock) -> None:
        self.name, self.address, self.clock = name, address, clock
        self.supervisor = Supervisor(name)
        self._ranges: dict[str, tuple[float, float]] = {}

    def __init_subclass__(cls, **options: Any) -> None:
        """Let no driver's ``write``, its own or a mixin's, send anything before the setpoint was checked."""
        super().__init_subclass__(**options)
        if not hasattr(cls.write, "checks_setpoint"):
            cls.write = _checked_first(cls.write)  # type: ignore[assignment,method-assign]

    @classmethod
    def declared(cls, options: Mapping[str, Any]) -> Mapping[str, Point]:  # noqa: ARG003 (for drivers that look at them)
        """The points of a device with these options, as far as they are known before it is opened.

        :raises OptionError: if they are told by options, and one of these is wrong.
        """
        return cls.points

    @classmethod
    def file_faults(cls, options: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """What is wrong with the files that the options name: each time the option, and what to say of it."""
        for key in cls.files:
            if isinstance(options.get(key), str) and not Path(options[key]).exists():
                yield key, f'there is no "{options[key]}"; correct {key}, or put it there'

    @abstractmethod
    async def open(self) -> None:
        """Connect and check that it is the expected kind of device.

        :raises DeviceUnreachable: if it does not answer.
        :raises RemoteProtocolError: if what answers is not this kind of device.
        """

    @abstractmethod
    async def close(self) -> None:
        """Disconnect; never raises for a link that is already gone."""

    async def read(self, point: str) -> Indication:
        """Take one indication of ``point``, in the point's unit."""
        raise self._no_such(point, "readable")

    def stream(self, point: str, *, period: float) -> AsyncIterator[Indication]:
        """Indications of ``point`` without end, one in each ``period`` seconds of bench time, the first at once.

        Here each is a reading of its own, on a grid of absolute times; a tick that passes while a reading is under
        way is missed, and counted as ``skipped`` by the supervisor. After an error, iterating goes on with the next
        tick. A driver whose device sends by itself may override this.

        :raises UnitError: if there is no such point to read.
        :raises OptionError: for a period that cannot be.
        """
        self._readable(point)
        return Samples(paced(self.clock, period), lambda: self.read(point), self.supervisor)

    async def write(self, point: str, value: float) -> None:  # noqa: ARG002 (for drivers that have setpoints)
        """Command ``point`` to ``value`` in the point's unit."""
        raise self._no_such(point, "writable")

    def restrict(self, point: str, lower: float, upper: float) -> None:
        """Refuse setpoints of ``point`` outside ``[lower, upper]`` as well, in its unit; several restrictions add up.

        :raises UnitError: if there is no such point to command.
        """
        found = self.points.get(point)
        if found is None or not found.writable:
            raise self._no_such(point, "writable")
        before = self._ranges.get(point, (-math.inf, math.inf))
        self._ranges[point] = (max(lower, before[0]), min(upper, before[1]))

    def _readable(self, point: str) -> Point:
        found = self.points.get(point)
        if found is None or not found.readable:
            raise self._no_such(point, "readable")
        return found

    def _setpoint(self, point: str, value: float) -> float:
        """``value`` if ``point`` can be commanded to it; every ``write`` is checked by this before it begins.

        :raises SetpointRefused: if it is no finite number within the declared range and what the bench allows of it.
        """
        found = self.points.get(point)
        if found is None or not found.writable:
            raise self._no_such(point, "writable")
        lowest, highest = self._ranges.get(point, (-math.inf, math.inf))
        lower = lowest if found.lower is None else max(lowest, found.lower)
        upper = highest if found.upper is None else min(highest, found.upper)
        if not (math.isfinite(value) and lower <= value <= upper):
            raise SetpointRefused(
                f"{point} cannot be set to {value:g} {found.unit}",
                where=self.name,
                remedy=f"command a value from {lower:g} to {upper:g} {found.unit}",
            )
        return float(value)

    def _no_such(self, point: str, kind: str) -> UnitError:
        known = [name for name, declared in self.points.items() if getattr(declared, kind)]
        remedy = f"use {', '.join(known)}" if known else ""
        return UnitError(f"has no {kind} point {point!r}", where=self.name, remedy=remedy)


Write = Callable[[Any, str, float], Coroutine[Any, Any, None]]


def _checked_first(write: Write) -> Write:
    """``write`` of a driver, behind the check of its setpoint."""

    @wraps(write)
    async def checked(device: Device, point: str, value: float) -> None:
        device._setpoint(point, value)  # noqa: SLF001 (of the base class, which this belongs to)
        await write(device, point, value)

    checked.checks_setpoint = True  # type: ignore[attr-defined]
    return checked


async def open_device(
    address: str, driver: str, *, name: str = "", clock: Clock | None = None, **options: Any
) -> Device:
    """Open one device by address and driver name.

    :param address: for example ``serial:///dev/ttyUSB0?baudrate=9600``.
    :param driver: a name among the entry points ``hil.drivers``, or ``module:name``.
    :param name: the name used in errors; the driver's name by default.
    :param clock: the bench clock; the machine's own by default.
    :param options: the driver's own options.
    :raises UnknownDriver: if there is no such driver.
    :raises OptionError: if it does not take an option given, or its value.
    """
    device = make_device(address, driver, name=name, clock=clock, **options)
    await device.open()
    return device


def make_device(address: str, driver: str, *, name: str = "", clock: Clock | None = None, **options: Any) -> Device:
    """A device that is not open yet; the arguments are those of :func:`open_device`.

    :raises UnknownDriver: if there is no such driver.
    :raises OptionError: if it does not take an option given, or its value.
    """
    made = load_driver(driver)
    try:
        return made(name or driver, address, clock=clock or WallClock(), **options)
    except TypeError:
        for option, fault in option_faults(made, options):
            raise OptionError(f"{option}: {fault}" if option else fault, where=name or driver) from None
        raise


@cache
def _installed() -> EntryPoints:
    """The entry points of drivers: to find them reads the metadata of every package, so it is done once."""
    from importlib.metadata import entry_points  # it loads half of what e-mail needs

    return entry_points(group="hil.drivers")


def driver_names() -> list[str]:
    """The names of the installed drivers, sorted."""
    return sorted(_installed().names)


def driver_entries() -> list[EntryPoint]:
    """The installed drivers of every package, sorted by name; nothing is imported."""
    return sorted(_installed(), key=lambda entry: (entry.name, package_of(entry)))


def package_of(entry: EntryPoint) -> str:
    """The name and version of the package that brings a driver."""
    return f"{entry.dist.name} {entry.dist.version}" if entry.dist is not None else "an unknown package"


def load_entry(entry: EntryPoint) -> type[Device]:
    """The class behind an installed driver.

    :raises UnknownDriver: if its package cannot be imported, or has something else in its place.
    """
    try:
        found = entry.load()
    except (Exception, SystemExit) as error:
        raise UnknownDriver(
            f"the driver {entry.name!r} cannot be loaded: {type(error).__name__}: {error}",
            where=package_of(entry),
            remedy="repair the package, or remove it",
        ) from error
    return _checked(found, entry.name)


def load_driver(driver: str) -> type[Device]:
    """The class behind a driver's name, with its vendor libraries imported.

    :raises MissingExtra: if one of them is not installed.
    """
    made = driver_class(driver)
    for library in made.libraries:
        try:
            import_module(library)
        except ImportError as error:
            raise MissingExtra(
                f"the library {library} cannot be imported: {error}",
                where=driver,
                remedy="install it into this environment",
            ) from error
    return made


def driver_class(driver: str) -> type[Device]:
    """The class behind a driver's name or ``module:name``."""
    found = _installed()
    if driver in found.names:
        return load_entry(found[driver])
    if ":" in driver:
        module, _, attribute = driver.partition(":")
        try:
            return _checked(getattr(import_module(module), attribute), driver)
        except (ImportError, AttributeError) as error:
            raise UnknownDriver(f"cannot import the driver {driver!r}: {error}") from error
    raise UnknownDriver(
        f"there is no driver {driver!r}", remedy=f"use one of {', '.join(driver_names())}, or module:name"
    )


def _checked(found: object, driver: str) -> type[Device]:
    if isinstance(found, type) and issubclass(found, Device):
        return found
    raise UnknownDriver(f"{driver!r} is not a driver", remedy="name a subclass of hil_drivers.Device")
