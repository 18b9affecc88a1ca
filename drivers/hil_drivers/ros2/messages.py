"""ROS messages from and to plain values: dictionaries, lists, numbers, texts and numpy arrays."""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any

import numpy as np

KINDS = ("msg", "srv", "action")

_ELEMENT = re.compile(r"sequence<([^,>]+)(?:, *\d+)?>|([^\[]+)\[\d+\]")
_INDEX = re.compile(r"[0-9]{1,6}")
_INTEGERS = {f"{sign}int{bits}": (bits, not sign) for sign in ("", "u") for bits in (8, 16, 32, 64)}


class TypeRefused(ValueError):
    """A type, a field or a value that this ROS does not have."""


def type_named(name: str, kind: str) -> Any:
    """The class of a type such as ``nav_msgs/msg/Odometry``.

    :raises TypeRefused: if there is none.
    """
    package, *middle, simple = name.split("/")
    if not package.isidentifier() or not simple.isidentifier() or middle != [kind]:
        raise TypeRefused(f"{name!r} is no type; write it as package/{kind}/Name")
    try:
        return getattr(import_module(f"{package}.{kind}"), simple)
    except (ImportError, AttributeError):
        raise TypeRefused(f"this ROS has no {package}/{kind}/{simple}") from None


def plain(value: Any) -> Any:
    """A message, or a part of one, as plain values."""
    if hasattr(value, "get_fields_and_field_types"):
        return {name: plain(getattr(value, name)) for name in value.get_fields_and_field_types()}
    if isinstance(value, array):
        return np.asarray(value)
    if isinstance(value, (bytes, bytearray)):
        return list(value)
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    return value


def picker(paths: Sequence[str], sample: Any) -> Callable[[Any], dict[str, Any]]:
    """Takes some fields out of a message: ``pose.pose.position.x``, ``ranges.0``; all of them for no path.

    :param sample: an empty message of that type, against which the paths are checked.
    :raises TypeRefused: if there is no such field.
    """
    if not paths:
        return lambda message: dict(plain(message))
    steps = {path: path.split(".") for path in paths}
    for path, names in steps.items():
        _check_path(path, names, sample)

    def pick(message: Any) -> dict[str, Any]:
        return {path: plain(_at(message, names)) for path, names in steps.items()}

    return pick


def fill(message: Any, values: Mapping[str, Any]) -> Any:
    """Set fields of ``message`` from plain values, strictly: no text for a number, no number out of its range.

    :raises TypeRefused: naming the field that cannot be set.
    """
    types = message.get_fields_and_field_types()
    for name, value in values.items():
        if name not in types:
            raise TypeRefused(f"{type(message).__name__} has no field {name!r}; use {', '.join(types) or 'none'}")
        try:
            setattr(message, name, _made(types[name], getattr(message, name), value))
        except (TypeError, ValueError, OverflowError, AssertionError) as error:
            if isinstance(error, TypeRefused):
                raise
            raise TypeRefused(f"{name}: {value!r:.60} is no {types[name]}") from None
    return message


def _made(declared: str, current: Any, value: Any) -> Any:
    if hasattr(current, "get_fields_and_field_types"):
        if not isinstance(value, Mapping):
            raise TypeError
        return fill(current, value)
    if isinstance(current, array):
        return array(current.typecode, _numbers(value, current.typecode).tobytes())
    if isinstance(current, np.ndarray):
        found = _numbers(value, current.dtype.char)
        if found.shape != current.shape:
            raise TypeError
        return found
    if element := _ELEMENT.fullmatch(declared):
        return _sequence(element[1] or element[2], value)
    return _scalar(declared, value)


def _sequence(element: str, value: Any) -> list[Any]:
    if isinstance(value, (str, bytes, Mapping)):
        raise TypeError
    if "/" in element:
        made = type_named(element.replace("/", "/msg/"), "msg")
        return [fill(made(), each) for each in value]
    return [_scalar(element, each) for each in value]


def _numbers(value: Any, code: str) -> np.ndarray[Any, Any]:
    """Numbers as an array of one type, refused where that changes them."""
    given = np.asarray(value)
    made = given.astype(np.dtype(code))
    if given.ndim != 1 or (made.dtype.kind != "f" and not np.array_equal(made, given)):
        raise TypeError
    return made


def _scalar(declared: str, value: Any) -> Any:
    if declared in ("float", "double"):
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise TypeError
        return float(value)
    if declared == "boolean":
        if not isinstance(value, bool):
            raise TypeError
        return value
    if declared in _INTEGERS:
        bits, signed = _INTEGERS[declared]
        low = -(1 << (bits - 1)) if signed else 0
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value < low + (1 << bits):
            raise TypeError
        return value
    if declared == "octet":
        return bytes([value])
    if not isinstance(value, str):
        raise TypeError
    return value


def _check_path(path: str, names: Sequence[str], sample: Any) -> None:
    place = sample
    for name in names:
        if hasattr(place, "get_fields_and_field_types"):
            types = place.get_fields_and_field_types()
            if name not in types:
                raise TypeRefused(f"{path}: {type(place).__name__} has no field {name!r}; use {', '.join(types)}")
            place = getattr(place, name)
        elif not _INDEX.fullmatch(name) or not isinstance(place, (list, tuple, array, np.ndarray)):
            raise TypeRefused(f"{path}: there is nothing called {name!r}")
        else:
            return


def _at(message: Any, names: Sequence[str]) -> Any:
    """The value at a path; ``None`` where an array is too short."""
    place = message
    for name in names:
        if hasattr(place, "get_fields_and_field_types"):
            place = getattr(place, name)
        elif int(name) < len(place):
            place = place[int(name)]
        else:
            return None
    return place
