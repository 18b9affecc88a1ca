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
    int: "an integer",
    float: "a number",
    bool: "true or false",
    str: "a text",
}


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
        elif option in hints and (expected := _unfit(hints[option], value)):
            yield option, f"expected {expected}, found {_brief(value)}"
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
    """What is expected where ``value`` is not of the type ``hint``, else empty."""
    from pydantic import PydanticSchemaGenerationError, TypeAdapter, ValidationError

    try:
        text = json.dumps(value, default=str)
        TypeAdapter(hint).validate_json(text, strict=True)
    except ValidationError as error:
        told = error.errors(include_url=False)[0]["msg"]
        told = told.removeprefix("Input should be ").replace("an object", "a table").replace("a valid array", "a list")
        return _WORDS.get(hint, told)
    except (PydanticSchemaGenerationError, TypeError, ValueError, RecursionError):
        return ""
    return ""


def _brief(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
