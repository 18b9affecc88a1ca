"""Which value of a setting holds, and where it comes from."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo

from .model import Beside
from .places import near, project_file, user_file
from .sources import Source, environment_source, fields, file_source

DEFAULT = "default"


@dataclass(frozen=True)
class Setting:
    """A setting: its value, ready to use, and where it was found: a variable, a file with its line, or ``default``."""

    name: str
    value: Any
    origin: str


@dataclass(frozen=True)
class Found:
    """Every setting by its name, and the files: that of the project, if there is one, and that of the user."""

    settings: Mapping[str, Setting]
    project: Path | None
    user: Path

    def __getitem__(self, name: str) -> Any:
        return self.settings[name].value


def find(environment: Mapping[str, str] | None = None, folder: Path | None = None) -> Found:
    """Every setting: from the environment, else the project's file, else the user's file, else its default.

    :raises ConfigurationError: a file or variable cannot be used; one sentence for each fault.
    """
    given = os.environ if environment is None else environment
    user = user_file(given)
    project = project_file(folder or Path.cwd())
    files = [path for path in (project, user) if path is not None and path.is_file()]
    sources = [environment_source(given), *map(file_source, files)]
    settings = {name: _setting(name, field, sources) for name, field in fields()}
    return Found(settings, project, user)


def _setting(name: str, field: FieldInfo, sources: list[Source]) -> Setting:
    for source in sources:
        if name in source.values:
            beside = next((each for each in field.metadata if isinstance(each, Beside)), None)
            folder = source.path.parent if source.path else None
            return Setting(name, _placed(source.values[name], beside, folder), source.places[name])
    return Setting(name, field.default, DEFAULT)


def _placed(value: Any, beside: Beside | None, folder: Path | None) -> Any:
    """A path from its file's folder, as it is written from the working folder; any other value as it is."""
    if beside is None or not isinstance(value, str):
        return value
    path = Path(value).expanduser()
    if folder is None or path.is_absolute():
        return str(path)
    placed = folder / path
    if beside.if_there and path.suffix != ".toml" and not placed.exists():
        return value
    return str(near(placed))
