"""The whole bench: the world, its instruments and the control socket, from start to clean end."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from pydantic import ValidationError

from ..lockstep import Inject, MessageError
from ..luxmeter import luxmeters
from ..world import World
from ..world_file import Fault, WorldFile
from . import served
from .control import Control
from .endpoint import HOST, Endpoint, port

TICK = 0.02
"""How often paced time is looked at for faults that come and go, wall time in s."""


class Bench:
    """A served world. Between :meth:`open` and :meth:`close` it belongs to the running loop.

    :param directory: a private directory for the links to pseudo-terminals.
    :raises WorldFileError: if no truth can be drawn.
    """

    def __init__(self, file: WorldFile, directory: Path) -> None:
        self.world = World(file)
        self.endpoints: dict[str, Endpoint] = {}
        self._directory = directory
        self._meters = luxmeters(self.world)
        self._controls: set[Control] = set()
        self._ended = asyncio.Event()
        self._orphaned: asyncio.TimerHandle | None = None
        self._ticking: asyncio.TimerHandle | None = None
        self._server: asyncio.Server | None = None

    async def open(self) -> None:
        """Serve every instrument and the control socket."""
        for name, device in self.world.file.devices.items():
            endpoint = served.endpoint(device, name, self.world, self._directory)
            endpoint.heard = self._heard
            await endpoint.open()
            self.endpoints[endpoint.address] = endpoint
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: Control(self), HOST, 0)
        self._wait_for_controller()
        if self.world.time.paced:
            self._tick()

    async def ended(self) -> None:
        """Wait until the world was told to end, or nobody controls it any more."""
        await self._ended.wait()

    def end(self) -> None:
        """Ask the world to end."""
        self._ended.set()

    def close(self) -> None:
        """Stop serving."""
        for timer in (self._orphaned, self._ticking):
            if timer is not None:
                timer.cancel()
        if self._server is not None:
            self._server.close()
        for control in tuple(self._controls):
            control.close()
        for endpoint in self.endpoints.values():
            endpoint.close()

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
            "walls": truth.walls,
            "clocks": truth.clocks,
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

    def inject(self, request: Inject) -> None:
        """Add one fault, or take away those of a device.

        :raises MessageError: if this world cannot have it.
        """
        faults = self.world.faults
        if request.fault is None:
            faults[:] = [fault for fault in faults if fault.device != request.device]
        else:
            faults.append(self._fault(request.fault))
        self.moved()

    def _fault(self, stated: Mapping[str, object]) -> Fault:
        try:
            fault = Fault.model_validate(stated)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            raise MessageError(f"fault: {'.'.join(map(str, first['loc']))}: {first['msg']}") from None
        if contradiction := self.world.file.fault_contradiction(fault):
            raise MessageError(contradiction)
        return fault

    def moved(self) -> None:
        """Tell every endpoint that bench time or the faults have changed."""
        for endpoint in self.endpoints.values():
            endpoint.moved()

    def _tick(self) -> None:
        """Paced time moves by itself: faults come and go with it."""
        self.moved()
        self._ticking = asyncio.get_running_loop().call_later(TICK, self._tick)

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
