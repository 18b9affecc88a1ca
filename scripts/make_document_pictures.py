"""Draw the pages of the demo's certificate and report as pictures for the documentation: `docs/images/*.png`.

Needs pdftoppm and chromium (Debian packages poppler-utils and chromium). With a folder that `hil demo` has written it
draws that one's documents, otherwise it carries the demo out: python scripts/make_document_pictures.py [FOLDER]
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image

IMAGES = Path(__file__).resolve().parents[1] / "docs" / "images"
PAGES = (1, 2)
RESOLUTION = 110
"""Pixels per inch: an A4 page is 909 wide."""
COLOURS = 64
SCREEN = (792, 1015)
"""Pixels of a browser's window, in which the upper part of the report is seen."""
LARGEST = 200_000
"""Bytes that a picture may have."""


def main() -> None:
    """Draw the documents of the folder given, or of a demo carried out now."""
    if len(sys.argv) > 1:
        draw(Path(sys.argv[1]))
        return
    with TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-m", "hil.cli", "demo", "--out", folder], check=True)
        draw(Path(folder))


def draw(demo: Path) -> None:
    """Draw the first pages of the certificate and of the report in a folder of the demo."""
    drawn = [IMAGES / "report.png"]
    (report,) = sorted((demo / "runs").glob("*/report.html"))
    top_of(report, drawn[0])
    for name in ("certificate", "report"):
        (document,) = sorted((demo / "runs").glob(f"*/{name}.pdf"))
        for page in PAGES:
            picture = IMAGES / f"{name}-page-{page}.png"
            picture_of(document, page, picture)
            drawn.append(picture)
    for picture in drawn:
        if picture.stat().st_size > LARGEST:
            sys.exit(f"{picture} is larger than {LARGEST} bytes: draw it with fewer colours")


def top_of(page: Path, picture: Path) -> None:
    """What a browser shows of a page before it is scrolled."""
    with TemporaryDirectory() as folder:
        shot = Path(folder) / "page.png"
        options = ["--headless", "--no-sandbox", "--hide-scrollbars", f"--window-size={SCREEN[0]},{SCREEN[1]}"]
        subprocess.run(["chromium", *options, f"--screenshot={shot}", page.resolve().as_uri()], check=True)
        with Image.open(shot) as seen:
            seen.convert("RGB").quantize(COLOURS).save(picture, optimize=True)


def picture_of(document: Path, page: int, picture: Path) -> None:
    """One page as a PNG of few colours, framed so that it shows as a page."""
    with TemporaryDirectory() as folder:
        stem = Path(folder) / "page"
        options = ["-png", "-singlefile", "-r", str(RESOLUTION), "-f", str(page), "-l", str(page)]
        subprocess.run(["pdftoppm", *options, str(document), str(stem)], check=True)
        with Image.open(stem.with_suffix(".png")) as drawn:
            framed = Image.new("RGB", (drawn.width + 2, drawn.height + 2), "#9aa5b1")
            framed.paste(drawn, (1, 1))
    framed.quantize(COLOURS).save(picture, optimize=True)


if __name__ == "__main__":
    main()
