"""A module of digital inputs and outputs with a watchdog."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field, model_validator

from ..model import Positive
from .base import LINK_FAULTS, MODBUS_FAULTS
from .modbus_linked import ModbusLinked


class DigitalIoDevice(ModbusLinked):
    """Inputs and outputs by name with their addresses, and the ``watchdog`` (a coil or a register), as its driver has.

    ``states`` gives inputs that are not 1. ``estop`` names the input of the E-stop chain: it is 1 while the chain is
    closed; the fault ``estop`` opens it, which takes the outputs their power. ``relays`` says which device has its
    supply by which output. The watchdog is armed when it is first fed. If ``watchdog_timeout`` s pass without a feed,
    all outputs drop, and stay off until they are switched on again after the next feed. The time is wall time where
    the world is paced; in lockstep it is judged in bench time, and the outputs drop at the very moment.
    """

    faults: ClassVar[frozenset[str]] = LINK_FAULTS | MODBUS_FAULTS | frozenset(("frozen", "estop"))
    shared: ClassVar[tuple[str, ...]] = ("inputs", "outputs", "watchdog", "watchdog_timeout")

    kind: Literal["digital-io"]
    device_id: int = Field(default=1, ge=1, le=247)
    inputs: dict[str, int] = Field(default_factory=dict)
    outputs: dict[str, int] = Field(default_factory=dict)
    states: dict[str, Literal[0, 1]] = Field(default_factory=dict)
    estop: str | None = None
    relays: dict[str, str] = Field(default_factory=dict)
    watchdog: dict[Literal["coil", "register"], int] = Field(default_factory=dict)
    watchdog_timeout: Positive = 1.0

    @model_validator(mode="after")
    def _knows_its_names(self) -> DigitalIoDevice:
        for key, names, known in (
            ("states", self.states, self.inputs),
            ("estop", [self.estop] if self.estop else [], self.inputs),
            ("relays", self.relays, self.outputs),
        ):
            for name in names:
                if name not in known:
                    raise ValueError(f"{key}: there is no {name!r}, only {', '.join(known) or 'none'}")
        return self

    def __hash__(self) -> int:
        return hash((self.kind, self.device_id, self.transport, self.watchdog_timeout))

    @property
    def bus_id(self) -> int:
        return self.device_id
