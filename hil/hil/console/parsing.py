"""Dataclasses out of JSON that may be of another version: what does not fit is the field's default, never an error."""

from __future__ import annotations

import dataclasses
import math
import types
from collections.abc import Callable
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

T = TypeVar("T")

LONGEST = 4000
"""Characters of one text that are kept."""


def build(kind: type[T], data: object) -> T:
    """A ``kind``, a dataclass whose fields all have defaults, from a JSON object.

    Texts lose their control characters, so that nothing the bench says drives the terminal. NaN and infinity count as
    absent.
    """
    given = data if isinstance(data, dict) else {}
    known: dict[str, Any] = {}
    for name, convert in _converters(kind).items():
        value = convert(given.get(name))
        if value is not None:
            known[name] = value
    return kind(**known)


def text(value: object) -> str | None:
    """``value`` as plain text, ``None`` where it is none."""
    if not isinstance(value, str):
        return None
    return "".join(c if c.isprintable() or c == "\n" else " " for c in value[:LONGEST])


def number(value: object) -> float | None:
    """``value`` as a finite float, ``None`` where it is none."""
    if value is None:
        return None
    if type(value) is float:
        return value if math.isfinite(value) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        found = float(value)
    except OverflowError:
        return None
    return found if math.isfinite(found) else None


def whole(value: object) -> int | None:
    """``value`` as an int, ``None`` where it is none."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _flag(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _object(value: object) -> dict[str, Any] | None:
    return value if isinstance(value, dict) else None


_PLAIN: dict[Any, Callable[[object], Any]] = {str: text, float: number, int: whole, bool: _flag}


def _converters(kind: Any) -> dict[str, Callable[[object], Any]]:
    if kind not in _known:
        hints = get_type_hints(kind)
        _known[kind] = {field.name: _converter(hints[field.name]) for field in dataclasses.fields(kind)}
    return _known[kind]


_known: dict[Any, dict[str, Callable[[object], Any]]] = {}


def _converter(hint: Any) -> Callable[[object], Any]:
    if hint in _PLAIN:
        return _PLAIN[hint]
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is types.UnionType:
        (inner,) = (each for each in arguments if each is not types.NoneType)
        return _converter(inner) if not dataclasses.is_dataclass(inner) else _nested(inner)
    if origin is tuple:
        return _several(
            _converter(arguments[0]) if not dataclasses.is_dataclass(arguments[0]) else _nested(arguments[0])
        )
    if origin is dict:
        return _object
    raise TypeError(f"no converter for {hint}")


def _nested(kind: Any) -> Callable[[object], Any]:
    return lambda value: build(kind, value) if isinstance(value, dict) else None


def _several(convert: Callable[[object], Any]) -> Callable[[object], Any]:
    def converted(value: object) -> tuple[Any, ...] | None:
        if not isinstance(value, list):
            return None
        return tuple(found for each in value if (found := convert(each)) is not None)

    return converted
