"""The check of a certificate of 100 and of 2000 points, with and without the schema of the DCC.

Target: 100 points, at most 200 ms, schema compiled anew each time. Beside it the bare parsing of the same file, and the
schema alone. Exit code 1 if missed. Run: python benchmarks/certificate/bench_check.py [SCHEMAS]
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter

from lxml import etree

from hil_calibration.certificate import to_xml, validate
from hil_calibration.certificate.lint import check

TARGET_MS = 200.0
ROUNDS = 9
ROOT = Path(__file__).resolve().parents[2]


def milliseconds(work: Callable[[], object]) -> tuple[float, float]:
    """Median and greatest time of one call, after one that is not counted."""
    work()
    taken = []
    for _ in range(ROUNDS):
        begun = perf_counter()
        work()
        taken.append(1e3 * (perf_counter() - begun))
    return median(taken), max(taken)


def main() -> int:
    """0 if the target is met."""
    sys.path.insert(0, str(ROOT / "tests" / "support"))
    from certificate_defects import good

    given = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT.parent / "shared" / "dcc" / "xsd"
    schemas = given if given.is_dir() else None
    print(
        f"schemas: {'yes' if schemas else 'none'}; load average {os.getloadavg()[0]:.1f}; {ROUNDS} rounds, median, max"
    )
    checked = 0.0
    for points in (100, 2000):
        xml = to_xml(good(points))
        works: dict[str, Callable[[], object]] = {
            "bare parsing": lambda xml=xml: etree.fromstring(xml),  # type: ignore[misc]
            "schema alone": lambda xml=xml: validate(xml, schemas),  # type: ignore[misc]
            "check without schema": lambda xml=xml: check(xml),  # type: ignore[misc]
            "check": lambda xml=xml: check(xml, schemas=schemas),  # type: ignore[misc]
        }
        for name, work in works.items():
            middle, worst = milliseconds(work)
            checked = middle if (points, name) == (100, "check") else checked
            print(f"{points:5d} points  {name:22}{middle:8.1f} ms{worst:8.1f} ms")
    met = checked <= TARGET_MS
    print(f"target: 100 points <= {TARGET_MS:g} ms: {checked:.1f} ms, {'met' if met else 'MISSED'}")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
