"""Who asks: an account of this machine, or the holder of a token."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .verbs import ROLES, Role


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks.

    :param name: of the account or the token.
    :param via: the way it comes: ``"socket"``, ``"unix"``, ``"tcp"`` or ``"web"``.
    """

    name: str
    role: Role
    via: str

    @property
    def told(self) -> str:
        """As it stands in the record."""
        return f"{self.via}:{self.name}" if self.name else self.via


LOCAL = Caller("", "authorise", "socket")
"""The user's own processes, at the control socket."""


def caller_of(document: Any) -> Caller:
    """Who the gateway says asks.

    :raises ValueError: if it says nothing that makes sense: such a gateway is of no more use.
    """
    if document is None:
        return Caller("", "authorise", "unix")
    name, role, via = document["name"], document["role"], document["via"]
    if role not in ROLES or not isinstance(name, str) or not isinstance(via, str):
        raise ValueError(f"a caller {document!r}")
    return Caller(name, role, via)
