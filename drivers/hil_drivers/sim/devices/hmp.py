"""A climate probe of the HMP kind."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from ..model import NotNegative
from .base import LINK_FAULTS, MODBUS_FAULTS, ROOM
from .modbus_linked import ModbusLinked


class HmpDevice(ModbusLinked):
    """A climate probe at a ``place``; noise as standard deviations of one reading, in K and % RH.

    It is behind a Modbus TCP gateway or on a serial line.
    """

    faults: ClassVar[frozenset[str]] = (
        LINK_FAULTS | MODBUS_FAULTS | frozenset(("nan", "frozen", "word-order", "device-error"))
    )
    shared: ClassVar[tuple[str, ...]] = ("device_id",)

    kind: Literal["hmp"]
    device_id: int = Field(default=240, ge=1, le=247)
    place: str = ROOM
    noise_temperature: NotNegative = 0.005
    noise_humidity: NotNegative = 0.03

    def responses(self) -> tuple[str, ...]:
        return ("temperature", "humidity")

    def placements(self) -> tuple[str, ...]:
        return ("temperature", "humidity")

    def places(self) -> tuple[str, ...]:
        return (self.place,)

    @property
    def bus_id(self) -> int:
        return self.device_id
