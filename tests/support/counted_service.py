"""``hil`` in a process that can be asked what it holds: after SIGUSR1 it writes that to the file of its first argument.

The rest of the command line is that of `hil`.
"""

from __future__ import annotations

import asyncio
import gc
import json
import signal
import sys
from pathlib import Path

from hil.cli.__main__ import main


def tell(file: Path) -> None:
    """Write how many tasks there are, and how many objects."""
    gc.collect()
    held = {"tasks": len(asyncio.all_tasks(asyncio.get_running_loop())), "objects": len(gc.get_objects())}
    new = file.with_suffix(".new")
    new.write_text(json.dumps(held), encoding="utf-8")
    new.replace(file)


if __name__ == "__main__":
    told = Path(sys.argv.pop(1))
    signal.signal(signal.SIGUSR1, lambda *_: tell(told))
    main()
