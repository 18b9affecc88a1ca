"""Arguments that several commands share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from ..errors import UsageError
from .completing import bench_names, run_names
from .configured import Configured

Function = TypeVar("Function", bound=Callable[..., Any])

run_argument = click.argument("run", shell_complete=run_names)
as_json = click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
seed = click.option("--seed", type=click.IntRange(min=0), help="Seed of the plan's order and of a simulated world.")
needed_bench = click.option(
    "--bench",
    cls=Configured,
    setting="bench",
    needed=True,
    metavar="B",
    shell_complete=bench_names,
    help="A bench file, or the name of a bench that ships; the setting bench by default.",
)


def runs_folder(*names: str) -> Callable[[Function], Function]:
    """An option, called ``names``, for the folder of runs."""
    return click.option(
        *names,
        cls=Configured,
        setting="out",
        plain="runs",
        type=click.Path(file_okay=False, path_type=Path),
        help="Folder of runs; the setting out by default, else runs.",
    )


def operator(who: str) -> Callable[[Function], Function]:
    """The option for the operator; ``who`` says what the operator does."""
    return click.option(
        "--operator",
        cls=Configured,
        setting="operator",
        help=f"Who {who}: an operator of the laboratory; the setting operator by default, else the only one.",
    )


out = runs_folder("--out")


def parse_settings(settings: Sequence[str]) -> dict[str, str]:
    """``k=v`` arguments as a mapping.

    :raises UsageError: if one has no ``=``, or a name is given twice.
    """
    parsed: dict[str, str] = {}
    for setting in settings:
        name, equals, value = setting.partition("=")
        name = name.strip()
        if not equals or not name:
            raise UsageError(f"--set {setting!r} has no name and value", remedy="write --set name=value")
        if name in parsed:
            raise UsageError(f"--set {name} is given twice", remedy="give it once")
        parsed[name] = value.strip()
    return parsed
