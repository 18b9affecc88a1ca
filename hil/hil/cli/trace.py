"""``hil trace``: the chain from a channel down to certificate files, drawn as a tree."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

import click

from .completing import channel_names
from .day import DAY
from .options import as_json, needed_bench
from .output import printable, show_json

if TYPE_CHECKING:
    from ..trace import Chain, Link

WIDTH = 80
_UNSAID = ("manufacturer", "model", "serial", "driver", "address", "point", "unit", "provenance")
"""Facts that stand in a link's first line."""


@click.command(short_help="The chain from a channel down to the certificates it rests on.")
@click.argument("channel", shell_complete=channel_names)
@needed_bench
@click.option("--date", "day", type=DAY, help="For which day; that of a start by default.")
@as_json
def trace(channel: str, bench: str, day: datetime | None, as_json: bool) -> int:
    """The chain from CHANNEL down: device, instrument, certificate, standards, and their certificates.

    A line with ! breaks the chain: something is missing, expired, altered or of another instrument; the exit code is
    then 2. Where a certificate names a standard whose own certificate is not here, the chain goes on out of sight:
    nothing is claimed of it. Signatures are not checked.
    """
    from ..bench.config import load_bench
    from ..trace import trace as follow

    chain = follow(load_bench(bench), channel, on=None if day is None else day.date())
    if as_json:
        show_json(chain.to_json())
    else:
        _show(chain)
    return 2 if chain.faults else 0


def _show(chain: Chain) -> None:
    for line in _drawn(chain.top, "", ""):
        click.echo(printable(line))
    click.echo()
    for text in [*chain.ends, _verdict(chain)]:
        click.echo(textwrap.fill(printable(text), WIDTH, subsequent_indent="  ", break_on_hyphens=False))


def _verdict(chain: Chain) -> str:
    count = len(chain.faults)
    simulated = "; simulated, so no traceability to the SI" if chain.provenance == "simulated" else ""
    if count:
        return f"Not whole on {chain.day}: {count} fault{'s' if count > 1 else ''}{simulated}."
    return f"Whole on {chain.day} as far as it can be seen{simulated}."


def _drawn(link: Link, first: str, rest: str) -> Iterator[str]:
    """The lines of a link and of all below it; ``first`` stands before its first line, ``rest`` before the others."""
    lines = [_title(link)]
    lines += [f"{name}: {_short(name, value)}" for name, value in link.facts.items() if name not in _UNSAID]
    lines += [f"{'! ' if r.fault else ''}{r.kind}: {r.message}" for r in link.remarks]
    inner = rest + ("│  " if link.rests_on else "   ")
    yield from _wrapped(lines[0], first, inner)
    for line in lines[1:]:
        yield from _wrapped(line, inner, f"{inner}  ")
    for number, below in enumerate(link.rests_on, start=1):
        last = number == len(link.rests_on)
        yield from _drawn(below, f"{rest}{'└─ ' if last else '├─ '}", f"{rest}{'   ' if last else '│  '}")


def _wrapped(text: str, first: str, rest: str) -> list[str]:
    wrapped = textwrap.wrap(printable(text), max(WIDTH - len(rest), 24), break_on_hyphens=False)
    return [f"{first if number == 0 else rest}{line}" for number, line in enumerate(wrapped)]


def _title(link: Link) -> str:
    facts = link.facts
    said = {
        "channel": f"in {facts.get('unit', '')}, {facts.get('provenance', '')}",
        "device": f"{facts.get('driver', '')} at {facts.get('address', '')}, point {facts.get('point', '')}",
    }.get(link.what)
    if said is None:
        known = [f"{facts.get('manufacturer', '')} {facts.get('model', '')}".strip()]
        known += [f"serial {facts['serial']}"] if "serial" in facts else []
        said = ", ".join(filter(None, known))
    return f"{link.what} {link.name}" + (f": {said}" if said else "")


def _short(name: str, value: str) -> str:
    """A hash by its first digits; --json has all of them."""
    return f"{value[:16]}…" if name in ("sha256", "record") else value
