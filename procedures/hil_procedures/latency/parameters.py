"""Parameters of the measurement of the latency from scene to sensor."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from hil import Parameters, unit

Seconds = Annotated[float, unit("s"), Field(gt=0, le=60)]
Uncertainty = Annotated[float, unit("s"), Field(ge=0, le=1)]
Illuminance = Annotated[float, unit("lx"), Field(gt=0)]
Celsius = Annotated[float, unit("Cel")]
Kelvin = Annotated[float, unit("K"), Field(gt=0)]

DARK, BRIGHT = "grey:0", "grey:1"
"""What is shown before an event, and at it."""


class SceneToSensorLatency(Parameters):
    """Parameters of the measurement."""

    events: int = Field(default=100, ge=20, le=100_000, description="how many scenes are drawn")
    level: Illuminance = Field(default=60.0, description="of the wall's brightness, lx")
    dark: Seconds = Field(default=0.1, description="for which it is dark before each event, at least, s")
    spread: Seconds = Field(default=0.2, description="over which the times of the events are spread, s")
    timeout: Seconds = Field(default=2.0, description="after which an event counts as not seen, s")
    temperature: Celsius = Field(default=23.0, description="of the validity gate: of the room, Cel")
    temperature_tolerance: Kelvin = Field(default=3.0, description="of the validity gate, K")
    u_clock: Uncertainty = Field(
        default=1e-4, description="standard uncertainty with which the camera's clock agrees with the bench's, s"
    )
    required: Seconds = Field(default=0.1, description="the requirement: 95 % of the events are seen within this, s")
    confidence: float = Field(default=0.95, gt=0.5, lt=1, description="of each one-sided bound of the percentile")
