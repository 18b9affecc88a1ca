"""``hil selfcheck``: published examples computed with the installed build."""

from __future__ import annotations

from dataclasses import asdict

import click

from ..errors import PASS, VERIFICATION
from .options import as_json
from .output import show_json, show_table


@click.command(short_help="Compute published examples with this build: PASS or DIFF.")
@as_json
def selfcheck(as_json: bool) -> int:
    """Compute published examples with this build and compare: published, computed, tolerance, PASS or DIFF.

    "from" tells whether the number is printed in the document, worked out from its formula, or another program's.
    It shows that this build computes what documents print, and no conformity to them. The exit code is 6 if one
    differs.
    """
    from hil_calibration.selfcheck import run

    checks = list(run())
    differ = [check for check in checks if not check.holds]
    if as_json:
        show_json({"checks": [{**asdict(check), "verdict": check.verdict} for check in checks], "differ": len(differ)})
    else:
        rows = [
            [
                check.document,
                check.clause,
                check.quantity,
                f"{check.published:.9g}",
                f"{check.computed:.9g}",
                f"{check.tolerance:.2g}",
                check.source,
                check.verdict,
            ]
            for check in checks
        ]
        show_table(["document", "clause", "quantity", "published", "computed", "tolerance", "from", "verdict"], rows)
        printed = sum(check.source == "published" for check in checks)
        click.echo(f"\n{len(checks) - len(differ)} of {len(checks)} agree; {printed} are printed in a document.")
    return VERIFICATION if differ else PASS
