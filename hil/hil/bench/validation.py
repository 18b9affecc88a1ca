"""What does not fit a model of the laboratory's files, in words. Apart, so that the engine starts without pydantic."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ValidationError

from ..suggest import nearest
from .files import Fault


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
