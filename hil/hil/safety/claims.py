"""Claims on devices: two processes never drive one device.

A claim is a lock (``flock``) on a file named after the device's address, in the user's runtime directory; the kernel
gives it back when the process ends, however it ends.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from hil_drivers.errors import AddressError
from hil_drivers.transport.address import parse

from ..errors import BenchFault

LOCAL = ("sim", "process", "console", "video", "dataset", "stimuli", "model")
"""Schemes of what belongs to this process alone, or may be read by many."""


def runtime_directory() -> Path:
    """Where the claims of this user are: in ``XDG_RUNTIME_DIR``, or else in ``/tmp``."""
    given = os.environ.get("XDG_RUNTIME_DIR")
    return Path(given) / "hil" / "devices" if given else Path(f"/tmp/hil-{os.getuid()}/devices")


def place(address: str) -> str:
    """What an address leads to, without the options of how it is used; empty where nobody else can be there.

    A serial device is known by its node, whatever link leads to it.
    """
    if address.partition(":")[0] in LOCAL:
        return ""
    try:
        found = parse(address)
    except AddressError:
        return address
    if found.host:
        unit = found.options.get("device_id", "")
        return f"{found.host.lower()}:{found.port}{found.path}{f'#{unit}' if unit else ''}"
    return os.path.realpath(found.path) if found.scheme in ("serial", "modbus+rtu") else address


@contextmanager
def claim(addresses: Mapping[str, str]) -> Iterator[None]:
    """Hold the devices at ``addresses``, by name, while the context lasts.

    :raises BenchFault: naming the process that has one of them.
    """
    places = {place(address): name for name, address in reversed(list(addresses.items()))}
    with ExitStack() as held:
        for where, name in places.items():
            if where:
                held.enter_context(_claimed(where, name))
        yield


@contextmanager
def _claimed(where: str, name: str) -> Iterator[None]:
    directory = runtime_directory()
    try:
        for each in (directory.parent, directory):
            each.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = directory / f"{hashlib.sha256(where.encode()).hexdigest()[:32]}.lock"
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise BenchFault(
            f"cannot be claimed: {error.strerror}", where=str(directory), remedy="make that directory writable"
        ) from error
    try:
        _lock(descriptor, name)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int, name: str) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        pid = os.pread(descriptor, 20, 0).decode(errors="replace") or "unknown"
        raise BenchFault(
            f"is driven by another run already (process {pid})", where=name, remedy="wait for its end, or end it"
        ) from None
