"""``hil ack``: acknowledge an interlock that has latched."""

from __future__ import annotations

from pathlib import Path

import click

from .options import out


@click.command(short_help="Acknowledge an interlock that tripped in an earlier run.")
@click.argument("interlock")
@click.option("--bench", required=True, metavar="B", help="A bench file, or the name of a bench that ships.")
@out
@click.option("--operator", help="Who acknowledges: an operator of the laboratory file; its only one by default.")
def ack(interlock: str, bench: str, out: Path, operator: str | None) -> None:
    """Say that you know why INTERLOCK tripped, and have looked at the rig.

    The next run starts only where its cause is gone as well.
    """
    from ..bench.config import load_bench
    from ..safety.latches import Latches

    config = load_bench(bench)
    who = config.laboratory.operator(operator)
    held = Latches.of(out, config.name).acknowledge(interlock, who)
    click.echo(f"{interlock}, tripped in the run {held.run}: {held.reason}; acknowledged by {who}.")
