"""A command in a real terminal of a given size: what it writes, as lines."""

from __future__ import annotations

import fcntl
import os
import re
import struct
import subprocess
import termios
from collections.abc import Mapping, Sequence
from pathlib import Path

_MOVED = re.compile(r"\x1b\[[0-9;]*[A-HJK]")
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r")


def in_terminal(
    command: Sequence[str],
    cwd: Path,
    *,
    columns: int = 80,
    lines: int = 40,
    environment: Mapping[str, str] | None = None,
) -> list[str]:
    """Run ``command`` to its end; the lines it wrote. Where the cursor moves, a line ends."""
    ours, theirs = os.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
    kept = {key: value for key, value in os.environ.items() if key not in ("COLUMNS", "LINES")}
    with subprocess.Popen(
        command, cwd=cwd, stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs, env={**kept, **(environment or {})}
    ):
        os.close(theirs)
        written = b""
        while piece := _read(ours):
            written += piece
    os.close(ours)
    return _CONTROL.sub("", _MOVED.sub("\n", written.decode())).split("\n")


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 65536)
    except OSError:
        return b""
