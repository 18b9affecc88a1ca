"""A dimmer on Art-Net."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from .base import SimDevice


class ArtnetDevice(SimDevice):
    """A dimmer: 16 bit at ``channel`` (coarse, from 1) and the next one (fine)."""

    faults: ClassVar[frozenset[str]] = frozenset(("silent",))
    shared: ClassVar[tuple[str, ...]] = ("universe", "channel")

    kind: Literal["artnet"]
    universe: int = Field(default=0, ge=0, le=32767)
    channel: int = Field(default=1, ge=1, le=511)
