"""The whole bench: the world, its instruments and the control socket, from start to clean end."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import signal
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from ..climate_probe import ClimateProbe
from ..lockstep import MessageError
from ..luxmeter import Luxmeter
from ..world import World
from ..world_file import (
    ArtnetDevice,
    CameraDevice,
    CarriageDevice,
    HmpDevice,
    PanelDevice,
    T10aDevice,
    WorldFile,
)
from .artnet import ArtnetEndpoint
from .control import Control
from .endpoint import HOST, Endpoint, TcpEndpoint, port
from .scpi import carriage, panel
from .serial_t10a import SerialEndpoint


class Bench:
    """A served world. Between :meth:`open` and :meth:`close` it belongs to the running loop.

    :param directory: a private directory for the links to pseudo-terminals.
    :raises WorldFileError: if no truth can be drawn.
    """

    def __init__(self, file: WorldFile, directory: Path) -> None:
        self.world = World(file)
        self.endpoints: dict[str, Endpoint] = {}
        self._directory = directory
        self._meters = {
            name: Luxmeter(name, device, self.world)
            for name, device in file.devices.items()
            if isinstance(device, T10aDevice)
        }
        self._controls: set[Control] = set()
        self._ended = asyncio.Event()
        self._orphaned: asyncio.TimerHandle | None = None
        self._server: asyncio.Server | None = None

    async def open(self) -> None:
        """Serve every instrument and the control socket."""
        for name in self.world.file.devices:
            endpoint = self._endpoint(name)
            endpoint.heard = self._heard
            await endpoint.open()
            self.endpoints[endpoint.address] = endpoint
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: Control(self), HOST, 0)
        self._wait_for_controller()

    async def ended(self) -> None:
        """Wait until the world was told to end, or nobody controls it any more."""
        await self._ended.wait()

    def end(self) -> None:
        """Ask the world to end."""
        self._ended.set()

    def close(self) -> None:
        """Stop serving."""
        if self._orphaned is not None:
            self._orphaned.cancel()
        if self._server is not None:
            self._server.close()
        for control in tuple(self._controls):
            control.close()
        for endpoint in self.endpoints.values():
            endpoint.close()

    def _endpoint(self, name: str) -> Endpoint:
        world = self.world
        match world.file.devices[name]:
            case T10aDevice():
                return SerialEndpoint(name, self._meters[name], world, self._directory)
            case ArtnetDevice() as device:
                return ArtnetEndpoint(name, device, world)
            case PanelDevice():
                return TcpEndpoint(name, world, partial(panel, world))
            case CarriageDevice():
                positions = {meter.device.carriage_position for meter in self._meters.values()}
                return TcpEndpoint(name, world, partial(carriage, world, positions=positions | {0, 1}))
            case HmpDevice() as device:
                from .modbus import HmpEndpoint

                return HmpEndpoint(name, ClimateProbe(name, device, world), world)
            case CameraDevice() as device:
                from .video import CameraEndpoint

                return CameraEndpoint(name, device, world)

    def announcement(self) -> dict[str, object]:
        """Where everything is: the line printed at start."""
        if self._server is None:
            raise RuntimeError("the bench is not open")
        return {
            "addresses": {endpoint.name: address for address, endpoint in self.endpoints.items()},
            "control": f"{HOST}:{port(self._server)}",
            "pid": os.getpid(),
        }

    def truth(self) -> dict[str, object]:
        """The truth table: the one place where truth leaves other than by an indication."""
        truth = self.world.truth
        return {
            "effects": truth.effects,
            "priors": truth.priors,
            "certificates": truth.certificates,
            "lamp_gain": truth.lamp_gain,
        }

    def state(self) -> dict[str, object]:
        """The actuators as they stand, and the illuminance on the plane in lx."""
        world, now = self.world, self.world.time.now()
        return {
            "now": now,
            "lights": world.light.level.at(now),
            "panel": world.text,
            "carriage": world.carriage.position(now) if world.carriage else None,
            "illuminance": world.light.plane(now),
        }

    def response(self, device: str, illuminance: float) -> float:
        """The noise-free indication of a luxmeter in lx, at the present temperature.

        :raises MessageError: if there is no such luxmeter.
        """
        if device not in self._meters:
            raise MessageError(f"there is no luxmeter {device!r}")
        return self._meters[device].indication(illuminance, self.world.time.now())

    def attached(self, control: Control) -> None:
        """A controller has come."""
        self._controls.add(control)
        self.world.time.start()
        if self._orphaned is not None:
            self._orphaned.cancel()
            self._orphaned = None

    def detached(self, control: Control) -> None:
        """A controller has gone."""
        self._controls.discard(control)
        if not self._controls and not self._ended.is_set():
            self._wait_for_controller()

    def _wait_for_controller(self) -> None:
        loop = asyncio.get_running_loop()
        self._orphaned = loop.call_later(self.world.file.orphan_after, self.end)

    def _heard(self) -> None:
        for control in tuple(self._controls):
            control.heard()


async def serve(file: WorldFile, announce: Callable[[dict[str, object]], None]) -> None:
    """Serve a world until it ends; SIGTERM and SIGINT end it cleanly.

    :param announce: called once with the map of addresses.
    :raises WorldFileError: if no truth can be drawn.
    """
    logging.getLogger("pymodbus").setLevel(logging.CRITICAL)
    directory = Path(tempfile.mkdtemp(prefix="hil-sim-"))
    bench = None
    try:
        bench = Bench(file, directory)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, bench.end)
        await bench.open()
        announce(bench.announcement())
        await bench.ended()
    finally:
        if bench is not None:
            bench.close()
        shutil.rmtree(directory, ignore_errors=True)
