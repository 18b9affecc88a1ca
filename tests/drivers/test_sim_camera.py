"""The camera model: photons, electrons, noise, digital numbers, and the signs it looks at."""

from __future__ import annotations

import hashlib
import math
import subprocess
import sys

import numpy as np
import pytest
from numpy.typing import NDArray

from hil_drivers.sim.camera import electrons_per_lux, render
from hil_drivers.sim.devices.camera import CameraDevice
from hil_drivers.sim.signs import draw_text


def camera(**keys: float | str) -> CameraDevice:
    return CameraDevice.model_validate({"kind": "camera"} | keys)


def linear(**keys: float) -> CameraDevice:
    """Without gamma, blur and fixed pattern: 8 bit digital numbers follow electrons."""
    plain: dict[str, float | str] = {"gamma": 1.0, "blur": 0.0, "prnu": 0.0, "dsnu": 0.0, "dark_current": 0.0}
    return camera(**(plain | keys))


def electrons(picture: NDArray[np.uint8], model: CameraDevice) -> NDArray[np.float64]:
    return picture.astype(np.float64) * ((4095.0 - model.offset) / 255.0 / model.gain)


def test_photons_per_lux_of_the_published_case() -> None:
    """rho 0.8, T 0.9, N 2.8, 10 ms, 3.45 um, 11 000 photons / (lx s um2): 30.06 photons per lx."""
    model = camera(
        transmission=0.9,
        f_number=2.8,
        exposure=0.01,
        pixel_pitch=3.45,
        photons_per_lux_second=11000.0,
        quantum_efficiency=1.0,
    )
    assert electrons_per_lux(model, 0.8) == pytest.approx(30.06, abs=0.005)


def test_mean_and_variance_follow_the_linear_model() -> None:
    """variance = mean + read noise squared, in electrons (EMVA 1288), plus the steps of 8 bit."""
    model = linear(gain=2.0, read_noise=8.0)
    for illuminance in (60.0, 200.0):
        got = electrons(render("", illuminance, model, index=1), model)
        expected = electrons_per_lux(model, model.ground_reflectance) * illuminance
        step = electrons(np.array(1, dtype=np.uint8), model)
        assert got.mean() == pytest.approx(expected, rel=0.01)
        assert got.var() == pytest.approx(expected + 8.0**2 + step**2 / 12.0, rel=0.05)


def test_few_electrons_are_poisson() -> None:
    model = linear(gain=100.0, offset=200.0, read_noise=0.0)
    illuminance = 1.0 / electrons_per_lux(model, model.ground_reflectance)
    counts = np.rint(electrons(render("", illuminance, model), model))
    assert np.mean(counts == 0) == pytest.approx(math.exp(-1), abs=0.01)
    assert counts.mean() == pytest.approx(1.0, abs=0.02)


def test_the_fixed_pattern_stays_and_the_noise_changes() -> None:
    model = camera(prnu=0.05, read_noise=1.0, gamma=1.0, blur=0.0)
    first, second = (render("", 400.0, model, index=i).astype(float) for i in (1, 2))
    other = render("", 400.0, model, seed=2, index=1).astype(float)
    assert np.corrcoef(first.ravel(), second.ravel())[0, 1] > 0.4
    assert abs(np.corrcoef(first.ravel(), other.ravel())[0, 1]) < 0.05
    assert not np.array_equal(first, second)


def test_it_saturates_and_goes_dark() -> None:
    assert (render("", 1e7, camera()) == 255).all()
    assert render("", 0.0, camera()).mean() < 15


def test_letters_are_darker_than_the_ground() -> None:
    model = camera()
    ink = draw_text("ABC12", model.width, model.height, model.text_height)
    picture = render("ABC12", 100.0, model).astype(float)
    assert picture[ink > 0.99].mean() < 0.75 * picture[ink == 0.0].mean()


def test_a_sign_fills_most_of_the_picture() -> None:
    ink = draw_text("ABC12", 320, 96, 44.0)
    rows, columns = np.nonzero(ink > 0.5)
    assert np.ptp(rows) + 1 == pytest.approx(44, abs=2)
    assert 150 < np.ptp(columns) < 320
    assert abs(np.mean([columns.min(), columns.max()]) - 160) < 5
    assert abs(np.mean([rows.min(), rows.max()]) - 48) < 3


def test_a_long_sign_is_drawn_smaller() -> None:
    ink = draw_text("A LONG LINE OF TEXT", 320, 96, 60.0)
    _, columns = np.nonzero(ink)
    assert columns.min() > 0
    assert columns.max() < 319


def test_edges_are_weighted_by_area() -> None:
    ink = draw_text("O", 320, 96, 44.0)
    assert set(np.unique(ink)) != {0.0, 1.0}
    assert ink.min() == 0.0
    assert ink.max() == 1.0


def test_two_processes_take_the_same_picture() -> None:
    code = (
        "import sys; from hil_drivers.sim.camera import render;"
        "from hil_drivers.sim.devices.camera import CameraDevice;"
        "sys.stdout.buffer.write(render('ABC12', 5.0, CameraDevice(kind='camera'), seed=3, index=9).tobytes())"
    )
    command = [sys.executable, "-c", code]
    pictures = [subprocess.run(command, capture_output=True, check=True, timeout=60).stdout for _ in range(2)]
    here = render("ABC12", 5.0, camera(), seed=3, index=9).tobytes()
    assert len({hashlib.sha256(picture).hexdigest() for picture in [*pictures, here]}) == 1
