"""Draw ``docs/images/three-benches.png`` and ``three-runs.png``: one trial in a room, before a wall, on recordings.

``make_trial_pictures.py FOLDER`` carries the trials out in FOLDER, which takes some five minutes; what it holds already
is drawn alone. Needs pdftoppm (Debian package poppler-utils).
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import matplotlib as mpl
import numpy as np
from numpy.typing import NDArray

mpl.use("Agg")
from matplotlib import pyplot as plt
from PIL import Image

from hil.bench.config import shipped_benches
from hil.bench.copying import copy_bench
from hil.record import open_run
from hil.record.image_message import image
from hil.record.media import frames_in
from hil.record.reader import Observation, Record
from hil.replay import USED

IMAGES = Path(__file__).resolve().parents[1] / "docs" / "images"
BENCHES = {"action-sim": "in the light room", "immersion-sim": "before the wall", "dataset": "on recordings"}
LEVELS = (60.0, 22.0, 17.0, 13.0, 10.0, 4.0)
"""In lx; of each the first picture that shows a sign."""
CURVE = ("-r", "75", "-f", "2", "-l", "2", "-x", "50", "-y", "40", "-W", "520", "-H", "312")
"""The part of a report with its curve."""
COLOURS = 128


def main() -> None:
    """Draw both, of the trials in the folder that is named."""
    folder = Path(sys.argv[1])
    runs = [carried_out(bench, folder) for bench in BENCHES]
    small(beside([curve(run) for run in runs]), IMAGES / "three-benches.png")
    small(sheet([shown(open_run(run)) for run in runs]), IMAGES / "three-runs.png")


def hil(*arguments: str | Path) -> None:
    """One command of the program."""
    subprocess.run([sys.executable, "-m", "hil.cli", *map(str, arguments)], check=True)


def carried_out(bench: str, folder: Path) -> Path:
    """The folder of the one run of the trial on ``bench``."""
    out = folder / f"{bench}-runs"
    if not out.exists():
        file = copy_bench(str(shipped_benches()[bench]), folder / bench)
        text = file.read_text(encoding="utf-8")
        file.write_text(text.replace('driver = "camera"\n', 'driver = "camera"\nrecord = "frames"\n'), encoding="utf-8")
        if bench == "action-sim":
            calibrated = folder / "calibration"
            hil("run", "calibrate-luxmeter", "--bench", file, "--set", "warm_up=60 s", "--out", calibrated)
            hil("bench", "enter", file, "luxmeter.illuminance", *calibrated.glob("*/certificate.xml"))
        hil("run", "detection-vs-illuminance", "--bench", file, "--set", "repeats=1", "--seed", "1", "--out", out)
    (run,) = (each for each in out.iterdir() if each.is_dir())
    return run


def curve(run: Path) -> Image.Image:
    """The detection curve of a report."""
    with TemporaryDirectory() as folder:
        stem = Path(folder) / "page"
        subprocess.run(["pdftoppm", "-png", "-singlefile", *CURVE, str(run / "report.pdf"), str(stem)], check=True)
        return Image.open(stem.with_suffix(".png")).convert("RGB")


def beside(pictures: list[Image.Image]) -> Image.Image:
    """Pictures of one height in a row."""
    row = Image.new("RGB", (sum(each.width for each in pictures), pictures[0].height))
    for number, each in enumerate(pictures):
        row.paste(each, (number * each.width, 0))
    return row


def shown(record: Record) -> list[tuple[str, bool, NDArray[np.uint8]]]:
    """By level: what was read, whether it was right, and the picture."""
    found = []
    for level in LEVELS:
        one = next(each for each in record.observations() if each.data["sign"] and each.data["illuminance"] == level)
        read = str(one.data["output"] or "nothing")
        found.append((f"{level:g} lx: {read}", bool(one.data["hit"]), picture(record, one)))
    return found


def picture(record: Record, one: Observation) -> NDArray[np.uint8]:
    """What the system saw: a recording, or the picture that was kept between the readings of the gate."""
    for event in record.events(USED):
        if event.data["point"] == one.point:
            file = shipped_benches()["dataset"].parent / "signs" / str(event.data["file"])
            return np.asarray(Image.open(file))
    (gate,) = one.links.values()
    row = next(row for row in record.table("frame") if gate["start"] <= row["t"] <= gate["end"])
    kept = list(frames_in(record.folder / row["file"]))
    return image(kept[row["seq"]][1])


def sheet(rows: list[list[tuple[str, bool, NDArray[np.uint8]]]]) -> Image.Image:
    """All pictures, each as bright as it can be shown, with what was read above it: blue where it was right."""
    figure, axes = plt.subplots(len(rows), len(LEVELS), figsize=(12, 3.9), layout="constrained")
    for bench, row, places in zip(BENCHES.values(), rows, axes, strict=True):
        for place, (told, hit, seen) in zip(places, row, strict=True):
            place.imshow(seen, cmap="gray", vmin=0, vmax=int(seen.max()))
            place.set_title(told, fontsize=10, color="tab:blue" if hit else "tab:red")
            place.set(xticks=[], yticks=[])
        places[0].set_ylabel(bench, fontsize=10)
    with TemporaryDirectory() as folder:
        file = Path(folder) / "sheet.png"
        figure.savefig(file, dpi=90, metadata={"Software": None})
        return Image.open(file).convert("RGB")


def small(drawn: Image.Image, target: Path) -> None:
    """Keep a picture in few colours."""
    drawn.quantize(COLOURS).save(target, optimize=True)


if __name__ == "__main__":
    main()
