"""What the routes of one gateway work with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, cast

from starlette.requests import HTTPConnection

from ..commanding.requests import parse
from ..commanding.verbs import MEANINGS, Verb, may
from ..errors import UsageError
from .board import Board
from .callers import Caller, Callers
from .core import Core
from .history import History
from .limits import Limits
from .messages import CommandBody
from .views import Views

NOT_ANSWERED = "the core has not answered; whether it has acted is not known"


class TooOften(UsageError):
    """A client asks more often than it may."""


class NotAllowed(UsageError):
    """A client has not the role that this takes."""


@dataclass
class Parts:
    """One gateway."""

    board: Board
    core: Core
    callers: Callers = field(default_factory=Callers)
    limits: Limits = field(default_factory=Limits)
    history: History = field(default_factory=History)

    def __post_init__(self) -> None:
        self.views = Views(self.board)

    @classmethod
    def of(cls, connection: HTTPConnection) -> Parts:
        """Those by which a request is served."""
        return cast(Parts, connection.app.state.parts)

    async def command(self, body: CommandBody, caller: Caller) -> dict[str, Any]:
        """Have the core carry out a command; its answer.

        :raises UsageError: if it is none.
        :raises NotAllowed: if ``caller`` may not give it.
        :raises TooOften: if it gives too many; a stop is never one too many.
        :raises TimeoutError: if the core does not answer.
        """
        request = body.request()
        parse(request)
        if not may(caller.role, body.verb):
            needed = MEANINGS[body.verb].role
            raise NotAllowed(f"this takes the role {needed}", where=body.verb, remedy="ask for such a token")
        if body.verb is not Verb.STOP and not self.limits.commands.take(*caller.keys):
            raise TooOften("too many commands", where=body.verb, remedy="wait a second")
        return await self.core.ask(request, caller.to_json())


def caller_of(connection: HTTPConnection) -> Caller:
    """Who asks, as the door found out."""
    return cast(Caller, connection.state.caller)
