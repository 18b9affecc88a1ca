"""Reading the laboratory's TOML files: each fault becomes one sentence with its file, line and key."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from ..errors import ConfigurationError
from .toml_lines import line_of

if TYPE_CHECKING:
    from pydantic import BaseModel

Model = TypeVar("Model", bound="BaseModel")


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
        from pydantic import ValidationError

        from .validation import faults_of

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
