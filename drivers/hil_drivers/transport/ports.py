"""The serial ports of this machine, and whether this user may open them."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Port:
    """One serial port.

    ``path`` fits an address ``serial://PATH``: a name that stays with the adapter where the system has one.
    ``hint`` says what to do where ``permitted`` is false, else it is empty. A port that another program holds is
    permitted all the same: opening it would say so, and would set its lines.
    """

    path: str
    description: str
    permitted: bool
    hint: str = ""


def serial_ports(comports: Callable[[], Any] | None = None) -> list[Port]:
    """The serial ports of this machine, sorted by path; none is opened.

    :param comports: lists the ports as pyserial's ``comports`` does, which is the default.
    :raises OSError: if the system does not list its ports.
    """
    if comports is None:
        from serial.tools.list_ports import comports as found

        comports = found
    return sorted((_port(one.device, one.description) for one in comports()), key=lambda port: port.path)


def check_port(path: str) -> Port:
    """One port by its path, whether the system lists it or not.

    :param path: such as ``/dev/ttyUSB0``; a pseudo-terminal will do.
    """
    return _port(path, "n/a")


def _port(device: str, description: str) -> Port:
    told = "" if description in ("n/a", None) else description
    path = _stable(device)
    if not Path(device).exists():
        return Port(path, told, False, "plug it in, or correct its path")
    if os.access(device, os.R_OK | os.W_OK):
        return Port(path, told, True)
    return Port(path, told, False, f"add this user to the group {_group(device)}, then log in again")


def _stable(device: str) -> str:
    """The name by which udev knows the adapter, whatever the order of plugging in."""
    folder = Path("/dev/serial/by-id")
    if folder.is_dir():
        for link in sorted(folder.iterdir()):
            if link.resolve() == Path(device).resolve():
                return str(link)
    return device


def _group(device: str) -> str:
    try:
        return Path(device).group()
    except (OSError, KeyError):
        return "that owns it"
