"""What a point of a described instrument shows: a constant, or a quantity of the world."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from ..model import Model, NotNegative

IN_HALL = "hall."
_RANGE = r"range\.(0|[1-9]0|[12][0-9]0|3[0-5]0)"
_HALL = rf"hall\.(contact|nearest|obstacle\.[xy]|{_RANGE})"
_TARGET = r"target\.(distance|bearing)(\.setpoint)?"
HOME = "target.home"
_QUANTITY = rf"^(temperature|humidity|illuminance|{HOME}|belt\.(setpoint|speed|distance)|{_TARGET}|{_HALL})$"


class Served(Model):
    """What a point shows: a ``constant``, or a quantity of the world times ``scale`` plus ``offset``; with ``noise``,
    the standard deviation of one reading. All in the unit of the point.

    Quantities are ``temperature`` (Cel), ``humidity`` (%), ``illuminance`` (lx), and of a treadmill ``belt.setpoint``
    (m/s), which a writable point also commands, ``belt.speed`` (m/s) and ``belt.distance`` (m); of a target on a rail
    ``target.distance`` (m) and ``target.bearing`` (degrees), and the setpoint of each, ``target.distance.setpoint`` and
    ``target.bearing.setpoint``, which a writable point also commands; ``target.home``, whose commands have the rail
    find its end switch again, at which its scale begins with the standard deviation ``noise``; of a robot hall also
    ``hall.contact`` (1 within 0.5 s of the robot's hull touching something), ``hall.range.0`` to ``hall.range.350``
    (what is how far in m, every 10 degrees from straight ahead to the left), ``hall.nearest`` (the least of them), and
    ``hall.obstacle.x`` and ``.y`` (m), which a writable point also commands.
    """

    constant: float | None = None
    follows: Annotated[str, Field(pattern=_QUANTITY)] | None = None
    scale: float = 1.0
    offset: float = 0.0
    noise: NotNegative = 0.0

    @model_validator(mode="after")
    def _has_one_origin(self) -> Served:
        if (self.constant is None) == (self.follows is None):
            raise ValueError("needs either 'constant' or 'follows'")
        return self

    @property
    def in_hall(self) -> bool:
        """Whether it follows a quantity that only a robot hall has."""
        return (self.follows or "").startswith(IN_HALL)
