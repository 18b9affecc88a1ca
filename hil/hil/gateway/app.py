"""What clients may ask of the gateway: a snapshot, events, a stream, and commands."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from fastapi import FastAPI, Query, Request, Response, WebSocket
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.types import ASGIApp, Receive, Scope, Send

from ..commanding.commander import refused
from ..commanding.requests import parse
from ..errors import UsageError
from .board import Board, Core, TooOld, shown
from .stream import PROTOCOL, feed

LARGEST_BODY = 64 * 1024
"""Bytes of the body of a request."""

MOST_EVENTS = 1000
"""Events of one page."""

_Model = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)

VerbName = Literal["pause", "pause-now", "resume", "abort", "stop", "ack", "shelve", "answer", "note"]


class Arguments(BaseModel):
    """What a verb needs beside operator and reason: each takes its own, and nothing else."""

    model_config = _Model
    alarm: str | None = Field(default=None, max_length=200)
    seconds: float | None = Field(default=None, gt=0, le=1e9)
    prompt: int | None = Field(default=None, gt=0, le=10**9)
    value: str | None = Field(default=None, max_length=2000)


class CommandBody(BaseModel):
    """A command to the run. All but ``stop`` need a ``command_id``: the same one again has the same answer."""

    model_config = _Model
    verb: VerbName
    args: Arguments = Arguments()
    operator: str | None = Field(default=None, max_length=200)
    reason: str = Field(default="", max_length=2000)
    command_id: str = Field(default="", max_length=64)
    expect: str | None = Field(default=None, max_length=200)


_ANSWERS: dict[int | str, dict[str, Any]] = {
    400: {"description": "the body is no JSON"},
    403: {"description": "a page of another origin asks"},
    409: {"description": "the run refuses: what, where, and what to do"},
    413: {"description": "the body is too large"},
    422: {"description": "this is no command, or the command_id is that of another one"},
    503: {"description": "the core has not answered: whether it has acted is not known"},
}


def make_app(board: Board, core: Core) -> FastAPI:
    """The application on what ``board`` knows."""
    app = FastAPI(title="hil gateway", version=str(PROTOCOL), docs_url=None, redoc_url=None, max_body_size=LARGEST_BODY)
    app.add_middleware(OwnOrigin)

    @app.get("/snapshot", responses={key: _ANSWERS[key] for key in (403, 503)})
    async def snapshot() -> Response:
        """The run as it is now, and the number of the last event in it."""
        if not board.known.is_set():
            return _json({"status": "unknown", "why": "the core has said nothing yet"}, 503, retry=True)
        values = [shown(row) for row in board.rows]
        return _json(
            {"protocol": PROTOCOL, "boot": board.state["boot"], "run": board.state, "channels": board.channels}
            | {"values": values}
        )

    @app.get("/events", responses={key: _ANSWERS[key] for key in (403, 422)})
    async def events(
        after: Annotated[int, Query(ge=0)] = 0, most: Annotated[int, Query(ge=1, le=MOST_EVENTS)] = MOST_EVENTS
    ) -> Response:
        """The events that follow the one of number ``after``."""
        try:
            found = board.events_after(after, most)
        except TooOld:
            return _json({"too_old": True, "last": board.last, "events": []})
        return _json({"too_old": False, "last": board.last, "events": found})

    @app.post("/commands", status_code=202, responses=_ANSWERS)
    async def commands(body: CommandBody) -> Response:
        """Have the run do something; what comes of it follows as events."""
        request = body.model_dump(exclude_unset=True)
        try:
            parse(request)
            answer = await core.ask(request)
        except UsageError as error:
            return _json(refused(error), 422)
        except TimeoutError:
            why = "the core has not answered; whether it has acted is not known"
            return _json({"status": "unknown", "why": why}, 503, retry=True)
        if answer["status"] == "refused":
            return _json(answer, 422 if answer["where"] == "command_id" else 409)
        return _json(answer, 202)

    @app.websocket("/stream")
    async def stream(socket: WebSocket, after: Annotated[int | None, Query(ge=0)] = None) -> None:
        """A snapshot, and from then on what is news."""
        await socket.accept()
        await feed(socket, board, after)

    @app.exception_handler(Exception)
    async def fault(request: Request, error: Exception) -> JSONResponse:  # noqa: ARG001
        return JSONResponse({"status": "fault", "why": f"{type(error).__name__}: {error}"}, 500)

    return app


class OwnOrigin:
    """Refuses what a web page asks: no page is served here, so each is a foreign one."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what comes from no page."""
        if any(name == b"origin" for name, _ in scope.get("headers", ())):
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1008, "reason": "foreign origin"})
            else:
                await Response(status_code=403)(scope, receive, send)
            return
        await self._app(scope, receive, send)


def _json(document: Any, status: int = 200, *, retry: bool = False) -> Response:
    headers = {"Retry-After": "1"} if retry else None
    return Response(msgspec.json.encode(document), status, headers, media_type="application/json")
