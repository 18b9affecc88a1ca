"""What the environment and the files say of the settings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from ..bench.files import SourceFile, shown
from ..bench.toml_lines import line_of
from ..bench.validation import faults_of
from ..errors import ConfigurationError
from ..suggest import nearest
from .model import Settings
from .places import OTHER_VARIABLES, PYPROJECT, TABLE, near, variable


@dataclass(frozen=True)
class Source:
    """What a file (``path``) or the environment says by the names of settings, and where each of them stands."""

    values: Mapping[str, Any]
    places: Mapping[str, str]
    path: Path | None = None


def fields(model: type[BaseModel] = Settings, before: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """Every setting by its dotted name."""
    for name, field in model.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            yield from fields(inner, f"{before}{name}.")
        else:
            yield f"{before}{name}", field


def environment_source(environment: Mapping[str, str]) -> Source:
    """What the environment says; an empty variable says nothing.

    :raises ConfigurationError: with one sentence for each variable that does not fit.
    """
    given = {name: text for name, _ in fields() if (text := environment.get(variable(name)))}
    try:
        read = Settings.model_validate(_nested(given), strict=False)
    except ValidationError as error:
        told = [f"{variable(shown(fault.key))}: {fault.message}" for fault in faults_of(error, Settings)]
        raise ConfigurationError("\n".join(told)) from None
    return Source(_flat(read), {name: variable(name) for name in given})


def file_source(path: Path) -> Source:
    """What the file says: all of it, or the table ``[tool.hil]`` of a ``pyproject.toml``.

    :raises ConfigurationError: with one sentence for each fault: file, line, key, and what was expected.
    """
    under = TABLE if path.name == PYPROJECT else ()
    source = SourceFile.read(near(path))
    values = _flat(source.validated(Settings, under))
    places = {name: f"{source.path}:{line_of(source.text, (*under, *name.split('.')))}" for name in values}
    return Source(values, places, path)


def strangers(environment: Mapping[str, str]) -> list[str]:
    """A sentence for each variable that begins like a setting's, but is none."""
    known = [*(variable(name) for name, _ in fields()), *OTHER_VARIABLES]
    names = sorted(name for name in environment if name.startswith("HIL_") and name not in known)
    return [f"{name} is no setting; {nearest(name, known)}" for name in names]


def _flat(read: BaseModel, before: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name in read.model_fields_set:
        value = getattr(read, name)
        flat |= _flat(value, f"{before}{name}.") if isinstance(value, BaseModel) else {f"{before}{name}": value}
    return flat


def _nested(flat: Mapping[str, Any]) -> dict[str, Any]:
    nested: dict[str, Any] = {}
    for name, value in flat.items():
        *tables, key = name.split(".")
        table = nested
        for each in tables:
            table = table.setdefault(each, {})
        table[key] = value
    return nested
