"""A CL-200A chroma meter: the instrument's side of its frames, as those of a T-10A with other readings."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from ..colour import colour
from ..faults import Faults
from ..luxmeter import CONVERSION, Luxmeter
from ..response import Response
from ..world import World
from .serial_t10a import T10aProtocol, value_field

if TYPE_CHECKING:
    from ..devices.cl200a import Cl200aDevice

_GOOD, _LOW_LIGHT = " ", "6"
_NONE = " " * 6


class Cl200aProtocol(T10aProtocol):
    """Command 02 answers illuminance, x, y; command 08 illuminance, correlated colour temperature, duv."""

    reads: ClassVar[frozenset[str]] = frozenset(("02", "08"))

    def __init__(self, name: str, device: Cl200aDevice, meter: Luxmeter, world: World, faults: Faults) -> None:
        super().__init__(meter, world, faults)
        self._device, self._seen = device, 0
        spreads = {"x": device.noise_xy, "y": device.noise_xy, "cct": device.noise_cct, "duv": device.noise_duv}
        self._responses = {point: Response(world, name, point, noise=noise) for point, noise in spreads.items()}

    def _convert(self, start: int) -> float:
        self._seen = start
        return super()._convert(start)

    def _values(self, command: str, illuminance: float) -> tuple[str, str]:
        dim = abs(illuminance) < self._device.low_light or self._faults.present("low-light")
        points = ("x", "y") if command == "02" else ("cct", "duv")
        fields = "".join(map(self._field, points))
        return _LOW_LIGHT if dim else _GOOD, value_field(illuminance) + fields

    def _field(self, point: str) -> str:
        true = colour(self._world, self._seen, self._seen + CONVERSION)
        temperature = self._world.climate.temperature(self._seen)
        value = self._responses[point].indication(getattr(true, point), temperature, self._seen)
        power = 0 if point != "cct" else 4 if value < 9999.5 else 5
        mantissa = round(abs(value) * 10.0 ** (4 - power))
        sign = "-" if value < 0 and mantissa else "+"
        return f"{sign}{mantissa:4d}{power}" if mantissa <= 9999 else _NONE
