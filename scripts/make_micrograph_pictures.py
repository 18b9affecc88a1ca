"""Draw docs/images/micrographs-picture.png and micrographs-sizes.png: the page of micrographs in a real browser.

Needs chromium (Debian package) and the extra `web`. Run: python scripts/make_micrograph_pictures.py. It carries out the
calibration of `docs/how-to/correct-micrographs.md`, corrects the contours that the page corrects, and looks.
"""

from __future__ import annotations

import asyncio
import json
import math
import sys
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "support"))

from bench_copy import hil  # noqa: E402 (after the path)
from browser import Page as Tab  # noqa: E402
from browser import browser  # noqa: E402
from micrographs_page import Page, served  # noqa: E402

PICTURES = ROOT / "docs" / "images"
DESKTOP, PHONE = (1140, 830), (390, 1000)
COLOURS = 256
NAME, PAIR = "inside/3", 1
"""The picture that is corrected, and the contour that is two particles."""

PARTICLES = ((185.4, 41.1, 7.7), (180.6, 52.9, 6.4))
"""These two: centre and radius in pixels."""

MARK = "[...document.querySelectorAll('.mark')].map(one => one.innerText).join(' ')"


async def main() -> None:
    """Draw both."""
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        done = hil(
            *("run", "calibrate-virtual-instrument", "--bench", "particle-size", "--set", "stimuli=40"),
            *("--out", Path(folder) / "runs"),
            cwd=Path(folder),
        )
        if done.returncode:
            raise SystemExit(done.stderr)
        (run,) = (Path(folder) / "runs").glob("*particle-size*")
        async with served(run) as page, browser(Path(folder) / "browser") as tab:
            number = await correct(page)
            await tab.call("Emulation.setScrollbarsHidden", hidden=True)
            await tab.open(page.address, width=DESKTOP[0], height=DESKTOP[1])
            await tab.evaluate(f"location.hash = 'picture/{number}'")
            shown = await tab.until("document.querySelectorAll('#canvas path').length")
            await select(tab, shown)
            await tab.evaluate("document.getElementById('u_rim').value = '0.5'")
            await tab.evaluate("document.getElementById('who').value = 'Operator A'")
            await tab.evaluate("document.querySelector('#canvas image').decode().then(() => true)")
            await keep(tab, "micrographs-picture")
            await tab.open(page.address, width=PHONE[0], height=PHONE[1], phone=True)
            await tab.evaluate("location.hash = 'sizes'")
            await tab.until("document.getElementById('basis').innerText", lambda text: "1 of them corrected" in text)
            await keep(tab, "micrographs-sizes")


async def correct(page: Page) -> int:
    """Draw a pair as two particles, and return the number of its picture."""
    shown = (await page.ask("overview")).told["pictures"]
    for one in shown:
        await page.ask(f"pictures/{one['number']}")  # its contours are found by then
    number = next(int(one["number"]) for one in shown if one["name"] == NAME)
    picture = (await page.ask(f"pictures/{number}")).told
    contours: list[dict[str, Any]] = [
        {"kind": one["kind"], "predicted": one["predicted"]}
        for place, one in enumerate(picture["contours"])
        if place != PAIR
    ]
    for x, y, radius in PARTICLES:
        angles = [2 * math.pi * n / 16 for n in range(16)]
        circle = [[round(x + radius * math.cos(a), 3), round(y + radius * math.sin(a), 3)] for a in angles]
        contours.append({"kind": "touching", "vertices": circle})
    sent = {"after": picture["after"], "who": "Operator A", "why": "two particles were taken for one", "u_rim": 0.5}
    answer = await page.correct(number, json.dumps({**sent, "contours": contours}).encode())
    if answer.status != 201:
        raise SystemExit(f"the correction was refused: {answer.told}")
    return number


async def select(tab: Tab, shown: int) -> None:
    """Click the first of the contours that were drawn by hand, of ``shown`` in all."""
    centre = (
        "(() => { const box = document.querySelector('#canvas path.hand').getBoundingClientRect();"
        " return [box.left + box.width / 2, box.top + box.height / 2]; })()"
    )
    if not shown:
        raise SystemExit("the picture has no contours")
    x, y = await tab.evaluate(centre)
    for kind in ("Pressed", "Released"):
        await tab.call("Input.dispatchMouseEvent", type=f"mouse{kind}", x=x, y=y, button="left", clickCount=1)
    await tab.until("document.getElementById('diameter').innerText")


async def keep(tab: Tab, name: str) -> None:
    """Keep what is on the screen, in few colours."""
    try:
        await tab.until(MARK, lambda text: " pictures" in text and "SYNTHETIC" in text)
    except TimeoutError:
        raise SystemExit(f"the page does not show its marks: {await tab.evaluate(MARK)!r}") from None
    with TemporaryDirectory() as folder:
        await tab.picture(Path(folder) / "seen.png")
        data = BytesIO((Path(folder) / "seen.png").read_bytes())
    with Image.open(data) as seen:
        few = seen.convert("RGB").quantize(COLOURS, Image.Quantize.MAXCOVERAGE, kmeans=2, dither=Image.Dither.NONE)
        few.save(PICTURES / f"{name}.png", optimize=True)


if __name__ == "__main__":
    asyncio.run(main())
