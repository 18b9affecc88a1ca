"""A climatic chamber that speaks SIMSERV."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from .base import LINK_FAULTS
from .chamber import ChamberDevice


class SimservDevice(ChamberDevice):
    """A climatic chamber that speaks SIMSERV on TCP.

    ``outputs`` are the numbers of its digital outputs by name; ``humidity.running`` (humidity is controlled),
    ``compressed_air`` and ``dryer`` (both together dry the air) act on its physics, any other is only kept.
    """

    faults: ClassVar[frozenset[str]] = LINK_FAULTS | frozenset(("alarm", "frozen", "nan"))
    shared: ClassVar[tuple[str, ...]] = ("humidity", "outputs")

    kind: Literal["simserv"]
    humidity: bool = True
    outputs: dict[str, int] = Field(default_factory=dict)
