"""Arguments that several commands share."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from ..errors import UsageError

as_json = click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
seed = click.option("--seed", type=click.IntRange(min=0), help="Seed of the plan's order and of a simulated world.")
out = click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default="runs",
    show_default=True,
    help="Folder of runs.",
)


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
