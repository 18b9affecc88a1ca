"""``hil config``: the settings, where each comes from, and the files that may hold them."""

from __future__ import annotations

import os
from typing import Any

import click

from .group import LazyGroup
from .options import as_json
from .output import show_json, show_table

COMMANDS = {
    "show": ("config:show", "Every setting, and where it comes from."),
    "path": ("config:path", "The files that may hold settings."),
}


@click.group(cls=LazyGroup, lazy=COMMANDS)
def config() -> None:
    """The settings: what is not given on the command line.

    \b
    The first of these that says something holds:
      1. the command line
      2. the environment: HIL_BENCH, HIL_OUT, HIL_OPERATOR, ...
      3. the project: the nearest hil.toml, or [tool.hil] of a pyproject.toml, here or in a folder above
      4. the user: hil/config.toml in XDG_CONFIG_HOME (~/.config)
      5. the default
    """


@click.command(short_help="Every setting, and where it comes from.")
@click.option("--origin", is_flag=True, help="Also where each comes from: a variable, a file with its line, default.")
@as_json
def show(origin: bool, as_json: bool) -> None:
    """Every setting as it holds here. A file or a variable that cannot be used is refused (exit code 2)."""
    from ..settings.found import find
    from ..settings.sources import strangers

    settings = list(find().settings.values())
    for told in strangers(os.environ):
        click.echo(f"hil: {told}", err=True)
    if as_json:
        show_json({"settings": {each.name: {"value": each.value, "origin": each.origin} for each in settings}})
        return
    heads = ["setting", "value", *(["origin"] if origin else [])]
    show_table(heads, [[each.name, _told(each.value), each.origin][: len(heads)] for each in settings])


@click.command(short_help="The files that may hold settings.")
@as_json
def path(as_json: bool) -> None:
    """The files that may hold settings, the first one first, and whether they are there. They are not read."""
    from pathlib import Path

    from ..settings.places import PROJECT_FILE, near, project_file, user_file

    user, project = user_file(os.environ), project_file(Path.cwd())
    files = [
        {"of": "project", "path": str(near(project or Path.cwd() / PROJECT_FILE)), "there": project is not None},
        {"of": "user", "path": str(user), "there": user.is_file()},
    ]
    if as_json:
        show_json({"files": files})
        return
    show_table(["of the", "file", ""], [[str(f["of"]), str(f["path"]), "" if f["there"] else "absent"] for f in files])


def _told(value: Any) -> str:
    return {None: "", True: "true", False: "false"}.get(value, str(value))
