"""A panel that shows a line of text."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from .base import LINK_FAULTS, SimDevice

if TYPE_CHECKING:
    from ..server.endpoint import Endpoint
    from ..world import World


class PanelDevice(SimDevice):
    """A panel that shows a line of text."""

    faults: ClassVar[frozenset[str]] = LINK_FAULTS | frozenset(("frozen",))
    only_one: ClassVar[bool] = True

    kind: Literal["sign-panel"]

    def placements(self) -> tuple[str, ...]:
        return ("illuminance",)

    def endpoint(self, name: str, world: World, directory: Path) -> Endpoint:  # noqa: ARG002
        from ..server.endpoint import TcpEndpoint
        from ..server.scpi import panel

        return TcpEndpoint(name, world, partial(panel, world))
