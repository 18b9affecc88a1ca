"""``hil web``: a bench in a browser, by its status page or by the console itself."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from typing import Any

import click

from ..commanding.client import runs_under_way
from ..errors import Aborted, Unreachable, UsageError
from .output import printable

LOOPBACK = "127.0.0.1"
NEEDED = ("aiohttp", "textual_serve")
_EVERYWHERE = ("0.0.0.0", "[::]")


@click.command(
    short_help="A bench in a browser: where its status page is, or the console.",
    context_settings={"ignore_unknown_options": True},
)
@click.option("--console", "served", is_flag=True, help="Serve the console to browsers of this machine.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    metavar="N",
    help="Where the console is served.  [default: a port that is free]",
)
@click.option("--host", default=LOOPBACK, hidden=True)
@click.argument("options", nargs=-1, type=click.UNPROCESSED, metavar="[OPTIONS OF hil console]")
def web(served: bool, port: int, host: str, options: tuple[str, ...]) -> int:
    """Tell where the status page of a bench in service is: it only looks, from any machine, by TLS and with a token.

    With --console, serve the console to browsers of this machine, until Ctrl-C. It shows an address with a secret in
    it: whoever has that address commands the bench as you do. Each page has a console of its own, which ends with it.

    \b
    Exit codes: 0 told, or ended; 2 usage; 69 no run answers, or none has a page.
    """
    if served:
        return _serve(port, host, options)
    if options or port or host != LOOPBACK:
        raise UsageError("this goes with --console only", where=" ".join(options) or "--port", remedy="add --console")
    _tell_pages()
    return 0


def _tell_pages() -> None:
    """Tell where the page of each bench in service is."""
    states = [run.state for run in runs_under_way()]
    if not states:
        raise Unreachable("no run is under way", remedy="start a bench with hil service run")
    pages = [f"{printable(_name(state))}: https://{_reached(state['address'])}/" for state in states if _listens(state)]
    if not pages:
        names = ", ".join(_name(state) for state in states)
        remedy = "start it with hil service run --listen ADDRESS, or use hil web --console on this machine"
        raise Unreachable("has no page for browsers", where=names, remedy=remedy)
    for page in pages:
        click.echo(page)
    click.echo("it asks for a token, once: hil service token create NAME (without --role, it is good for looking)")
    click.echo("a browser warns unless it knows the authority of the bench: import ca.pem (hil service certificate)")


def _listens(state: dict[str, Any]) -> bool:
    return bool(state.get("address"))


def _name(state: dict[str, Any]) -> str:
    return str(state.get("bench") or f"process {state['pid']}")


def _reached(address: str) -> str:
    """``address`` as another machine may use it: this machine's name where it is all of its addresses."""
    host, _, port = address.rpartition(":")
    return f"{socket.gethostname()}:{port}" if host in _EVERYWHERE else address


def _serve(port: int, host: str, options: Sequence[str]) -> int:
    from ..gateway.extra import require_extra

    if host not in (LOOPBACK, "localhost"):
        raise UsageError(
            "the console is served to this machine only",
            where=f"--host {host}",
            remedy="bring the port here by ssh -L, or use the status page (hil service run --listen)",
        )
    require_extra()
    require_extra(NEEDED, "the console in a browser")
    _find(options)
    from ..web.server import serve
    from .interruptible import run_interruptibly

    try:
        run_interruptibly(serve(port, options, _tell))
    except (Aborted, KeyboardInterrupt):
        click.echo("hil: the console is no longer served", err=True)
    return 0


def _find(options: Sequence[str]) -> None:
    """Look for the bench that the options of ``hil console`` mean.

    :raises click.UsageError: if they are none of its options.
    :raises hil.errors.HilError: if there is no such bench.
    """
    from .console import bench_finder, console

    given = console.make_context("hil console", list(options)).params
    bench_finder(given["meant"], given["connect"], given["token_file"], given["ca"])()


def _tell(address: str) -> None:
    click.echo(address)
    click.echo("hil: open this address; whoever has it commands the bench as you do; Ctrl-C ends it", err=True)
