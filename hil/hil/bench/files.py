"""Reading the laboratory's TOML files: each fault becomes one sentence with its file, line and key."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from ..errors import ConfigurationError
from ..suggest import nearest
from .toml_lines import line_of

Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong in a file: where, what was found or expected, and what to do."""

    key: tuple[str | int, ...]
    message: str


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A TOML file as text and as values."""

    path: Path
    text: str
    values: dict[str, Any]

    @classmethod
    def read(cls, path: Path) -> SourceFile:
        """Read and parse ``path``.

        :raises ConfigurationError: if it cannot be read, or is not UTF-8 or not TOML.
        """
        try:
            text = path.read_bytes().decode("utf-8")
        except OSError as error:
            raise ConfigurationError(f"cannot be read: {error.strerror}", where=str(path)) from None
        except UnicodeDecodeError as error:
            raise ConfigurationError(
                f"is not UTF-8 at byte {error.start}", where=str(path), remedy="save it as UTF-8"
            ) from None
        return cls.of(path, text)

    @classmethod
    def of(cls, path: Path, text: str) -> SourceFile:
        """The content of a file that was read before, such as one on a run's record.

        :raises ConfigurationError: if it is not TOML.
        """
        try:
            values = tomllib.loads(text)
        except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
            raise ConfigurationError(f"is not TOML: {error}", where=str(path)) from None
        return cls(path, text.replace("\r\n", "\n"), values)

    def sentence(self, fault: Fault) -> str:
        """``file:line: key: what``, in the form compilers use, so that editors jump to it."""
        line = line_of(self.text, fault.key)
        key = shown(fault.key)
        return f"{self.path}:{line}: {key}: {fault.message}" if key else f"{self.path}:{line}: {fault.message}"

    def refuse(self, faults: Iterable[Fault]) -> None:
        """Raise one error that lists every fault, in the order of the file; nothing if there is none.

        :raises ConfigurationError: if there is any fault.
        """
        ordered = sorted(faults, key=lambda fault: line_of(self.text, fault.key))
        if ordered:
            raise ConfigurationError("\n".join(self.sentence(fault) for fault in ordered))

    def validated(self, model: type[Model], under: tuple[str, ...] = ()) -> Model:
        """The values as ``model``, or those of the table ``under``.

        :raises ConfigurationError: with one sentence for each value that does not fit.
        """
        values: Any = self.values
        for part in under:
            values = values.get(part, {}) if isinstance(values, dict) else {}
        try:
            return model.model_validate(values)
        except ValidationError as error:
            self.refuse(Fault((*under, *fault.key), fault.message) for fault in faults_of(error, model))
            raise


def shown(key: Sequence[str | int]) -> str:
    """A key as it is written in TOML: quoted where it must be, list positions in brackets."""
    text = ""
    for part in key:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            bare = part.isascii() and part.replace("_", "a").replace("-", "a").isalnum()
            written = part if bare else '"' + part.replace("\\", "\\\\").replace('"', '\\"') + '"'
            text += f".{written}" if text else written
    return text


def faults_of(error: ValidationError, model: type[BaseModel]) -> list[Fault]:
    """Each value that does not fit ``model``, in words."""
    return [_fault(dict(item), model) for item in error.errors(include_url=False)]


def _fault(item: dict[str, Any], model: type[BaseModel]) -> Fault:
    key = tuple(item["loc"])
    if item["type"] == "extra_forbidden":
        return Fault(key, f"unknown key; {nearest(str(key[-1]), _fields(model, key[:-1]))}")
    expected = _expected(model, key)
    if item["type"] == "missing":
        return Fault(key, f"missing{f'; expected {expected}' if expected else ''}")
    if item["type"] == "value_error" and not expected:
        return Fault(key, str(item["ctx"]["error"]))
    reason = str(item["ctx"]["error"]) if item["type"] == "value_error" else _lower(item["msg"])
    found = _brief(item["input"])
    if not expected:
        return Fault(key, f"{reason}, found {found}")
    return Fault(key, f"expected {expected}, found {found}")


def _lower(message: str) -> str:
    return message[:1].lower() + message[1:]


def _brief(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _model_at(model: type[BaseModel], key: Sequence[str | int]) -> tuple[type[BaseModel] | None, str]:
    """The model that the key's last part belongs to, and what its field expects."""
    current: type[BaseModel] | None = model
    expected = ""
    for part in key:
        if current is not None and part in current.model_fields:
            field = current.model_fields[str(part)]
            expected = field.description or ""
            current = _inner_model(field.annotation)
        elif current is None:
            break
    return current, expected


def _inner_model(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for argument in getattr(annotation, "__args__", ()):
        found = _inner_model(argument)
        if found is not None:
            return found
    return None


def _expected(model: type[BaseModel], key: Sequence[str | int]) -> str:
    return _model_at(model, key)[1]


def _fields(model: type[BaseModel], key: Sequence[str | int]) -> list[str]:
    current, _ = _model_at(model, key)
    return list(current.model_fields) if current is not None else []
