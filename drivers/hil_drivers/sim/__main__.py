"""``python -m hil_drivers.sim WORLD.json [--fault DEVICE:KIND[:from=S][:to=S][:delay=S]]...``

Prints one line of JSON with the addresses, then serves.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from .world_file import Fault, WorldFile, WorldFileError, load, parse_fault

_USAGE = "usage: python -m hil_drivers.sim WORLD.json [--fault DEVICE:KIND[:from=S][:to=S][:delay=S]]...\n"


def main(arguments: list[str]) -> int:
    """Serve a world file; the exit code is 0, or 2 for bad input."""
    path, *options = arguments or ["-"]
    if path.startswith("-") or len(options) % 2 or any(option != "--fault" for option in options[::2]):
        sys.stderr.write(_USAGE)
        return 2
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        file = _with_faults(load(Path(path)), [parse_fault(text) for text in options[1::2]])
        from .server.bench import serve

        asyncio.run(serve(file, _announce))
    except WorldFileError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


def _with_faults(file: WorldFile, faults: Sequence[Fault]) -> WorldFile:
    for contradiction in filter(None, map(file.fault_contradiction, faults)):
        raise WorldFileError(contradiction, where="--fault", remedy="correct it")
    return file.model_copy(update={"faults": [*file.faults, *faults]})


def _announce(announcement: dict[str, object]) -> None:
    from .lockstep import encode

    sys.stdout.buffer.write(encode(announcement))
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
