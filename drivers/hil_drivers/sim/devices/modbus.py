"""Any instrument on Modbus, by the same register map as its driver's."""

from __future__ import annotations

from functools import cached_property
from typing import ClassVar, Literal

from pydantic import Field, ValidationInfo, field_validator

from ...errors import OptionError
from ...instruments.modbus_map import RegisterMap, load_map
from .base import LINK_FAULTS, MODBUS_FAULTS
from .modbus_linked import ModbusLinked
from .shown import Served


class ModbusDevice(ModbusLinked):
    """An instrument of a register map; ``values`` by point, and 0 for a point that is not named.

    What is written to a point is held, and read back. ``scan_period`` of the map is its own period of sampling.
    """

    faults: ClassVar[frozenset[str]] = LINK_FAULTS | MODBUS_FAULTS | frozenset(("nan", "frozen", "word-order"))
    shared: ClassVar[tuple[str, ...]] = ("map",)

    kind: Literal["modbus"]
    map: str
    device_id: int | None = Field(default=None, ge=1, le=247)
    values: dict[str, float | Served] = Field(default_factory=dict)

    @field_validator("map")
    @classmethod
    def _is_a_map(cls, path: str) -> str:
        try:
            load_map(path)
        except OptionError as error:
            raise ValueError(str(error)) from None
        return path

    @field_validator("values")
    @classmethod
    def _are_points(cls, values: dict[str, float | Served], info: ValidationInfo) -> dict[str, float | Served]:
        if "map" in info.data:
            points = load_map(info.data["map"]).points
            for name in values:
                if name not in points:
                    raise ValueError(f"the map has no point {name!r}, only {', '.join(points)}")
        return values

    @cached_property
    def described(self) -> RegisterMap:
        """The map."""
        return load_map(self.map)

    def __hash__(self) -> int:
        return hash((self.kind, self.map, self.transport, self.device_id))

    def served(self, point: str) -> Served:
        """What a point shows."""
        value = self.values.get(point, 0.0)
        return value if isinstance(value, Served) else Served(constant=value)

    def responses(self) -> tuple[str, ...]:
        return tuple(self.described.points)

    @property
    def bus_id(self) -> int:
        return self.device_id or self.described.device_id
