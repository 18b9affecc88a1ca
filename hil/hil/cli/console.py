"""``hil console``: the operator's screen, in a terminal of its own."""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..errors import UsageError
from .completing import bench_names
from .configured import Configured, setting
from .options import operator

if TYPE_CHECKING:
    from ..console.places import Finder

SOFTWARE = 70

OWN_DRIVER = "TEXTUAL_DRIVER"
"""The variable by which Textual is told to draw for something else than a terminal (`hil.web`)."""

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_COLOURS = {"dark": "hil-dark", "light": "hil-light", "terminal": "ansi-dark"}


@click.command(short_help="The operator's screen: live values, alarms, prompts, SAFE STOP.")
@click.option(
    "--run",
    "meant",
    metavar="RUN",
    shell_complete=bench_names,
    help="Its name, folder or bench; the only one by default.",
)
@click.option(
    "--connect",
    metavar="WHERE",
    help="The unix socket of a gateway, or host:port of one on another machine; the settings of [service] by default.",
)
@click.option("--token-file", type=_FILE, help="The file with the token for another machine.")
@click.option("--ca", type=_FILE, help="The certificate by which another machine is known (PEM).")
@operator("commands")
@click.option(
    "--mouse/--no-mouse",
    cls=Configured,
    setting="console.mouse",
    plain=True,
    help="Leave the mouse to the terminal, to select text.",
)
@click.option(
    "--ascii/--unicode",
    "plain",
    cls=Configured,
    setting="console.ascii",
    plain=False,
    help="Draw in ASCII alone, for a terminal without Unicode.",
)
@click.option(
    "--colours",
    type=click.Choice(list(_COLOURS)),
    cls=Configured,
    setting="console.colours",
    plain="dark",
    help="Dark, light, or those of the terminal.",
)
def console(
    meant: str | None,
    connect: str | None,
    token_file: Path | None,
    ca: Path | None,
    operator: str | None,
    mouse: bool,
    plain: bool,
    colours: str,
) -> int:
    """Show a bench in service, or a run with --service, and command it. Closing the console ends nothing.

    Ctrl-X is SAFE STOP from everywhere: a command to software, not the E-stop of the rig. ? tells of all keys.

    \b
    Exit codes: 0 left by the operator, 2 usage, 69 no run answers, 70 a fault of the console.
    """
    from ..gateway.extra import require_extra

    gc.disable()  # what is loaded stays; looking through it again and again would take a fifth of the start
    require_extra()
    from ..console.app import Console

    find = bench_finder(meant, connect, token_file, ca)
    if OWN_DRIVER not in os.environ and not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageError("the console needs a terminal", remedy="use hil status and hil watch for other outputs")
    find()
    debugged = os.environ.get("HIL_DEBUG") == "1"
    screen = Console(find, operator=operator, plain=plain, colours=_COLOURS[colours], debugged=debugged, ready=_keep)
    left = screen.run(mouse=mouse)
    return SOFTWARE if screen.return_code else left or 0


def _keep() -> None:
    """Collect garbage again, but leave out what was loaded: it is much, it stays, and each look through it delays."""
    gc.freeze()
    gc.enable()


def bench_finder(meant: str | None, connect: str | None, token_file: Path | None, ca: Path | None) -> Finder:
    """Finds the bench that the options mean; the settings of ``[service]`` stand in where they name none.

    :raises UsageError: if the options do not go together.
    """
    from ..console.places import finder

    if connect is None and meant is None and (named := setting("service.connect")) is not None:
        connect, files = named, (token_file or setting("service.token_file"), ca or setting("service.ca"))
        token_file, ca = (None if each is None else Path(each) for each in files)
    return finder(meant, connect, token_file, ca)
