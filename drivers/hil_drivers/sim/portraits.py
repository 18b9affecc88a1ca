"""A data set of one face in four places, at known illuminances, seen by the simulated camera.

Run as ``python -m hil_drivers.sim.portraits FOLDER [--distance D] [--repeats N]``. The picture is ``astronaut`` of
scikit-image (by NASA, in the public domain), taken from the installed package: none is kept in this project. Its grey
levels are taken for reflectances. One face of one person says nothing about other faces.
"""

from __future__ import annotations

import argparse
import sys
from datetime import date
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ..data_set import About, Quantity
from ..data_set_writer import DataSetWriter
from ..errors import MissingExtra, OptionError
from .camera import FULL_SCALE, electrons_per_lux, expose
from .devices.camera import CameraDevice
from .noise import Stream

SEED = 20260601
SIDE = 160
"""Of a picture, in pixels."""
SCENE = 240
"""What it shows at distance 1: so many pixels of the original."""
FACE = (222, 114)
"""Middle of the face in the original, from the left and from the top."""
BLANK_AT = (120, 390)
"""Middle of a part of it without a face."""
PLACES = {"upper-left": (0.3, 0.3), "upper-right": (0.7, 0.3), "lower-left": (0.3, 0.7), "lower-right": (0.7, 0.7)}
"""Where the middle of the face stands, as fractions of the picture."""
ILLUMINANCES = (2.0, 3.0, 4.0, 6.0, 8.0, 11.0, 15.0, 20.0, 50.0, 200.0)
"""In lx."""
BLANKS = 1
U_ILLUMINANCE = 0.008
"""Relative standard uncertainty of the illuminance: one error, shared by all recordings."""
LAMP = 0.01
"""Relative standard deviation of the illuminance from recording to recording."""
TEMPERATURE, U_TEMPERATURE = 23.0, 0.2
WHITE = 0.9
"""Reflectance of what is white in the original."""
EXPOSURE = 0.02
"""In s: 4.7 electrons per lx and pixel where the reflectance is 1."""


def photograph() -> NDArray[np.uint8]:
    """The picture as it is in the package, found without importing that; shape ``(512, 512, 3)``, blue first.

    :raises MissingExtra: if scikit-image is not installed.
    """
    try:
        path = Path(str(distribution("scikit-image").locate_file("skimage/data/astronaut.png")))
    except PackageNotFoundError:
        remedy = "pip install 'hil-bench[ai]'"
        raise MissingExtra("the package scikit-image is not installed", remedy=remedy) from None
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image is None:
        raise MissingExtra(f"{path.name} is not in the package scikit-image", remedy="install it anew")
    return np.asarray(image, dtype=np.uint8)


def original() -> NDArray[np.float32]:
    """Reflectances of the picture, shape ``(512, 512)``: the mean of its colours without the gamma of sRGB."""
    coded = photograph().astype(np.float32).mean(axis=2) / 255.0
    linear = np.where(coded <= 0.04045, coded / 12.92, ((coded + 0.055) / 1.055) ** 2.4)
    return np.asarray(WHITE * linear, dtype=np.float32)


def scene(picture: NDArray[np.float32], content: str, distance: float) -> NDArray[np.float32]:
    """What the camera looks at: the face in the place ``content``, or a part without one for "".

    :param distance: of the camera, 1 to 2; the face is so much smaller, and more of the picture is seen.
    """
    (x, y), (right, down) = (FACE, PLACES[content]) if content else (BLANK_AT, (0.5, 0.5))
    side = round(SCENE * distance)
    padded = np.pad(picture, side, mode="edge")
    left, top = side + x - round(right * side), side + y - round(down * side)
    part = padded[top : top + side, left : left + side]
    return np.asarray(cv2.resize(part, (SIDE, SIDE), interpolation=cv2.INTER_AREA), dtype=np.float32)


def camera(illuminance: float) -> CameraDevice:
    """The camera with a gain that brings white to nine tenths of its scale at ``illuminance``, in lx.

    Its exposure is the same at all: the less light, the fewer electrons, and the more of the picture is noise.
    """
    seen = CameraDevice(kind="camera", width=SIDE, height=SIDE, exposure=EXPOSURE, read_noise=4.0)
    gain = 0.9 * (FULL_SCALE - seen.offset) / (electrons_per_lux(seen, WHITE) * illuminance)
    return seen.model_copy(update={"gain": gain})


def write(folder: Path, *, distance: float = 1.0, repeats: int = 4) -> int:
    """Make the data set in ``folder``; how many recordings it has.

    :param distance: 1 to 2, as that of `scene`.
    :param repeats: of each place at each illuminance.
    :raises OptionError: for another distance or less than one repeat, or if there is a data set already.
    """
    if not (1.0 <= distance <= 2.0 and repeats >= 1):
        raise OptionError(f"distance = {distance:g}, {repeats} repeats", remedy="give 1 to 2, and at least 1 repeat")
    about = About(
        name="portraits",
        date=date(2026, 6, 1),
        origin="rendered",
        index="index.csv",
        description=f"A face in four places at {len(ILLUMINANCES)} illuminances, by the simulated camera",
        source="skimage.data.astronaut, in the public domain",
    )
    quantities = {
        "illuminance": Quantity(unit="lx", correlation="full", match=0.1),
        "temperature": Quantity(unit="Cel", correlation="full"),
    }
    made, picture = DataSetWriter(folder, about, quantities), original()
    numbers = Stream(SEED, "sample", "conditions", "portraits").generator()
    scale, index = 1.0 + U_ILLUMINANCE * numbers.standard_normal(), 0
    for level in ILLUMINANCES:
        for content in [*PLACES, *[""] * BLANKS] * repeats:
            index += 1
            true = level * (1.0 + LAMP * numbers.standard_normal())
            seen = scene(picture, content, distance)
            image = expose(seen, true, camera(level), seed=SEED, name="portraits", index=index)
            told = true * scale
            made.add(
                f"pictures/{index:04d}.png",
                cv2.imencode(".png", image)[1].tobytes(),
                content=content,
                subject=content,
                references={
                    "illuminance": (told, U_ILLUMINANCE * told),
                    "temperature": (TEMPERATURE + 0.05 * numbers.standard_normal(), U_TEMPERATURE),
                },
            )
    return made.close()


def main() -> None:
    parser = argparse.ArgumentParser(description="Make a data set of a face in four places.")
    parser.add_argument("folder", type=Path, help="where it is made")
    parser.add_argument("--distance", type=float, default=1.0, help="1 to 2: the face is so much smaller")
    parser.add_argument("--repeats", type=int, default=4, help="of each place at each illuminance")
    given = parser.parse_args()
    try:
        count = write(given.folder, distance=given.distance, repeats=given.repeats)
    except OptionError as error:
        sys.exit(f"hil: {error}")
    sys.stdout.write(f"{count} pictures in {given.folder}\n")


if __name__ == "__main__":
    main()
