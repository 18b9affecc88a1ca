"""What it costs to begin: importing the engine, and the smallest useful program, beside bluesky's.

Seconds of CPU time of a whole process less those of a bare interpreter; medians of seven, in turn.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path
from statistics import median

ROUNDS = 7
SMALLEST = str(Path(__file__).with_name("smallest.py"))
PEER = "from bluesky import RunEngine; from bluesky.plans import count"
PROGRAMS = {
    "bare interpreter": ["-c", ""],
    "import hil.engine": ["-c", "import hil.engine"],
    "import of bluesky's RunEngine and plans": ["-c", PEER],
    "smallest useful program": [SMALLEST],
    "bluesky, count of one": [
        "-c",
        f"{PEER}; import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); "
        "import bluesky_peer; RunEngine(context_managers=[])(count([bluesky_peer.Minimal('lux')]))",
    ],
}
TARGETS = {"import hil.engine": 0.25, "smallest useful program": 0.5}


def cpu(arguments: list[str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    rounds = [{name: cpu(arguments) for name, arguments in PROGRAMS.items()} for _ in range(ROUNDS)]
    bare = median(each["bare interpreter"] for each in rounds)
    print(f"load average {os.getloadavg()[0]:.1f}; bare interpreter {1000 * bare:.0f} ms of CPU")
    for name in list(PROGRAMS)[1:]:
        seen = median(each[name] for each in rounds) - bare
        most = TARGETS.get(name)
        told = "" if most is None else f"  (at most {1000 * most:.0f}){'' if seen <= most else '  MISSED'}"
        print(f"{name:<42}{1000 * seen:6.0f} ms{told}")


if __name__ == "__main__":
    main()
