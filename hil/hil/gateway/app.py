"""What clients may ask of the gateway: a snapshot, events, history, a stream, commands, and a page to look at."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, FastAPI, Query, Request, Response, WebSocket
from fastapi.openapi.utils import get_openapi

from ..errors import UsageError
from .answers import as_json, refusal, refusal_of, responses, unknown
from .board import TooOld
from .callers import NO_COOKIE
from .door import Door
from .messages import LARGEST_INTEGER, CommandBody
from .page import page
from .parts import NOT_ANSWERED, NotAllowed, Parts, TooOften, caller_of
from .routes import require_roles
from .stream import PROTOCOL, Client

LARGEST_BODY = 64 * 1024
"""Bytes of the body of a request."""

MOST_EVENTS = 1000
"""Events of one page."""

MOST_READINGS = 5000
"""Readings of one page."""

LATEST = 9 * 10**12
"""UTC milliseconds, in the year 2255: as nanoseconds they are still 64 bits."""

_After = Annotated[int, Query(ge=0, le=LARGEST_INTEGER)]

router = APIRouter()


@router.get("/openapi.json", include_in_schema=False)
async def description(request: Request) -> Response:
    """All of this, for programs."""
    return as_json(request.app.openapi())


@router.get("/snapshot", responses=responses())
async def snapshot(request: Request) -> Response:
    """The run as it is now, and the number of the last event in it."""
    parts, caller = Parts.of(request), caller_of(request)
    if not parts.board.known.is_set():
        return as_json(unknown("the core has said nothing yet"), 503, retry=1)
    if caller.via != "unix" and not parts.limits.snapshots.take(*caller.keys):
        return refusal(429, "too many snapshots", "snapshot", "wait two seconds, or use the stream")
    board = parts.board
    return as_json({"protocol": PROTOCOL, "boot": board.state["boot"], **board.snapshot()})


@router.get("/events", responses=responses())
async def events(
    request: Request,
    after: _After = 0,
    most: Annotated[int, Query(ge=1, le=MOST_EVENTS)] = MOST_EVENTS,
) -> Response:
    """The events that follow the one of number ``after``."""
    board = Parts.of(request).board
    try:
        found = board.events_after(after, most)
    except TooOld:
        return as_json({"too_old": True, "last": board.last, "events": []})
    return as_json({"too_old": False, "last": board.last, "events": found})


@router.get("/history", responses=responses(404, 409))
async def history(
    request: Request,
    channel: Annotated[str, Query(max_length=200)],
    begin: Annotated[int, Query(alias="from", ge=0, le=LATEST)],
    end: Annotated[int, Query(alias="to", ge=0, le=LATEST)],
    after: _After = 0,
    most: Annotated[int, Query(ge=1, le=MOST_READINGS)] = MOST_READINGS,
) -> Response:
    """Readings of a channel of the run, ``from`` and ``to`` in UTC milliseconds: ``[t, value, u, flags]`` each.

    ``next`` is the ``after`` of the page that follows; ``null`` where none does.
    """
    parts, caller = Parts.of(request), caller_of(request)
    folder = parts.board.state.get("folder")
    if not folder:
        return refusal(409, "no run has a record yet", "history", "ask when one is under way")
    if caller.via != "unix" and not parts.limits.history.take(*caller.keys):
        return refusal(429, "too much history", "history", "wait a minute")
    asked = {"folder": folder, "channel": channel, "begin": begin, "end": end, "after": after, "most": most}
    try:
        answer, status = await parts.history.ask(asked)
    except TimeoutError:
        return refusal(503, "this takes too long", "history", "ask for a shorter time")
    return Response(answer, status, media_type="application/json")


@router.post("/commands", status_code=202, responses=responses(409, 413))
async def commands(request: Request, body: CommandBody) -> Response:
    """Have the run do something; what comes of it follows as events."""
    try:
        answer = await Parts.of(request).command(body, caller_of(request))
    except NotAllowed as error:
        return refusal_of(error, 403)
    except TooOften as error:
        return refusal_of(error, 429)
    except UsageError as error:
        return refusal_of(error, 422)
    except TimeoutError:
        return as_json(unknown(NOT_ANSWERED), 503, retry=1)
    if answer["status"] == "refused":
        return as_json(answer, 422 if answer["where"] == "command_id" else 409)
    return as_json(answer, 202)


@router.post("/session", status_code=204, responses=responses(409, 413))
async def begin_session(request: Request) -> Response:
    """Let the web page of who sends a token look for 12 hours, by a cookie."""
    parts, caller = Parts.of(request), caller_of(request)
    if caller.via != "tcp":
        return refusal(409, "a local process needs no session", "session", "ask at once")
    return Response(status_code=204, headers={"Set-Cookie": parts.callers.cookie(caller)})


@router.delete("/session", status_code=204, responses=responses(), openapi_extra={"security": []})
async def end_session() -> Response:
    """Forget the cookie of a web page."""
    return Response(status_code=204, headers={"Set-Cookie": NO_COOKIE})


@router.websocket("/stream")
async def stream(socket: WebSocket, after: Annotated[int | None, Query(ge=0, le=LARGEST_INTEGER)] = None) -> None:
    """A snapshot, and from then on what is news; commands of the client, and their answers."""
    parts, caller = Parts.of(socket), caller_of(socket)
    key = caller.keys[0]
    if not parts.limits.streams.take(key):
        await socket.send_denial_response(refusal(429, "too many streams", "stream", "close one of them"))
        return
    try:
        await socket.accept()
        await Client(socket, parts, caller, after).serve()
    finally:
        parts.limits.streams.give_back(key)


require_roles([*router.routes, *page.routes])


def make_app(parts: Parts, hosts: tuple[str, ...] = (), **door: Any) -> FastAPI:
    """The application of a gateway.

    :param hosts: the names by which clients of other machines reach it.
    :param door: other arguments of `Door`.
    """
    app = FastAPI(
        title="hil gateway",
        version=str(PROTOCOL),
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        max_body_size=LARGEST_BODY,
    )
    app.state.parts = parts
    app.include_router(router)
    app.include_router(page)
    app.add_middleware(Door, callers=parts.callers, limits=parts.limits, hosts=hosts, **door)

    @app.exception_handler(Exception)
    async def fault(request: Request, error: Exception) -> Response:  # noqa: ARG001 (the handler's signature)
        return refusal(500, f"a fault in hil itself: {type(error).__name__}", "gateway", "tell who keeps hil")

    def described() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = get_openapi(title=app.title, version=app.version, routes=app.routes)
            document.setdefault("components", {})["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
            document["security"] = [{"token": []}]
            app.openapi_schema = document
        return app.openapi_schema

    app.openapi = described  # type: ignore[method-assign]
    return app
