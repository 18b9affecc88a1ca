"""The display wall: its frames in time, its light, and what a camera before it sees."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from hil_drivers.clock import NANOSECONDS
from hil_drivers.sim.belt import Belt
from hil_drivers.sim.devices.camera import CameraOptics
from hil_drivers.sim.luxmeter import luxmeters
from hil_drivers.sim.server.seen import picture
from hil_drivers.sim.wall.display import Display, Wall, WallLight
from hil_drivers.sim.wall.scenes import HEIGHT, PATCH, WIDTH, bitmap
from hil_drivers.sim.world import World
from hil_drivers.sim.world_file import WorldFile

S = NANOSECONDS
MS = S // 1000
EXACT = {
    "tolerance": {"distribution": "rectangular", "half_width": 0.0},
    "rate": {"distribution": "rectangular", "half_width": 0.0},
    "mounting": {"distribution": "normal", "u": 0.0},
}
PRIOR = {
    "gain": {"distribution": "normal", "u": 0.0},
    "offset": {"distribution": "normal", "u": 0.0},
    "nonlinearity": {"distribution": "normal", "u": 0.0},
}
CAMERA: dict[str, Any] = {
    "kind": "camera",
    "view": "wall",
    "width": 80,
    "height": 46,
    "focal_length": 72.0,
    "blur": 0.4,
}
NOISELESS: dict[str, Any] = {"read_noise": 0.0, "prnu": 0.0, "dsnu": 0.0, "gamma": 1.0, "dark_current": 0.0}


def world(seed: int = 1, camera: dict[str, Any] | None = None, **wall: Any) -> World:
    devices = {
        "wall": {"kind": "scene-server", **EXACT, **wall},
        "camera": {**CAMERA, **(camera or {})},
        "meter": {"kind": "t10a", "prior": PRIOR, "noise": 0.0},
        "eye": {"kind": "t10a", "prior": PRIOR, "noise": 0.0, "stands": "eye"},
    }
    room = {"temperature": 23.0, "temperature_swing": 0.0, "dark_illuminance": 0.0}
    return World(WorldFile.model_validate({"seed": seed, "scene": "immersion-wall", "room": room, "devices": devices}))


def display(w: World) -> Display:
    return w.part(Wall).display


def show(w: World, scene: dict[str, Any], t: int = 0, level: float = 1.0) -> int:
    w.light.set_level(t, level)
    frame = display(w).next_frame(t)
    display(w).draw(frame, scene)
    return frame


def seen(w: World, start: int, index: int = 0) -> np.ndarray[Any, np.dtype[np.uint8]]:
    device = w.file.devices["camera"]
    assert isinstance(device, CameraOptics)
    return picture(w, "camera", device, start, start + round(device.exposure * S), index=index)


def middle(image: np.ndarray[Any, np.dtype[np.uint8]]) -> float:
    return float(image[15:31, 20:60].mean())


def test_a_scene_is_drawn_in_the_next_frame_after_it_is_ready() -> None:
    w = world(render=0.004)
    wall = display(w)
    for t in range(0, S, 7 * MS):
        frame = wall.next_frame(t)
        assert wall.begins(frame - 1) < t + 4 * MS <= wall.begins(frame)
        assert wall.frame(wall.begins(frame)) == frame
        assert wall.frame(wall.begins(frame) - 1) == frame - 1


def test_phase_and_rate_are_drawn_by_the_seed_within_what_is_declared() -> None:
    drawn = [
        world(seed, rate={"distribution": "rectangular", "half_width": 5e-5}).truth.walls["wall"] for seed in range(40)
    ]
    assert len({each["phase"] for each in drawn}) == 40
    assert all(0 < each["phase"] < 1 and abs(each["rate"]) <= 5e-5 for each in drawn)
    assert max(each["rate"] for each in drawn) > 2e-5


def test_frames_share_an_exposure_and_leave_nothing_out() -> None:
    w = world()
    wall, rows = display(w), np.linspace(0.0, 1.0, 7)
    for start in (S, S + 5 * MS):
        first = np.full(7, float(start))
        shares = [wall.share(first, first + 40 * MS, rows, n) for n in wall.frames(start, start + 40 * MS)]
        assert np.sum(shares, axis=0) == pytest.approx(np.ones(7), abs=1e-9)


@pytest.mark.parametrize(("exposure", "ripple"), [(0.002, 2.0), (0.010, 1 / 3), (1 / 240, 0.0), (1 / 120, 0.0)])
def test_modulated_light_ripples_unless_the_exposure_is_whole_periods(exposure: float, ripple: float) -> None:
    """240 Hz, half of the time on: peak to peak over the mean 200 %, 33 %, 0 and 0."""
    wall = display(world(pwm=240.0))
    length = exposure * S
    rows = np.zeros(1)
    found = []
    for start in S + np.arange(0.0, S / 240.0, S / 240.0 / 100.0):
        first = np.array([start])
        shares = [wall.share(first, first + length, rows, n) for n in wall.frames(start, start + length)]
        found.append(float(np.sum(shares)))
    assert (max(found) - min(found)) / float(np.mean(found)) == pytest.approx(ripple, abs=0.02)


def test_luminance_by_the_formula() -> None:
    """E = patch (L_black + L_max - L_black + rho E_ambient / pi) at the end of the warm-up; the eye sees the scene."""
    w = world(luminance=120.0, black=0.05, ambient=0.3, reflectance=0.7, patch=1.0, eye=0.3, warm_up_time=1.0)
    show(w, {"kind": "grey", "level": 0.5})
    floor = 0.05 + 0.3 * 0.7 / math.pi
    t = 100 * S
    assert w.light.plane(t) == pytest.approx(119.95 + floor, rel=1e-9)
    assert luxmeters(w)["meter"].illuminance(t, t + S // 2) == pytest.approx(119.95 + floor, rel=1e-6)
    drive = float(np.mean(bitmap({"kind": "grey", "level": 0.5}, 0.0).astype(float) ** 2.2))
    expected = 0.3 * (119.95 * drive + floor)
    assert luxmeters(w)["eye"].illuminance(t, t + S // 2) == pytest.approx(expected, rel=1e-4)


def test_the_lamp_warms_up() -> None:
    w = world(warm_up=0.03, warm_up_time=720.0)
    show(w, {"kind": "grey", "level": 1.0}, t=0)
    light = w.light
    assert isinstance(light, WallLight)
    assert light.white(0) / light.white(10_000 * S) == pytest.approx(1.03, rel=1e-5)


def test_the_picture_has_the_electrons_of_the_luminance() -> None:
    """E_s = pi L T / (4 N^2), photons E_s t A kappa, electrons by the quantum efficiency."""
    w = world(camera={**NOISELESS, "exposure": 1 / 60, "transmission": 0.1, "f_number": 5.0}, warm_up=0.0)
    show(w, {"kind": "grey", "level": 1.0})
    luminance = 120.0 + 0.3 * 0.7 / math.pi
    electrons = 0.5 * math.pi * luminance * 0.1 / (4 * 25.0) / 60.0 * 1.4**2 * 8430.0
    values = [seen(w, S, index)[20:26, 36:44].mean() for index in range(20)]
    expected = 255.0 * electrons * 4.0 / (4095.0 - 200.0)
    assert float(np.mean(values)) == pytest.approx(expected, rel=0.01)


def test_a_global_shutter_sees_a_change_at_once_and_a_rolling_one_row_by_row() -> None:
    found = {}
    for row_time in (0.0, 0.001):
        w = world(
            camera={**NOISELESS, "exposure": 0.004, "row_time": row_time, "f_number": 1.0, "transmission": 0.1},
            scan_out=0.0,
        )
        show(w, {"kind": "grey", "level": 0.0})
        frame = show(w, {"kind": "grey", "level": 1.0}, t=S)
        start = display(w).begins(frame) - 20 * MS
        image = seen(w, start).astype(float)
        found[row_time] = image[12:40, 30:50].mean(axis=1)
    assert found[0.0].max() < 10.0
    dark, bright = found[0.001][:6], found[0.001][-6:]
    assert dark.max() < 10.0 < 30.0 < bright.min()


def test_scan_out_makes_the_top_light_up_first() -> None:
    w = world(camera={**NOISELESS, "exposure": 0.001, "f_number": 0.5, "transmission": 0.1}, scan_out=1.0, response=0.0)
    show(w, {"kind": "grey", "level": 0.0})
    frame = show(w, {"kind": "grey", "level": 1.0}, t=S)
    halfway = display(w).begins(frame) + round(display(w).period / 2)
    image = seen(w, halfway)[:, 30:50].mean(axis=1)
    assert image[14:20].min() > 30.0 > 10.0 > image[28:40].max()


def test_the_corner_is_darker_and_the_patch_white() -> None:
    drawn = bitmap({"kind": "grey", "level": 0.0}, 0.0)
    assert drawn[HEIGHT - PATCH :, WIDTH - PATCH :].min() == 1.0
    w = world(camera={**NOISELESS, "f_number": 2.0, "transmission": 0.1}, uniformity=0.7)
    show(w, {"kind": "grey", "level": 1.0})
    image = np.mean([seen(w, S, index) for index in range(10)], axis=0)
    at_corner = image[-6, 6]
    assert 0.7 < at_corner / image[22:24, 39:41].mean() < 0.85


def test_an_element_moves_by_its_speed() -> None:
    scene = {"kind": "element", "speed": 0.25}
    places = [int(np.flatnonzero(bitmap(scene, elapsed)[100] < 0.5).mean()) for elapsed in (0.0, 0.4, 0.8)]
    assert [b - a for a, b in pairwise(places)] == [64, 64]


def test_a_picture_repeats_and_its_noise_does_not() -> None:
    pictures = []
    for _ in range(2):
        w = world(7)
        show(w, {"kind": "text", "text": "RUYT3"})
        pictures.append([seen(w, S, 0), seen(w, S, 1)])
    assert np.array_equal(pictures[0], pictures[1])
    assert not np.array_equal(pictures[0][0], pictures[0][1])


def test_the_belt_follows_its_setpoint_as_a_first_order_lag() -> None:
    """After the time constant of 0.5 s 63.2 % of the step; the way is the integral of the speed."""
    belt = world().part(Belt)
    belt.set(1.0, S)
    assert belt.speed(S + S // 2) == pytest.approx(1.0 - math.exp(-1.0))
    assert belt.distance(11 * S) == pytest.approx(10.0 - 0.5, abs=1e-6)
    speeds = [belt.speed(t) for t in range(S, 3 * S + 1, S // 1000)]
    assert np.trapezoid(speeds, dx=1e-3) == pytest.approx(belt.distance(3 * S), abs=1e-5)
    belt.set(0.0, 11 * S)
    assert belt.speed(11 * S) == pytest.approx(1.0, abs=1e-6)
    assert belt.distance(30 * S) == pytest.approx(10.0, abs=1e-6)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"scene": "light-room"}, "no other world has one"),
        ({"devices": {"camera": CAMERA}}, "needs a device of kind 'scene-server'"),
        ({"devices": {"wall": {"kind": "scene-server"}, "camera": {"kind": "camera"}}}, "must have the view of a wall"),
    ],
)
def test_a_world_that_contradicts_itself_is_refused(changes: dict[str, Any], said: str) -> None:
    stated = {"seed": 1, "scene": "immersion-wall", "devices": {"wall": {"kind": "scene-server"}}, **changes}
    with pytest.raises(ValueError, match=said):
        WorldFile.model_validate(stated)
