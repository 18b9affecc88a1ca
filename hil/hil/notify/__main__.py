"""The child's process: ``python -m hil.notify NOTIFY_TOML OUTBOX BENCH``; lines in, outcomes out."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

from ..errors import HilError, UsageError
from .config import load_settings
from .extra import require_extra
from .outcomes import Voice

NICENESS = 5

USAGE = "python -m hil.notify NOTIFY_TOML OUTBOX BENCH"

LAST_LINES = 2.0
"""Seconds in which the core may read the last outcomes."""


def main(arguments: list[str]) -> int:
    """Tell of alarms until standard input ends; the exit code."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(NICENESS)
    voice = Voice(1)
    try:
        _serve(arguments, voice)
    except HilError as error:
        voice.say("stopped", why=str(error))
        sys.stderr.write(f"hil: {error}\n")
        return error.exit_code
    finally:
        voice.end(LAST_LINES)
    return 0


def _serve(arguments: list[str], voice: Voice) -> None:
    if len(arguments) != 3:
        raise UsageError("takes three arguments", where="hil.notify", remedy=USAGE)
    require_extra()
    from .process import serve

    settings = load_settings(Path(arguments[0]))
    asyncio.run(serve(settings, Path(arguments[1]), arguments[2], voice.say, 0))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
