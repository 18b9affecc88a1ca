"""Parameters of procedures: pydantic models whose quantities may be written with their unit, ``"200 lx"``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar, get_args, get_origin

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError
from pydantic.fields import FieldInfo

from .errors import UsageError
from .suggest import nearest

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails


class Parameters(BaseModel):
    """Base class of a procedure's parameters: unknown names and numbers that are not finite are refused, values cannot
    change.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


@dataclass(frozen=True, slots=True)
class _Unit(BeforeValidator):
    """A validator that says which unit it converts to."""

    ucum: str = "1"


def unit(ucum: str) -> BeforeValidator:
    """For ``Annotated[float, unit("lx")]``: a number is taken in ``ucum``, a text is converted to it."""

    def convert(value: object) -> object:
        if not isinstance(value, str):
            return value
        from hil_calibration.errors import CalibrationError
        from hil_calibration.unit import parse_value

        try:
            return parse_value(value, unit=ucum)
        except CalibrationError as error:
            raise ValueError(error.what) from None

    return _Unit(convert, ucum=ucum)


Model = TypeVar("Model", bound=Parameters)


def parse(model: type[Model], settings: Mapping[str, str], *, where: str) -> Model:
    """Make parameters from ``--set`` settings, where a list is written ``a,b,c``.

    :raises UsageError: naming each unknown or impossible setting.
    """
    values: dict[str, Any] = {}
    for name, text in settings.items():
        if name not in model.model_fields:
            raise UsageError(f"there is no parameter {name!r}", where=where, remedy=nearest(name, model.model_fields))
        is_list = str(model.model_fields[name].annotation).startswith(("tuple", "list"))
        values[name] = [part.strip() for part in text.split(",")] if is_list else text
    try:
        return model.model_validate(values)
    except ValidationError as error:
        faults = {fault["loc"][:1]: _fault(model, settings, fault) for fault in reversed(error.errors())}
        raise UsageError(
            "; ".join(reversed(faults.values())), where=where, remedy="correct what is given with --set"
        ) from None


def _fault(model: type[Parameters], settings: Mapping[str, str], fault: ErrorDetails) -> str:
    """What is wrong with a parameter in one clause: what was given, and what is expected."""
    if not fault["loc"]:
        return str(fault["ctx"]["error"]) if "error" in fault.get("ctx", {}) else fault["msg"]
    name = str(fault["loc"][0])
    field = model.model_fields[name]
    wanted = expected(field)
    if name not in settings:
        example = f", such as {name}={field.examples[0]!r}" if field.examples else ""
        return f"{name} is not given; {wanted} is expected{example}"
    item = fault["input"] if len(fault["loc"]) > 1 and isinstance(fault["input"], str | float | int) else settings[name]
    why = f" ({fault['ctx']['error']})" if fault["type"] == "value_error" else ""
    return f"{name} = {item!s} does not fit{why}; {wanted} is expected"


def expected(field: FieldInfo) -> str:
    """What a parameter takes, in words: its kind, unit and range."""
    kinds = list(_kinds(field.annotation))
    marks = [*field.metadata, *(mark for _, inner in kinds for mark in inner)]
    kind = " or ".join(dict.fromkeys(word for word, _ in kinds if word))
    units = [f"in {mark.ucum}" for mark in marks if isinstance(mark, _Unit)]
    bounds = [
        f"{words} {getattr(mark, key):g}" for key, words in _BOUNDS.items() for mark in marks if hasattr(mark, key)
    ]
    lengths = [
        f"{words} {getattr(mark, key)}" for key, words in _LENGTHS.items() for mark in marks if hasattr(mark, key)
    ]
    said = " ".join([kind, *units, " and ".join(bounds)]).strip()
    return f"{said}, {' and '.join(lengths)} long" if lengths else said


def units(model: type[Parameters]) -> dict[str, str]:
    """The UCUM unit of each parameter that has one."""
    found = {}
    for name, field in model.model_fields.items():
        marks = [*field.metadata, *(mark for _, inner in _kinds(field.annotation) for mark in inner)]
        ucum = next((mark.ucum for mark in marks if isinstance(mark, _Unit)), "1")
        if ucum != "1":
            found[name] = ucum
    return found


_BOUNDS = {"gt": "above", "ge": "at least", "lt": "below", "le": "at most"}
_LENGTHS = {"min_length": "at least", "max_length": "at most"}
_WORDS = {bool: "true or false", int: "a whole number", float: "a number", str: "a text", type(None): ""}


def _kinds(annotation: Any) -> Iterator[tuple[str, list[Any]]]:
    """The kinds that an annotation allows, in words, and what is marked on each."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        for word, marks in _kinds(inner[0]):
            yield word, [*marks, *_unpacked(inner[1:])]
    elif origin is Literal:
        yield f"one of {', '.join(map(str, inner))}", []
    elif origin in (tuple, list):
        for word, marks in _kinds(inner[0]):
            yield f"a list a,b,c, each {word}", marks
    elif inner:
        for each in inner:
            yield from _kinds(each)
    else:
        yield _WORDS.get(annotation, f"a {getattr(annotation, '__name__', annotation)}"), []


def _unpacked(marks: Iterable[Any]) -> Iterator[Any]:
    """The marks, where pydantic keeps several in one."""
    for mark in marks:
        yield from mark.metadata if isinstance(mark, FieldInfo) else (mark,)


def recorded(model: type[Model], values: Mapping[str, Any], *, where: str) -> Model:
    """Make parameters from those on record.

    :raises UsageError: if the procedure does not take them any more.
    """
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise UsageError(
            f"does not take the parameters on record any more ({error.error_count()} do not fit)",
            where=where,
            remedy="use the version of the procedure that made them",
        ) from None
