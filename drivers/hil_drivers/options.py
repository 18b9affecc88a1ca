"""The options of a driver against the parameters of its class: names, what must be given, and types."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, get_type_hints

if TYPE_CHECKING:
    from .device import Device

_OWN = ("name", "address", "clock")
_WORDS = {
    "a valid integer": "an integer",
    "a valid number": "a number",
    "a valid boolean": "true or false",
    "a valid string": "a text",
    "a valid array": "a list",
    "an object": "a table",
}
"""What pydantic calls a type, and what TOML does."""


def taken_options(driver: type[Device]) -> dict[str, inspect.Parameter] | None:
    """The options that a driver takes, by name; ``None`` where it takes any."""
    parameters = inspect.signature(driver).parameters
    if any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in parameters.values()):
        return None
    return {key: parameter for key, parameter in parameters.items() if key not in _OWN}


def option_faults(
    driver: type[Device], options: Mapping[str, object], *, others: tuple[str, ...] = ()
) -> Iterator[tuple[str, str]]:
    """What is wrong with ``options``: each time the option, or "" where one is missing, and what to say of it.

    :param others: names that are known where the options are written, though they are none of the driver's.
    """
    taken = taken_options(driver)
    if taken is None:
        return
    from .description import nearest

    hints = _hints(driver)
    for option, value in options.items():
        if option not in taken:
            yield option, f"unknown key; {nearest(option, [*taken, *others])}"
        elif option in hints and (told := _unfit(hints[option], value)):
            yield option, told
    for option, parameter in taken.items():
        if parameter.default is inspect.Parameter.empty and option not in options:
            yield "", f"the driver needs the key {option}"


def _hints(driver: type[Device]) -> dict[str, Any]:
    """The types of the options; none where a driver's annotations cannot be resolved."""
    try:
        return get_type_hints(driver.__init__)
    except (NameError, TypeError, AttributeError):
        return {}


def _unfit(hint: Any, value: object) -> str:
    """What is wrong where ``value`` is not of the type ``hint``, else empty."""
    from pydantic import PydanticSchemaGenerationError, TypeAdapter, ValidationError

    try:
        text = json.dumps(value, default=str)
        TypeAdapter(hint).validate_json(text, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where, found = _inside(value, first["loc"])
        told = first["msg"].removeprefix("Input should be ")
        for theirs, ours in _WORDS.items():
            told = told.replace(theirs, ours)
        return f"{f'{where}: ' if where else ''}expected {told}, found {_brief(found)}"
    except (PydanticSchemaGenerationError, TypeError, ValueError, RecursionError):
        return ""
    return ""


def _inside(value: object, place: tuple[int | str, ...]) -> tuple[str, object]:
    """The key in ``value`` that ``place`` leads to, as far as it does, and what is there."""
    found: Any = value
    keys = []
    for key in place:
        try:
            found = found[key]
        except (LookupError, TypeError):
            break
        keys.append(str(key))
    return ".".join(keys), found


def _brief(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
