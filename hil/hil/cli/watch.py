"""``hil watch``: live values with their uncertainty, age and state."""

from __future__ import annotations

import asyncio
import json
import math
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from textwrap import wrap
from typing import TYPE_CHECKING, Any

import click

from ..durations import parse_duration
from ..errors import DEVICE, PASS, UsageError
from .completing import channel_names
from .options import needed_bench, seed
from .output import show_json

if TYPE_CHECKING:
    from ..monitor.bench import WatchedBench
    from ..monitor.channel import Look

K = 2.0
"""The coverage factor of what is shown."""

GLYPHS = {"ok": "●", "flagged": "▲", "stale": "○", "waiting": "…"}
STATE_WIDTH = 10
"""Columns that a state has at the least: the longest word with its glyph."""

REFRESH = 0.25
"""Wall seconds between looks, at the most."""


@click.command(short_help="Live values of channels, with their uncertainty.")
@click.argument("channels", nargs=-1, metavar="[CHANNEL]...", shell_complete=channel_names)
@needed_bench
@click.option(
    "--period", metavar="T", help="Time between readings, as in '500 ms'; the channel's own by default, else 1 s."
)
@click.option("--for", "duration", metavar="T", help="Stop after this time, as in '10 s'.")
@seed
@click.option("--json", "as_json", is_flag=True, help="The latest value of each, when all have one or --for is over.")
@click.option("--jsonl", is_flag=True, help="Each new value and each change of state as a line of JSON.")
def watch(
    channels: tuple[str, ...],
    bench: str,
    period: str | None,
    duration: str | None,
    seed: int | None,
    as_json: bool,
    jsonl: bool,
) -> int:
    """Show live values of CHANNELs, all that can be read by default, with U (k = 2), age and state.

    A channel is stale when nothing new has come for two periods; its last value stays, with its age. Devices that are
    lost are tried again. Nothing is commanded or recorded. Ctrl-C ends it.

    \b
    Exit codes: 0 every channel was fresh at the end, 2 usage or bad input, 4 one was not, 130 interrupted.
    """
    from ..bench.config import load_bench
    from ..monitor.bench import watch_bench
    from .interruptible import run_interruptibly

    if as_json and jsonl:
        raise UsageError("--json and --jsonl exclude each other", remedy="give one of them")
    config = load_bench(bench)
    seconds, limit = _seconds("--period", period), _seconds("--for", duration)

    async def work() -> int:
        async with watch_bench(config, channels=channels, period=seconds, seed=seed) as watched:
            return await (_once(watched, limit) if as_json else _show(watched, limit, jsonl=jsonl))

    return run_interruptibly(work())


async def _once(bench: WatchedBench, limit: float | None) -> int:
    """One document: each channel's latest look, when none waits any more, or at the end of ``limit``."""
    loop = asyncio.get_running_loop()
    begun = loop.time()
    async with bench.reading():
        while True:
            looks = [channel.look() for channel in bench.channels]
            over = loop.time() - begun >= (math.inf if limit is None else limit)
            if over or (limit is None and all(look.state != "waiting" for look in looks)):
                break
            await asyncio.sleep(0.05)
    show_json({"channels": [_described(look, each.note) for look, each in zip(looks, bench.channels, strict=True)]})
    return _fresh(looks)


def _fresh(looks: Sequence[Look]) -> int:
    return PASS if all(look.state in ("ok", "flagged") for look in looks) else DEVICE


async def _show(bench: WatchedBench, limit: float | None, *, jsonl: bool) -> int:
    loop = asyncio.get_running_loop()
    end = math.inf if limit is None else loop.time() + limit
    refresh = min(REFRESH, *(channel.period / 10 for channel in bench.channels))
    line = _json_line if jsonl else None if sys.stdout.isatty() else _text_line
    for channel in bench.channels:
        if channel.note:
            click.echo(f"hil: {channel.name}: {channel.note}", err=True)
    async with bench.reading():
        with _live(bench) if line is None else _stream(bench, line) as show:
            while True:
                looks = [channel.look() for channel in bench.channels]
                show(looks)
                if loop.time() >= end:
                    break
                await asyncio.sleep(min(refresh, end - loop.time()))
    return _fresh(looks)


@contextmanager
def _stream(bench: WatchedBench, line: Callable[[Look, str], str]) -> Iterator[Callable[[Sequence[Look]], None]]:
    """One line for each new value and each change of state."""
    told: dict[str, tuple[int, str]] = {}

    def show(looks: Sequence[Look]) -> None:
        for channel, look in zip(bench.channels, looks, strict=True):
            if told.get(look.channel) != (look.count, look.state) and look.state != "waiting":
                told[look.channel] = (look.count, look.state)
                click.echo(line(look, channel.note))
        sys.stdout.flush()

    yield show


@contextmanager
def _live(bench: WatchedBench) -> Iterator[Callable[[Sequence[Look]], None]]:
    """One screen that is painted again when a cell has changed."""
    from rich.console import Console
    from rich.live import Live

    console = Console(highlight=False)
    painted: list[object] = []
    with Live(console=console, auto_refresh=False) as live:

        def show(looks: Sequence[Look]) -> None:
            rows = [_row(look, channel.note) for look, channel in zip(looks, bench.channels, strict=True)]
            wrong = [reason for look in looks if (reason := _reason(look))]
            if [rows, wrong, console.size] != painted:
                live.update(_screen(bench, rows, wrong, console.size), refresh=True)
                painted[:] = [rows, wrong, console.size]

        yield show


MOST_WRONG = 6
"""Lines of errors for which the screen has room at the least."""

HEADS = ("channel", "value", "U", "unit", "age", "state")


def _screen(bench: WatchedBench, rows: Sequence[Sequence[str]], wrong: Sequence[str], size: tuple[int, int]) -> Any:
    """The channels as a table that fits ``size`` (columns, lines), abnormal ones first where not all do, then what is
    wrong, each from a line of its own."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    title = f"{bench.config.name} ({bench.config.provenance})   U: k = {K:g}"
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, padding=(0, 1, 0, 0))
    for head, width in zip(HEADS, _widths(rows, size[0]), strict=True):
        side: Any = "right" if head in ("value", "U", "age") else "left"
        table.add_column(head, justify=side, no_wrap=True, overflow="ellipsis", width=width)
    told = [line for reason in wrong for line in wrap(reason, size[0], subsequent_indent="  ")]
    most = max(MOST_WRONG, size[1] - 4 - len(rows))
    if len(told) > most:
        told[most - 1 :] = ["…"]
    room = max(1, size[1] - 4 - len(told))
    shown = rows if len(rows) <= room else sorted(rows, key=_normal)[: room - 1]
    for *cells, state in shown:
        table.add_row(*map(Text, cells), Text(state, style="" if _normal([state]) else "bold"))
    lines = [Text(line, no_wrap=True, overflow="ellipsis") for line in told]
    if len(shown) < len(rows):
        lines.insert(0, Text(f"… and {len(rows) - len(shown)} more: name channels to see them", no_wrap=True))
    return Group(table, *lines)


def _widths(rows: Sequence[Sequence[str]], columns: int) -> list[int]:
    """The widths of the table's columns: the state has what is left, and long names give way to it."""
    widths = [max(map(len, cells)) for cells in zip(HEADS, *rows, strict=True)]
    room = columns - len(widths)
    widths[-1] = max(STATE_WIDTH, min(widths[-1], room - sum(widths[:-1])))
    widths[0] = max(len(HEADS[0]), min(widths[0], room - sum(widths[1:])))
    return widths


def _reason(look: Look) -> str:
    """What is wrong with a channel, from its own name on; empty where nothing is."""
    told = look.error or (_flags(look) if look.state == "flagged" else "")
    return told if not told or told.startswith(look.channel) else f"{look.channel}: {told}"


def _normal(row: Sequence[str]) -> bool:
    return row[-1].startswith(GLYPHS["ok"])


def _row(look: Look, note: str) -> list[str]:
    value, expanded = _reported(look)
    age = "" if look.age is None else f"{look.age:.0f} s" if look.age >= 10 else f"{look.age:.1f} s"
    state = f"{GLYPHS[look.state]} {look.state}"
    return [
        look.channel,
        value,
        expanded,
        _symbol(look.unit),
        age,
        f"{state}: {note}" if note and look.state == "ok" else state,
    ]


def _state(look: Look, note: str) -> str:
    words = [look.state, _flags(look), note if look.state == "ok" else ""]
    return f"{GLYPHS[look.state]} " + ": ".join(word for word in words if word)


def _flags(look: Look) -> str:
    """The quality flags in words."""
    told = (flag.name.lower().replace("_", " ") for flag in look.flags if flag.name and flag.name != "STALE")
    return ", ".join(told)


def _reported(look: Look) -> tuple[str, str]:
    from hil_calibration.rounding import report

    if look.value is None:
        return "-", ""
    if look.u is None:
        return f"{look.value + 0.0:.6g}", "unknown"
    reported = report(look.value, K * look.u)
    return reported.value, reported.U


def _symbol(unit: str) -> str:
    from hil_calibration.unit import symbol

    return symbol(unit)


def _text_line(look: Look, note: str) -> str:
    value, expanded = _reported(look)
    at = "" if look.t is None else datetime.fromtimestamp(look.t / 1e9, UTC).strftime("%H:%M:%S.%f")[:-5] + " "
    plus = f" ± {expanded}" if expanded else ""
    line = f"{at}{look.channel}: {value}{plus} {_symbol(look.unit)}  {_state(look, note)}"
    return "\n".join([line, *wrap(look.error, 76, initial_indent="    ", subsequent_indent="    ")])


def _json_line(look: Look, note: str) -> str:
    return json.dumps(_described(look, note), ensure_ascii=False, allow_nan=False)


def _described(look: Look, note: str) -> dict[str, Any]:
    return {
        "t": look.t,
        "channel": look.channel,
        "state": look.state,
        "value": look.value,
        "u": look.u,
        "U": None if look.u is None else K * look.u,
        "k": K,
        "unit": look.unit,
        "flags": [flag.name for flag in look.flags if flag.name],
        "age": look.age,
        "error": look.error,
        "note": note,
    }


def _seconds(option: str, text: str | None) -> float | None:
    if text is None:
        return None
    try:
        return parse_duration(text)
    except ValueError:
        raise UsageError(f"{option} {text!r} is not a duration", remedy="write it as '500 ms' or '2 s'") from None
