"""The cost of importing the calibration package, each in a new interpreter.

Target: `import hil_calibration` under 0.4 s; names load on first use, so what a user then takes is told too. An
interpreter that imports nothing, and one that imports numpy, stand beside it. Exit code 1 if missed.
Run: python benchmarks/metrology/bench_import.py
"""

from __future__ import annotations

import subprocess
import sys
from time import perf_counter

ROUNDS = 5
TARGET = 0.4
STATEMENTS = (
    "pass",
    "import numpy",
    "import hil_calibration",
    "from hil_calibration import Quantity",
    "from hil_calibration import propagate",
    "from hil_calibration import Quantity; Quantity.of(1.0, 0.1, 'V')",
)


def best(statement: str) -> float:
    """The shortest of some runs, in seconds, the start of the interpreter included."""
    times = []
    for _ in range(ROUNDS):
        begun = perf_counter()
        subprocess.run([sys.executable, "-c", statement], check=True)
        times.append(perf_counter() - begun)
    return min(times)


def main() -> int:
    """0 if the target is met."""
    taken = {statement: best(statement) for statement in STATEMENTS}
    for statement, seconds in taken.items():
        target = f" (target < {TARGET} s)" if statement == "import hil_calibration" else ""
        print(f"{1e3 * seconds:7.0f} ms  {statement}{target}")
    return int(taken["import hil_calibration"] >= TARGET)


if __name__ == "__main__":
    sys.exit(main())
