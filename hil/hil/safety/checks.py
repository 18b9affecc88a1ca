"""What is wrong with the interlocks, the watchdog and the safe state of a bench file, before anything is opened."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations
from typing import TYPE_CHECKING

from hil_calibration.errors import UnitError

from ..bench.files import Fault
from ..ending import ENDINGS
from ..suggest import nearest
from .constancy import constant
from .expression import FEWEST, Channel, Comparison, Condition, ExpressionError, Some, channels, parts, rates
from .quantities import compared_units
from .rules import cycle, lost_devices, named, rule
from .trip import NO_INTERLOCK

if TYPE_CHECKING:
    from hil_drivers.device import Device, Point

    from ..bench.model import BenchFile, InterlockSection, Signal
    from .interlock import Rule


def safety_faults(content: BenchFile) -> Iterator[Fault]:
    """What the bench file says of safety and cannot mean."""
    made: dict[str, Rule] = {}
    for name, section in content.interlocks.items():
        if name in NO_INTERLOCK:
            yield Fault(("interlocks", name), "is the name of a trip that is no interlock; call it something else")
        try:
            made[name] = rule(name, section)
            yield from _interlock_faults(content, name, made[name])
        except (ExpressionError, UnitError) as error:
            yield Fault(("interlocks", name, "when"), str(error))
    yield from _named_faults(made)
    yield from _together_faults(made)
    yield from _safe_state_faults(content)
    yield from _signal_faults(content)
    if content.watchdog is not None and content.watchdog.device not in content.devices:
        missing = f'there is no device "{content.watchdog.device}"; {nearest(content.watchdog.device, content.devices)}'
        yield Fault(("watchdog", "device"), missing)


def _interlock_faults(content: BenchFile, name: str, made: Rule) -> Iterator[Fault]:
    key = ("interlocks", name, "when")
    unknown = [f'there is no channel "{each}"' for each in channels(made.when) if each not in content.channels]
    yield from (Fault(key, f"{text}; {nearest(text.split(chr(34))[1], content.channels)}") for text in unknown)
    for device in lost_devices(made.when):
        if device not in content.devices:
            yield Fault(key, f'there is no device "{device}"; {nearest(device, content.devices)}')
    if unknown:
        return
    match constant(made.when):
        case True:
            yield Fault(key, "always holds, whatever is measured; look at its limits")
        case False:
            yield Fault(key, "can never hold, whatever is measured; look at its limits")
    yield from _measuring_faults(content, name, made.when)


def _measuring_faults(content: BenchFile, name: str, when: Condition) -> Iterator[Fault]:
    section = content.interlocks[name]
    found = list(compared_units(when, {each: channel.unit for each, channel in content.channels.items()}))
    if section.hysteresis and len(set(found)) != 1:
        text = "belongs to limits of one unit, and " + (f"{', '.join(sorted(set(found)))} are" if found else "none is")
        yield Fault(("interlocks", name, "hysteresis"), f"{text} compared; leave it out, or split the interlock")
    for rate in rates(when):
        if rate.window < (FEWEST - 1) * section.period:
            window = (
                f"a slope over {rate.window:g} s has fewer than {FEWEST} readings of the period {section.period:g} s"
            )
            yield Fault(("interlocks", name, "when"), f"{window}; make period shorter, or the window longer")
    yield from _uncertainty_faults(content, name, section, when)


def _uncertainty_faults(content: BenchFile, name: str, section: InterlockSection, when: Condition) -> Iterator[Fault]:
    if section.uncertainty is not None:
        return
    for each in _by_order(when):
        if content.channels[each].calibration is None:
            yield Fault(
                ("interlocks", name, "when"),
                f'the uncertainty of "{each}" is unknown, for it has no calibration; give it one, or write '
                'uncertainty = "ignored"',
            )


def _by_order(when: Condition) -> dict[str, None]:
    """The channels that are compared by more than equality."""
    by_order = [node for node in parts(when) if isinstance(node, Comparison) and node.relation != "=="]
    return {part.name: None for node in by_order for part in parts(node) if isinstance(part, Channel)}


def _named_faults(made: Mapping[str, Rule]) -> Iterator[Fault]:
    unknown = False
    for name, others in named(made).items():
        for other in others:
            if other not in made:
                unknown = True
                yield Fault(("interlocks", name, "when"), f'there is no interlock "{other}"; {nearest(other, made)}')
    if not unknown and (ring := cycle(made)):
        yield Fault(("interlocks", ring[0], "when"), f"waits for itself: {' -> '.join(ring)}; break the ring")


def _together_faults(made: Mapping[str, Rule]) -> Iterator[Fault]:
    """Interlocks of which one always holds, whatever is measured: no run could start."""
    leading = [each for each in made.values() if each.then == "safe_state" and constant(each.when) is None]
    for count in (2, len(leading)):
        for several in combinations(leading, count) if count >= 2 else ():
            if constant(Some(tuple(each.when for each in several))):
                first = " and ".join(each.name for each in several[:-1])
                yield Fault(
                    ("interlocks", several[-1].name, "when"),
                    f"this or {first} always holds, whatever is measured: no run could start; look at their limits",
                )
                return


def _safe_state_faults(content: BenchFile) -> Iterator[Fault]:
    actions = content.safe_state.actions
    for name, section in content.interlocks.items():
        if section.then == "safe_state" and not actions:
            key = ("interlocks", name, "then")
            yield Fault(key, 'leads to a safe state, and [safe_state] has no actions; add them, or write "alarm"')
    for position, action in enumerate(actions):
        place = ("safe_state", "actions", position)
        for key_name, named_channel in (("channel", action.channel), ("readback", action.readback)):
            if named_channel is not None and named_channel not in content.channels:
                hint = nearest(named_channel, content.channels)
                yield Fault((*place, key_name), f'there is no channel "{named_channel}"; {hint}')
        for other in action.after:
            if other not in (earlier.channel for earlier in actions[:position]):
                yield Fault((*place, "after"), f'no earlier action commands "{other}"; put that one before this')
        channel, readback = content.channels.get(action.channel), content.channels.get(action.readback or "")
        if channel is None:
            continue
        if channel.range is not None and not channel.range[0] <= action.set <= channel.range[1]:
            yield Fault((*place, "set"), f"{action.set:g} lies outside the range {list(channel.range)} of the channel")
        if readback is not None and readback.unit != channel.unit:
            units = f'"{readback.unit}", not in "{channel.unit}"'
            yield Fault((*place, "readback"), f"reads back in {units}; name a channel in the unit of what is set")


def _signals(content: BenchFile) -> Iterator[tuple[tuple[str | int, ...], Signal]]:
    for status in ENDINGS:
        for position, signal in enumerate(content.signals.of(status)):
            yield ("signals", status, position), signal


def _signal_faults(content: BenchFile) -> Iterator[Fault]:
    for place, signal in _signals(content):
        channel = content.channels.get(signal.channel)
        if channel is None:
            hint = nearest(signal.channel, content.channels)
            yield Fault((*place, "channel"), f'there is no channel "{signal.channel}"; {hint}')
        elif channel.range is not None and not channel.range[0] <= signal.set <= channel.range[1]:
            yield Fault((*place, "set"), f"{signal.set:g} lies outside the range {list(channel.range)} of the channel")
        if any(action.channel == signal.channel and action.set != signal.set for action in content.safe_state.actions):
            yield Fault((*place, "channel"), f'"{signal.channel}" belongs to the safe state; use a channel of its own')


def point_faults(content: BenchFile, points: Mapping[str, Point]) -> Iterator[Fault]:
    """What does not fit the points of the channels.

    :param points: by channel, as far as they are known before a device is opened.
    """
    for name, point in points.items():
        if content.channels[name].range is not None and not point.writable:
            yield Fault(("channels", name, "range"), "bounds what is commanded, and this channel senses; use limits")
    for name, section in content.interlocks.items():
        for each in _unreadable(channels(rule(name, section).when), points):
            fault = f'"{each}" takes setpoints and cannot be read; name a channel that senses'
            yield Fault(("interlocks", name, "when"), fault)
    for position, action in enumerate(content.safe_state.actions):
        place = ("safe_state", "actions", position)
        target = points.get(action.channel)
        if target is not None and not target.writable:
            fault = f'"{action.channel}" senses and takes no setpoint; name a channel that sets'
            yield Fault((*place, "channel"), fault)
        for each in _unreadable([action.readback] if action.readback else [], points):
            yield Fault((*place, "readback"), f'"{each}" takes setpoints and cannot be read; name one that senses')
    for name, gate in content.gates.items():
        target = points.get(gate.channel)
        if target is not None and target.writable:
            fault = f'nobody reads "{gate.channel}" in the background: it takes setpoints; name a channel that senses'
            yield Fault(("gates", name, "channel"), fault)
    for key, signal in _signals(content):
        target = points.get(signal.channel)
        if target is not None and not target.writable:
            fault = f'"{signal.channel}" senses and takes no setpoint; name a channel that sets'
            yield Fault((*key, "channel"), fault)


def _unreadable(names: Iterable[str], points: Mapping[str, Point]) -> list[str]:
    return [name for name in names if (point := points.get(name)) is not None and not point.readable]


def watchdog_faults(content: BenchFile, classes: Mapping[str, type[Device]]) -> Iterator[Fault]:
    """Whether the device of the watchdog has one, by its driver."""
    if content.watchdog is None:
        return
    name = content.watchdog.device
    made, device = classes.get(name), content.devices[name]
    if made is None:
        return
    if not (hasattr(made, "feed") and hasattr(made, "timeout")):
        fault = f'the driver "{device.driver}" has no watchdog to feed; name a device that has one'
        yield Fault(("watchdog", "device"), fault)
    elif "watchdog" in inspect.signature(made).parameters and "watchdog" not in device.options:
        yield Fault(("watchdog", "device"), f'"{name}" is told of no watchdog; add watchdog to [devices.{name}]')
