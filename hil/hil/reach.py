"""Whether a bench can play its roles and reach what a procedure commands, as far as is known before it is opened."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from hil_drivers.capability import Actuator, Pose, Sensor
from hil_drivers.errors import DriverError, SetpointRefused

from .bench.drivers import declared_points, driver_of, made
from .errors import ConfigurationError, UsageError

if TYPE_CHECKING:
    from hil_drivers.device import Point

    from .bench.config import BenchConfig
    from .design import AdaptiveDesign, Design
    from .preparation import Prepared
    from .scripts import Command


def require_playable(prepared: Prepared) -> None:
    """Check that each role of the procedure is bound to something with the capability that it asks for.

    :raises ConfigurationError: with one sentence for each role that is not.
    """
    config = prepared.config
    wrong = [
        f"{config.path}: role {role!r}: {config.roles[role]} is no {capability.__name__}; "
        f"bind it to one in [roles], or name another role"
        for role, capability in prepared.procedure.roles.items()
        if not _plays(config, config.roles[role], capability)
    ]
    if wrong:
        raise ConfigurationError("\n".join(wrong))


def require_reachable(prepared: Prepared) -> None:
    """Check what the procedure is sure to command against the ranges that the bench and its drivers declare.

    :raises UsageError: with one sentence for each role that is told something out of reach.
    """
    beyond = list(_beyond(prepared.config, prepared.procedure.told(prepared.parameters)))
    if beyond:
        raise UsageError("\n".join(f"{prepared.procedure.name}: {each}" for each in beyond))


def doubtful(prepared: Prepared, design: Design | AdaptiveDesign) -> list[str]:
    """One sentence for each factor of the plan with values beyond what a role takes, if it is told them as they are.

    For a procedure that does not say what it commands. A factor with a unit is taken to be for the one actuator in that
    unit, a factor without one for the role ``actuator``.
    """
    if prepared.procedure.commands_of is not None:
        return []
    planned = design.plan(prepared.seed).foreseen
    found = []
    for factor, unit in design.factors.items():
        values = [point.factors[factor] for point in planned]
        role = _told_by(prepared, unit) if values and all(isinstance(each, int | float) for each in values) else None
        beyond = [] if role is None else list(_beyond(prepared.config, [(role, value) for value in values]))
        found += [f"{each}. The run would end there, if it is told {factor} as it is planned" for each in beyond]
    return found


def _told_by(prepared: Prepared, unit: str | None) -> str | None:
    actuators = [role for role, capability in prepared.procedure.roles.items() if capability is Actuator]
    if unit is None:
        return "actuator" if "actuator" in actuators else None
    channels = prepared.config.channels
    fitting = [role for role in actuators if channels[prepared.config.roles[role]].unit == unit]
    return fitting[0] if len(fitting) == 1 else None


def _plays(config: BenchConfig, target: str, capability: type) -> bool:
    """Whether a channel or device has a capability; yes where that is not known before it is opened."""
    if target not in config.channels:
        driver = driver_of(config, target)
        wanted = [name for name in vars(capability) if not name.startswith("_")]
        return driver is None or all(hasattr(driver, name) for name in wanted)
    point = _point(config, target)
    if point is None or capability not in (Actuator, Sensor):
        return True
    return point.writable if capability is Actuator else point.readable


def _point(config: BenchConfig, channel: str) -> Point | None:
    """The point of a channel, as its device declares it before it is opened."""
    section = config.channels[channel]
    device = made(config, section.device)
    if device is not None and section.point in device.points:
        return device.points[section.point]
    with suppress(DriverError):
        return declared_points(config, section.device).get(section.point)
    return None


def _beyond(config: BenchConfig, commands: Iterable[Command]) -> Iterator[str]:
    told: dict[str, list[float | Pose]] = {}
    for role, value in commands:
        told.setdefault(role, []).append(value)
    for role, values in told.items():
        target = config.roles[role]
        if target in config.channels:
            yield from _outside(config, role, target, [value for value in values if not isinstance(value, Pose)])
        else:
            yield from _unreachable(config, role, target, [value for value in values if isinstance(value, Pose)])


def _outside(config: BenchConfig, role: str, channel: str, values: Iterable[float]) -> Iterator[str]:
    section, point = config.channels[channel], _point(config, channel)
    lower, upper = section.range or (-math.inf, math.inf)
    if point is not None:
        lower = lower if point.lower is None else max(lower, point.lower)
        upper = upper if point.upper is None else min(upper, point.upper)
    outside = [value for value in dict.fromkeys(values) if not lower <= value <= upper]
    if outside:
        from hil_calibration.unit import symbol

        unit = "" if section.unit == "1" else f" {symbol(section.unit)}"
        few = ", ".join(f"{value:g}" for value in outside[:3]) + (", …" if len(outside) > 3 else "")
        yield f"role {role!r}: {channel} cannot be set to {few}{unit}; it takes {lower:g} to {upper:g}{unit}"


def _unreachable(config: BenchConfig, role: str, device: str, poses: Iterable[Pose]) -> Iterator[str]:
    robot: Any = made(config, device)
    if not hasattr(robot, "require_reachable"):
        return
    for pose in dict.fromkeys(poses):
        try:
            robot.require_reachable(pose)
        except SetpointRefused as error:
            yield f"role {role!r}: pose {pose.x:g} {pose.y:g} {pose.z:g} (m): {error}"
            return
