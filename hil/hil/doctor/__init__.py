"""Is this machine fit to run a bench? Each check looks at one thing and says what it found and what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from . import links, machine, software, storage
from .finding import Finding, State

if TYPE_CHECKING:
    from ..bench.config import BenchConfig

__all__ = ["Finding", "State", "examine"]


def examine(out: Path, bench: BenchConfig | None = None, ports: Sequence[str] = ()) -> list[Finding]:
    """Look at everything; a check that breaks is a finding too.

    :param out: the folder of runs.
    :param bench: whose ports and brokers are looked at as well.
    :param ports: paths of serial ports that are looked at as well.
    """
    checks: list[tuple[str, Callable[[], Iterator[Finding]]]] = [
        ("versions", software.versions),
        ("disk", lambda: storage.disk(out)),
        ("SQLite", lambda: storage.sqlite(out)),
        ("clock", machine.clock),
        ("permissions", lambda: storage.permissions(out)),
        ("serial ports", lambda: machine.ports(bench, ports)),
        ("MQTT", lambda: links.mqtt(bench)),
        ("ROS 2", links.ros),
        ("Debian packages", machine.packages),
        ("extras", software.extras),
        ("drivers", software.drivers),
    ]
    return [finding for name, check in checks for finding in _guarded(name, check)]


def _guarded(name: str, check: Callable[[], Iterator[Finding]]) -> list[Finding]:
    found: list[Finding] = []
    try:
        found.extend(check())
    except Exception as error:  # noqa: BLE001 (what breaks one check must not hide the others)
        told = f"could not be checked: {type(error).__name__}: {error}"
        found.append(Finding(name, "fail", told, "report this; the other checks hold all the same"))
    return found
