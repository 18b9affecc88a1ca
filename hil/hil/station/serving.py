"""Serving a bench: its station, its control socket, its gateway, and the manager of services that started it."""

from __future__ import annotations

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from ..commanding.commander import facts_of
from ..commanding.server import control_socket
from ..errors import Unreachable
from ..gateway.keeper import gateway
from .station import Station

if TYPE_CHECKING:
    from ..access.network import Network
    from ..bench.config import BenchConfig

LOCK = "service.lock"


async def serve(config: BenchConfig, out: Path, *, network: Network | None = None, notify: Path | None = None) -> None:
    """Keep ``config`` in service until this is cancelled.

    :param out: the folder of its runs.
    :param network: how it is reached from other machines; not at all by default.
    :param notify: the file that says who is told of alarms elsewhere; nobody by default.
    :raises Unreachable: if another service has this folder.
    :raises ConfigurationError: if ``network`` is not safe.
    """
    with _alone(out):
        _load(config)
        station = Station(config, out, facts_of(config), beat=lambda: tell_manager("WATCHDOG=1"), notify=notify)
        async with control_socket(station.commander), gateway(station.service, station.commander, network):
            tell_manager("READY=1")
            try:
                await station.serve()
            finally:
                tell_manager("STOPPING=1")


def _load(config: BenchConfig) -> None:
    """Load what the bench needs now, rather than when clients wait for an answer."""
    from ..bench.drivers import check_drivers
    from ..bench.fit import assess
    from ..monitor.bench import readable_channels
    from ..run import run_procedure
    from ..safety.recovery import recover

    _ = run_procedure, recover
    names = readable_channels(config)
    check_drivers(config, list(config.devices), names, broken=False)
    for name in names:
        assess(config, name)


@contextmanager
def _alone(out: Path) -> Iterator[None]:
    """Let nobody else serve runs of the same folder.

    :raises Unreachable: if somebody does.
    """
    out.mkdir(parents=True, exist_ok=True)
    with (out / LOCK).open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            fault = f"a service runs already, as process {lock.read().strip() or 'unknown'}"
            raise Unreachable(fault, where=str(out), remedy="use it, or give another folder with --out") from None
        lock.seek(0)
        lock.truncate()
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield


def tell_manager(state: str) -> None:
    """Tell systemd the ``state`` of this service, where it asked for that (sd_notify(3))."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.connect("\0" + address[1:] if address.startswith("@") else address)
        manager.sendall(state.encode())
