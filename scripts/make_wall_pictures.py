"""Draw docs/images/wall.png: what the cameras of the bench immersion-sim see of its wall."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
from matplotlib import pyplot as plt

from hil.bench import load_bench
from hil.bench.world import compile_world
from hil_drivers.clock import NANOSECONDS
from hil_drivers.sim.devices.camera import CameraOptics
from hil_drivers.sim.server.seen import picture
from hil_drivers.sim.wall.display import Wall
from hil_drivers.sim.world import World
from hil_drivers.sim.world_file import WorldFile

TARGET = Path(__file__).parents[1] / "docs" / "images" / "wall.png"
FULL = 120.0
SHOWN = (
    ("camera", 60.0, {"kind": "text", "text": "RUYT3"}, 0.5),
    ("camera", 15.0, {"kind": "text", "text": "RUYT3"}, 0.5),
    ("camera", 4.0, {"kind": "text", "text": "RUYT3"}, 0.5),
    ("stream", 60.0, {"kind": "grey", "level": 1.0}, 0.5),
    ("stream", 60.0, {"kind": "grey", "level": 1.0}, 0.012),
    ("camera", 60.0, {"kind": "picture", "name": "checkerboard"}, 0.5),
)
"""By which camera, at how many lx on the meter, what, and how long after its frame began the exposure begins, in s."""


def main() -> None:
    """Draw it."""
    config = load_bench("immersion-sim")
    devices = [name for name in config.devices if config.devices[name].driver in ("scene-server", "camera", "video")]
    world = World(WorldFile.model_validate(compile_world(config, {}, devices=devices)))
    figure, axes = plt.subplots(2, 3, figsize=(12, 5), layout="constrained")
    for number, (axis, (camera, level, scene, after)) in enumerate(zip(axes.flat, SHOWN, strict=True), start=1):
        device, display = world.file.devices[camera], world.part(Wall).display
        if not isinstance(device, CameraOptics):
            raise TypeError(camera)
        at = number * NANOSECONDS
        world.light.set_level(at, level / FULL)
        display.draw(display.frame(at) - 1, {"kind": "grey", "level": 0.0})
        frame = display.next_frame(at)
        display.draw(frame, scene)
        start = display.begins(frame) + round(after * NANOSECONDS)
        image = picture(world, camera, device, start, start + round(device.exposure * NANOSECONDS), index=start)
        axis.imshow(image, cmap="gray", vmin=0, vmax=int(image.max()))
        when = f", {1e3 * after:g} ms after its frame began" if after < 0.1 else ""
        axis.set(title=f"{camera}, {level:g} lx{when}", xticks=[], yticks=[])
    figure.savefig(TARGET, dpi=66, metadata={"Software": None})
    TARGET.write_bytes(_small(TARGET))


def _small(path: Path) -> bytes:
    """The picture with 16 levels of grey, which is enough for it."""
    from io import BytesIO

    from PIL import Image

    held = BytesIO()
    with Image.open(path) as image:
        image.convert("L").quantize(16).save(held, "PNG", optimize=True)
    return held.getvalue()


if __name__ == "__main__":
    main()
