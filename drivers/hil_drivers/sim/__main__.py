"""``python -m hil_drivers.sim WORLD.json``: print one line of JSON with the addresses, then serve."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from .world_file import WorldFileError, load

_USAGE = "usage: python -m hil_drivers.sim WORLD.json\n"


def main(arguments: list[str]) -> int:
    """Serve a world file; the exit code is 0, or 2 for bad input."""
    if len(arguments) != 1 or arguments[0].startswith("-"):
        sys.stderr.write(_USAGE)
        return 2
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        file = load(Path(arguments[0]))
        from .server.bench import serve

        asyncio.run(serve(file, _announce))
    except WorldFileError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


def _announce(announcement: dict[str, object]) -> None:
    from .lockstep import encode

    sys.stdout.buffer.write(encode(announcement))
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
