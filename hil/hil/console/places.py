"""Where a bench is reached: found again before each attempt, as a bench that starts anew listens elsewhere."""

from __future__ import annotations

import re
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ..commanding.client import NO_RUN, Reached, ask, the_run
from ..commanding.places import control_sockets
from ..commanding.verb import Verb
from ..errors import Unreachable, UsageError


@dataclass(frozen=True)
class Place:
    """Where a gateway listens, and the core behind it.

    :param path: the unix socket of the gateway, ``None`` for one that is reached over the network.
    :param address: its ``host:port``.
    :param control: the control socket of the core, where that is on this machine.
    """

    path: Path | None = None
    address: str = ""
    token: str = ""
    ca: Path | None = None
    control: Path | None = None

    @property
    def name(self) -> str:
        """What a person calls it."""
        return str(self.path) if self.path is not None else self.address

    def context(self) -> ssl.SSLContext | None:
        """How the other end proves who it is.

        :raises UsageError: if the certificate of the authority cannot be read.
        """
        if self.path is not None:
            return None
        try:
            return ssl.create_default_context(cafile=self.ca)
        except (OSError, ssl.SSLError) as error:
            raise UsageError("is no certificate", where=str(self.ca), remedy="give a PEM file with --ca") from error


_SERVED = "start the bench with hil service run --bench BENCH, or the run with hil run --service"

Finder = Callable[[], Place]
"""Finds a bench; it may take some seconds.

:raises hil.errors.HilError: where there is none.
"""


def finder(run: str | None, connect: str | None, token_file: Path | None, ca: Path | None) -> Finder:
    """Finds the bench that the options mean: the gateway at ``connect``, else that of a run of this user.

    :raises UsageError: if the options do not go together.
    """
    if connect is None:
        if token_file is not None or ca is not None:
            raise UsageError("--token-file and --ca need --connect host:port", remedy="say where the bench is")
        return lambda: _of_run(run)
    if run is not None:
        raise UsageError("--run and --connect name two benches", remedy="give one of them")
    if re.fullmatch(r"(\[[0-9a-fA-F:.]+\]|[^/:\s]+):\d{1,5}", connect):
        token = _token(token_file)
        return lambda: Place(address=connect, token=token, ca=ca)
    path = Path(connect)
    return lambda: Place(path, control=_control_of(path))


def _of_run(meant: str | None) -> Place:
    """The gateway of a run under way, or of the only one."""
    if meant is None and not control_sockets():
        raise Unreachable(NO_RUN, remedy=f"{_SERVED}, then try again")
    run = the_run(meant)
    state = run.state or ask(run.socket, {"verb": Verb.STATE})["state"]
    if not state.get("gateway"):
        fault = f"{Reached(run.socket, state).name} has no gateway"
        raise Unreachable(fault, remedy=_SERVED)
    return Place(Path(state["gateway"]), control=run.socket)


def _control_of(gateway: Path) -> Path | None:
    """The control socket of the process whose gateway this is, where it is of this user."""
    pid = gateway.name.partition("-")[0]
    return next((path for path in control_sockets() if path.name.partition("-")[0] == pid), None)


def _token(file: Path | None) -> str:
    if file is None:
        return ""
    try:
        return file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError("is no token", where=str(file), remedy="give the file that holds it") from error
