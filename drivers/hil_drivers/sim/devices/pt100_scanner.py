"""A scanning multimeter with platinum resistance thermometers."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field, model_validator

from ..model import Distribution, Model, Name, NotNegative, Positive
from .base import LINK_FAULTS, ROOM, SimDevice


class ScannerChannel(Model):
    """What a channel yields: ``resistance`` in Ohm, or ``temperature`` in Cel by the meter's own function."""

    channel: int = Field(ge=1, le=9999)
    quantity: Literal["resistance", "temperature"] = "resistance"


class Probe(Model):
    """A thermometer at a ``place``: what is known of R0 (in Ohm, about 100), A and B (relative, about IEC 60751) before
    its calibration; ``self_heating`` in K/mW in the air of its place, ``lead`` the resistance in Ohm of each wire.
    """

    place: str = ROOM
    r0: Distribution = Distribution(distribution="rectangular", half_width=0.06)
    a: Distribution = Distribution(distribution="rectangular", half_width=5e-4)
    b: Distribution = Distribution(distribution="rectangular", half_width=5e-3)
    self_heating: NotNegative = 0.02
    lead: NotNegative = 0.5


class ScannerDevice(SimDevice):
    """A scanner: ``channels`` and ``probes`` by point, measuring ``current`` in A, ``noise`` in Ohm as the standard
    deviation of one reading of one power-line cycle."""

    faults: ClassVar[frozenset[str]] = LINK_FAULTS | frozenset(("over-range", "open-circuit", "nan", "frozen"))
    shared: ClassVar[tuple[str, ...]] = ("channels", "dialect", "line_frequency")

    kind: Literal["pt100-scanner"]
    channels: dict[Name, int | ScannerChannel] = Field(min_length=1)
    dialect: Literal["34970a", "daq6510"] = "34970a"
    line_frequency: Positive = 50.0
    probes: dict[Name, Probe] = Field(default_factory=dict)
    current: Positive = 1e-3
    noise: NotNegative = 2e-4

    @model_validator(mode="after")
    def _has_its_probes(self) -> ScannerDevice:
        for point in self.probes:
            if point not in self.channels:
                raise ValueError(f"probe {point!r} is at no channel, only {', '.join(self.channels)} are")
        return self

    def __hash__(self) -> int:
        return hash((self.kind, self.dialect, *self.channels))

    def responses(self) -> tuple[str, ...]:
        return tuple(self.channels)

    def placements(self) -> tuple[str, ...]:
        return tuple(self.channels)

    def places(self) -> tuple[str, ...]:
        return tuple(self.probe(point).place for point in self.channels)

    def probe(self, point: str) -> Probe:
        """The thermometer behind a point; one that is not stated is as good as class A and stands in the room."""
        return self.probes.get(point, Probe())

    def channel(self, point: str) -> ScannerChannel:
        """The channel of a point."""
        stated = self.channels[point]
        return stated if isinstance(stated, ScannerChannel) else ScannerChannel(channel=stated)
