"""The simulated instruments on real pseudo-terminals and sockets, with clients written here."""

from __future__ import annotations

import asyncio
import copy
import hashlib
import json
import os
import select
import socket
import struct
import subprocess
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest

from hil_drivers.errors import DeviceUnreachable
from hil_drivers.sim.camera import render
from hil_drivers.sim.child import STARTER, Process
from hil_drivers.sim.client import Simulation
from hil_drivers.sim.devices.camera import CameraDevice

SAMPLE: dict[str, Any] = json.loads((Path(__file__).parent / "sim_world.json").read_text())
S = 1_000_000_000
WAIT = 5.0


def sample(**changes: object) -> dict[str, Any]:
    return copy.deepcopy(SAMPLE) | {"orphan_after": 20.0} | changes


@asynccontextmanager
async def running(**changes: object) -> AsyncIterator[Simulation]:
    simulation = await Simulation.start(sample(**changes))
    try:
        yield simulation
    finally:
        await simulation.end()


def fault(device: str, kind: str, **keys: object) -> dict[str, object]:
    return {"device": device, "kind": kind} | keys


def frame(body: str) -> bytes:
    """A T-10A frame."""
    checked = body.encode() + b"\x03"
    code = 0
    for octet in checked:
        code ^= octet
    return b"\x02" + checked + f"{code:02X}\r\n".encode()


class Terminal:
    """A serial client on os.read and os.write only."""

    def __init__(self, address: str) -> None:
        self.address, self.sent = address, 0
        self._fd = os.open(urlsplit(address).path, os.O_RDWR | os.O_NOCTTY)

    def write(self, data: bytes) -> None:
        self.sent += os.write(self._fd, data)

    def read(self, count: int, wait: float = WAIT) -> bytes:
        data = b""
        while len(data) < count and select.select([self._fd], [], [], wait)[0]:
            data += os.read(self._fd, count - len(data))
        return data

    def close(self) -> None:
        os.close(self._fd)


class Tcp:
    """A TCP client that knows how much it sent."""

    def __init__(self, address: str) -> None:
        self.address, self.sent = address, 0
        self._socket = socket.create_connection((urlsplit(address).hostname, urlsplit(address).port), WAIT)
        self._file = self._socket.makefile("rb")

    def write(self, data: bytes) -> None:
        self._socket.sendall(data)
        self.sent += len(data)

    def line(self) -> bytes:
        return self._file.readline()

    def read(self, count: int) -> bytes:
        return self._file.read(count)

    def ask(self, line: bytes) -> bytes:
        self.write(line + b"\n")
        return self.line().strip()

    def close(self) -> None:
        self._file.close()
        self._socket.close()


class Udp:
    """An Art-Net controller."""

    def __init__(self, address: str) -> None:
        self.address, self.sent = address, 0
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.connect((urlsplit(address).hostname, urlsplit(address).port))

    def level(self, level: float) -> None:
        value = struct.pack(">H", round(level * 65535))
        packet = b"Art-Net\x00\x00\x50\x00\x0e\x00\x00\x00\x00\x00\x02" + value
        self.sent += self._socket.send(packet)

    def close(self) -> None:
        self._socket.close()


def sent(*clients: Terminal | Tcp | Udp) -> dict[str, int]:
    return {client.address: client.sent for client in clients}


def registers(client: Tcp, address: int, count: int, *, device: int = 240, transaction: int = 1) -> bytes:
    """Read holding registers by Modbus TCP; the answer's PDU."""
    client.write(struct.pack(">HHHBBHH", transaction, 0, 6, device, 3, address, count))
    number, _, length, _ = struct.unpack(">HHHB", client.read(7))
    assert number == transaction
    return client.read(length - 1)


def as_float(pdu: bytes) -> float:
    low, high = struct.unpack(">HH", pdu[2:6])
    value: float = struct.unpack(">f", struct.pack(">HH", high, low))[0]
    return value


def post(address: str) -> tuple[int, dict[str, Any]]:
    client = Tcp(address)
    client.write(b"POST /trigger HTTP/1.0\r\n\r\n")
    status = int(client.line().split()[1])
    while client.line().strip():
        pass
    body = json.loads(client.line())
    client.close()
    return status, body


def watch(address: str) -> Tcp:
    """Open the camera's stream, past the HTTP head."""
    client = Tcp(address)
    client.write(f"GET {urlsplit(address).path} HTTP/1.0\r\n\r\n".encode())
    assert client.line().split()[1] == b"200"
    while client.line().strip():
        pass
    return client


def picture(stream: Tcp) -> bytes:
    assert stream.line() == b"FRAME\n"
    return stream.read(320 * 96)


async def a_session(simulation: Simulation) -> str:
    """Every instrument used once or more; the digest of all that came back."""
    digest = hashlib.sha256()
    lights, meter = Udp(simulation.addresses["lights"]), Terminal(simulation.addresses["luxmeter"])
    carriage, panel = Tcp(simulation.addresses["carriage"]), Tcp(simulation.addresses["panel"])
    climate, stream = Tcp(simulation.addresses["climate"]), watch(simulation.addresses["camera"])
    clients = (lights, meter, carriage, panel, climate)
    digest.update(stream.line())
    digest.update(picture(stream))
    carriage.write(b"SOUR:POS 1\n")
    meter.write(frame("00541   "))
    digest.update(meter.read(14))
    meter.write(frame("99551  0") + frame("004010  "))
    digest.update(meter.read(14))
    for i in range(1, 6):
        lights.level(i / 50)
        panel.write(f'DISP:TEXT "SIGN{i}"\n'.encode())
        await simulation.advance(10 * i * S, sent(*clients))
        meter.write(frame("994021  "))
        await simulation.advance(10 * i * S + S // 2, sent(*clients))
        meter.write(frame("00100200"))
        digest.update(meter.read(32))
        digest.update(registers(climate, 0, 4))
        _, exposure = post(simulation.addresses["camera"])
        digest.update(json.dumps(exposure).encode())
        digest.update(picture(stream))
    digest.update(json.dumps([await simulation.state(), await simulation.truth()]).encode())
    for client in (*clients, stream):
        client.close()
    return digest.hexdigest()


async def test_the_same_seed_gives_the_same_numbers_and_pictures() -> None:
    digests = []
    for seed in (1, 1, 2):
        async with running(seed=seed) as simulation:
            digests.append(await a_session(simulation))
    assert digests[0] == digests[1] != digests[2]


async def test_a_luxmeter_on_a_pseudo_terminal_measures() -> None:
    async with running() as simulation:
        lights, meter = Udp(simulation.addresses["lights"]), Terminal(simulation.addresses["reference"])
        meter.write(frame("00541   "))
        assert meter.read(14) == frame("00541 10")
        meter.write(frame("99551  0") + frame("004010  "))
        assert meter.read(14) == frame("00401 10")
        lights.level(0.1)
        await simulation.advance(1000 * S, sent(lights, meter))
        meter.write(frame("994021  "))
        await simulation.advance(1000 * S + S // 2 - 1, sent(lights, meter))
        meter.write(frame("00100200"))
        assert meter.read(32)[9:15] == b" " * 6
        await simulation.advance(1000 * S + S // 2, sent(lights, meter))
        meter.write(frame("00100200"))
        reply = meter.read(32)
        illuminance = (await simulation.state())["illuminance"]
        truth = await simulation.truth()
        placed = illuminance * (1 + truth["effects"]["placement of the reference head"])
        assert int(reply[10:14]) / 10 ** (4 - int(reply[14:15])) == pytest.approx(
            await simulation.response("reference", placed), rel=3e-3
        )
        meter.close()
        reopened = Terminal(simulation.addresses["reference"])
        reopened.write(frame("00100200"))
        assert reopened.read(32) == reply
        reopened.close()
        lights.close()


async def test_what_was_sent_before_an_advance_acts_at_the_old_time() -> None:
    async with running() as simulation:
        lights = Udp(simulation.addresses["lights"])
        await simulation.advance(S, {})
        before = (await simulation.state())["illuminance"]
        lights.level(0.5)
        assert before == 0.02
        await simulation.advance(2 * S, sent(lights))
        meter = Terminal(simulation.addresses["reference"])
        meter.write(frame("00541   "))
        meter.read(14)
        meter.write(frame("00100200"))
        assert int(meter.read(32)[10:14]) > 900, "the conversion from 1.5 s to 2 s has seen the light"
        meter.close()
        lights.close()


async def test_the_climate_probe_answers_on_modbus() -> None:
    async with running() as simulation:
        probe = Tcp(simulation.addresses["climate"])
        assert struct.unpack(">h", registers(probe, 0x1F00, 1)[2:]) == (-12345,)
        assert as_float(registers(probe, 0x1F01, 2)) == pytest.approx(-123.45, abs=1e-5)
        assert registers(probe, 0x0200, 2)[2:] == b"\x00\x01\x00\x01"
        assert 22 < as_float(registers(probe, 0x0002, 2)) < 25
        assert 40 < as_float(registers(probe, 0x0000, 2)) < 50
        assert np.isnan(as_float(registers(probe, 0x0008, 2)))
        assert registers(probe, 0x0050, 1) == b"\x83\x02", "illegal address"
        probe.write(struct.pack(">HHHBBHH", 9, 0, 6, 240, 6, 0x0002, 1))
        assert probe.read(9)[7:] == b"\x86\x02", "measurements cannot be written"
        probe.write(struct.pack(">HHHBBHH", 1, 0, 6, 17, 3, 0, 2))
        assert registers(probe, 0x1F00, 1, transaction=5)[:2] == b"\x03\x02", "another device is silent"
        probe.close()


async def test_the_camera_sends_the_very_picture() -> None:
    async with running() as simulation:
        panel, lights = Tcp(simulation.addresses["panel"]), Udp(simulation.addresses["lights"])
        panel.write(b'DISP:TEXT "ABC12"\n')
        lights.level(0.01)
        await simulation.advance(S, sent(panel, lights))
        assert post(simulation.addresses["camera"])[0] == 409
        stream = watch(simulation.addresses["camera"])
        assert stream.line() == b"YUV4MPEG2 W320 H96 F30:1 Ip A1:1 Cmono\n"
        picture(stream)
        await simulation.advance(2 * S, {})
        status, exposure = post(simulation.addresses["camera"])
        assert status == 200
        assert exposure == {"frame": 1, "start": 2 * S, "end": 2 * S + S // 100, "codec": "y4m"}
        first = picture(stream)
        assert post(simulation.addresses["camera"])[1]["frame"] == 2
        assert picture(stream) != first, "the same time, but a picture of its own"
        state, truth = await simulation.state(), await simulation.truth()
        seen = state["illuminance"] * (1 + truth["effects"]["uniformity between luxmeter and sign"])
        expected = render("ABC12", seen, CameraDevice(kind="camera"), seed=1, index=2 * S)
        difference = np.frombuffer(first, np.uint8).astype(int) - expected.ravel()
        assert np.mean(difference != 0) < 1e-3, "but for rounding in the mean over the exposure"
        for client in (panel, lights, stream):
            client.close()


async def test_a_start_that_is_cancelled_leaves_no_process() -> None:
    loop, begun, go, interpreter = asyncio.get_running_loop(), asyncio.Event(), threading.Event(), STARTER.get()
    processes: list[Process] = []

    def slow(world: Path, stdout: int, stderr: int) -> Process:
        processes.append(interpreter(world, stdout, stderr))
        loop.call_soon_threadsafe(begun.set)
        go.wait(10.0)
        return processes[0]

    token = STARTER.set(slow)
    starting = asyncio.create_task(Simulation.start(sample()))
    STARTER.reset(token)
    await begun.wait()
    starting.cancel()
    loop.call_soon(go.set)
    with pytest.raises(asyncio.CancelledError):
        await starting
    (process,) = processes
    assert isinstance(process, subprocess.Popen)
    assert process.returncode is not None


@pytest.mark.parametrize("codec", ["y4m", "mjpeg"])
async def test_opencv_reads_the_stream(codec: str) -> None:
    import cv2

    world = sample()
    world["devices"]["camera"] |= {"codec": codec, "quality": 95}
    async with running(devices=world["devices"]) as simulation:
        lights, address = Udp(simulation.addresses["lights"]), simulation.addresses["camera"]
        capture = cv2.VideoCapture()
        options = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, 5000, cv2.CAP_PROP_READ_TIMEOUT_MSEC, 5000]
        assert await asyncio.to_thread(capture.open, address.removeprefix("video+"), cv2.CAP_FFMPEG, options)
        _, dark = await asyncio.to_thread(capture.read)
        lights.level(0.1)
        await simulation.advance(S, sent(lights))
        assert post(address)[1]["codec"] == codec
        _, bright = await asyncio.to_thread(capture.read)
        capture.release()
        lights.close()
    assert bright.shape == (96, 320, 3)
    assert bright.mean() > dark.mean() + 50


async def test_wire_faults_of_a_line_instrument() -> None:
    faults = [
        fault("panel", "silent", **{"from": 1, "to": 2}),
        fault("panel", "late", **{"from": 2, "to": 3, "delay": 0.3}),
        fault("panel", "split", **{"from": 3, "to": 4}),
        fault("panel", "garbage", **{"from": 4, "to": 5}),
    ]
    async with running(faults=faults) as simulation:
        panel = Tcp(simulation.addresses["panel"])
        identity = panel.ask(b"*IDN?")
        await simulation.advance(S, sent(panel))
        panel.write(b"*IDN?\n")
        await simulation.advance(2 * S, sent(panel))
        begun = time.monotonic()
        assert panel.ask(b"SYST:ERR?") == b'0,"No error"', "the silent request was never answered"
        assert time.monotonic() - begun >= 0.3
        await simulation.advance(3 * S, sent(panel))
        assert panel.ask(b"*IDN?") == identity
        await simulation.advance(4 * S, sent(panel))
        panel.write(b"*IDN?\n")
        garbage = panel.read(len(identity) + 1)
        assert garbage.strip() != identity
        await simulation.advance(5 * S, sent(panel))
        assert panel.ask(b"*IDN?") == identity
        panel.close()


async def test_what_went_into_a_link_after_it_broke_is_given_up_and_what_is_missing_otherwise_is_told() -> None:
    async with running(faults=[fault("panel", "dropped", **{"from": 1, "to": 2})]) as simulation:
        panel = Tcp(simulation.addresses["panel"])
        panel.ask(b"*IDN?")
        for t in (S, S + 1):
            await simulation.advance(t, sent(panel))
        assert await simulation.advance(S + 2, {panel.address: panel.sent + 86}) == S + 2
        panel.close()
        again = Tcp(simulation.addresses["panel"])
        again.sent = panel.sent + 86
        await simulation.advance(3 * S, sent(again))
        again.close()
        lights = simulation.addresses["lights"]
        with pytest.raises(DeviceUnreachable, match="did not arrive within 2 s: 20 to"):
            await simulation.advance(4 * S, {lights: 20})


async def test_faults_of_the_probe_and_the_lights() -> None:
    faults = [
        fault("climate", "nan", **{"from": 1, "to": 2}),
        fault("climate", "frozen", **{"from": 2, "to": 900}),
        fault("lights", "silent", **{"from": 3}),
    ]
    async with running(faults=faults) as simulation:
        probe, lights = Tcp(simulation.addresses["climate"]), Udp(simulation.addresses["lights"])
        await simulation.advance(S, {})
        assert np.isnan(as_float(registers(probe, 2, 2)))
        await simulation.advance(2 * S, {})
        value = as_float(registers(probe, 2, 2))
        await simulation.advance(800 * S, {})
        assert as_float(registers(probe, 2, 2)) == value
        await simulation.advance(900 * S, {})
        assert as_float(registers(probe, 2, 2)) != value
        lights.level(1.0)
        await simulation.advance(901 * S, sent(lights))
        assert (await simulation.state())["lights"] == 0.0
        probe.close()
        lights.close()


async def test_garbage_on_every_socket_ends_nothing() -> None:
    garbage = bytes(range(256)) * 40
    async with running() as simulation:
        for address in simulation.addresses.values():
            if address.startswith("serial"):
                terminal = Terminal(address)
                terminal.write(garbage[:2048])
                terminal.close()
            elif address.startswith("udp"):
                host, port = address.removeprefix("udp://").split(":")
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
                    sender.sendto(garbage[:2048], (host, int(port)))
            else:
                client = Tcp(address)
                client.write(garbage)
                client.close()
        host, port = simulation.control.split(":")
        control = Tcp(f"tcp://{host}:{port}")
        assert b"error" in control.ask(b"nonsense")
        assert json.loads(control.ask(b'{"response":{"device":"climate","illuminance":1}}')) == {
            "error": "there is no luxmeter 'climate'"
        }
        control.close()
        panel = Tcp(simulation.addresses["panel"])
        assert panel.ask(b"SYST:ERR?") == b'0,"No error"'
        probe = Tcp(simulation.addresses["climate"])
        assert as_float(registers(probe, 2, 2)) > 0
        probe.close()
        panel.close()
