"""Parameters of procedures: pydantic models whose quantities may be written with their unit, ``"200 lx"``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from .errors import UsageError
from .suggest import nearest


class Parameters(BaseModel):
    """Base class of a procedure's parameters: unknown names are refused, values cannot change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


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

    return BeforeValidator(convert)


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
        faults = "; ".join(
            f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}, got {fault['input']!r}" for fault in error.errors()
        )
        raise UsageError(faults, where=where, remedy="correct the value given with --set") from None


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
