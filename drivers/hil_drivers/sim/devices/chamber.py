"""What simulated climatic chambers have in common: the settings of their physics."""

from __future__ import annotations

from abc import ABC
from typing import Annotated, ClassVar

from pydantic import Field, model_validator

from ..model import NotNegative, Positive
from .base import LINK_FAULTS, SimDevice

SPECIMEN = "specimen"
"""The place of a probe that is fixed to the specimen: ``NAME/specimen`` in the chamber ``NAME``."""

Fraction = Annotated[float, Field(ge=0, le=1)]


class ChamberDevice(SimDevice, ABC):
    """A climatic chamber: limits of set points in Cel and % RH, times in s, rates of the air in K/min and of its vapour
    in hPa/s, the lowest dew point of its cooling coil in Cel, ripple in K, powers in W.

    ``time_constant`` and ``humidity_time`` are those of the controlled air at full fan speed, ``wall_time`` that
    of the walls in moved air, ``insulation_time`` that of walls and air to the room; ``specimen_time`` is that of
    the specimen, which sees the walls by the fraction ``radiation``. Noise is the standard deviation of one
    indication of the chamber's own sensors, in K and % RH.
    """

    faults: ClassVar[frozenset[str]] = LINK_FAULTS | frozenset(("alarm", "frozen"))
    encloses: ClassVar[bool] = True

    temperature_limits: tuple[float, float] = (-77.0, 182.0)
    humidity_limits: tuple[NotNegative, NotNegative] = (0.0, 100.0)
    humidity_range: tuple[float, float] = (10.0, 95.0)
    time_constant: Positive = 240.0
    wall_time: Positive = 900.0
    insulation_time: Positive = 14400.0
    still_time: Positive = 600.0
    specimen_time: Positive = 1200.0
    radiation: Fraction = 0.3
    heating_rate: Positive = 4.0
    cooling_rate: Positive = 3.5
    ripple: NotNegative = 0.1
    ripple_period: Positive = 90.0
    humidity_time: Positive = 120.0
    wetting_rate: Positive = 0.5
    drying_rate: Positive = 0.5
    coil_dew_point: float = 4.0
    vapour_exchange_time: Positive = 14400.0
    noise_temperature: NotNegative = 0.01
    noise_humidity: NotNegative = 0.1
    standby_power: NotNegative = 120.0
    fan_power: NotNegative = 250.0
    heating_power: NotNegative = 3500.0
    cooling_power: NotNegative = 2800.0
    wetting_power: NotNegative = 1500.0

    @model_validator(mode="after")
    def _has_ordered_limits(self) -> ChamberDevice:
        for name in ("temperature_limits", "humidity_limits", "humidity_range"):
            lower, upper = getattr(self, name)
            if lower >= upper:
                raise ValueError(f"{name}: the lower limit is not below the upper limit")
        return self

    def responses(self) -> tuple[str, ...]:
        return ("temperature", "humidity")

    def inside(self, name: str) -> tuple[str, ...]:
        return (name, f"{name}/{SPECIMEN}")
