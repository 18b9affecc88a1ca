"""Asking a run from another process: plain sockets and JSON, so that a command acts at once."""

from __future__ import annotations

import json
import os
import secrets
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import HilError, Unreachable, UsageError
from .places import control_sockets
from .verb import Verb

WITHIN = 5.0
"""Wall seconds that a run may take for an answer."""

LARGEST_ANSWER = 2**20

NO_RUN, START = "no run is under way", "start one with hil run, or put a bench in service with hil service run"


class Refused(HilError):
    """A run did not do what it was asked."""


@dataclass(frozen=True)
class Reached:
    """A run that listens: its socket, and its state as it told it (empty if it was not asked)."""

    socket: Path
    state: dict[str, Any]

    @property
    def name(self) -> str:
        """What a person calls it."""
        if not self.state:
            return f"the bench of process {_process(self.socket)}"
        if self.state.get("service"):
            return self.state.get("run") or f"the bench {self.state['bench']}"
        return self.state.get("run") or "a run that is being started"

    def meant_by(self, name: str) -> bool:
        """Whether ``name`` is the name of the run, its folder, its bench or its process."""
        state = self.state
        paths = [path for path in (state.get("folder"), state.get("bench_file")) if path]
        known = (state.get("run"), state.get("bench"), str(state.get("pid")))
        return name in known or os.path.realpath(name) in paths


def ask(path: Path, request: dict[str, Any]) -> dict[str, Any]:
    """The answer of the run that listens at ``path``.

    :raises Unreachable: if nobody does, or it does not answer in time: nobody knows then whether it acted.
    """
    pid = _process(path)
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(WITHIN)
            connection.connect(os.fspath(path))
            connection.sendall(json.dumps(request).encode() + b"\n")
            with connection.makefile("rb") as answers:
                line = answers.readline(LARGEST_ANSWER)
        answer = json.loads(line)
    except (TimeoutError, BlockingIOError):
        fault = f"the run of process {pid} does not answer; whether it has acted is not known"
        raise Unreachable(fault, remedy="use the E-stop of the rig, then end that process") from None
    except (OSError, ValueError):
        fault = f"process {pid} ended before it answered"
        raise Unreachable(fault, remedy="look with hil status; hil data show last shows what a run left") from None
    if not isinstance(answer, dict):
        raise Unreachable(f"what process {pid} answers is no answer", remedy="use the same version of hil for both")
    return answer


def command(
    run: Reached, verb: Verb, *, args: dict[str, Any], operator: str | None, reason: str, lease: str = ""
) -> dict[str, Any]:
    """Have ``run``, and no other, carry out a command; its answer.

    :param lease: the secret of the lease, for a command that gives it back.

    :raises Refused: if it does not.
    :raises Unreachable: if it does not answer.
    """
    request: dict[str, Any] = {"verb": verb, "operator": operator, "reason": reason, "args": args}
    if lease:
        request["lease"] = lease
    if verb is not Verb.STOP:
        request["command_id"] = secrets.token_hex(13)
        if run.state.get("run"):
            request["expect"] = run.state["run"]
    answer = ask(run.socket, request)
    if answer.get("status") == "refused":
        raise Refused(answer["what"], where=answer["where"], remedy=answer["remedy"])
    return answer


def runs_under_way() -> list[Reached]:
    """Every run of this user that listens; one that does not answer is there without its state."""
    found = []
    for path in control_sockets():
        try:
            found.append(Reached(path, ask(path, {"verb": Verb.STATE})["state"]))
        except Unreachable:
            if path.exists():
                found.append(Reached(path, {"pid": int(_process(path)), "state": "does not answer"}))
    return found


def the_run(meant: str | None) -> Reached:
    """The run that is meant: by its name, its folder, its bench or its process; the only one under way by default.

    The only one is not asked for its state first: a stop must not wait for that.

    :raises Unreachable: if there is none.
    :raises UsageError: if there are several.
    """
    sockets = control_sockets()
    if meant is None and len(sockets) == 1:
        return Reached(sockets[0], {})
    runs = runs_under_way()
    fitting = runs if meant is None else [run for run in runs if run.meant_by(meant)]
    if not fitting:
        fault = NO_RUN if meant is None else f"no run {meant!r} is under way"
        raise Unreachable(fault, remedy=f"these are: {_names(runs)}" if runs else START)
    if len(fitting) > 1:
        raise UsageError(f"{len(fitting)} runs are under way: {_names(fitting)}", remedy="say which one with --run")
    return fitting[0]


def _process(control: Path) -> str:
    """The number of the process that listens at a control socket, as its name has it."""
    return control.name.partition("-")[0]


def _names(runs: Sequence[Reached]) -> str:
    told = [f"{run.name} (process {run.state['pid']})" for run in runs]
    return ", ".join(told)
