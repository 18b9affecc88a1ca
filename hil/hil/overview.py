"""What screens show of a bench beside its values: channels, devices and interlocks, as they are declared and now."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from hil_drivers.transport.supervisor import LinkState

if TYPE_CHECKING:
    from hil_drivers.transport.supervisor import LinkStatus

    from .bench.config import BenchConfig
    from .measurement import Look
    from .pictures import Taken

LINK_WORDS = {LinkState.UP: "ok", LinkState.DOWN: "lost", LinkState.CLOSED: "closed"}


ESTOP = "estop"
"""How the point of a device is called that tells of the chain of the emergency stop: screens show that chain."""


class Shown(Protocol):
    """A channel whose latest reading is shown."""

    extremes: tuple[float, float] | None
    """The least and the largest value since it was looked at last, where the channel has limits."""

    @property
    def shown(self) -> Look | None:
        """The latest reading, whatever its flags; ``None`` before the first."""
        ...


class HasPicture(Protocol):
    """A camera whose latest picture is shown."""

    taken: Taken | None


@dataclass
class Overview:
    """What is declared of a bench, and where to look for the rest.

    :param declared: by channel, what a screen needs to show it.
    :param devices: as declared, in the order of the bench file.
    :param interlocks: as declared.
    :param links: by device, how its link does now; devices that are not in use are left out.
    :param tripped: the names of the interlocks that are tripped now; ``None`` while nobody looks at them.
    """

    kind: str
    provenance: str
    declared: Mapping[str, dict[str, Any]]
    devices: tuple[dict[str, Any], ...]
    interlocks: tuple[dict[str, Any], ...]
    links: Callable[[], Iterable[tuple[str, LinkStatus]]] = field(default=tuple)
    tripped: Callable[[], Iterable[str] | None] = field(default=lambda: None)

    def state(self) -> dict[str, Any]:
        """The bench as it is now."""
        links, tripped = dict(self.links()), self.tripped()
        return {
            "kind": self.kind,
            "provenance": self.provenance,
            "devices": [{**device, **_link(links.get(device["name"]))} for device in self.devices],
            "interlocks": [
                {**each, "tripped": None if tripped is None else each["name"] in tripped} for each in self.interlocks
            ],
        }

    def channel(self, name: str) -> dict[str, Any]:
        """What a screen needs to show the channel ``name``."""
        return self.declared.get(name, {"name": name, "unit": "", "symbol": ""})

    def let_go(self) -> None:
        """Nothing is in use any more."""
        self.links, self.tripped = tuple, lambda: None


def overview(config: BenchConfig) -> Overview:
    """What is declared of the bench ``config``."""
    return Overview(
        config.bench.kind,
        config.provenance,
        {name: _channel(config, name) for name in config.channels},
        tuple(_device(config, name) for name in config.devices),
        tuple(_interlock(config, name) for name in config.interlocks),
    )


def _interlock(config: BenchConfig, name: str) -> dict[str, Any]:
    from .safety.expression import channels, parse

    section = config.interlocks[name]
    is_estop = any(config.channels[channel].point == ESTOP for channel in channels(parse(section.when)))
    return {"name": name, "when": section.when, "then": section.then, "is_estop": is_estop}


def _channel(config: BenchConfig, name: str) -> dict[str, Any]:
    from hil_calibration.unit import symbol

    section, entry = config.channels[name], config.instrument(name)
    calibrated = section.calibration is not None
    return {
        "name": name,
        "unit": section.unit,
        "symbol": symbol(section.unit),
        "limits": section.limits,
        "period": section.period,
        "device": section.device,
        "point": section.point,
        "provenance": config.provenance,
        "calibration": section.calibration,
        "due": entry.due.isoformat() if calibrated and entry is not None and entry.due is not None else None,
        "note": "" if calibrated else "no calibration: its uncertainty is unknown",
    }


def _device(config: BenchConfig, name: str) -> dict[str, Any]:
    channels = {channel: each for channel, each in config.channels.items() if each.device == name}
    entry = next((found for channel in channels if (found := config.instrument(channel)) is not None), None)
    declared: dict[str, Any] = {"name": name, "driver": config.devices[name].driver}
    if entry is None:
        return {**declared, "instrument": "", "serial": "", "due": None}
    calibrated = any(each.calibration is not None for each in channels.values())
    due = entry.due.isoformat() if calibrated and entry.due is not None else None
    return {**declared, "instrument": f"{entry.manufacturer} {entry.model}", "serial": entry.serial, "due": due}


def _link(status: LinkStatus | None) -> dict[str, Any]:
    if status is None:
        return {"state": "not in use", "error": ""}
    return {"state": LINK_WORDS[status.state], "error": status.last_error if status.state is LinkState.DOWN else ""}
