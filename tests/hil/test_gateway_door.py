"""The door of a gateway as other machines find it: by TLS, with a token, a role, and no page of anybody else."""

from __future__ import annotations

import asyncio
import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosedError, InvalidStatus

from gateway_door import Remote, reachable, tell_events, told, until
from hil.access.tokens import DAY
from hil.commanding.verbs import MEANINGS, ROLES, Role, Verb, may
from hil.gateway import server, stream
from hil.gateway.app import router
from hil.gateway.callers import COOKIE, SESSION, Callers, Peer
from hil.gateway.messages import Arguments
from hil.gateway.page import page
from hil.gateway.routes import ROLES_OF_ROUTES, STREAM, require_roles

ARGUMENTS: dict[str, Any] = {
    "alarm": "a",
    "seconds": 5.0,
    "prompt": 1,
    "value": "20",
    "procedure": "burn",
    "item": "1",
    "position": 0,
}


def command(verb: Verb, number: int = 0) -> dict[str, Any]:
    """A command with all that its verb needs."""
    needed = {name: ARGUMENTS[name] for name, each in MEANINGS[verb].takes.items() if each.required}
    identity = {} if verb in (Verb.STOP, Verb.STATE) else {"command_id": f"{verb} {number}"}
    return {"verb": verb, "args": needed, **identity}


def test_every_route_has_a_role_and_every_role_a_route() -> None:
    routes = [*router.routes, *page.routes]
    require_roles(routes)
    with pytest.raises(RuntimeError, match="routes and roles do not fit"):
        require_roles(routes[:-1])
    assert {name for meaning in MEANINGS.values() for name in meaning.takes} == set(Arguments.model_fields)


async def test_each_route_takes_its_role_and_each_verb_too(tmp_path: Path) -> None:
    async with reachable(tmp_path) as remote:
        told(remote.parts.board, 1.0)
        for (method, path), needed in ROLES_OF_ROUTES.items():
            if method == STREAM:
                continue
            status = (await remote.ask(method, path)).status
            assert (status == 401) == (needed is not None), (method, path, status)
        for verb in Verb:
            for role in ROLES:
                answer = await remote.ask("POST", "/commands", command(verb, ROLES.index(role)), role)
                refused = answer.status == 403
                assert refused == (not may(role, verb)), (verb, role, answer.body)
                if refused:
                    assert f"this takes the role {MEANINGS[verb].role}" in answer.json["why"]
            remote.parts.limits.commands._level.clear()


async def test_who_gave_a_command_is_told_to_the_core(tmp_path: Path) -> None:
    async with reachable(tmp_path) as remote:
        heard: list[dict[str, str]] = []
        ask = remote.parts.core.ask

        async def noting(request: dict[str, Any], caller: dict[str, str]) -> dict[str, Any]:
            heard.append(caller)
            return await ask(request, caller)

        remote.parts.core.ask = noting  # type: ignore[method-assign]
        await remote.ask("POST", "/commands", {"verb": "stop"}, "operate")
        await remote.unix.post({"verb": "stop"})
        assert heard == [
            {"name": "operate", "role": "operate", "via": "tcp"},
            {"name": "local", "role": "authorise", "via": "unix"},
        ]
        assert remote.handler.taken == ["Stop", "Stop"]


async def test_nobody_else_comes_in(tmp_path: Path) -> None:
    async with reachable(tmp_path) as remote:
        told(remote.parts.board, 1.0)
        secret = remote.secrets["view"]
        right = await remote.ask("GET", "/snapshot", role="view")
        assert right.status == 200
        wrong: list[dict[str, str]] = [
            {},
            {"Authorization": secret},
            {"Authorization": f"Basic {secret}"},
            {"Authorization": f"Bearer {secret}x"},
            {"Authorization": "Bearer "},
            {"Cookie": f"{COOKIE}={secret}"},
            {"Cookie": f'{COOKIE}="a.1.b'},
        ]
        for headers in wrong:
            answer = await remote.ask("GET", "/snapshot", None, None, **headers)
            assert (answer.status, answer.headers["www-authenticate"]) == (401, "Bearer"), headers
            assert answer.json["what"] == ("nobody is known by this" if headers else "no token was sent"), headers
        for query in ("token", "access_token", "Authorization"):
            assert (await remote.ask("GET", f"/snapshot?{query}={secret}")).status == 401
        assert (await remote.ask("GET", "/nothing")).status == 401
        assert (await remote.ask("GET", "/nothing", role="view")).status == 404
        assert (await remote.ask("PUT", "/snapshot", role="view")).status == 405
        with pytest.raises(InvalidStatus) as refused:
            async with remote.stream(f"?token={secret}"):
                pass
        assert refused.value.response.status_code == 401


async def test_a_page_of_another_origin_and_a_name_of_another_host_do_nothing(tmp_path: Path) -> None:
    async with reachable(tmp_path) as remote:
        told(remote.parts.board, 1.0)
        foreign = ["https://evil.example", "null", f"http://localhost:{remote.port}", "https://localhost"]
        for origin in foreign:
            assert (await remote.ask("POST", "/commands", {"verb": "stop"}, "operate", Origin=origin)).status == 403
            plain = {"Origin": origin, "Content-Type": "text/plain"}
            assert (await remote.ask("POST", "/commands", b'{"verb": "stop"}', "operate", **plain)).status == 403
            with pytest.raises(InvalidStatus, match="403"):
                async with remote.stream(role="view", origin=origin):
                    pass
        assert remote.handler.taken == []
        assert (await remote.ask("POST", "/commands", {"verb": "stop"}, "operate", Origin=remote.origin)).status == 202
        for host in ("evil.example", f"evil.example:{remote.port}", "", "localhost.evil.example", "[::2]"):
            assert (await remote.ask("GET", "/snapshot", None, "view", Host=host)).status == 400
        for host in ("bench.example", "LOCALHOST:1", "127.0.0.1:8443", "[::1]:8443"):
            assert (await remote.ask("GET", "/events", None, "view", Host=host)).status == 200
        assert (await remote.unix.get("/events", Host="evil.example"))[0] == 400


async def cookie_of(remote: Remote, role: Role) -> str:
    """The cookie of a page for which a token was typed."""
    answer = await remote.ask("POST", "/session", {}, role, Origin=remote.origin)
    assert answer.status == 204
    return answer.headers["set-cookie"]


async def test_a_web_page_only_looks_whatever_its_token_is_good_for(tmp_path: Path) -> None:
    async with reachable(tmp_path) as remote:
        told(remote.parts.board, 1.0)
        made = await cookie_of(remote, "authorise")
        assert all(part in made for part in ("; HttpOnly", "; Secure", "; SameSite=Strict", f"; Max-Age={12 * 3600}"))
        assert remote.secrets["authorise"] not in made
        cookie = made.partition(";")[0]
        assert (await remote.ask("GET", "/snapshot", Cookie=cookie)).status == 200
        answer = await remote.ask("POST", "/commands", {"verb": "stop"}, Cookie=cookie, Origin=remote.origin)
        assert answer.status == 403
        assert (await remote.ask("POST", "/session", {}, Cookie=cookie)).status == 403
        async with remote.stream(headers={"Cookie": cookie}, origin=remote.origin) as client:
            await client.next()
            for verb in (Verb.PAUSE, Verb.STOP):
                await client.connection.send(json.dumps({"command": command(verb)}))
            while len(client.answers) < 2:
                await client.next()
            assert ["this takes the role operate" in answer["why"] for answer in client.answers] == [True, True]
        assert remote.handler.taken == []
        with pytest.raises(InvalidStatus, match="403"):
            async with remote.stream(headers={"Cookie": cookie}, origin="https://evil.example"):
                pass
        gone = await remote.ask("DELETE", "/session", Cookie=cookie)
        assert (gone.status, "Max-Age=0" in gone.headers["set-cookie"]) == (204, True)
        assert (await remote.unix.ask("POST", "/session"))[0] == 409


async def test_a_cookie_ends_with_its_time_and_with_its_token_and_cannot_be_made(tmp_path: Path) -> None:
    now = [1_790_000_000.0]
    async with reachable(tmp_path, wall=lambda: now[0]) as remote:
        cookie = (await cookie_of(remote, "view")).partition(";")[0]
        name, until, mac = cookie.partition("=")[2].split(".")

        async def status(value: str) -> int:
            return (await remote.ask("GET", "/events", Cookie=f"{COOKIE}={value}")).status

        assert await status(f"{name}.{until}.{mac}") == 200
        other = remote.tokens.all()[1].id
        for forged in (
            f"{name}.{int(until) + 1}.{mac}",
            f"{other}.{until}.{mac}",
            f"{name}.{until}.",
            f"{name}.{until}",
            "é.1.a",
        ):
            assert await status(forged.encode().decode("latin-1")) == 401
        now[0] += SESSION
        assert await status(f"{name}.{until}.{mac}") == 401
        now[0] -= SESSION
        remote.tokens.revoke("view")
        assert await status(f"{name}.{until}.{mac}") == 401


async def test_a_token_that_ends_closes_what_it_has_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "RECHECK", 0.05)
    now = [1_790_000_000.0]
    async with reachable(tmp_path, wall=lambda: now[0]) as remote:
        told(remote.parts.board, 1.0)
        cookie = (await cookie_of(remote, "review")).partition(";")[0]
        async with (
            remote.stream(role="operate") as revoked,
            remote.stream(role="view") as expired,
            remote.stream(headers={"Cookie": cookie}) as page,
            remote.unix.stream() as local,
        ):
            for client in (revoked, expired, page, local):
                await client.next()
            remote.tokens.revoke("operate")
            with pytest.raises(ConnectionClosedError, match="4401"):
                await revoked.until("never")
            await expired.next()
            now[0] += SESSION
            with pytest.raises(ConnectionClosedError, match="4401"):
                await page.until("never")
            now[0] += 90 * DAY
            with pytest.raises(ConnectionClosedError, match="4401"):
                await expired.until("never")
            await local.next()
        assert (await remote.ask("GET", "/events", role="operate")).status == 401


async def test_wrong_tokens_are_answered_ever_later(tmp_path: Path) -> None:
    async with reachable(tmp_path, clock=lambda: 0.0) as remote:
        for _ in range(8):
            assert (await remote.ask("GET", "/events", Authorization="Bearer hil_wrong")).status == 401
        assert remote.pauses == [1.0] * 3
        assert (await remote.ask("GET", "/events", role="view")).status == 200
        assert remote.pauses == [1.0] * 3


async def test_who_asks_too_often_is_told_so_and_a_stop_is_never_too_much(tmp_path: Path) -> None:
    async with reachable(tmp_path, clock=lambda: 0.0) as remote:
        told(remote.parts.board, 1.0)
        answers = [await remote.ask("GET", "/snapshot", role="view") for _ in range(3)]
        assert [answer.status for answer in answers] == [200, 200, 429]
        assert answers[2].headers["retry-after"] == "1"
        notes = [await remote.ask("POST", "/commands", command(Verb.NOTE, n), "operate") for n in range(21)]
        assert [answer.status for answer in notes] == [202] * 20 + [429]
        same_address = await remote.ask("POST", "/commands", command(Verb.NOTE, 99), "review")
        assert same_address.status == 429
        for _ in range(30):
            assert (await remote.ask("POST", "/commands", {"verb": "stop"}, "operate")).status == 202
        assert (await remote.unix.post(command(Verb.NOTE, 100)))[0] == 202
        streams = [remote.stream(role="view") for _ in range(8)]
        for each in streams:
            await each.__aenter__()
        with pytest.raises(InvalidStatus, match="429"):
            async with remote.stream(role="view"):
                pass
        for each in streams:
            await each.__aexit__(None, None, None)
        async with remote.stream(role="view"):
            pass


async def test_every_answer_says_how_a_browser_must_take_it(tmp_path: Path) -> None:
    async with reachable(tmp_path) as remote:
        for target in ("/", "/page.js", "/page.css", "/icon.svg", "/snapshot", "/nothing"):
            headers = (await remote.ask("GET", target)).headers
            assert headers["content-security-policy"].startswith("default-src 'self'; frame-ancestors 'none'")
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["referrer-policy"] == "no-referrer"
            assert "server" not in headers


async def test_what_is_not_tls_has_no_answer(tmp_path: Path) -> None:
    async with reachable(tmp_path) as remote:
        reader, writer = await asyncio.open_connection("127.0.0.1", remote.port)
        writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert not (await reader.read()).startswith(b"HTTP")
        writer.close()


async def test_a_head_that_does_not_end_and_a_request_that_does_not_come_are_cut_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "ASKED_WITHIN", 0.3)
    async with reachable(tmp_path) as remote:
        told(remote.parts.board, 1.0)
        begun = [b"", b"GET / HT", b"POST /commands HTTP/1.1\r\nHost: localhost\r\nContent-Length: 50\r\n\r\n{"]
        for first in begun:
            reader, writer = await asyncio.open_connection(
                "127.0.0.1", remote.port, ssl=remote.context, server_hostname="localhost"
            )
            writer.write(first)
            async with asyncio.timeout(10.0):
                assert b" 202 " not in await reader.read()
            writer.close()
        silent, quiet = await asyncio.open_connection("127.0.0.1", remote.port)
        async with asyncio.timeout(10.0):
            assert await silent.read() == b""
        quiet.close()
        reader, writer = await asyncio.open_unix_connection(remote.unix.path)
        writer.write(b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 4000)
        with suppress(ConnectionError):
            assert await reader.read() == b""
        writer.close()


def test_a_process_of_another_user_is_nobody() -> None:
    callers = Callers()
    own, roots, others = (callers.local(Peer(1, uid)) for uid in (os.geteuid(), 0, os.geteuid() + 1))
    assert own is not None
    assert own.role == "authorise"
    assert roots is not None
    assert others is None


async def test_a_client_that_never_reads_is_cut_off_by_tls_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "UNREAD", 0.2)
    async with reachable(tmp_path) as remote:
        told(remote.parts.board, 1.0)
        _, writer = await asyncio.open_connection(
            "127.0.0.1", remote.port, ssl=remote.context, server_hostname="localhost", limit=1
        )
        writer.write(
            b"GET /stream HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
            b"Authorization: Bearer " + remote.secrets["view"].encode() + b"\r\n\r\n"
        )
        async with asyncio.timeout(30.0), remote.stream("?after=0", role="operate") as client:
            last = 0
            await until(lambda: len(remote.parts.limits.streams._has) == 2)
            while len(remote.parts.limits.streams._has) == 2:
                tell_events(remote.parts.board, last + 1, last + 300, why="x" * 1000)
                last += 300
                while not client.events or client.events[-1]["number"] < last:
                    await client.next()
        assert [event["number"] for event in client.events] == list(range(1, last + 1))
        writer.transport.abort()
