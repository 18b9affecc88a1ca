"""The interlocks of a bench file as rules, in an order in which each can see those that it names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

from .expression import Condition, Lost, Tripped, channels, parse, parts
from .interlock import Rule

if TYPE_CHECKING:
    from ..bench.model import BenchFile, InterlockSection


def rule(name: str, section: InterlockSection) -> Rule:
    """An interlock of a bench file.

    :raises ExpressionError: if its condition is none.
    """
    return Rule(
        name,
        parse(section.when),
        section.then,
        section.confidence,
        section.delay or 0.0,
        section.hysteresis,
        section.latch,
    )


def rules(sections: Mapping[str, InterlockSection]) -> dict[str, Rule]:
    """The rules of a checked bench file: whatever an interlock names comes before it."""
    made = {name: rule(name, section) for name, section in sections.items()}
    return {name: made[name] for name in TopologicalSorter(named(made)).static_order()}


def named(made: Mapping[str, Rule]) -> dict[str, list[str]]:
    """By interlock, the interlocks that its condition names."""
    return {
        name: [node.interlock for node in parts(each.when) if isinstance(node, Tripped)] for name, each in made.items()
    }


def cycle(made: Mapping[str, Rule]) -> list[str]:
    """Interlocks that name each other in a ring, the first one again at the end; none where there is no ring."""
    try:
        TopologicalSorter(named(made)).prepare()
    except CycleError as error:
        ring: list[str] = error.args[1]
        return ring
    return []


def lost_devices(condition: Condition) -> Iterator[str]:
    """The devices whose loss a condition looks at."""
    return (node.device for node in parts(condition) if isinstance(node, Lost))


def safety_channels(content: BenchFile) -> set[str]:
    """The channels that the interlocks and the safe state of a checked bench file need."""
    return safe_state_channels(content) | sensed_channels(content)


def safe_state_channels(content: BenchFile) -> set[str]:
    """The channels that the safe state commands and reads back."""
    actions = content.safe_state.actions
    return {action.channel for action in actions} | {action.readback for action in actions if action.readback}


def sensed_channels(content: BenchFile) -> set[str]:
    """Those that interlocks and readbacks read."""
    found = {action.readback for action in content.safe_state.actions if action.readback}
    for section in content.interlocks.values():
        found |= channels(parse(section.when)).keys()
    return found


def safety_devices(content: BenchFile) -> set[str]:
    """The devices that they need beside those of their channels."""
    found = {name for section in content.interlocks.values() for name in lost_devices(parse(section.when))}
    return found | ({content.watchdog.device} if content.watchdog else set())
