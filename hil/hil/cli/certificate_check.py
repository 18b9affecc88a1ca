"""``hil certificate check``: what is to be said of anybody's calibration certificate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..errors import PASS, VERIFICATION
from .configured import Configured
from .options import as_json
from .output import printable, show_json, show_table

if TYPE_CHECKING:
    from hil_calibration.certificate.lint import Capability, Finding


@click.command(short_help="What is to be said of anybody's calibration certificate (DCC).")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--schemas",
    cls=Configured,
    setting="dcc_schemas",
    type=click.Path(file_okay=False, path_type=Path),
    help="A folder of PTB's schemas, with dcc/v3.3.0/dcc.xsd; the setting dcc_schemas by default.",
)
@click.option("--bench", help="A bench of the laboratory that issued it: no U is below the [[cmc]] of its register.")
@as_json
def check(file: Path, schemas: Path | None, bench: str | None, as_json: bool) -> int:
    """Check FILE, a Digital Calibration Certificate 2.3 to 3.3, or a PDF that one is attached to.

    Checked are the form, what a certificate must say, and whether its numbers can be right together. The exit code is
    6 if there is an error. A signature is not verified here: see `hil certificate verify`.
    """
    from hil_calibration.certificate.lint import check as checked

    from ..checking import certificate_bytes, schema_directory

    data, directory = certificate_bytes(file), schema_directory(schemas)
    capabilities = _capabilities(bench) if bench else ()
    findings = checked(data, schemas=directory, capabilities=capabilities)
    if as_json:
        show_json({"file": str(file), "findings": [asdict(finding) for finding in findings]})
    else:
        _show(file, findings)
    return VERIFICATION if any(finding.severity == "error" for finding in findings) else PASS


def _capabilities(bench: str) -> Sequence[Capability]:
    from ..bench.config import load_bench

    return load_bench(bench).equipment.cmc


def _show(file: Path, findings: Sequence[Finding]) -> None:
    rows = [[finding.severity, finding.rule, str(finding.line or ""), _told(finding)] for finding in findings]
    show_table(["severity", "rule", "line", "message"], rows)
    errors, warnings, facts = (
        sum(finding.severity == severity for finding in findings) for severity in ("error", "warning", "info")
    )
    told = f"{errors} error{_s(errors)}, {warnings} warning{_s(warnings)}, {facts} for information."
    click.echo(printable(f"{file}: {told}"))


def _s(count: int) -> str:
    return "" if count == 1 else "s"


def _told(finding: Finding) -> str:
    return f"{finding.message} ({finding.clause})" if finding.clause and finding.severity != "info" else finding.message
