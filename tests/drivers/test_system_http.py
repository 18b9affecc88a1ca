"""A system under test behind HTTP: what it answers, and what it does instead."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
import pytest

from hil_drivers.capability import Frame, SystemUnderTest, Values
from hil_drivers.clock import WallClock
from hil_drivers.errors import AddressError, DeviceUnreachable, RemoteProtocolError
from hil_drivers.instruments.system_http import SystemHttp
from misbehaving_system import IDENTITY, answer


@dataclass
class Served:
    port: int = 0
    told: Any = field(default_factory=lambda: dict(IDENTITY))


@contextmanager
def serving() -> Iterator[Served]:
    served = Served()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._send(200, json.dumps(served.told).encode())

        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            how = asked.get("values", {}).get("how", 0)
            if how == 7:
                return self._send(503, b"{}")
            if how == 8:
                self.connection.close()
                return None
            if how == 9:
                time.sleep(0.8)
            if how == 10:
                asked["id"] += 1
            return self._send(200, answer(asked))

        def _send(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def system(served: Served, **options: Any) -> SystemHttp:
    return SystemHttp("it", f"http://127.0.0.1:{served.port}/infer", clock=WallClock(), **options)


@asynccontextmanager
async def opened(**options: Any) -> AsyncIterator[SystemHttp]:
    with serving() as served:
        device = system(served, **options)
        await device.open()
        try:
            yield device
        finally:
            await device.close()


async def test_values_and_pictures_go_in_and_a_quantity_comes_out() -> None:
    async with opened(output="quantity") as device:
        assert isinstance(device, SystemUnderTest)
        response = await device.respond(Values({"a": 1.5, "b": 2.0}))
        assert (response.output, response.fault, response.details) == (3.5, "", {"confidence": 0.5})
        frame = Frame(np.zeros((4, 6), np.uint8), number=1, earliest=0, latest=1, codec="y4m")
        assert (await device.respond(frame)).output == 6.0
        assert (device.system.name, device.system.version) == ("adder", "1.2")
        assert set(device.system.digests) == {"model.bin", "settings"}


@pytest.mark.parametrize(
    ("how", "fault"),
    [*((how, "wrong shape") for how in range(1, 7)), (7, "crash"), (8, "crash"), (9, "time-out"), (10, "wrong shape")],
)
async def test_whatever_it_does_instead_is_a_fault_and_the_next_stimulus_is_answered(how: int, fault: str) -> None:
    async with opened(output="quantity", deadline=0.4) as device:
        response = await device.respond(Values({"a": 1.0, "how": float(how)}))
        assert (response.output, response.fault) == (None, fault)
        assert (await device.respond(Values({"a": 2.0, "b": 5.0}))).output == 7.0


@pytest.mark.parametrize("told", [[], {"name": 7, "version": "1"}, {"name": "adder"}, None])
async def test_who_does_not_say_who_it_is_is_refused(told: Any) -> None:
    with serving() as served:
        served.told = told
        device = system(served)
        with pytest.raises(RemoteProtocolError, match=r"who it is|no identity"):
            await device.open()
        await device.close()


async def test_nobody_there_and_what_is_no_address() -> None:
    device = SystemHttp("it", "http://127.0.0.1:9/infer", clock=WallClock())
    with pytest.raises(DeviceUnreachable, match="it: "):
        await device.open()
    await device.close()
    with pytest.raises(AddressError):
        SystemHttp("it", "tcp://127.0.0.1:9", clock=WallClock())
    with pytest.raises(AddressError, match="password"):
        SystemHttp("it", "http://me:secret@127.0.0.1:9/x", clock=WallClock())
