"""A panel that shows a line of text."""

from __future__ import annotations

from typing import ClassVar, Literal

from .base import LINK_FAULTS, SimDevice


class PanelDevice(SimDevice):
    """A panel that shows a line of text."""

    faults: ClassVar[frozenset[str]] = LINK_FAULTS | frozenset(("frozen",))
    only_one: ClassVar[bool] = True

    kind: Literal["sign-panel"]

    def placements(self) -> tuple[str, ...]:
        return ("illuminance",)
