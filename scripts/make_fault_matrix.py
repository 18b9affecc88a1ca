"""Makes ``docs/reference/faults.md`` from what the drivers make of the faults of their simulators."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def main() -> None:
    """Write the page."""
    sys.path.insert(0, str(ROOT / "tests" / "support"))
    from fault_matrix import matrix, page

    target = ROOT / "docs" / "reference" / "faults.md"
    target.write_text(page(asyncio.run(matrix())), encoding="utf-8")


if __name__ == "__main__":
    main()
