"""What the gateway says of itself and what it does are the same, for every role, whatever is sent (schemathesis)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from schemathesis.openapi import from_asgi
from schemathesis.python.asgi import HOST
from schemathesis.specs.openapi.checks import ignored_auth, positive_data_acceptance
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway_door import Handler, commander_of, tell_events, told
from hil.access.tokens import Tokens
from hil.commanding.caller import caller_of
from hil.commanding.commander import refused
from hil.commanding.requests import parse
from hil.commanding.verbs import ROLES
from hil.errors import UsageError
from hil.gateway.app import make_app
from hil.gateway.board import Board
from hil.gateway.callers import Callers, Peer
from hil.gateway.core import Core
from hil.gateway.limits import Limits
from hil.gateway.parts import Parts
from hil.gateway.routes import ROLES_OF_ROUTES, STREAM
from hil.record import RecordWriter
from hil.service import Service

LOCAL, NOBODY = "local", "nobody"
WHO = (*ROLES, LOCAL, NOBODY)


class NearCore(Core):
    """A core in this process, without pipes between: the loop that schemathesis brings is another."""

    def __init__(self, board: Board) -> None:
        super().__init__(board)
        service = Service()
        service.attach(Handler())
        self._commander = commander_of(service)

    async def ask(self, request: dict[str, Any], caller: dict[str, str]) -> dict[str, Any]:
        """As the core does."""
        try:
            return await self._commander.answer(parse(request), caller_of(caller))
        except UsageError as error:
            return refused(error)


@dataclass
class Door:
    """The application as one client finds it: of a local process, or of another machine."""

    app: ASGIApp
    local: bool

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.local and scope["type"] == "http":
            scope = {**scope, "state": {**scope.get("state", {}), "peer": Peer(1, 0)}}
        await self.app(scope, receive, send)


@dataclass
class Asked:
    """An application, and the tokens that are good for it."""

    app: ASGIApp
    secrets: dict[str, str]

    def schema(self, who: str) -> Any:
        """The description as ``who`` reads it; nobody can read it."""
        read = self.headers(who if who != NOBODY else "view")
        return from_asgi("/openapi.json", Door(self.app, who == LOCAL), headers=read)

    def headers(self, who: str) -> dict[str, str]:
        """By which ``who`` is known."""
        return {"Authorization": f"Bearer {self.secrets[who]}"} if who in self.secrets else {}


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    folder, clock = tmp_path_factory.mktemp("openapi"), count(0.0, 1000.0)

    async def recorded() -> None:
        writer = RecordWriter.create(folder / "run", {})
        lux = writer.channel("lux", unit="lx")
        for number in range(100):
            writer.readings(lux, number * 10**9, 1.0, 1.0, None, 0.1, 0.0, 0)
        await writer.close("complete")

    asyncio.run(recorded())
    board, tokens = Board(), Tokens(folder / "tokens.json")
    told(board, 1.0, folder=str(folder / "run"))
    tell_events(board, 1, 30)
    parts = Parts(board, NearCore(board), Callers(tokens, b"key"), Limits(clock=lambda: next(clock)))
    parts.history._deadline = 60.0
    secrets: dict[str, str] = {role: tokens.create(role, role)[0] for role in ROLES}
    yield Asked(make_app(parts, (HOST,)), secrets)
    process = parts.history._process
    if process is not None:
        process.kill()


@pytest.mark.parametrize(
    "who", [pytest.param(who, marks=() if who in (NOBODY, "operate") else pytest.mark.soak) for who in WHO]
)
def test_whatever_is_sent_is_answered_as_it_is_described(asked: Asked, who: str) -> None:
    """What each verb takes is more than a schema says: what fits the schema may be refused."""
    schema = asked.schema(who)
    cases = st.one_of([operation.ok().as_strategy() for operation in schema.get_all_operations()])
    statuses: set[int] = set()
    needless = [positive_data_acceptance, *([ignored_auth] if who == LOCAL else [])]

    @seed(20261127)
    @settings(max_examples=80, database=None, suppress_health_check=list(HealthCheck))
    @given(cases)
    def ask(case: Any) -> None:
        answer = case.call_and_validate(headers=asked.headers(who), excluded_checks=needless)
        statuses.add(answer.status_code)

    ask()
    assert not {status for status in statuses if status >= 500}
    wanted = {NOBODY: {401, 204}, "view": {200, 204, 403}}.get(who, {200, 202} if who != LOCAL else {200, 202, 409})
    assert wanted <= statuses


def test_every_route_that_programs_use_is_described_with_its_refusals(asked: Asked) -> None:
    document = asked.schema("view").raw_schema
    described = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    pages = {("GET", path) for path in ("/", "/page.css", "/page.js", "/show.js", "/icon.svg", "/openapi.json")}
    assert described == {each for each in ROLES_OF_ROUTES if each[0] != STREAM} - pages
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            assert {"400", "401", "403", "422", "429", "503"} <= operation["responses"].keys(), (method, path)
    verbs = document["components"]["schemas"]["Verb"]["enum"]
    assert {"stop", "queue-add", "lease-take"} <= set(verbs)
