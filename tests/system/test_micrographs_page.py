"""The page of micrographs: who is let in, what a correction becomes, and what a person sees and does in a browser."""

from __future__ import annotations

import asyncio
import io
import json
import os
import shutil
import signal
from asyncio.subprocess import PIPE
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession
from PIL import Image

from bench_copy import command
from browser import CHROMIUM, browser
from browser import Page as Tab
from hil.errors import VerificationFailed
from hil.micrographs.ledger import Ledger
from hil.micrographs.server import FILES, LARGEST_BODY, serve
from hil.micrographs.source import Micrographs
from hil.sealing.amendments import amendments
from hil.sealing.check import verify_run
from micrographs_page import served
from micrographs_run import make_run, pictures

SQUARE = {"kind": "touching", "vertices": [[1, 1], [9, 1], [9, 9], [1, 9]]}


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_run(tmp_path_factory.mktemp("micrographs"))


@pytest.fixture
def run(original: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(original, tmp_path / original.name))


def correction(**more: Any) -> bytes:
    sent = {"after": 0, "who": "Operator A", "why": "it was missed", "u_rim": 0.5, "contours": [SQUARE]}
    return json.dumps({**sent, **more}).encode()


async def test_who_does_not_know_the_address_or_comes_from_another_page_is_refused(original: Path) -> None:
    async with served(original) as page:
        whole = page.address.removeprefix(page.origin)
        for name in FILES:
            answer = await page.ask(name)
            assert (answer.status, answer.headers["Referrer-Policy"]) == (200, "no-referrer"), name
            policy = dict(each.split(" ", 1) for each in answer.headers["Content-Security-Policy"].split("; "))
            assert policy["default-src"] == "'none'"
            assert not any(odd in sources for odd in ("http", "*", "unsafe", "data") for sources in policy.values())
        for path in ("/", "/overview", "/page.js", whole[:-2] + "/", whole + "no", whole + "pictures/x"):
            assert (await page.ask(path)).status == 404, path
        for path in ("pictures/99", "pictures/99.png", "pictures/-1", "pictures/9999999"):
            assert (await page.ask(path)).status == 404, path
        for host in ("bench.example", f"bench.example:{page.port}", "127.0.0.1.example"):
            assert (await page.ask("", Host=host)).status == 400, host
            assert (await page.correct(0, correction(), Host=host)).status == 400, host
        for origin in ("http://bench.example", "null", f"https://127.0.0.1:{page.port}", "http://127.0.0.1:1"):
            assert (await page.correct(0, correction(), Origin=origin)).status == 403, origin
        assert (await page.ask("pictures/0/corrections")).status == 405
    assert not (original / "amendments").exists()


async def test_pictures_are_told_with_their_contours_and_a_correction_becomes_an_amendment(run: Path) -> None:
    async with served(run) as page:
        told = (await page.ask("overview")).told
        assert [one["name"] for one in told["pictures"]] == ["inside/1", "inside/2", "inside/3", "outside/1"]
        picture = (await page.ask("pictures/1")).told
        assert (picture["after"], picture["corrections"], picture["inside"]) == (0, [], True)
        with Image.open(io.BytesIO((await page.ask("pictures/1.png")).body)) as image:
            assert image.size == (picture["width"], picture["height"])
        kept = [{"kind": one["kind"], "predicted": one["predicted"]} for one in picture["predicted"]]
        answer = await page.correct(1, correction(contours=[*kept, SQUARE]))
        assert answer.status == 201
        assert len(answer.told["contours"]) == len(answer.told["predicted"]) + 1
        assert [one["who"] for one in answer.told["corrections"]] == ["Operator A"]
        again = await page.correct(1, correction(contours=[*kept, SQUARE]))
        assert (again.status, again.told["what"]) == (409, "amendment 1 of Operator A is the last")
        assert (await page.correct(1, correction(after=1, why="not one", contours=kept, u_rim=None))).status == 201
        assert [one["number"] for one in (await page.ask("pictures/1")).told["corrections"]] == [1, 2]
        assert (await page.ask("overview")).told["pictures"][1]["corrections"] == 2
    assert [one.why for one in amendments(run)] == ["it was missed", "not one"]
    assert verify_run(run).holds


async def test_what_is_no_correction_is_told_in_a_sentence_and_leaves_no_trace(original: Path) -> None:
    crossing = {"kind": "isolated", "vertices": [[1, 1], [9, 9], [9, 1], [1, 9]]}
    outside = {"kind": "isolated", "vertices": [[1, 1], [9, 9], [300, 1]]}
    async with served(original) as page:
        for status, body, told in (
            (422, b'{"after": 0', "body: the body is no JSON; send a correction as JSON"),
            (422, correction(contours=[crossing]), "contour 1: crosses or touches itself; move its vertices apart"),
            (422, correction(contours=[outside]), "contour 1: leaves the picture; keep it within 256 x 256 pixels"),
            (422, correction(who=""), "who: is no line of 1 to 100 characters; say who"),
            (413, b" " * (LARGEST_BODY + 1), "body: is larger than 512 KiB; send fewer vertices"),
        ):
            answer = await page.correct(0, body)
            assert (answer.status, answer.told["why"]) == (status, told)
        assert (await page.correct(0, correction(), Content_Type="text/plain")).status == 415
        assert (await page.correct(99, correction())).status == 404
    assert not (original / "amendments").exists()


async def test_an_amendment_that_was_altered_meanwhile_is_named(run: Path) -> None:
    async with served(run) as page:
        assert (await page.correct(0, correction())).status == 201
        (run / "amendments" / "0002.json").write_text("{}")
        for answer in (await page.ask("sizes"), await page.correct(0, correction(after=1))):
            assert answer.status == 500
            assert "amendments/0002.json: was altered" in answer.told["why"]


async def test_the_server_ends_where_a_picture_is_not_that_of_the_record(original: Path) -> None:
    found = pictures(original)
    other = Micrographs(original, found.model, (found.entries[0], replace(found.entries[1], sha256="0" * 64)))
    addresses: list[str] = []
    with pytest.raises(VerificationFailed, match="picture inside/2: made again, it has another SHA-256"):
        await serve(other, Ledger(other), 0, addresses.append)
    assert len(addresses) == 1


CENTRE = """(() => {
  const box = document.querySelector(%r).getBoundingClientRect();
  return [box.left + box.width / 2, box.top + box.height / 2];
})()"""
ROWS = """[...document.querySelectorAll('#charts article')].map(
  one => one.querySelectorAll('tr')[%d].innerText.split('\\t'))"""
SHOWN = "document.querySelectorAll('#canvas path').length"
LOADED = "[...document.querySelectorAll('#gallery img')].filter(one => one.naturalWidth === 256).length"


@dataclass(frozen=True)
class Person:
    """What a person does with a mouse, or with a finger, and a keyboard."""

    tab: Tab
    finger: bool

    async def drag(self, selector: str, dx: float = 0.0, dy: float = 0.0) -> None:
        """Press on the middle of something, move, and let go."""
        x, y = await self.tab.evaluate(CENTRE % selector)
        begin, end = {"x": x, "y": y}, {"x": x + dx, "y": y + dy}
        if self.finger:
            for kind, points in (("Start", [begin]), ("Move", [end]), ("End", [])):
                await self.tab.call("Input.dispatchTouchEvent", type=f"touch{kind}", touchPoints=points)
            return
        for kind, place in (("Pressed", begin), ("Moved", end), ("Released", end)):
            pressed = {**place, "button": "left", "clickCount": 1}
            await self.tab.call("Input.dispatchMouseEvent", type=f"mouse{kind}", **pressed)

    async def click(self, name: str) -> None:
        await self.tab.evaluate(f"document.querySelector('#{name}').click()")

    async def text(self, name: str) -> str:
        return str(await self.tab.evaluate(f"document.getElementById('{name}').innerText"))

    async def type(self, name: str, text: str) -> None:
        await self.tab.evaluate(f"document.getElementById('{name}').focus()")
        await self.tab.call("Input.insertText", text=text)


@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium")
@pytest.mark.parametrize(("width", "phone"), [(1280, False), pytest.param(390, True, marks=pytest.mark.soak)])
async def test_a_person_corrects_contours_in_a_browser(run: Path, tmp_path: Path, width: int, phone: bool) -> None:
    async with served(run) as page, browser(tmp_path / "browser") as tab:
        person = Person(tab, finger=phone)
        await tab.call("Emulation.setTouchEmulationEnabled", enabled=phone)
        await tab.open(page.address, width=width, height=900, phone=phone)
        await tab.until("document.getElementById('progress').innerText", lambda text: text == "4 pictures")
        await tab.until(LOADED, lambda count: count == 4)
        await tab.evaluate("location.hash = 'sizes'")
        before = await tab.until(ROWS % 2, lambda rows: len(rows) == 2)
        assert all(len(row) == 2 and "±" in row[1] for row in before)
        await tab.evaluate("location.hash = 'picture/0'")
        count = await tab.until(SHOWN)
        await person.drag("#canvas path:nth-of-type(1)")
        assert await person.text("which-contour") == "Contour 1"
        diameter = await person.text("diameter")
        await person.drag("#canvas circle:nth-of-type(1)", 0, -20)
        assert await person.text("diameter") != diameter
        assert await tab.evaluate("document.querySelectorAll('#canvas .hand').length") == 1
        await person.drag("#canvas path:nth-of-type(9)")
        await person.click("delete")
        await person.click("add")
        await person.drag("#canvas image", 0, 12)
        assert await tab.evaluate("document.querySelectorAll('#canvas .hand').length") == 2
        await person.click("undo")
        assert await tab.evaluate(SHOWN) == count + 1  # what was predicted of the two stays, and one is deleted
        for name, text in (("u_rim", "0,5"), ("who", "Operator A"), ("why", "the rim lies further out")):
            await person.type(name, text)
        await tab.evaluate("for (const _ of [1, 2]) document.querySelector('#save button').click()")
        told = await tab.until("document.getElementById('history').innerText", lambda text: "Amendment 1" in text)
        assert "the rim lies further out" in told
        await tab.evaluate("location.hash = 'sizes'")
        await tab.until("document.getElementById('basis').innerText", lambda text: "1 of them corrected" in text)
        particles = await tab.evaluate(ROWS % 1)
        assert [int(row[1]) - int(row[2]) for row in particles].count(1) == 1
        assert await person.text("refused") == "", "whoever presses twice is not refused what was done"
        assert await tab.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        assert tab.complaints == []
        assert all(each.startswith(page.address) for each in tab.requests), tab.requests
    (one,) = amendments(run)
    assert (one.who, one.why, (one.correction or {})["u_rim"]) == ("Operator A", "the rim lies further out", 0.5)
    assert one.what == "contours of picture inside/1: 1 drawn, 2 taken away"
    assert verify_run(run).holds


async def test_the_command_tells_an_address_and_ends_with_ctrl_c(run: Path) -> None:
    process = await asyncio.create_subprocess_exec(*command("data", "micrographs", run), stdout=PIPE, stderr=PIPE)
    assert process.stdout is not None
    async with asyncio.timeout(60):
        address = (await process.stdout.readline()).decode().strip()
        async with ClientSession() as client, client.get(address) as answer:
            page = await answer.text()
        os.kill(process.pid, signal.SIGINT)
        _, err = await process.communicate()
    assert "<title>hil micrographs</title>" in page
    assert process.returncode == 0
    assert b"corrections are NOT SIGNED" in err
    assert b"no longer served" in err
