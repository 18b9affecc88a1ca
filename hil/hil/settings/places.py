"""Where settings may stand. Nothing heavy is imported here: most commands find that there is no file, and go on."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

PROJECT_FILE = "hil.toml"
PYPROJECT = "pyproject.toml"
TABLE = ("tool", "hil")
"""The table of settings in a ``pyproject.toml``."""

OTHER_VARIABLES = ("HIL_DEBUG", "HIL_RUNTIME_DIR", "HIL_ROS_PYTHON", "HIL_PASS_PHRASE")
"""Variables that are no settings: they are of one process, or secret."""


def variable(name: str) -> str:
    """The environment variable of a setting: ``HIL_CONSOLE_COLOURS`` of ``console.colours``."""
    return f"HIL_{name.replace('.', '_').upper()}"


def project_file(folder: Path) -> Path | None:
    """The nearest ``hil.toml``, or ``pyproject.toml`` that speaks of ``tool.hil``, in ``folder`` or above it."""
    for place in (folder, *folder.parents):
        if (place / PROJECT_FILE).is_file():
            return place / PROJECT_FILE
        pyproject = place / PYPROJECT
        if pyproject.is_file() and ".".join(TABLE).encode() in pyproject.read_bytes():
            return pyproject
    return None


def user_file(environment: Mapping[str, str]) -> Path:
    """The file of the user, whether or not it exists."""
    base = environment.get("XDG_CONFIG_HOME")
    return (Path(base) if base else Path.home() / ".config") / "hil" / "config.toml"


def is_silent(name: str, environment: Mapping[str, str], folder: Path) -> bool:
    """Whether no place says anything of the setting ``name``, because none exists."""
    if environment.get(variable(name)) or user_file(environment).is_file():
        return False
    return project_file(folder) is None


def near(path: Path) -> Path:
    """``path`` as it is written from the working folder, where it is in there or beside it."""
    relative = Path(os.path.relpath(path))
    return relative if relative.parts[:2] != ("..", "..") else path
