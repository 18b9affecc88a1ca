"""A signal to a child process, sent so that whoever waits for its end is still told how it ended."""

from __future__ import annotations

import asyncio
import os
import signal


def send_signal(process: asyncio.subprocess.Process, number: int) -> None:
    """Send a signal to a child that may have ended meanwhile.

    ``Process.send_signal`` and ``kill`` of asyncio look first whether the child has ended, and thereby take its exit
    code away from the thread that waits for it: that then says "Unknown child process pid" and reports 255.
    """
    if process.returncode is None:
        try:
            os.kill(process.pid, number)
        except ProcessLookupError:
            return


def kill(process: asyncio.subprocess.Process) -> None:
    """End a child now."""
    send_signal(process, signal.SIGKILL)
