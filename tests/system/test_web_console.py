"""The console in a browser: who is let in, what the page loads, and that no console outlives its page or its server."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from PIL import Image
from websockets.exceptions import InvalidStatus

from bench_copy import hil
from browser import CHROMIUM, Page, browser
from hil.web.server import FILES
from hil.web.session import DRAWING
from in_service import InService, in_service
from web_console import WITHIN, Served, alive, served, until

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[InService]:
    async with in_service(tmp_path) as found:
        yield found


@pytest.fixture
async def server(bench: InService) -> AsyncIterator[Served]:
    async with served(bench.folder) as found:
        yield found


@pytest.mark.soak
async def test_who_does_not_know_the_address_or_comes_from_another_page_is_refused(server: Served) -> None:
    whole = "/" + server.address.split("/", 3)[3]
    status, headers, body = await server.ask(whole)
    assert (status, headers["Referrer-Policy"]) == (200, "no-referrer")
    assert b"hil console" in body
    for path in ("/", "/ws", "/page.js", whole[:-2] + "/", whole + "no", whole + "../", "//", whole[:-1] + "/..%2f"):
        assert (await server.ask(path))[0] == 404, path
    for host in ("bench.example", f"bench.example:{server.port}", "127.0.0.1.example", "127.0.0.1:x", "", "[::1]"):
        assert (await server.ask(whole, Host=host))[0] == 400, host
    assert (await server.ask(whole, Host=f"localhost:{server.port}"))[0] == 200
    for origin in ("http://bench.example", "null", f"https://127.0.0.1:{server.port}", "http://127.0.0.1:1"):
        assert (await server.ask(whole, Origin=origin))[0] == 403, origin
        with pytest.raises(InvalidStatus, match="403"):
            await server.page(origin).__aenter__()
    with pytest.raises(InvalidStatus, match="403"):
        await server.page(None).__aenter__()
    assert server.consoles() == []


@pytest.mark.soak
async def test_every_answer_forbids_other_hosts_and_only_the_loopback_is_listened_on(server: Served) -> None:
    for name in FILES:
        status, headers, body = await server.ask("/" + server.address.split("/", 3)[3] + name)
        assert status == 200
        assert body
        policy = dict(each.split(" ", 1) for each in headers["Content-Security-Policy"].split("; "))
        assert policy.pop("connect-src") == f"'self' ws://127.0.0.1:{server.port}"
        assert policy["default-src"] == "'none'"
        assert not any("http" in sources or "*" in sources for sources in policy.values())
    with socket.socket() as other:
        assert other.connect_ex(("127.0.0.2", server.port)) != 0


async def begin(bench: InService) -> None:
    """Begin a run which asks something."""
    await bench.add()
    async with bench.in_command() as lease:
        await bench.ask("start", lease=lease)
        await bench.ask("lease-release", lease=lease)
    await bench.until(lambda state: state["prompts"])


async def painted(page: Page, file: Path) -> None:
    """Wait until the console is drawn: text makes many shades."""
    async with asyncio.timeout(WITHIN):
        while True:
            await page.picture(file)
            with Image.open(file) as picture:
                if len(picture.convert("RGB").getcolors(2**24) or ()) > 100:
                    return


@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium")
async def test_a_person_stops_a_run_from_a_browser(bench: InService, server: Served) -> None:
    await begin(bench)
    async with browser(bench.folder / "browser") as page:
        await page.open(server.address + "?ping=https://bench.example/&delay=1")
        await page.until("document.body.classList.contains('-first-byte')")
        assert await page.evaluate("location.search") == ""
        (console,) = await server.until(1)
        await painted(page, bench.folder / "console.png")
        await page.press("x", ctrl=True)
        await bench.until(lambda state: state["state"] == "idle")
        assert all(each.replace("ws:", "http:").startswith(server.address) for each in page.requests), page.requests
        assert {each.split("/")[-1] for each in page.requests} >= {"textual.js", "mono.ttf", "xterm.css"}
        assert [each for each in page.complaints if '"source": "rendering"' not in each] == []
        assert not await page.evaluate("document.body.classList.contains('-closed')")
        await page.call("Page.navigate", url="about:blank")
        await until(lambda: not alive(console))
    assert bench.process.returncode is None


@pytest.mark.soak
async def test_each_page_has_a_console_which_ends_with_it(server: Served) -> None:
    async with server.page() as first:
        await first.shows("SAFE STOP")
        (one,) = server.consoles()
        async with server.page() as second:
            await second.shows("SAFE STOP")
            (two,) = set(server.consoles()) - {one}
            assert os.getsid(one) == one
            assert os.getsid(two) == two
        await until(lambda: not alive(two))
        assert alive(one)
        await first.connection.send('["resize", {"width": 160, "height": 48}]')
        await first.shows("all channels (")
        await first.connection.send('["stdin", "d"]')
        assert await first.ended() == 1000
        assert not alive(one)
    assert server.consoles() == []


@pytest.mark.soak
async def test_a_console_that_hangs_is_killed_when_its_page_has_gone(server: Served) -> None:
    async with server.page() as page:
        await page.shows("SAFE STOP")
        (console,) = server.consoles()
        os.kill(console, signal.SIGSTOP)
    await until(lambda: not alive(console))


@pytest.mark.soak
@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGKILL])
async def test_no_console_outlives_the_server(server: Served, ending: signal.Signals) -> None:
    async with server.page() as first, server.page() as second:
        await first.shows("SAFE STOP")
        await second.shows("SAFE STOP")
        consoles = server.consoles()
        assert len(consoles) == 2
        os.kill(consoles[0], signal.SIGSTOP)
        server.process.send_signal(ending)
        async with asyncio.timeout(WITHIN):
            code = await server.process.wait()
        assert code == (-signal.SIGKILL if ending is signal.SIGKILL else 0)
        await until(lambda: not any(map(alive, consoles)))


@pytest.mark.soak
async def test_a_console_ends_by_itself_when_nobody_types_any_more(bench: InService) -> None:
    ours, its = socket.socketpair()
    tied = [sys.executable, "-m", "hil.web.tied", str(os.getpid()), "hil.cli", "console"]
    console = await asyncio.create_subprocess_exec(
        *tied, stdin=its.fileno(), stdout=its.fileno(), cwd=bench.folder, env={**os.environ, **DRAWING}
    )
    its.close()
    reader, writer = await asyncio.open_connection(sock=ours)
    try:
        async with asyncio.timeout(WITHIN):
            await reader.readuntil(b"SAFE STOP")
            writer.write_eof()
            await reader.read()
            assert await console.wait() in (0, 1)
    finally:
        writer.close()
        if console.returncode is None:
            console.kill()
            await console.wait()


@pytest.mark.soak
def test_a_console_does_not_begin_without_its_parent(tmp_path: Path) -> None:
    other = subprocess.run(
        [sys.executable, "-m", "hil.web.tied", "1", "hil.cli", "--version"], capture_output=True, check=False
    )
    assert (other.returncode, other.stdout) == (0, b"")


@pytest.mark.soak
async def test_a_page_is_told_why_its_console_has_ended(bench: InService, server: Served) -> None:
    await bench.end()
    async with server.page() as page:
        assert await page.ended() == 1000
        assert "hil: no run is under way; start the bench with hil service run" in page.text


@pytest.mark.soak
async def test_a_page_that_talks_nonsense_is_let_go(server: Served) -> None:
    for nonsense in ("no JSON", "[]", '["resize", {"width": "x"}]', '{"stdin": "x"}', "\0", '["stdin", 1]'):
        async with server.page() as page:
            await page.connection.send(nonsense)
            assert await page.ended() == 1008, nonsense
        await server.until(0)


@pytest.mark.soak
async def test_more_than_four_consoles_there_are_not(server: Served) -> None:
    pages = [server.page() for _ in range(5)]
    opened = [await page.__aenter__() for page in pages]
    try:
        assert await opened[-1].ended() == 1000
        assert "4 consoles are open already" in opened[-1].text
        assert len(server.consoles()) == 4
    finally:
        for page in pages:
            await page.__aexit__(None, None, None)


@pytest.mark.soak
async def test_where_the_status_page_is(tmp_path: Path) -> None:
    def told() -> tuple[int, str]:
        done = hil("web", cwd=tmp_path)
        return done.returncode, done.stdout + done.stderr

    assert told() == (69, "hil: no run is under way; start a bench with hil service run\n")
    async with in_service(tmp_path) as bench:
        code, text = await asyncio.to_thread(told)
        assert code == 69
        assert "action-sim: has no page for browsers; start it with hil service run --listen" in text
        await bench.end()
    access = ("--folder", "access")
    assert hil("service", "certificate", *access, cwd=tmp_path).returncode == 0
    assert hil("service", "token", "create", "Display", *access, cwd=tmp_path).returncode == 0
    async with in_service(tmp_path, "--listen", "0.0.0.0:0", *access) as bench:
        state = await bench.until(lambda state: state.get("address"))
        code, text = await asyncio.to_thread(told)
        port = state["address"].rpartition(":")[2]
        assert code == 0
        assert text.startswith(f"action-sim: https://{socket.gethostname()}:{port}/\n")
        assert "hil service token create" in text


@pytest.mark.soak
async def test_what_cannot_be_is_refused_in_a_sentence(server: Served, bench: InService) -> None:
    def refused(*options: str) -> str:
        done = hil("web", *options, cwd=bench.folder)
        assert done.returncode == 2
        assert done.stdout == ""
        assert len(done.stderr.splitlines()) == 1
        return done.stderr

    ask = asyncio.to_thread
    for host in ("0.0.0.0", "::", "192.0.2.5", "bench.example"):
        assert "to this machine only" in await ask(refused, "--console", "--host", host)
    assert "with --console only" in await ask(refused, "--port", "8000")
    assert "with --console only" in await ask(refused, "--ascii")
    assert "hil console --help" in await ask(refused, "--console", "--asci")
    taken = await ask(refused, "--console", "--port", str(server.port))
    assert f"port {server.port}: cannot be listened on" in taken
