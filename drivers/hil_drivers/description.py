"""Description files: an instrument told in TOML, for the drivers that need no code of their own.

A driver names its option for the file ``description`` and lists it in ``Device.files``: in a bench file a relative
path starts at the bench file's folder, elsewhere at the working directory.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.fields import FieldInfo

from .errors import OptionError

M = TypeVar("M", bound=BaseModel)


class DescriptionError(OptionError):
    """A description file that cannot be read or contradicts itself: one sentence for each fault."""


class Described(BaseModel):
    """What all sections of a description share: closed, frozen, no silent conversion, finite numbers.

    The ``description`` of a field says what is expected, in the words of an error message.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


def load(path: str | Path, model: type[M]) -> M:
    """Read and check a description file.

    :raises DescriptionError: with one sentence for each fault: file, key, what was expected or the nearest valid key.
    """
    values = _read(Path(path))
    try:
        return model.model_validate(values)
    except ValidationError as error:
        sentences = [_sentence(dict(item), model) for item in error.errors(include_url=False)]
    raise DescriptionError("\n".join(f"{path}: {sentence}" for sentence in sentences))


def nearest(name: str, known: Iterable[str]) -> str:
    """A remedy in words: the nearest of ``known`` to ``name``, or all of them."""
    names = sorted(known)
    close = get_close_matches(name, names, n=1)
    if close:
        return f"did you mean {close[0]!r}?"
    return f"use one of {', '.join(names)}" if names else "leave it out"


def shown(key: Sequence[str | int]) -> str:
    """A key as TOML writes it.

    >>> shown(("points", "flow rate", "limits", 0))
    'points."flow rate".limits[0]'
    """
    text = ""
    for part in key:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            bare = part.isascii() and part.replace("_", "a").replace("-", "a").isalnum()
            written = part if bare else '"' + part.replace("\\", "\\\\").replace('"', '\\"') + '"'
            text += f".{written}" if text else written
    return text


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_bytes().decode("utf-8"))
    except OSError as error:
        reason, remedy = f"cannot be read: {error.strerror}", "name a readable TOML file"
    except UnicodeDecodeError as error:
        reason, remedy = f"is not UTF-8 at byte {error.start}", "save it as UTF-8"
    except (ValueError, RecursionError) as error:
        reason, remedy = f"is not TOML: {error}", "correct it"
    raise DescriptionError(reason, where=str(path), remedy=remedy)


def _sentence(item: dict[str, Any], model: type[BaseModel]) -> str:
    key = tuple(item["loc"])
    place, expected = _field(model, key)
    found = repr(item["input"])
    found = found if len(found) <= 60 else f"{found[:57]}..."
    if item["type"] == "extra_forbidden":
        what = f"unknown key; {nearest(str(key[-1]), _keys(place) if place else ())}"
    elif item["type"] == "missing":
        what = f"missing{f'; expected {expected}' if expected else ''}"
    elif item["type"] == "value_error":
        what = str(item["ctx"]["error"])
    elif expected:
        what = f"expected {expected}, found {found}"
    else:
        what = f"{item['msg'][:1].lower()}{item['msg'][1:]}, found {found}"
    return f"{shown(key)}: {what}" if key else what


def _field(model: type[BaseModel], key: Sequence[str | int]) -> tuple[type[BaseModel] | None, str]:
    """The model that the last part of ``key`` belongs to, and what its field expects."""
    place: type[BaseModel] | None = model
    inner: type[BaseModel] | None = model
    expected = ""
    for part in key:
        if inner is None:
            break
        place = inner
        if (field := _keys(inner).get(str(part))) is not None:
            expected, inner = field.description or "", _inner(field.annotation)
    return place, expected


def _keys(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """The fields of a model by the keys of the file."""
    return {field.alias or name: field for name, field in model.model_fields.items()}


def _inner(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    found = (_inner(argument) for argument in getattr(annotation, "__args__", ()))
    return next(filter(None, found), None)
