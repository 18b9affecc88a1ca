"""The machine: its clock, its serial ports, and packages of the system."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from hil_drivers.transport.ports import Port, check_port, serial_ports

from ..clock_state import ClockState, read_clock_state
from .finding import Finding, State

if TYPE_CHECKING:
    from ..bench.config import BenchConfig

PACKAGES = {
    "libgl1": "cameras and pictures",
    "libglib2.0-0": "cameras and pictures",
    "mosquitto": "simulated MQTT devices",
}
"""Debian packages, and what needs them when the program runs."""

NO_CLAIM = "install and start chrony; until then times are the machine's own, and no document claims UTC"


def clock(read: Callable[[], ClockState] = read_clock_state) -> Iterator[Finding]:
    """Whether the system clock follows UTC."""
    state = read()
    if not state.synchronised:
        yield Finding("clock", "warn", state.told, NO_CLAIM)
    elif state.leap in ("insert", "delete"):
        told = f"{state.told}; a leap second is due at the end of the day"
        yield Finding("clock", "warn", told, "do not let a run cross midnight UTC")
    else:
        yield Finding("clock", "ok", state.told)


def ports(
    bench: BenchConfig | None = None,
    paths: Sequence[str] = (),
    listed: Callable[[], list[Port]] = serial_ports,
) -> Iterator[Finding]:
    """The serial ports of the machine, those of ``paths`` and those that the bench names: these must be there."""
    needed = {port.path: port for port in map(check_port, (*paths, *_paths(bench)))}
    found = needed | {port.path: port for port in listed()}
    if not found:
        yield Finding("serial ports", "ok", "none")
    for path in sorted(found):
        port = found[path]
        told = f"{port.description or 'a serial port'}, {'may be opened' if port.permitted else 'cannot be opened'}"
        state: State = "ok" if port.permitted else "fail" if path in needed else "warn"
        yield Finding(f"serial port {path}", state, told, port.hint)


def _paths(bench: BenchConfig | None) -> list[str]:
    """The ports in the addresses of a bench."""
    if bench is None:
        return []
    split = [urlsplit(device.address) for device in bench.devices.values()]
    return [each.path for each in split if each.scheme in ("serial", "modbus+rtu")]


def packages(installed: Callable[[str], bool | None] | None = None) -> Iterator[Finding]:
    """Packages of the system that the program uses when it runs."""
    look = installed or _installed
    states = {name: look(name) for name in PACKAGES}
    if None in states.values():
        yield Finding("Debian packages", "ok", f"not a Debian system; it needs the likes of {', '.join(PACKAGES)}")
        return
    missing = [name for name, there in states.items() if not there]
    for name in missing:
        told = f"not installed; needed for {PACKAGES[name]}"
        yield Finding(f"package {name}", "warn", told, f"apt-get install --no-install-recommends {name}")
    if not missing:
        yield Finding("Debian packages", "ok", f"{', '.join(PACKAGES)} installed")


def _installed(package: str) -> bool | None:
    """Whether a Debian package is installed; ``None`` where there is no dpkg."""
    program = shutil.which("dpkg-query")
    if program is None:
        return None
    done = subprocess.run(
        [program, "-W", "-f=${Status}", package], capture_output=True, text=True, timeout=10, check=False
    )
    return "ok installed" in done.stdout
