"""Makes ``docs/reference/certificate-checks.md`` from 28 planted defects and three judges.

``scripts/make_certificate_checks.py [SCHEMAS]``: SCHEMAS is a directory of DCC schemas with ``schematron/dcc.sch``,
``../shared/dcc/xsd`` by default. The schemas are no part of this repository: without them nothing is written.
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def main() -> None:
    """Write the page."""
    sys.path.insert(0, str(ROOT / "tests" / "support"))
    from certificate_defects import page

    schemas = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT.parent / "shared" / "dcc" / "xsd"
    if not (schemas / "schematron" / "dcc.sch").is_file():
        sys.exit(f"no schematron/dcc.sch in {schemas}: nothing is written")
    target = ROOT / "docs" / "reference" / "certificate-checks.md"
    target.write_text(page(schemas), encoding="utf-8")


if __name__ == "__main__":
    main()
