"""Chromium without a window, driven by its DevTools protocol: what a person sees of a page."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import itertools
import json
import shutil
from asyncio.subprocess import DEVNULL
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from websockets.asyncio.client import ClientConnection, connect

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
WITHIN = 30.0


class Page:
    """One page; ``complaints`` is what the browser finds wrong with it, ``requests`` what it asks for, and where."""

    def __init__(self, connection: ClientConnection, session: str) -> None:
        self._connection, self._session = connection, session
        self._numbers = itertools.count(1)
        self.complaints: list[str] = []
        self.requests: list[str] = []

    async def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """What the browser answers to a command."""
        number = next(self._numbers)
        command = {"id": number, "method": method, "params": parameters}
        if self._session:
            command["sessionId"] = self._session
        await self._connection.send(json.dumps(command))
        async with asyncio.timeout(WITHIN):
            while True:
                message = json.loads(await self._connection.recv())
                if message.get("method") in ("Log.entryAdded", "Runtime.exceptionThrown"):
                    self.complaints.append(json.dumps(message["params"]))
                if message.get("method") == "Network.requestWillBeSent":
                    self.requests.append(message["params"]["request"]["url"])
                if message.get("method") == "Network.webSocketCreated":
                    self.requests.append(message["params"]["url"])
                if message.get("id") == number:
                    assert "error" not in message, message
                    return dict(message["result"])

    async def evaluate(self, expression: str) -> Any:
        """The value of an expression of JavaScript."""
        answer = await self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    async def until(self, expression: str, holds: Callable[[Any], bool] = bool) -> Any:
        """The value of an expression, once it holds."""
        async with asyncio.timeout(WITHIN):
            while not holds(value := await self.evaluate(expression)):  # noqa: ASYNC110 (a page has no event)
                await asyncio.sleep(0.05)
        return value

    async def open(self, address: str, *, width: int = 1280, height: int = 900, phone: bool = False) -> None:
        """Go to ``address`` on a screen of so many pixels."""
        for domain in ("Page", "Runtime", "Log", "Network"):
            await self.call(f"{domain}.enable")
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": phone}
        await self.call("Emulation.setDeviceMetricsOverride", **size)
        await self.call("Page.navigate", url=address)
        await self.until("document.readyState", lambda state: state == "complete")

    async def press(self, key: str, *, ctrl: bool = False) -> None:
        """Press a letter."""
        pressed = {"key": key, "code": f"Key{key.upper()}", "windowsVirtualKeyCode": ord(key.upper())}
        text = {} if ctrl else {"text": key}
        await self.call("Input.dispatchKeyEvent", type="keyDown", modifiers=2 * ctrl, **pressed, **text)
        await self.call("Input.dispatchKeyEvent", type="keyUp", modifiers=2 * ctrl, **pressed)

    async def picture(self, file: Path) -> None:
        """Keep what is on the screen as PNG."""
        data = await self.call("Page.captureScreenshot", format="png")
        await asyncio.to_thread(file.write_bytes, base64.b64decode(data["data"]))


@asynccontextmanager
async def browser(folder: Path, certificate: Path | None = None) -> AsyncIterator[Page]:
    """A page of a fresh browser that trusts the key of ``certificate``."""
    assert CHROMIUM is not None
    arguments = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--disable-background-networking",
        "--remote-debugging-port=0",
        f"--user-data-dir={folder}",
        *([] if certificate is None else [f"--ignore-certificate-errors-spki-list={_pin(certificate)}"]),
        "about:blank",
    ]
    process = await asyncio.create_subprocess_exec(CHROMIUM, *arguments, stdout=DEVNULL, stderr=DEVNULL)
    try:
        async with connect(await _address(folder), max_size=None, compression=None) as connection:
            whole = Page(connection, "")
            target = (await whole.call("Target.createTarget", url="about:blank"))["targetId"]
            attached = await whole.call("Target.attachToTarget", targetId=target, flatten=True)
            yield Page(connection, attached["sessionId"])
    finally:
        process.kill()
        await process.wait()


def _pin(certificate: Path) -> str:
    """By which the browser knows the key of a certificate."""
    key = x509.load_pem_x509_certificate(certificate.read_bytes()).public_key()
    digest = hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()
    return base64.b64encode(digest).decode()


async def _address(folder: Path) -> str:
    """Where the browser takes commands, once it says so."""
    told = folder / "DevToolsActivePort"
    async with asyncio.timeout(WITHIN):
        while len(lines := await asyncio.to_thread(_lines, told)) < 2:  # noqa: ASYNC110 (another process writes it)
            await asyncio.sleep(0.05)
    return f"ws://127.0.0.1:{lines[0]}{lines[1]}"


def _lines(file: Path) -> list[str]:
    return file.read_text(encoding="utf-8").split() if file.exists() else []
