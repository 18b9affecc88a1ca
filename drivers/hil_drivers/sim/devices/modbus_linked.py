"""What simulated devices on Modbus have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Literal

from pydantic import model_validator

from ..model import Name
from .base import SimDevice


class ModbusLinked(SimDevice, ABC):
    """A device behind a Modbus TCP gateway or on a serial line, by ``transport``.

    Devices that name the same ``line`` share it: give each a ``device_id`` of its own.
    """

    transport: Literal["tcp", "rtu"] = "tcp"
    line: Name | None = None

    @property
    @abstractmethod
    def bus_id(self) -> int:
        """Its device id."""

    @model_validator(mode="after")
    def _has_a_line(self) -> ModbusLinked:
        if self.line is not None and self.transport != "rtu":
            raise ValueError("'line' is for transport = \"rtu\"")
        return self
