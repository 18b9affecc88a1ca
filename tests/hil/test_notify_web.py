"""The webhook and the watcher elsewhere, against a real HTTP server on loopback."""

from __future__ import annotations

import hashlib
import hmac
import json
import socket
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from hil.notify.config import WatcherSection, WebhookSection
from hil.notify.lines import HeartbeatLine
from hil.notify.notices import Notice
from hil.notify.outbox import Draft, Message, Outbox
from hil.notify.trying import Outcome, Verdict
from hil.notify.vitals import STUCK
from hil.notify.watching import Watching
from hil.notify.web import Webhook, client
from mail_server import silent_server
from notifying import SECOND, SECRET, Hand
from web_server import Web, web_server


def message() -> Message:
    return Message(1, "key", "webhook", "webhook", Notice(level=0, tellings=()), json.dumps({"what": "heiß"}), 0, 0)


async def post(url: str, timeout: float = 10.0) -> Outcome:
    async with client(None, timeout) as http:
        return await Webhook(WebhookSection(url=url, secret_file="secret"), SECRET, http, Hand()).send(message())


async def test_a_request_is_signed_with_its_time_and_named_so_that_it_acts_once() -> None:
    with web_server() as web:
        outcomes = [await post(web.url("/alarms")) for _ in range(2)]
    assert [outcome.verdict for outcome in outcomes] == [Verdict.DELIVERED] * 2
    one, two = web.requests
    assert (one.method, one.path, json.loads(one.body)) == ("POST", "/alarms", {"what": "heiß"})
    assert one.headers["Idempotency-Key"] == two.headers["Idempotency-Key"] == message().name
    assert one.headers["Content-Type"] == "application/json"
    stamp = one.headers["Hil-Timestamp"]
    assert int(stamp) == Hand()().utc // SECOND
    expected = hmac.new(SECRET, f"{stamp}.".encode() + one.body, hashlib.sha256).hexdigest()
    assert one.headers["Hil-Signature"] == f"sha256={expected}"


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        (200, Verdict.DELIVERED),
        (202, Verdict.DELIVERED),
        (301, Verdict.REFUSED),
        (307, Verdict.REFUSED),
        (400, Verdict.REFUSED),
        (401, Verdict.REFUSED),
        (404, Verdict.REFUSED),
        (408, Verdict.FAILED),
        (425, Verdict.FAILED),
        (429, Verdict.FAILED),
        (500, Verdict.FAILED),
        (503, Verdict.FAILED),
    ],
)
async def test_an_answer_says_whether_it_is_tried_again_and_no_redirect_is_followed(
    status: int, verdict: Verdict
) -> None:
    with web_server() as web:
        web.answers = [(status, {"Location": web.url("/elsewhere")})]
        assert (await post(web.url("/alarms"))).verdict is verdict
        assert [request.path for request in web.requests] == ["/alarms"]


async def test_a_server_says_when_to_come_again() -> None:
    then = datetime.fromtimestamp(Hand()().utc / SECOND, UTC) + timedelta(minutes=3)
    with web_server() as web:
        asked = ["120", format_datetime(then, usegmt=True), "soon", "-5", "1e3"]
        web.answers = [(429, {"Retry-After": text}) for text in asked]
        pauses = [(await post(web.url("/"))).pause for _ in asked]
    assert pauses == [120.0, 180.0, None, None, None]


async def test_a_server_that_is_down_silent_or_drops_the_line_is_tried_again() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/"
    assert (await post(url)).why.startswith("the webhook cannot be reached")
    async with silent_server() as port:
        outcome = await post(f"http://127.0.0.1:{port}/", timeout=0.05)
    assert (outcome.verdict, "may have arrived" in outcome.why) == (Verdict.FAILED, True)
    with web_server() as web:
        web.drops = True
        outcome = await post(web.url("/"))
    assert (outcome.verdict, "may have arrived" in outcome.why) == (Verdict.FAILED, True)


async def test_no_proxy_of_the_environment_hears_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    with web_server() as proxy, web_server() as web:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url(""))
        assert (await post(web.url("/alarms"))).verdict is Verdict.DELIVERED
        assert (len(web.requests), proxy.requests) == (1, [])


class Bench:
    """What keeps a watcher told, with a clock that is set by hand; what it says is kept."""

    def __init__(self, folder: Path, web: Web, http: Any) -> None:
        self.hand = Hand()
        self.said: list[tuple[str, str]] = []
        self.outbox = Outbox(folder / "outbox", self.hand().t)
        section = WatcherSection(url=web.url("/ping"), end_url=web.url("/end"))
        self.watching = Watching(section, http, self.outbox, self.hand, self.say)
        self.ticks = 0

    def say(self, outcome: str, **more: Any) -> None:
        self.said.append((more["state"], more["why"]))

    async def live(self, seconds: int, *, ticks: bool = True, recording: bool = True) -> None:
        for _ in range(seconds):
            self.hand.advance(1)
            self.ticks += ticks
            self.watching.heard(HeartbeatLine(heartbeat=self.ticks, recording=recording))
            await self.watching.once()


async def test_the_watcher_is_told_each_minute_only_while_the_supervisor_ticks(tmp_path: Path) -> None:
    with web_server() as web:
        async with client(None) as http:
            bench = Bench(tmp_path, web, http)
            await bench.watching.once()
            assert web.requests == []
            await bench.live(630)
            assert [request.path for request in web.requests] == ["/ping"] * 11
            assert {request.method for request in web.requests} == {"GET"}
            await bench.live(600, ticks=False)
            assert len(web.requests) == 11
            await bench.live(60)
            assert len(web.requests) == 12
            await bench.live(120, recording=False)
            assert len(web.requests) == 12
            assert bench.said == [
                ("not told", "the supervisor does not tick"),
                ("told", ""),
                ("not told", "the supervisor does not tick"),
                ("told", ""),
                ("not told", "the record takes nothing"),
            ]
            bench.outbox.close()


async def test_the_watcher_is_not_told_that_all_is_well_where_nobody_can_be_told_of_alarms(tmp_path: Path) -> None:
    with web_server() as web:
        async with client(None) as http:
            bench = Bench(tmp_path, web, http)
            drill = Notice(level=0, tellings=(), drill="1")
            bench.outbox.put("{}", [Draft(drill, "mail", "a@example.org", "{}")], [], bench.hand().t)
            await bench.live(STUCK // SECOND)
            told = len(web.requests)
            await bench.live(120)
            assert len(web.requests) == told == 30
            assert bench.said[-1] == ("not told", "nobody can be told of alarms")
            bench.outbox.close()


async def test_the_watcher_is_told_of_an_end_that_is_planned_and_of_no_other(tmp_path: Path) -> None:
    with web_server() as web:
        async with client(None) as http:
            bench = Bench(tmp_path, web, http)
            await bench.live(1)
            await bench.watching.end(planned=False)
            assert [request.path for request in web.requests] == ["/ping"]
            await bench.watching.end(planned=True)
            assert [request.path for request in web.requests] == ["/ping", "/end"]
            bench.hand.advance(3600)
            await bench.watching.once()
            assert len(web.requests) == 2
            bench.outbox.close()


async def test_a_watcher_that_cannot_be_reached_is_said_once_and_told_again_later(tmp_path: Path) -> None:
    with web_server() as web:
        async with client(None) as http:
            bench = Bench(tmp_path, web, http)
            web.answers = [(503, {}), (503, {}), (302, {"Location": web.url("/elsewhere")})]
            await bench.live(240)
            assert bench.said == [
                ("unreachable", "the watcher answered 503"),
                ("unreachable", "the watcher answered 302"),
                ("told", ""),
            ]
            assert {request.path for request in web.requests} == {"/ping"}
            bench.outbox.close()
