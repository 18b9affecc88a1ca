"""The page of the gateway in a real browser: it shows what is, hides nothing that is wrong, and takes in no HTML."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from browser import CHROMIUM, Page, browser
from gateway_door import Remote, reachable
from hil.service import Event

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium")

EVIL = "<img src=x onerror=document.title='taken'>"


PICTURE = {"width": 640, "height": 480, "sha256": "ab"}


def state(**more: Any) -> dict[str, Any]:
    """The state of a bench with all that a page shows."""
    return {
        "bench": "climate-2",
        "kind": "simulation",
        "provenance": "simulated",
        "boot": "b",
        "number": 0,
        "procedure": "calibrate-luxmeter",
        "operator": "Operator A",
        "run": "2026-11-27-1",
        "folder": "",
        "state": "running",
        "count": 40,
        "done": 12,
        "point": {"index": 12, "attempt": 1, "factors": {"illuminance": "200 lx"}, "step": "settling"},
        "prompts": [
            {"prompt": 1, "text": f"Is the cap off? {EVIL}", "wants": "yes/no", "unit": "1", "picture": PICTURE}
        ],
        "alarms": [
            {"alarm": "humidity", "state": "active", "priority": "low", "reason": "61 %", "raised": 10**18},
            {"alarm": EVIL, "state": "active", "priority": "safety", "reason": "door open", "guidance": "close it"},
        ],
        "interlocks": [{"name": "door", "when": "door.open", "tripped": True}],
        "devices": [{"name": "lux", "state": "lost", "error": "no answer"}, {"name": "lamp", "state": "ok"}],
        "lease": None,
        **more,
    }


def tell(remote: Remote, *values: float | None, **more: Any) -> None:
    """Tell the gateway a frame, as the core does."""
    board, now = remote.parts.board, time.time_ns()
    frame: dict[str, Any] = {"rows": [[value, 0.0123, 0, now, value, value] for value in values]}
    if not board.channels:
        names = ("illuminance", "temperature", EVIL)
        frame["channels"] = [
            {"name": name, "unit": "lx", "symbol": "lx", "limits": [0.0, 300.0], "period": 1.0, "calibration": None}
            for name in names[: len(values)]
        ]
        frame["state"] = state(**more)
        frame["pictures"] = {"prompt 1": [now, 2, 1, bytes((255, 0, 0, 0, 0, 255))]}
    board.take_values(frame)


async def log_in(page: Page, secret: str) -> None:
    """Type a token."""
    await page.until("document.getElementById('login').hidden === false")
    await page.evaluate(f"document.getElementById('token').value = {secret!r}")
    await page.evaluate("document.querySelector('#login button').click()")


CARDS = "[...document.querySelectorAll('.card')].map(card => card.innerText)"
TEXT = "document.body.innerText"


@pytest.mark.parametrize(("width", "phone"), [(390, True), (1280, False)])
async def test_a_person_sees_the_bench(tmp_path: Path, width: int, phone: bool) -> None:
    async with reachable(tmp_path) as remote, browser(tmp_path / "browser", tmp_path / "server.pem") as page:
        tell(remote, 200.1234, 23.5, 400.0)
        await page.open(f"{remote.origin}/", width=width, height=844, phone=phone)
        assert "hil bench" in await page.evaluate("document.title")
        await log_in(page, "hil_wrong")
        await page.until(TEXT, lambda text: "This token is not good." in text)
        await log_in(page, remote.secrets["view"])
        await page.until(f"{CARDS}.length", lambda count: count == 3)
        text = await page.until(TEXT, lambda text: "200.123" in text and "U (k = 2)" in text)
        for told in ("climate-2", "SIMULATED", "running", "13 of 40", "Is the cap off?", "lux is lost", "door open"):
            assert told in text, told
        drawn = "[...document.querySelector('canvas').getContext('2d').getImageData(0, 0, 2, 1).data].join()"
        await page.until("document.querySelector('canvas')?.width === 2")
        assert await page.evaluate(drawn) == "255,0,0,255,0,0,255,255"
        assert text.index("SAFETY") < text.index("LOW")
        assert "200.123 ± 0.025 lx" in (await page.evaluate(CARDS))[0]
        assert "outside its limits" in (await page.evaluate(CARDS))[2]
        for number in range(20):
            tell(remote, 200.0 + number, 23.5, 100.0)
            await page.until(f"{CARDS}[0].includes('{200 + number}')")
        points = await page.until(
            "document.querySelector('.card polyline')?.getAttribute('points') ?? ''",
            lambda drawn: drawn.count(",") > 10,
        )
        assert "NaN" not in points
        event = Event(1, time.time_ns(), "note", {"text": EVIL}).to_json()
        remote.parts.board.take_events([event])
        await page.until(TEXT, lambda text: "note" in text)
        await page.picture(tmp_path / "page.png")
        await page.evaluate("document.getElementById('channels').scrollIntoView()")
        await page.picture(tmp_path / "channels.png")
        assert await page.evaluate("document.querySelectorAll('img').length") == 0
        assert "taken" not in await page.evaluate("document.title")
        assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        assert [each for each in page.complaints if "401" not in each] == []


async def test_a_hidden_page_wants_little_and_one_that_lost_its_token_asks_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hil.gateway.stream.RECHECK", 0.2)
    async with reachable(tmp_path) as remote, browser(tmp_path / "browser", tmp_path / "server.pem") as page:
        tell(remote, 1.0)
        await page.open(f"{remote.origin}/")
        await log_in(page, remote.secrets["operate"])
        await page.until(f"{CARDS}.length", lambda count: count == 1)

        def rates() -> list[float]:
            return [wanted.rate for wanted in remote.parts.views._views]

        await page.until("1", lambda _: rates() == [5.0])
        hide = "Object.defineProperty(document, 'visibilityState', {value: %r, configurable: true});"
        changed = "document.dispatchEvent(new Event('visibilitychange'))"
        await page.evaluate(hide % "hidden" + changed)
        await page.until("1", lambda _: rates() == [0.2])
        await page.evaluate(hide % "visible" + changed)
        await page.until("1", lambda _: rates() == [5.0])
        remote.tokens.revoke("operate")
        await page.until("document.getElementById('login').hidden === false")
        assert "The token is no longer good." in await page.evaluate(TEXT)
        await log_in(page, remote.secrets["view"])
        await page.until("document.getElementById('main').hidden === false")
        await page.evaluate("document.getElementById('logout').click()")
        await page.until("document.getElementById('login')?.hidden === false")
        assert await page.evaluate("document.cookie") == ""
