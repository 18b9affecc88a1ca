"""``hil doctor``: is this machine fit to run a bench?"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from pathlib import Path

import click

from ..errors import DEVICE, PASS
from .completing import bench_names
from .options import as_json, out
from .output import show_json, show_table

GLYPHS = {"ok": "●", "warn": "▲", "fail": "✕"}


@click.command(short_help="Whether this machine is fit to run a bench.")
@click.option(
    "--bench", metavar="B", shell_complete=bench_names, help="Look at the ports and brokers of this bench as well."
)
@click.option("--port", "ports", multiple=True, metavar="PATH", help="Look at this serial port as well; repeatable.")
@out
@as_json
def doctor(bench: str | None, ports: tuple[str, ...], out: Path, as_json: bool) -> int:
    """Look at ports, permissions, clock, disk, SQLite, MQTT, ROS 2, extras and drivers, and say what to do.

    ▲ is something that some benches need, ✕ something without which no run can be trusted. Nothing is opened
    but the brokers of the bench, and nothing is changed.

    \b
    Exit codes: 0 nothing fails (there may be warnings), 2 usage or bad input, 4 something fails.
    """
    from ..bench.config import load_bench
    from ..doctor import examine

    findings = examine(out, None if bench is None else load_bench(bench), ports)
    failed = any(finding.state == "fail" for finding in findings)
    if as_json:
        show_json({"fit": not failed, "findings": [asdict(finding) for finding in findings]})
    else:
        rows = [[f"{GLYPHS[one.state]} {one.state}", one.what, one.found, one.remedy] for one in findings]
        show_table(["state", "what", "found", "what to do"], rows, below=["what to do"])
        counts = Counter(finding.state for finding in findings)
        click.echo(f"\n{counts['ok']} ok, {counts['warn']} to look at, {counts['fail']} failing")
    return DEVICE if failed else PASS
