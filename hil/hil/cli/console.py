"""``hil console``: the operator's screen, in a terminal of its own."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from ..errors import UsageError
from .completing import bench_names
from .options import operator

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command(short_help="The operator's screen: live values, alarms, prompts, SAFE STOP.")
@click.option(
    "--run",
    "meant",
    metavar="RUN",
    shell_complete=bench_names,
    help="Its name, folder or bench; the only one by default.",
)
@click.option(
    "--connect", metavar="WHERE", help="The unix socket of a gateway, or host:port of one on another machine."
)
@click.option("--token-file", type=_FILE, help="The file with the token for another machine.")
@click.option("--ca", type=_FILE, help="The certificate by which another machine is known (PEM).")
@operator("commands")
@click.option("--no-mouse", is_flag=True, help="Leave the mouse to the terminal, to select text.")
@click.option("--ascii", "plain", is_flag=True, help="Draw in ASCII alone, for a terminal without Unicode.")
def console(
    meant: str | None,
    connect: str | None,
    token_file: Path | None,
    ca: Path | None,
    operator: str | None,
    no_mouse: bool,
    plain: bool,
) -> int:
    """Show a bench in service, or a run with --service, and command it. Closing the console ends nothing.

    Ctrl-X is SAFE STOP from everywhere: a command to software, not the E-stop of the rig. ? tells of all keys.

    \b
    Exit codes: 0 left by the operator, 2 usage, 69 no run answers.
    """
    from ..gateway.extra import require_extra

    require_extra()
    from ..console.app import Console
    from ..console.places import finder

    find = finder(meant, connect, token_file, ca)
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageError("the console needs a terminal", remedy="use hil status and hil watch for other outputs")
    find()
    return Console(find, operator=operator, plain=plain).run(mouse=not no_mouse) or 0
