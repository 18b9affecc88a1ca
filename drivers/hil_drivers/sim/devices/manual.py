"""A simulated operator who reads instruments without a wire."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field, model_validator

from ..model import Model, Name, NotNegative, Positive
from .base import LINK_FAULTS, ROOM, SimDevice


class Display(Model):
    """What an instrument shows: the ``temperature`` in Cel or ``humidity`` in % at ``place``, or a fixed ``value``; its
    step is ``resolution``, the standard deviation of what the operator reads from it is ``noise``."""

    shows: Literal["temperature", "humidity", "value"] = "value"
    value: float = 0.0
    place: str = ROOM
    resolution: Positive = 0.1
    noise: NotNegative = 0.0


class ManualDevice(SimDevice):
    """An operator who answers ``reaction`` s of bench time after a question, with what ``displays`` show then."""

    faults: ClassVar[frozenset[str]] = LINK_FAULTS | frozenset(("typo", "nan"))
    shared: ClassVar[tuple[str, ...]] = ()

    kind: Literal["manual"]
    displays: dict[Name, Display] = Field(min_length=1)
    reaction: NotNegative = 4.0

    @model_validator(mode="after")
    def _has_finite_steps(self) -> ManualDevice:
        for point, display in self.displays.items():
            if not 1e-9 <= display.resolution <= 1e9:
                raise ValueError(f"displays.{point}.resolution is not from 1e-9 to 1e9")
        return self

    def __hash__(self) -> int:
        return hash((self.kind, self.reaction, *self.displays))

    def responses(self) -> tuple[str, ...]:
        return tuple(self.displays)

    def places(self) -> tuple[str, ...]:
        return tuple(display.place for display in self.displays.values())
