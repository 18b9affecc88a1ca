"""A system under test: a reader of signs, in a child process that may crash without harm to the bench."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Sequence
from hashlib import sha256
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..capability import Frame, Response, Stimulus, SystemIdentity
from ..clock import Clock
from ..device import Device
from ..errors import AddressError, DeviceUnreachable, DriverError, MissingExtra, RemoteProtocolError
from ..transport.child import Child, as_object
from .recogniser_child import PREFIX, frame

START_DEADLINE = 60.0
LARGEST_MESSAGE = 1 << 20
REINSTALL = "pip install --force-reinstall 'hil-bench[ai]'"


class Recogniser(Device):
    """Reads the text in a fixed region of a picture: the recognition model of rapidocr-onnxruntime, alone.

    The region is turned to grey, its contrast stretched between two percentiles, and read without text
    detection or direction classification; white space around the answer is removed. Implements
    ``SystemUnderTest``.

    A child that is dead when a stimulus arrives, or dies over it, answers with the fault ``crash``; one that
    does not answer within the deadline is ended and answers ``time-out``; an answer that is not a text with a
    finite confidence is ``wrong shape``. After any of them a fresh child takes the next stimulus.

    :param address: ``process:``.
    :param region: ``(x, y, width, height)`` in pixels; the whole picture by default.
    :param threads: threads of the inference, 1 for repeatable results and latency.
    :param stretch: percentiles brought to black and white, 0 <= lower < upper <= 100.
    :param deadline: wall time for an answer, in seconds.
    """

    def __init__(
        self,
        name: str,
        address: str,
        *,
        clock: Clock,
        region: Sequence[int] | None = None,
        threads: int = 1,
        stretch: tuple[float, float] = (1.0, 99.0),
        deadline: float = 5.0,
    ) -> None:
        super().__init__(name, address, clock=clock)
        if address != "process:":
            raise AddressError(f"no such address {address!r}", where=name, remedy="use process:")
        self._region = _checked_region(region, name)
        self._settings: dict[str, Any] = {
            "threads": threads,
            "stretch": list(_checked_stretch(stretch, name)),
        }
        self._deadline = deadline
        self._child: RecogniserChild | None = None
        self._identity: SystemIdentity | None = None

    def command(self) -> list[str]:
        """The child's command line."""
        return [sys.executable, "-P", "-m", f"{__package__}.recogniser_child", json.dumps(self._settings)]

    async def open(self) -> None:
        """Start the child and take its identity.

        :raises MissingExtra: if the recogniser's package is not installed.
        :raises DeviceUnreachable: if the child does not start.
        """
        for package in ("onnxruntime", "rapidocr_onnxruntime"):
            if find_spec(package) is None:
                raise MissingExtra(
                    f"the package {package} is not installed",
                    where=self.name,
                    remedy="pip install 'hil-bench[ai]'",
                )
        await self._start()

    async def close(self) -> None:
        child, self._child = self._child, None
        self.supervisor.closed()
        if child is not None:
            with self.clock.exchange():
                await child.end()

    @property
    def system(self) -> SystemIdentity:
        """Versions, and the SHA-256 of the model file and of the settings.

        :raises DeviceUnreachable: before the device is opened.
        """
        if self._identity is None:
            raise DeviceUnreachable("is not open", where=self.name, remedy="open it first")
        return self._identity

    async def respond(self, stimulus: Stimulus) -> Response:
        """Read one picture.

        :raises DeviceUnreachable: if a child that had failed cannot be started again: it had no stimulus.
        :raises DriverError: if the picture is not uint8, or does not hold the region.
        """
        if not isinstance(stimulus, Frame):
            raise DriverError(f"takes pictures, no {type(stimulus).__name__}", where=self.name)
        picture = self._cut(stimulus.image)
        child = self._child or await self._start()
        with self.clock.exchange():
            await child.settle(self._deadline)
            pixels = np.ascontiguousarray(picture).tobytes()
            response = await child.ask(
                lambda number: frame({"id": number, "shape": picture.shape}, pixels), self._deadline, _read
            )
            if response.fault:
                self._child = None
                self.supervisor.failed(f"the system under test failed: {response.fault}", response.latency)
                await child.kill()
            else:
                self.supervisor.answered(response.latency)
        return response

    async def _start(self) -> RecogniserChild:
        with self.clock.exchange(), self.supervisor.opening():
            child = await RecogniserChild.start(self.command(), self.name, remedy=REINSTALL)
            try:
                identity = self._identified(await child.first(START_DEADLINE))
            except BaseException:
                await child.kill()
                raise
        self._child, self._identity = child, identity
        return child

    def _identified(self, head: dict[str, Any]) -> SystemIdentity:
        try:
            versions, models = head["versions"], head["digests"]
            settings = {
                **self._settings,
                "region": self._region,
                "deadline": self._deadline,
                "packages": versions,
            }
            text = json.dumps(settings, sort_keys=True).encode()
            identity = SystemIdentity(
                name="rapidocr-onnxruntime recognition",
                version=versions["rapidocr-onnxruntime"],
                digests={**models, "settings": sha256(text).hexdigest()},
                settings=settings,
            )
        except (KeyError, TypeError) as error:
            raise RemoteProtocolError(f"the child's identity is not understood: {error!r}", where=self.name) from None
        if self._identity not in (None, identity):
            raise RemoteProtocolError("the system under test changed while the bench was open", where=self.name)
        return identity

    def _cut(self, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
        if image.dtype != np.uint8 or image.ndim not in (2, 3) or not image.size:
            raise DriverError(f"needs a uint8 picture, not {image.dtype} {image.shape}", where=self.name)
        if self._region is None:
            return image
        x, y, width, height = self._region
        if y + height > image.shape[0] or x + width > image.shape[1]:
            raise DriverError(
                f"the region {self._region} leaves a picture of {image.shape[1]} x {image.shape[0]} pixels",
                where=self.name,
                remedy="give a region (x, y, width, height) within the picture",
            )
        return image[y : y + height, x : x + width]


class RecogniserChild(Child):
    """The recogniser's process: framed messages, a picture as raw bytes."""

    async def message(self) -> dict[str, Any]:
        """The next message."""
        head_length, body_length = PREFIX.unpack(await self._bytes(PREFIX.size))
        if head_length > LARGEST_MESSAGE or body_length:
            raise ValueError("not a message of this protocol")
        whole = await self._bytes(PREFIX.size + head_length)
        del self._received[: len(whole)]
        return as_object(whole[PREFIX.size :])

    async def _bytes(self, count: int) -> bytes:
        """The first ``count`` bytes received and not yet consumed."""
        while len(self._received) < count:
            await self.more()
        return bytes(self._received[:count])


def _read(answer: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    output, confidence = answer["text"], answer["confidence"]
    if not isinstance(output, str) or not isinstance(confidence, float) or not math.isfinite(confidence):
        raise ValueError(f"not a text with a finite confidence: {str(answer)[:80]}")
    return output, {"confidence": confidence}


def _checked_region(region: Sequence[int] | None, name: str) -> tuple[int, int, int, int] | None:
    if region is None:
        return None
    if len(region) != 4 or min(region[:2]) < 0 or min(region[2:]) < 1:
        raise DriverError(f"not a region: {list(region)}", where=name, remedy="give [x, y, width, height] in pixels")
    x, y, width, height = region
    return x, y, width, height


def _checked_stretch(stretch: Sequence[float], name: str) -> tuple[float, float]:
    if len(stretch) != 2 or not 0.0 <= stretch[0] < stretch[1] <= 100.0:
        raise DriverError(f"not two rising percentiles: {list(stretch)}", where=name, remedy="use [1, 99]")
    return float(stretch[0]), float(stretch[1])
