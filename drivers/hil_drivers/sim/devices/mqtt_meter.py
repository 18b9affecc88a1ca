"""A power meter with a switchable outlet, on MQTT."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from ..model import NotNegative
from .base import SimDevice


class MqttMeterDevice(SimDevice):
    """A meter of what the outlet feeds: publishes every ``period`` s; power and noise in W, as the standard deviation
    of one value. With ``password`` its broker wants one. What it publishes, below its topic ``bench/NAME``:

    - ``sensor``: JSON with ``time`` (ISO 8601, UTC), ``n`` (a running number), ``power`` in W, ``voltage`` in V,
      ``relay``;
    - ``power``: the number alone, retained if ``retain``;
    - ``relay``: ``ON`` or ``OFF``, retained, after each command on ``relay/set``;
    - ``status``: ``online`` or ``offline``, retained.
    """

    faults: ClassVar[frozenset[str]] = frozenset(
        ("silent", "dropped", "garbage", "frozen", "nan", "offline", "retained-stale", "burst")
    )
    shared: ClassVar[tuple[str, ...]] = ("period",)

    kind: Literal["mqtt-meter"]
    period: Annotated[float, Field(ge=0.01, le=3600)] = 1.0
    noise: NotNegative = 0.02
    retain: bool = False
    password: bool = False

    def responses(self) -> tuple[str, ...]:
        return ("power",)
