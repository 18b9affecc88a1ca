"""Basler cameras against the maker's own emulator: `make test-cameras`."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from typing import Any

import pytest

from hil_drivers.capability import Camera
from hil_drivers.clock import WallClock
from hil_drivers.device import load_driver
from hil_drivers.errors import DeviceUnreachable, MissingExtra, OptionError, RemoteProtocolError
from hil_drivers.instruments.pylon_camera import PylonCamera
from hil_drivers.transport.supervisor import LinkState

try:
    import pypylon  # noqa: F401 (whether it is there)

    THERE = os.environ.get("PYLON_CAMEMU") == "2"
except ImportError:
    THERE = False

emulated = pytest.mark.skipif(not THERE, reason="pypylon's emulator is an optional job: make test-cameras")
pytestmark = pytest.mark.filterwarnings("ignore:builtin type .* has no __module__ attribute:DeprecationWarning")
"""Of the library's own making: raised as an error while it is imported, it ends the process."""

SERIAL = "0815-0000"


@pytest.fixture
async def camera() -> AsyncIterator[PylonCamera]:
    device = PylonCamera("camera", f"pylon:///{SERIAL}", clock=WallClock(), exposure=0.002, pixel_format="mono8")
    await device.open()
    yield device
    await device.close()


def inner(camera: PylonCamera) -> Any:
    return camera._camera


@emulated
async def test_each_picture_is_exposed_after_it_was_asked_for(camera: PylonCamera) -> None:
    assert isinstance(camera, Camera)
    before = -1
    for _ in range(5):
        asked = camera.clock.now()
        frame = await camera.grab()
        assert asked <= frame.earliest < frame.latest <= camera.clock.now()
        assert frame.number > before
        assert frame.image.shape == (1040, 1024)
        before = frame.number
    assert camera.supervisor.status.exchanges == 5


@emulated
async def test_an_incomplete_picture_is_an_error_and_the_next_is_good(camera: PylonCamera) -> None:
    await camera.grab()
    inner(camera).ForceFailedBufferCount.Value = 3
    inner(camera).ForceFailedBuffer.Execute()
    failed = 0
    for _ in range(10):
        try:
            await camera.grab()
        except RemoteProtocolError as error:
            failed += "incomplete" in str(error)
    assert failed == 3
    assert camera.supervisor.status.garbled == 3


@emulated
async def test_a_camera_that_is_not_there_is_named_with_those_that_are() -> None:
    device = PylonCamera("camera", "pylon:///9999", clock=WallClock())
    with pytest.raises(DeviceUnreachable, match=f"no camera has the serial number 9999 .found: {SERIAL}"):
        await device.open()
    await device.close()


@emulated
async def test_it_opens_again_after_it_was_closed(camera: PylonCamera) -> None:
    await camera.close()
    with pytest.raises(DeviceUnreachable, match="is not open"):
        await camera.grab()
    await camera.open()
    assert (await camera.grab()).image.size
    assert camera.supervisor.status.state is LinkState.UP


@pytest.mark.parametrize("options", [{"exposure": 0.0}, {"exposure": float("nan")}, {"pixel_format": "rgb"}])
def test_options_that_cannot_be_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(OptionError):
        PylonCamera("camera", f"pylon:///{SERIAL}", clock=WallClock(), **options)


def test_without_its_library_it_says_so() -> None:
    if THERE:
        load_driver("pylon")
        return
    with pytest.raises(MissingExtra, match="pypylon"):
        load_driver("pylon")
