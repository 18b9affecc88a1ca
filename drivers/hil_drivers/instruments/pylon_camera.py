"""A camera of Basler's that is triggered by software, through pypylon (its own extra: ``pylon``).

Address: ``pylon:///SERIAL``. Standard Feature Naming Convention (EMVA): TriggerSelector, TriggerMode, TriggerSource,
ExposureTime (microseconds), PixelFormat.
"""

from __future__ import annotations

import math
from functools import partial
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..capability import Frame
from ..clock import Clock
from ..device import Device
from ..errors import DeviceUnreachable, OptionError, RemoteProtocolError
from ..transport.address import parse
from ..transport.stream import TIMEOUT
from ..transport.worker import Worker

_FORMATS = {"mono8": "Mono8", "bgr8": "BGR8"}


class PylonCamera(Device):
    """A ``Camera``: each picture is triggered by the call that asks for it.

    Its exposure lies between the sending of the trigger and the arrival of the picture, on the bench clock. A picture
    that the camera calls incomplete is an error, never a picture.

    :param exposure: time of exposure in s; the camera's own by default.
    :param pixel_format: ``mono8`` or ``bgr8``; the camera's own by default, which must then be one of these.
    """

    libraries = ("pypylon.pylon",)

    def __init__(
        self, name: str, address: str, *, clock: Clock, exposure: float | None = None, pixel_format: str | None = None
    ) -> None:
        super().__init__(name, address, clock=clock)
        self._serial = parse(address, allowed=("pylon",)).path.strip("/")
        if exposure is not None and not (math.isfinite(exposure) and 0 < exposure < TIMEOUT):
            raise OptionError(f"exposure = {exposure:g} s", where=name, remedy=f"give more than 0, below {TIMEOUT:g}")
        if pixel_format is not None and pixel_format not in _FORMATS:
            raise OptionError(f"pixel_format = {pixel_format!r}", where=name, remedy=f"use {' or '.join(_FORMATS)}")
        self._exposure, self._format = exposure, pixel_format
        self._worker = Worker(f"pylon {name}")
        self._camera: Any = None
        self._opened = False

    async def open(self) -> None:
        import_module(self.libraries[0])  # here, for its first import in another thread ends the process
        with self.clock.exchange(), self.supervisor.opening():
            await self._worker.call(self._connect)
        self._opened = True

    async def close(self) -> None:
        self._opened = False
        self.supervisor.closed()
        with self.clock.exchange():
            await self._worker.call(self._leave)
        self._worker.close()

    async def grab(self) -> Frame:
        """One picture, exposed after this call.

        :raises DeviceUnreachable: if the camera is gone or sends no picture in time.
        :raises RemoteProtocolError: if the picture is incomplete.
        """
        if not self._opened:
            raise DeviceUnreachable("is not open", where=self.name, remedy="open the device first")
        with self.clock.exchange(), self.supervisor.exchange():
            return await self._worker.call(self._exposed)

    def _connect(self) -> None:
        from pypylon import pylon

        factory = pylon.TlFactory.GetInstance()
        devices = factory.EnumerateDevices()
        found = {device.GetSerialNumber(): device for device in devices}
        if self._serial not in found:
            seen = ", ".join(sorted(found)) or "none"
            raise self._unreachable(f"no camera has the serial number {self._serial} (found: {seen})")
        try:
            camera = pylon.InstantCamera(factory.CreateDevice(found[self._serial]))
            camera.Open()
        except pylon.GenericException as error:
            raise self._unreachable("cannot be opened; another program may have it") from error
        self._camera = camera
        self._set("TriggerSelector", "FrameStart")
        self._set("TriggerMode", "On")
        self._set("TriggerSource", "Software")
        if self._format is not None:
            self._set("PixelFormat", _FORMATS[self._format])
        if self._exposure is not None:
            self._set("ExposureTime", self._exposure * 1e6)
        camera.StartGrabbing(pylon.GrabStrategy_OneByOne)

    def _set(self, feature: str, value: object) -> None:
        from pypylon import pylon

        try:
            getattr(self._camera, feature).Value = value
        except pylon.GenericException as error:
            self._leave()
            raise OptionError(f"the camera does not take {feature} = {value}", where=self.name) from error

    def _leave(self) -> None:
        if self._camera is not None:
            camera, self._camera = self._camera, None
            camera.Close()

    def _exposed(self) -> Frame:
        from pypylon import pylon

        if self._camera is None:
            self._connect()
        try:
            return self._triggered(round(TIMEOUT * 1000))
        except pylon.GenericException as error:
            self._leave()
            raise self._unreachable("lost its link") from error

    def _triggered(self, milliseconds: int) -> Frame:
        from pypylon import pylon

        wait = partial(self._camera.WaitForFrameTriggerReady, milliseconds, pylon.TimeoutHandling_Return)
        if not wait():
            raise self._unreachable("was not ready for a trigger in time")
        earliest = self.clock.now()
        self._camera.ExecuteSoftwareTrigger()
        result = self._camera.RetrieveResult(milliseconds, pylon.TimeoutHandling_Return)
        latest = self.clock.now()
        if not result or not result.IsValid():
            raise self._unreachable(f"sent no picture within {milliseconds / 1000:g} s")
        try:
            if not result.GrabSucceeded():
                raise RemoteProtocolError("sent an incomplete picture", where=self.name, remedy="check its cable")
            image: NDArray[np.uint8] = np.array(result.Array, copy=True)
            number = int(result.BlockID)
        finally:
            result.Release()
        if image.dtype != np.uint8 or image.ndim not in (2, 3):
            raise RemoteProtocolError(
                "sends pictures that are neither mono8 nor bgr8", where=self.name, remedy="set pixel_format"
            )
        return Frame(image, number, earliest, max(latest, earliest + 1), "raw")

    def _unreachable(self, what: str) -> DeviceUnreachable:
        return DeviceUnreachable(what, where=self.name, remedy=f"check its cable, its power and {self.address}")
