"""Whether the drivers of a bench exist, take the options given, and have its channels' points and units."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from hil_drivers.capability import Camera
from hil_drivers.clock import WallClock
from hil_drivers.device import Device, Point, driver_class, driver_names
from hil_drivers.errors import AddressError, DriverError, UnknownDriver
from hil_drivers.options import option_faults

from ..errors import raised
from ..suggest import nearest
from .files import Fault, SourceFile

if TYPE_CHECKING:
    from .config import BenchConfig
    from .model import ChannelSection


STAND_INS = (
    "tcp://127.0.0.1:1",
    "udp://127.0.0.1:1",
    "serial:///dev/null",
    "modbus+tcp://127.0.0.1:1",
    "modbus+rtu:///dev/null",
    "mqtt://127.0.0.1:1/simulated",
    "ros2:///simulated",
    "video+http://127.0.0.1:1/simulated",
    "video:///simulated",
    "process:",
)
"""For a device that is made without its simulation: addresses, one for each transport. None is opened."""


def check_drivers(
    config: BenchConfig, devices: Collection[str], channels: Collection[str], *, broken: bool = True
) -> None:
    """Check the drivers of ``devices`` and the points and units of ``channels`` without opening anything.

    Each device is made once, so that its driver looks at its address and its options. A driver that learns its points
    from the device has none yet; its channels are checked when the bench opens.

    :param broken: whether a driver that raises an error of its own, no fault of the bench file, is a fault here.
    :raises ConfigurationError: with one sentence for each fault.
    """
    from ..safety.checks import point_faults as safety_point_faults
    from ..safety.checks import watchdog_faults

    faults: list[Fault] = []
    classes: dict[str, type[Device]] = {}
    for name in devices:
        try:
            classes[name] = driver_class(config.devices[name].driver)
        except DriverError as error:
            faults.append(Fault(("devices", name, "driver"), _driver_fault(config.devices[name].driver, error)))
        else:
            if config.devices[name].record == "frames" and not issubclass(classes[name], Camera):
                faults.append(Fault(("devices", name, "record"), "only a camera has frames to keep; leave it out"))
            if config.devices[name].shared and not hasattr(classes[name], "respond"):
                faults.append(Fault(("devices", name, "shared"), "only a system under test is shared; leave it out"))
    known: dict[str, Mapping[str, Point]] = {}
    for name, driver in classes.items():
        found = list(_option_faults(name, config.devices[name].options, driver)) or _made(config, name, driver, broken)
        found = found or [Fault(("devices", name, key), told) for key, told in _file_faults(config, name, driver)]
        faults += found
        with suppress(DriverError):
            known[name] = {} if found else declared_points(config, name)
    for name in channels:
        section = config.channels[name]
        if points := known.get(section.device):
            faults += point_faults(name, section, points)
    commanded = [name for name in channels if _takes_setpoints(config.channels[name], known)]
    if commanded and not config.safe_state.actions and not config.replays:
        faults.append(
            Fault(
                ("safe_state",), f"has no actions, though {commanded[0]} takes setpoints; say what makes the bench safe"
            )
        )
    faults += watchdog_faults(config.content, classes)
    faults += safety_point_faults(config.content, _points_of(config, known, channels))
    if faults:
        SourceFile.read(config.path).refuse(faults)


def _points_of(
    config: BenchConfig, known: Mapping[str, Mapping[str, Point]], channels: Collection[str]
) -> dict[str, Point]:
    """By channel, its point, where it is known."""
    sections = {name: config.channels[name] for name in channels}
    return {
        name: known[section.device][section.point]
        for name, section in sections.items()
        if section.point in known.get(section.device, {})
    }


def device_options(config: BenchConfig, device: str) -> dict[str, Any]:
    """The options of a device; a file that one names is found from the bench file's folder.

    :raises UnknownDriver: if there is no such driver.
    """
    section = config.devices[device]
    options = section.options
    for key in driver_class(section.driver).files:
        if isinstance(options.get(key), str):
            options[key] = str(config.path.parent / options[key])
    return options


def declared_points(config: BenchConfig, device: str) -> Mapping[str, Point]:
    """The points of a device by its driver and options, as far as they are known before it is opened.

    :raises DriverError: if there is no such driver, its options are wrong, or it is broken.
    """
    driver = config.devices[device].driver
    try:
        return driver_class(driver).declared(device_options(config, device))
    except DriverError:
        raise
    except Exception as error:
        raise UnknownDriver(broken_driver(driver, error), where=device) from error


def _takes_setpoints(section: ChannelSection, known: Mapping[str, Mapping[str, Point]]) -> bool:
    point = known.get(section.device, {}).get(section.point)
    return point is not None and point.writable


def point_faults(name: str, channel: ChannelSection, points: Mapping[str, Point]) -> Iterator[Fault]:
    """Faults of a channel against the points of its device: no such point, or another unit."""
    from hil_calibration import unit

    point = points.get(channel.point)
    if point is None:
        hint = nearest(channel.point, points)
        yield Fault(("channels", name, "point"), f'{channel.device} has no point "{channel.point}"; {hint}')
    elif not unit.same(point.unit, channel.point_unit):
        key = "unit" if channel.indication_unit is None else "indication_unit"
        yield Fault(
            ("channels", name, key),
            f'the point "{channel.point}" of {channel.device} is in "{point.unit}", not in "{channel.point_unit}"; '
            f'write {key} = "{point.unit}"',
        )
    elif point.writable and channel.point_unit != channel.unit:
        yield Fault(("channels", name, "indication_unit"), "a channel that takes setpoints has one unit; leave it out")


def _driver_fault(driver: str, error: DriverError) -> str:
    if ":" in driver:
        return error.what
    if driver in driver_names():
        return str(error)
    return f'there is no driver "{driver}"; {nearest(driver, driver_names())}'


def _option_faults(name: str, options: Mapping[str, object], driver: type[Device]) -> Iterator[Fault]:
    for option, told in option_faults(driver, options, others=("driver", "address", "instrument", "open_within")):
        yield Fault(("devices", name, option) if option else ("devices", name), told)


def driver_of(config: BenchConfig, device: str) -> type[Device] | None:
    """The driver of a device, ``None`` where there is none that can be loaded."""
    with suppress(DriverError):
        return driver_class(config.devices[device].driver)
    return None


def made(config: BenchConfig, device: str) -> Device | None:
    """A device that is not open, ``None`` where it cannot be made."""
    driver = driver_of(config, device)
    if driver is None:
        return None
    for address in _addresses(config, device):
        with suppress(DriverError):
            return driver(device, address, clock=WallClock(), **device_options(config, device))
    return None


def _addresses(config: BenchConfig, device: str) -> tuple[str, ...]:
    address = config.devices[device].address
    return STAND_INS if address.startswith("sim:") else (address,)


def _made(config: BenchConfig, name: str, driver: type[Device], broken: bool) -> list[Fault]:
    """What stands against making the device, by its driver's own account; it is not opened."""
    section, options = config.devices[name], device_options(config, name)
    simulated = section.address.startswith("sim:")
    for address in _addresses(config, name):
        try:
            driver(name, address, clock=WallClock(), **options)
            driver.declared(options)
        except AddressError as error:
            if not simulated:
                return [Fault(("devices", name, "address"), _without(error, name))]
        except DriverError as error:
            return [Fault(_option_key(name, error, options), _without(error, name))]
        except Exception as error:  # noqa: BLE001 (what a driver of another package raises)
            return [Fault(("devices", name), broken_driver(section.driver, error))] if broken else []
        else:
            return []
    return []


def _file_faults(config: BenchConfig, name: str, driver: type[Device]) -> Iterator[tuple[str, str]]:
    return driver.file_faults(device_options(config, name))


def broken_driver(driver: str, error: Exception) -> str:
    """What to say of a driver that raised an error which is none of the drivers' own tree."""
    return f"the driver {driver} {raised(error)}; correct the driver"


def _option_key(device: str, error: DriverError, options: Mapping[str, object]) -> tuple[str, ...]:
    told = next((key for key in options if re.search(rf"\b{re.escape(key)}\b", f"{error.where} {error.what}")), None)
    return ("devices", device) if told is None else ("devices", device, told)


def _without(error: DriverError, device: str) -> str:
    """The error, without the device's name where it begins with that: the key says it."""
    return str(error).removeprefix(f"{device}: ")
