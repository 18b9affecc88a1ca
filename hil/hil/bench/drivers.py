"""Whether the drivers of a bench exist, take the options given, and have its channels' points and units."""

from __future__ import annotations

import inspect
from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from hil_drivers.capability import Camera
from hil_drivers.device import Device, Point, driver_class, driver_names
from hil_drivers.errors import DriverError

from ..safety.checks import point_faults as safety_point_faults
from ..safety.checks import watchdog_faults
from ..suggest import nearest
from .files import Fault, SourceFile

if TYPE_CHECKING:
    from .config import BenchConfig
    from .model import ChannelSection


def check_drivers(config: BenchConfig, devices: Collection[str], channels: Collection[str]) -> None:
    """Check the drivers of ``devices`` and the points and units of ``channels`` without opening anything.

    A driver that learns its points from the device has none yet; its channels are checked when the bench opens.

    :raises ConfigurationError: with one sentence for each fault.
    """
    faults: list[Fault] = []
    classes: dict[str, type[Device]] = {}
    for name in devices:
        try:
            classes[name] = driver_class(config.devices[name].driver)
        except DriverError as error:
            faults.append(Fault(("devices", name, "driver"), _driver_fault(config.devices[name].driver, error)))
        else:
            faults += _option_faults(name, config.devices[name].options, classes[name])
            if config.devices[name].record == "frames" and not issubclass(classes[name], Camera):
                faults.append(Fault(("devices", name, "record"), "only a camera has frames to keep; leave it out"))
    known: dict[str, Mapping[str, Point]] = {}
    for name in classes:
        try:
            known[name] = declared_points(config, name)
        except DriverError as error:
            faults.append(Fault(("devices", name), str(error)))
    for name in channels:
        section = config.channels[name]
        if points := known.get(section.device):
            faults += point_faults(name, section, points)
    commanded = [name for name in channels if _takes_setpoints(config.channels[name], known)]
    if commanded and not config.safe_state.actions:
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

    :raises DriverError: if there is no such driver, or its options are wrong.
    """
    return driver_class(config.devices[device].driver).declared(device_options(config, device))


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
    parameters = inspect.signature(driver).parameters
    if any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in parameters.values()):
        return
    taken = [key for key in parameters if key not in ("name", "address", "clock")]
    for option in options:
        if option not in taken:
            hint = nearest(option, [*taken, "driver", "address", "instrument", "open_within"])
            yield Fault(("devices", name, option), f"unknown key; {hint}")
    for key in taken:
        if parameters[key].default is inspect.Parameter.empty and key not in options:
            yield Fault(("devices", name), f"the driver needs the key {key}")
