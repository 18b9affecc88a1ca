"""What a simulated camera sees: the sign panel, what is ahead of the robot, or the display wall."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..camera import expose, render
from ..devices.camera import CameraOptics
from ..target import FIRST_DISTANCE, Target
from ..world import World


def picture(world: World, name: str, device: CameraOptics, start: int, end: int, *, index: int) -> NDArray[np.uint8]:
    """The picture of an exposure in [start, end], bench time in ns, with the noise number ``index``."""
    if device.view == "wall":
        from ..wall.view import view

        return view(world, name, device).picture(start, end, index=index)
    illuminance, seed = world.sign_illuminance(start, end), world.file.seed
    if device.view == "panel":
        distance = world.part(Target).distance.at(start) / FIRST_DISTANCE
        return render(world.text, illuminance, device, seed=seed, name=name, index=index, distance=distance)
    from ..hall.senses import Senses

    ahead = world.part(Senses).reflectance(device.width, device.height, start)
    return expose(ahead, illuminance, device, seed=seed, name=name, index=index)
