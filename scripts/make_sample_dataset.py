"""Render the data set of the bench ``dataset``: signs at nine illuminances, by the simulated camera, from a seed.

Usage: ``python scripts/make_sample_dataset.py FOLDER``. The same seed gives the same pictures with the same numpy.
"""

from __future__ import annotations

import sys
from datetime import date
from io import BytesIO
from pathlib import Path

from PIL import Image

from hil_drivers.data_set import About, Quantity
from hil_drivers.data_set_writer import DataSetWriter
from hil_drivers.sim.camera import render
from hil_drivers.sim.devices.camera import CameraDevice
from hil_drivers.sim.noise import Stream
from hil_procedures.detection.parameters import BLANK, DetectionVsIlluminance

SEED = 20260601
U_ILLUMINANCE = 0.008
"""Relative standard uncertainty of the illuminance: one error, shared by all recordings."""
LAMP = 0.01
"""Relative standard deviation of the illuminance from recording to recording."""
U_TEMPERATURE = 0.2

CAMERA = CameraDevice(
    kind="camera",
    width=112,
    height=32,
    text_height=16,
    blur=0.6,
    exposure=0.0025,
    read_noise=4.0,
    pixel_pitch=3.0,
    gain=1.5,
)


def main(folder: Path) -> None:
    """Render it into ``folder``."""
    p = DetectionVsIlluminance()
    about = About(
        name="signs",
        date=date(2026, 6, 1),
        origin="rendered",
        index="index.csv",
        description="Signs of five characters, rendered by the simulated camera of this project",
        licence="Apache-2.0",
    )
    quantities = {
        "illuminance": Quantity(unit="lx", correlation="full", match=0.1),
        "temperature": Quantity(unit="Cel", correlation="full"),
    }
    made = DataSetWriter(folder, about, quantities)
    numbers = Stream(SEED, "sample", "conditions", "signs").generator()
    scale = 1.0 + U_ILLUMINANCE * numbers.standard_normal()
    index = 0
    for level in p.illuminances:
        for content in [*p.signs, *[BLANK] * p.blanks]:
            for _ in range(p.repeats):
                index += 1
                true = level * (1.0 + LAMP * numbers.standard_normal())
                picture = render(content, true, CAMERA, seed=SEED, name="camera", index=index)
                buffer = BytesIO()
                Image.fromarray(picture).save(buffer, "png", optimize=True)
                made.add(
                    f"pictures/{index:04d}.png",
                    buffer.getvalue(),
                    content=content,
                    subject=content,
                    references={
                        "illuminance": (true * scale, U_ILLUMINANCE * true * scale),
                        "temperature": (23.0 + 0.05 * numbers.standard_normal(), U_TEMPERATURE),
                    },
                )
    made.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
