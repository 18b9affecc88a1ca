"""Makes ``docs/reference/console-screens.md`` and its pictures, with a real service, terminal and browser.

It takes some minutes. Values, times and digits differ each time.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "support"))

from bench_copy import command  # noqa: E402 (after the path)
from browser import Page, browser  # noqa: E402
from console_screens_page import page_of  # noqa: E402
from in_service import InService, in_service  # noqa: E402
from shown_bench import BENCH, SCRIPT  # noqa: E402
from tmux import Terminal, terminal  # noqa: E402
from web_console import served  # noqa: E402

TARGET = ROOT / "docs" / "reference" / "console-screens.md"
PICTURES = ROOT / "docs" / "images"
WIDE = (120, 40)
SMALL = (80, 24)
SETTLED = 0.5
"""Wall seconds in which a screen must not change for its picture to be of now."""

PHONE, DESKTOP = (390, 844), (1280, 900)
COLOURS, PATIENCE = 64, 6


@dataclass
class Captures:
    """What was seen, by name."""

    folder: Path
    seen: dict[str, str] = field(default_factory=dict)

    def hil(self, *arguments: str) -> str:
        """What a command prints; it must succeed."""
        done = subprocess.run(command(*arguments), cwd=self.folder, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"hil {' '.join(arguments)}: {done.stderr}")
        return done.stdout

    async def keep(self, name: str, console: Terminal, *wanted: str, without: str = "\0") -> None:
        """Keep the screen once it shows all that is wanted."""

        def shown(text: str) -> bool:
            return all(each in text for each in ("SAFE STOP", *wanted)) and without not in text

        await console.until(shown)
        await asyncio.sleep(SETTLED)
        self.seen[name] = await console.until(shown)
        sys.stderr.write(f"== {name}\n{self.seen[name]}\n")


async def press(console: Terminal, *keys: str) -> None:
    """Press keys, and wait: what follows Esc at once would be a key with Alt."""
    for key in keys:
        await console.press(key)
        await asyncio.sleep(SETTLED if key == "Escape" else 0.1)


async def light_room(captures: Captures) -> None:
    """A trial in the light room, from the first look to a trip, a stop and a lost link."""
    folder = captures.folder
    captures.hil("bench", "copy", "action-sim", "bench")
    with (folder / "bench" / "action-sim.toml").open("a", encoding="utf-8") as file:
        file.write(BENCH)
    (folder / "signs.py").write_text(SCRIPT, encoding="utf-8")
    captures.hil("service", "certificate", "--folder", "access", "--host", "bench.example")
    token = captures.hil("service", "token", "create", "phone", "--folder", "access").strip()
    options = ("--listen", "127.0.0.1:0", "--folder", "access")
    async with in_service(folder, *options, bench="bench/action-sim.toml") as bench:
        captures.hil("queue", "add", "signs.py", "--speed", "3")
        captures.hil("queue", "add", "calibrate-luxmeter", "--set", "warm_up=10 min")
        async with terminal(folder, command("console")) as console:
            await before(captures, console)
            await running(captures, console)
            await console.resize(*SMALL)
            await press(console, "1", "i", *"45", "Enter")
            await captures.keep("picture", console, "is the sign wholly in sight?", without="has not come")
            await pages(captures, bench, token)
            await press(console, "Escape", "7")
            await captures.keep("camera", console, "PATH", "camera  ")
            await press(console, "1")
            await captures.keep("closed", console, "Input(1)", "1 OVER")
        captures.seen["status"] = captures.hil("status")
        async with terminal(folder, command("console")) as console:
            await captures.keep("again", console, "OPERATOR INPUT", without="has not come")
            await press(console, "F9")
            await captures.keep("tripped", console, "IDLE", "too bright")
            await ended(captures, console)
            bench.process.kill()
            await captures.keep("lost", console, "LINK LOST: ")


async def before(captures: Captures, console: Terminal) -> None:
    """The bench in service, before its first run."""
    await captures.keep("idle", console, "action-sim", "room.temperature", "23.")
    await press(console, "L")
    await console.until(lambda text: "in command" in text)
    await press(console, "6", "c", *"pocket", "Enter", "r", *"room.t", "Enter")
    await console.until(lambda text: text.count("U of ref./min") == 1 and text.count("U/min") == 1)
    await press(console, "Enter")
    await captures.keep("calibration", console, "note: accepted", "as found")
    await press(console, "3")
    await captures.keep("queue", console, "3 QUEUE", "2 waiting", without="note: accepted")


async def running(captures: Captures, console: Terminal) -> None:
    """The run while it asks for a number, and the climate probe is lost."""
    await press(console, "S")
    await captures.keep("prompt", console, "how bright does it look")
    await press(console, "Escape", "1")
    await captures.keep("overview", console, "Input(1)", "1 OVER", "HIGH 1?")
    for key, name in (("2", "trends"), ("4", "alarms"), ("5", "devices"), ("8", "log")):
        await press(console, key)
        await captures.keep(name, console, name.upper()[:3])
    await press(console, "?")
    await captures.keep("help", console, "KEYS")
    await press(console, "Escape", "C-p")
    await captures.keep("palette", console, "Abort")
    await press(console, "Escape")
    await console.resize(*WIDE)
    for key, name in (("1", "overview"), ("2", "trends")):
        await press(console, key)
        await captures.keep(f"{name}-wide", console, name.upper()[:3])


async def ended(captures: Captures, console: Terminal) -> None:
    """After the trip: what waits for a person, how the run ended, SAFE STOP."""
    await press(console, "4")
    await captures.keep("alarms-tripped", console, "WAITING FOR A PERSON", "too bright")
    await press(console, "3")
    await captures.keep("queue-after", console, "tripped")
    await press(console, "C-x")
    await captures.keep("stop", console, "SAFE STOP accepted")
    await press(console, "Enter", "1")
    await asyncio.sleep(10 * SETTLED)  # the bench is watched again


async def arm(captures: Captures) -> None:
    """The path of an arm."""
    folder = captures.folder / "arm"
    folder.mkdir()
    async with (
        in_service(folder, bench="arm-sim"),
        terminal(folder, command("console"), columns=WIDE[0], rows=WIDE[1]) as console,
    ):
        await console.until(lambda text: "arm-sim" in text)
        await press(console, "7")
        captures.hil("queue", "add", "pose-accuracy", "--set", "cycles=10", "--speed", "5")
        captures.hil("queue", "start")
        await captures.keep("path", console, "7 PATH", "point 12/50")


async def pages(captures: Captures, bench: InService, token: str) -> None:
    """The status page on a phone and on a desk, and the console in a browser."""
    port = int((await bench.until(lambda state: state.get("address")))["address"].rpartition(":")[2])
    for name, size in (("phone", PHONE), ("desktop", DESKTOP)):
        async with browser(captures.folder / name, captures.folder / "access" / "server.pem") as page:
            await page.open(f"https://localhost:{port}/", width=size[0], height=size[1], phone=name == "phone")
            await seen(page, "document.getElementById('login').hidden === false")
            await page.evaluate(f"document.getElementById('token').value = {token!r}")
            await page.evaluate("document.querySelector('#login button').click()")
            await seen(page, "document.body.innerText.includes('wholly in sight')")
            await seen(
                page, "document.querySelector('canvas').width > 0 && document.querySelectorAll('polyline').length > 1"
            )
            await kept(page, f"status-page-{name}")
    async with served(captures.folder) as server, browser(captures.folder / "console") as page:
        await page.open(server.address, width=1000, height=620)
        await seen(page, "document.getElementById('terminal').classList.contains('-connected')")
        await asyncio.sleep(15.0)  # the picture comes in its own time, and a canvas tells nobody
        await page.press("i")
        await asyncio.sleep(15.0)
        await kept(page, "console-in-browser")


async def seen(page: Page, expression: str) -> None:
    """Wait until an expression holds, also where the machine has much else to do."""
    for left in reversed(range(PATIENCE)):
        try:
            await page.until(expression)
        except TimeoutError:
            if not left:
                raise
        else:
            return


async def kept(page: Page, name: str) -> None:
    """Keep what is on the screen of a browser, small."""
    whole = PICTURES / f"{name}.png"
    await page.picture(whole)
    held = BytesIO()
    with Image.open(whole) as image:
        image.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(held, "PNG", optimize=True)
    await asyncio.to_thread(whole.write_bytes, held.getvalue())


def main() -> None:
    """Write the page and its pictures."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "run"
        place.mkdir(mode=0o700)
        os.environ["HIL_RUNTIME_DIR"] = str(place)
        captures = Captures(Path(folder))
        asyncio.run(light_room(captures))
        asyncio.run(arm(captures))
        text = page_of(captures.seen).replace(f"{folder}/", "")
    TARGET.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
