"""Acknowledging an interlock that tripped in an earlier run."""

from __future__ import annotations

from pathlib import Path

import click


def acknowledge(interlock: str, bench: str, runs: Path, operator: str | None) -> None:
    """Put on file that a person knows why ``interlock`` tripped."""
    from ..bench.config import load_bench
    from ..safety.latches import Latches

    config = load_bench(bench)
    who = config.laboratory.operator(operator)
    held = Latches.of(runs, config.name).acknowledge(interlock, who)
    click.echo(f"{interlock}, tripped in the run {held.run}: {held.reason}; acknowledged by {who}.")
