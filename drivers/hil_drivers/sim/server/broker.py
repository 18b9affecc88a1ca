"""An MQTT broker for simulated devices: Debian's mosquitto on loopback, as a child that ends with its parent."""

from __future__ import annotations

import base64
import contextlib
import ctypes
import hashlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from ..world_file import WorldFileError
from .endpoint import HOST

START_DEADLINE = 10.0
END_DEADLINE = 2.0

_ATTEMPTS = 5
_ITERATIONS = 101
_PR_SET_PDEATHSIG = 1


class Broker:
    """One broker on a port of its own, which it keeps over a restart.

    :param directory: private, for its settings.
    :param passwords: user -> password; without any, everybody is let in.
    :param settings: further lines of its settings, after those of the listener.
    :raises WorldFileError: if mosquitto is not installed.
    """

    def __init__(
        self, directory: Path, *, passwords: Mapping[str, str] | None = None, settings: Sequence[str] = ()
    ) -> None:
        self._program = program(os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin")))
        self._directory, self._passwords, self._settings = directory, dict(passwords or {}), tuple(settings)
        self._messages = tempfile.TemporaryFile()  # noqa: SIM115
        self._process: subprocess.Popen[bytes] | None = None
        self.port = 0

    @property
    def pid(self) -> int:
        """The process, 0 where there is none."""
        return self._process.pid if self._process is not None else 0

    def start(self) -> None:
        """Start it and return once it accepts connections.

        :raises WorldFileError: if it does not start.
        """
        for _ in range(1 if self.port else _ATTEMPTS):
            port = self.port or _free_port()
            if self._starts(port):
                self.port = port
                return
        raise WorldFileError(f"mosquitto did not start: {self._complaint()}", where="broker", remedy="see the message")

    def kill(self) -> None:
        """End it at once, as a power cut does."""
        self._end(signal.SIGKILL)

    def close(self) -> None:
        """End it."""
        self._end(signal.SIGTERM)
        self._messages.close()

    def _starts(self, port: int) -> bool:
        """Whether it runs on ``port``; another program may have taken that meanwhile."""
        settings = self._directory / f"mosquitto-{port}.conf"
        settings.write_text("\n".join(self._lines(port)) + "\n", encoding="utf-8")
        self._process = subprocess.Popen(
            [self._program, "-c", str(settings)],
            stdin=subprocess.DEVNULL,
            stdout=self._messages,
            stderr=self._messages,
            preexec_fn=_ends_with_parent(),
        )
        deadline = time.monotonic() + START_DEADLINE
        while self._process.poll() is None and time.monotonic() < deadline:
            with contextlib.suppress(OSError), socket.create_connection((HOST, port), timeout=1.0):
                return self._process.poll() is None
            time.sleep(0.005)
        self.kill()
        return False

    def _lines(self, port: int) -> list[str]:
        """Its settings. The global ones come first: after a listener mosquitto refuses them."""
        lines = ["set_tcp_nodelay true", "persistence false", "log_dest stderr", "log_timestamp false"]
        lines += ["log_type error", "max_inflight_messages 0", "max_queued_messages 0"]
        if os.geteuid() == 0:
            lines.append("user root")
        if self._passwords:
            file = self._directory / f"mosquitto-{port}.passwords"
            file.touch(mode=0o600)
            file.write_text("".join(f"{user}:{hashed(word)}\n" for user, word in self._passwords.items()))
            lines.append(f"password_file {file}")
        lines.append(f"allow_anonymous {'false' if self._passwords else 'true'}")
        return [*lines, f"listener {port} {HOST}", *self._settings]

    def _end(self, number: int) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(number)
        try:
            process.wait(END_DEADLINE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _complaint(self) -> str:
        self._messages.seek(0)
        lines = self._messages.read().decode(errors="replace").strip().splitlines()
        return " ".join(lines)[:200].rstrip(".") or "it gave no reason"


def hashed(password: str) -> str:
    """A password as mosquitto's password file holds it: PBKDF2 with SHA-512 and a new salt."""
    salt = secrets.token_bytes(12)
    key = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, _ITERATIONS)
    return f"$7${_ITERATIONS}${base64.b64encode(salt).decode()}${base64.b64encode(key).decode()}"


def program(path: str) -> str:
    """The broker's program in a search path.

    :raises WorldFileError: if it is not there.
    """
    found = shutil.which("mosquitto", path=path)
    if found is None:
        raise WorldFileError(
            "a simulated MQTT device needs the broker mosquitto, which is not installed",
            where="broker",
            remedy="install the Debian package mosquitto",
        )
    return found


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        number: int = probe.getsockname()[1]
        return number


def _ends_with_parent() -> Callable[[], None]:
    """To be run in the child: the kernel kills it when its parent dies, even by ``kill -9``.

    Only while the child keeps its user: hence ``user root`` in the settings of one that is started as root.
    """
    libc, parent = ctypes.CDLL(None), os.getpid()

    def arrange() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return arrange
