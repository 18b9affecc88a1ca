"""A bench in service that other machines reach, as its user sets it up: certificate, token, --listen, a browser."""

from __future__ import annotations

import asyncio
import http.client
import json
import ssl
import time
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect

from bench_copy import hil
from browser import CHROMIUM, browser
from gateway_client import WITHIN, Stream
from hil.record import open_run
from in_service import InService, in_service


def set_up(folder: Path) -> tuple[Path, str]:
    """A certificate, and a token that may operate: where they are, and the token."""
    access = folder / "access"
    made = hil("service", "certificate", "--folder", access, "--host", "bench.example", cwd=folder)
    assert made.returncode == 0, made.stderr
    assert f"{access / 'ca.pem'} (the authority, new: give it to the clients)" in made.stdout
    token = hil("service", "token", "create", "Console 2", "--role", "operate", "--folder", access, cwd=folder)
    assert token.returncode == 0, token.stderr
    assert "role operate" in token.stderr
    return access, token.stdout.strip()


async def reached(bench: InService) -> int:
    """The port at which a bench is reached, once it is."""
    state = await bench.until(lambda state: state.get("address"))
    return int(state["address"].rpartition(":")[2])


class Elsewhere:
    """A program on another machine."""

    def __init__(self, port: int, access: Path, secret: str) -> None:
        self.port, self._secret = port, secret
        self._context = ssl.create_default_context(cafile=str(access / "ca.pem"))

    async def ask(self, method: str, target: str, body: Any = None) -> tuple[int, Any]:
        """The status and the document of an answer."""
        async with asyncio.timeout(WITHIN):
            while True:
                status, document = await asyncio.to_thread(self._ask, method, target, body)
                if status != 503:
                    return status, document
                await asyncio.sleep(0.1)

    def _ask(self, method: str, target: str, body: Any) -> tuple[int, Any]:
        connection = http.client.HTTPSConnection("localhost", self.port, context=self._context, timeout=WITHIN)
        headers = {"Authorization": f"Bearer {self._secret}", "Content-Type": "application/json"}
        try:
            connection.request(method, target, None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read() or b"null")
        finally:
            connection.close()

    def stream(self) -> Any:
        """A stream of its own."""
        headers = {"Authorization": f"Bearer {self._secret}"}
        uri = f"wss://localhost:{self.port}/stream?after=0"
        return connect(uri, ssl=self._context, compression=None, additional_headers=headers)


async def test_a_program_elsewhere_commands_a_run_and_reads_its_history(tmp_path: Path) -> None:
    access, secret = await asyncio.to_thread(set_up, tmp_path)
    async with in_service(tmp_path, "--listen", "127.0.0.1:0", "--folder", str(access)) as bench:
        elsewhere = Elsewhere(await reached(bench), access, secret)
        assert (await elsewhere.ask("GET", "/snapshot"))[1]["run"]["bench"] == "action-sim"
        script = {"procedure": str(tmp_path / "waiting.py")}
        added = {"verb": "queue-add", "command_id": "1", "operator": "Operator A", "args": script}
        status, answer = await elsewhere.ask("POST", "/commands", added)
        assert (status, "only installed procedures" in answer["why"]) == (409, True), answer
        await bench.add()
        started = {"verb": "start", "command_id": "2", "operator": "Operator A"}
        status, answer = await elsewhere.ask("POST", "/commands", started)
        assert (status, answer["status"]) == (202, "accepted"), answer
        async with elsewhere.stream() as connection:
            client = Stream(connection)
            for prompt in range(1, 5):
                await client.until("prompt", prompt=prompt)
                told: dict[str, Any] = {"verb": "answer", "command_id": f"a{prompt}", "operator": "Operator A"}
                told |= {"args": {"prompt": prompt, "value": "20 lx"}}
                await connection.send(json.dumps({"command": told}))
                while len(client.answers) < prompt:
                    await client.next()
                assert client.answers[-1]["status"] == "accepted", client.answers[-1]
            await client.until("finished", status="complete")
            channels = next(frame["channels"] for frame in reversed(client.frames) if "channels" in frame)
        state = await bench.until(lambda state: state["queue"]["items"][0]["status"] == "done")
        run = open_run(tmp_path / "runs" / state["queue"]["items"][0]["run"])
        commands = run.events("command of operator")
        assert [event.data["command"] for event in commands] == ["answer"] * 4
        assert "reference.illuminance" in [channel["name"] for channel in channels]
        target = f"/history?channel=reference.illuminance&from=0&to={9 * 10**12}"
        status, history = await elsewhere.ask("GET", target)
        assert status in (200, 409), history
        if status == 200:
            assert len(history["rows"]) == len(run.readings("reference.illuminance"))
        revoked = await asyncio.to_thread(
            hil, "service", "token", "revoke", "Console 2", "--folder", access, cwd=tmp_path
        )
        assert revoked.returncode == 0
        assert (await elsewhere.ask("GET", "/snapshot"))[0] == 401
        listed = await asyncio.to_thread(hil, "service", "token", "list", "--json", "--folder", access, cwd=tmp_path)
        (token,) = json.loads(listed.stdout)["tokens"]
        assert (token["name"], token["state"], "sha256" in token) == ("Console 2", "revoked", False)
        assert abs(token["last_used"] - time.time()) < 300
        assert await bench.end() == 0


@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium")
async def test_a_browser_elsewhere_sees_the_run(tmp_path: Path) -> None:
    access, secret = await asyncio.to_thread(set_up, tmp_path)
    async with (
        in_service(tmp_path, "--listen", "127.0.0.1:0", "--folder", str(access)) as bench,
        browser(tmp_path / "browser", access / "server.pem") as page,
    ):
        port = await reached(bench)
        await bench.add()
        await bench.ask("start")
        await bench.until(lambda state: state["prompts"])
        await page.open(f"https://localhost:{port}/", width=390, height=844, phone=True)
        await page.until("document.getElementById('login').hidden === false")
        await page.evaluate(f"document.getElementById('token').value = {secret!r}")
        await page.evaluate("document.querySelector('#login button').click()")
        text = "document.body.innerText"
        for wanted in ("action-sim", "SIMULATED", "how bright is it?", "reference.illuminance", "1 of 4, attempt 1"):
            await page.until(f"{text}.includes({wanted!r})")
        await bench.ask("answer", prompt=1, value="20 lx")
        await page.until(f"/± [0-9.]+ *lx/.test({text})")
        await page.evaluate("document.querySelector('.card button').click()")
        await page.until(f"/Last hour \\([0-9]+ readings\\)/.test({text})")
        await page.picture(tmp_path / "page.png")
        assert [each for each in page.complaints if "401" not in each] == []
        assert (await bench.ask("stop"))["status"] == "accepted"
        await page.until("document.getElementById('prompts').hidden")


async def test_without_a_certificate_nothing_listens(tmp_path: Path) -> None:
    arguments = ("service", "run", "--bench", "action-sim", "--out", "runs", "--listen")
    for address, why in (("127.0.0.1:0", "cannot be read"), ("127.0.0.1", "is no address and port")):
        done = await asyncio.to_thread(hil, *arguments, address, "--folder", tmp_path / "none", cwd=tmp_path)
        assert done.returncode == 2
        assert why in done.stderr
        assert "Traceback" not in done.stderr


def test_tokens_as_their_user_sees_them(tmp_path: Path) -> None:
    def token(*arguments: str) -> Any:
        return hil("service", "token", *arguments, "--folder", tmp_path / "access", cwd=tmp_path)

    assert token("create", "a").stdout.startswith("hil_")
    again = token("create", "a")
    assert (again.returncode, again.stdout) == (2, "")
    assert "a: a token has this name already" in again.stderr
    assert token("create", "b", "--role", "root").returncode == 2
    assert "hil_" not in token("list").stdout
    assert "view" in token("list").stdout
    assert "the token of 'a' lets nobody in any more" in token("revoke", "a").stdout
    assert "no valid token has this name" in token("revoke", "a").stderr
