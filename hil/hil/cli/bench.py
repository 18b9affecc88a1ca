"""``hil bench list|check|show``: which benches there are, whether one is fit, what it consists of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from .completing import bench_names, procedure_names
from .configured import needed_bench_name
from .group import LazyGroup
from .options import as_json
from .output import show_json, show_table

if TYPE_CHECKING:
    from ..bench.config import BenchConfig
    from ..bench.register import CmcSection

COMMANDS = {
    "list": ("bench:list_benches", "The benches that ship with hil."),
    "check": ("bench:check", "Whether a bench is fit to start, channel by channel."),
    "show": ("bench:show", "The devices, channels, roles and effects of a bench."),
    "copy": ("bench_files:copy", "Copy a bench with its registers and certificates."),
    "check-standard": ("bench_files:check_standard", "Enter the check of a check standard."),
    "enter": ("bench_files:enter", "Enter a certificate as the calibration of a channel."),
}


@click.group(cls=LazyGroup, lazy=COMMANDS)
def bench() -> None:
    """List, check, show and copy benches.

    NAME is a bench file's path or the name of a bench that ships; for check and show the setting bench by default.
    """


@click.command("list", short_help="The benches that ship with hil.")
@as_json
def list_benches(as_json: bool) -> None:
    """The benches that ship with hil."""
    from ..bench.config import load_bench, shipped_benches

    found = [load_bench(path) for path in shipped_benches().values()]
    if as_json:
        show_json({"benches": [{**_head(config), "path": str(config.path)} for config in found]})
    else:
        show_table(
            ["bench", "kind", "what it is"],
            [[config.name, config.bench.kind, config.bench.description] for config in found],
        )


@click.command(short_help="Whether a bench is fit to start, channel by channel.")
@click.argument("name", required=False, shell_complete=bench_names)
@click.option(
    "--procedure",
    shell_complete=procedure_names,
    help="Check for this procedure: only the roles it uses, and that they are calibrated.",
)
@as_json
def check(name: str | None, procedure: str | None, as_json: bool) -> int:
    """Whether the bench NAME is fit to start: the calibration of each channel, and what would stop a run.

    U is the expanded uncertainty (k = 2) of one indication in the middle of the calibrated range, at the
    reference temperature. Nothing is opened. The exit code is 2 if a run would be stopped.
    """
    from ..bench.config import load_bench
    from .check import Check

    checked = Check.of(load_bench(needed_bench_name(name)), procedure)
    if as_json:
        show_json(checked.to_json())
    else:
        checked.show()
    return 2 if checked.faults else 0


@click.command(short_help="The devices, channels, roles and effects of a bench.")
@click.argument("name", required=False, shell_complete=bench_names)
@as_json
def show(name: str | None, as_json: bool) -> None:
    """The devices, channels, roles and effects of the bench NAME."""
    from ..bench.config import load_bench

    config = load_bench(needed_bench_name(name))
    if as_json:
        show_json(config.content.model_dump(mode="json"))
        return
    click.echo(f"{config.name}: {config.bench.description} ({config.bench.kind}, {config.provenance})\n")
    for title, columns, rows in _tables(config):
        show_table(columns, rows, title=title)
        click.echo()


def _head(config: BenchConfig) -> dict[str, Any]:
    return {
        "name": config.name,
        "kind": config.bench.kind,
        "description": config.bench.description,
        "provenance": config.provenance,
    }


def _tables(config: BenchConfig) -> list[tuple[str, list[str], list[list[str]]]]:
    devices = [[name, d.driver, d.address, d.instrument or ""] for name, d in config.devices.items()]
    channels = [
        [name, c.device, c.point, c.unit, f"{c.period:g} s" if c.period else "", c.calibration or ""]
        for name, c in config.channels.items()
    ]
    effects = [
        [name, e.channel, e.kind, e.acts_on, _distribution(e.distribution, e.u, e.half_width), e.source]
        for name, e in config.effects.items()
    ]
    actions = [[action.channel, f"{action.set:g}"] for action in config.safe_state.actions]
    standards = [
        [name, s.instrument, s.unit, f"{s.every / 86400:g} d", s.description]
        for name, s in config.equipment.check_standards.items()
    ]
    capabilities = [[c.quantity, f"{c.lower:g} to {c.upper:g} {c.unit}", _capability(c)] for c in config.equipment.cmc]
    register = [
        ("Check standards", ["check standard", "instrument", "unit", "every", "what it is"], standards),
        ("Capabilities, k = 2", ["quantity", "range", "U"], capabilities),
    ]
    return [
        ("Devices", ["device", "driver", "address", "instrument"], devices),
        ("Channels", ["channel", "device", "point", "unit", "period", "calibration"], channels),
        ("Roles", ["role", "is played by"], [[role, target] for role, target in config.roles.items()]),
        ("Effects", ["effect", "channel", "kind", "acts on", "distribution", "source"], effects),
        ("Safe state", ["channel", "set to"], actions),
        *((title, columns, rows) for title, columns, rows in register if rows),
    ]


def _capability(cmc: CmcSection) -> str:
    return f"{cmc.U:g} {cmc.unit}" if cmc.U is not None else f"{100.0 * (cmc.relative_U or 0.0):g} %"


def _distribution(name: str, u: float | None, half_width: float | None) -> str:
    return f"{name}, u = {u:g}" if u is not None else f"{name}, half-width {half_width:g}"
