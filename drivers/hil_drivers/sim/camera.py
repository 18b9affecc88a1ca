"""The camera: from the illuminance on the sign to grey levels, by the linear model of EMVA 1288.

Photons per pixel mu_p = rho E T / (4 N^2) t A kappa; electrons eta mu_p + dark current, Poisson, with read
noise; 12 bit with offset and gain, photo response and dark signal that differ from pixel to pixel; a gamma
table to 8 bit last. Noise is drawn after everything that shapes the picture, and before it is quantised.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from .devices.camera import CameraOptics
from .noise import Stream
from .signs import draw_text

FULL_SCALE = 4095
"""The largest digital number, of 12 bit."""
_POISSON_BELOW = 20.0


def electrons_per_lux(camera: CameraOptics, reflectance: float = 1.0) -> float:
    """Mean photo-electrons per pixel and lx on a diffuse target of ``reflectance``."""
    at_sensor = reflectance * camera.transmission / (4.0 * camera.f_number**2)
    photons = at_sensor * camera.exposure * camera.pixel_pitch**2 * camera.photons_per_lux_second
    return camera.quantum_efficiency * photons


def render(
    text: str,
    illuminance: float,
    camera: CameraOptics,
    *,
    seed: int = 1,
    name: str = "camera",
    index: int = 0,
    distance: float = 1.0,
) -> NDArray[np.uint8]:
    """One picture of a sign, ``(height, width)`` of uint8.

    :param illuminance: mean illuminance on the sign during the exposure, in lx.
    :param name: the camera's device name; with ``seed`` it fixes the pixel pattern and the noise.
    :param index: which noise, 0 or more; the simulator takes the start of the exposure in ns.
    :param distance: of the sign, relative to that at which it has the stated ``text_height``.
    """
    return expose(
        _reflectance(text, camera, camera.text_height / distance),
        illuminance,
        camera,
        seed=seed,
        name=name,
        index=index,
    )


def expose(
    reflectance: NDArray[np.float32], illuminance: float, camera: CameraOptics, *, seed: int, name: str, index: int
) -> NDArray[np.uint8]:
    """As :func:`render`, of anything whose ``reflectance`` of shape ``(height, width)`` is known."""
    response, dark = _pattern(camera, seed, name)
    electrons = reflectance * np.float32(electrons_per_lux(camera) * max(0.0, illuminance))
    electrons *= response
    electrons += np.float32(camera.dark_current * camera.exposure)
    generator = Stream(seed, "noise", name, "pixels").generator(index)
    reading = generator.standard_normal(electrons.shape, dtype=np.float32) * np.float32(camera.read_noise)
    counted = np.minimum(_count(electrons, generator) + reading, camera.full_well)
    digital = np.rint(counted * camera.gain + camera.offset + dark)
    return _table(camera)[np.clip(digital, 0, FULL_SCALE).astype(np.int16)]


def _count(mean: NDArray[np.float32], generator: np.random.Generator) -> NDArray[np.float32]:
    """Poisson counts; by a normal distribution where the mean is large enough."""
    counts = generator.standard_normal(mean.shape, dtype=np.float32)
    counts *= np.sqrt(mean)
    counts += mean
    few = mean < _POISSON_BELOW
    counts[few] = generator.poisson(mean[few])
    return counts


def _reflectance(text: str, camera: CameraOptics, height: float) -> NDArray[np.float32]:
    ink = blurred(draw_text(text, camera.width, camera.height, height), camera.blur)
    ground, letters = np.float32(camera.ground_reflectance), np.float32(camera.text_reflectance)
    return ground + (letters - ground) * ink


def blurred(picture: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    """A Gaussian blur, the border repeated."""
    if sigma <= 0.0:
        return picture
    reach = max(1, round(4.0 * sigma))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2).astype(np.float32)
    kernel /= kernel.sum()
    for axis in (0, 1):
        padded = np.pad(picture, [(reach, reach) if a == axis else (0, 0) for a in (0, 1)], mode="edge")
        windows = np.lib.stride_tricks.sliding_window_view(padded, len(kernel), axis=axis)
        picture = windows @ kernel
    return picture


@lru_cache(maxsize=4)
def _pattern(camera: CameraOptics, seed: int, name: str) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The camera's fixed pattern: relative photo response, and dark signal in digital numbers."""
    generator = Stream(seed, "truth", "camera", name).generator()
    shape = (camera.height, camera.width)
    response = 1.0 + camera.prnu * generator.standard_normal(shape, dtype=np.float32)
    dark = camera.dsnu * generator.standard_normal(shape, dtype=np.float32)
    return response.clip(0.0).astype(np.float32), dark.astype(np.float32)


@lru_cache(maxsize=4)
def _table(camera: CameraOptics) -> NDArray[np.uint8]:
    """From 12 bit to 8 bit: black level off, gamma, rounding."""
    linear = (np.arange(FULL_SCALE + 1) - camera.offset) / (FULL_SCALE - camera.offset)
    table: NDArray[np.uint8] = np.rint(255.0 * linear.clip(0.0) ** (1.0 / camera.gamma)).astype(np.uint8)
    return table
