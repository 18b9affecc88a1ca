"""``hil service``: a bench that keeps running, whoever looks at it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..errors import Aborted
from .group import LazyGroup
from .options import needed_bench, out
from .service_access import folder

if TYPE_CHECKING:
    from ..access.network import Network

COMMANDS = {
    "run": ("service:serve", "Keep a bench in service until it is ended."),
    "unit": ("service:unit", "Print a unit of systemd for a bench."),
    "token": ("service_access:token", "Tokens of clients on other machines."),
    "certificate": ("service_access:certificate", "The certificate by which clients know the bench."),
}


@click.group(cls=LazyGroup, lazy=COMMANDS)
def service() -> None:
    """A bench that keeps running: it watches its channels, works its queue off, and survives its clients."""


@click.command(name="run", short_help="Keep a bench in service until it is ended.")
@needed_bench
@out
@click.option("--listen", metavar="ADDRESS", help="Be reached from other machines too, as at 192.0.2.5:8443.")
@folder
@click.option(
    "--notify",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Tell people elsewhere of alarms, as this file says (notify.toml).",
)
def serve(bench: str, out: Path, listen: str | None, folder: Path | None, notify: Path | None) -> int:
    """Keep the bench in service: clients come and go (hil console, hil queue, hil status), and runs go on.

    It ends with Ctrl-C or SIGTERM; a run under way is brought to its safe state first. A queue does not go on by
    itself when the service is started again: look at the rig, then give hil queue start.

    With --listen, other machines reach it by TLS and with tokens, and not otherwise: hil service certificate and hil
    service token create come first.
    """
    from ..bench.config import load_bench
    from ..gateway.extra import require_extra
    from ..notify.config import load_settings
    from ..station.serving import serve as keep
    from .interruptible import run_interruptibly

    require_extra()
    config = load_bench(bench)
    if notify is not None:
        load_settings(notify)
    network = None if listen is None else _network(listen, folder)
    click.echo(f"hil: {config.name} is in service; runs, queue and journal are in {out}", err=True)
    if network is not None:
        click.echo("hil: other machines reach it too: hil web says where", err=True)
    try:
        run_interruptibly(keep(config, out, network=network, notify=notify))
    except (Aborted, KeyboardInterrupt):
        click.echo(f"hil: {config.name} is out of service", err=True)
    return 0


def _network(listen: str, folder: Path | None) -> Network:
    from ..access.network import network_at, service_folder

    return network_at(listen, folder or service_folder())


@click.command(short_help="Print a unit of systemd for a bench.")
@needed_bench
@out
@click.option("--user", "account", default="hil", show_default=True, help="The account that the service has.")
def unit(bench: str, out: Path, account: str) -> None:
    """Print a unit of systemd that keeps the bench in service; put it into /etc/systemd/system.

    The service never resumes a run by itself: after a crash it brings the bench to its safe state, and waits.
    """
    from ..bench.config import load_bench
    from ..station.unit import unit_text

    click.echo(unit_text(load_bench(bench), out.resolve(), account, Path(sys.executable).with_name("hil")), nl=False)
