"""The controller of a robot arm on RTDE, protocol version 2 (big-endian, TCP)."""

from __future__ import annotations

import asyncio
import math
import re
import struct
from collections.abc import Callable

from ...clock import NANOSECONDS
from ..arm import Arm, pose
from ..devices.ur_rtde import UrRtdeDevice
from ..faults import Faults
from ..own_clock import OwnClock
from ..world import World
from .endpoint import HOST, port
from .outbox import Outbox
from .push import PushEndpoint

CYCLE = NANOSECONDS // 500
"""The controller's cycle: stamps and frequencies are multiples of it."""

IDLE_CYCLES = 500
"""Cycles between two looks while nobody listens."""

CONTROLLER = (5, 11, 0, 1234)

_NORMAL, _PROTECTIVE_STOP = 1, 3
_RUNNING = 7
_FORMATS = {"DOUBLE": "d", "UINT32": "I", "INT32": "i", "UINT64": "Q", "BOOL": "?", "VECTOR6D": "dddddd"}
_REGISTER = re.compile(r"(?:input|output)_(int|double|bit)_register_([0-9]|[1-3][0-9]|4[0-7])")
_REGISTER_TYPES = {"int": "INT32", "double": "DOUBLE", "bit": "BOOL"}
_WRITABLE = {"speed_slider_mask": "UINT32", "speed_slider_fraction": "DOUBLE"}

_COMMAND, _BEAT = "input_int_register_24", "input_int_register_25"
_ACCEPTED, _STATE = "output_int_register_24", "output_int_register_25"
_TARGET = tuple(f"input_double_register_{n}" for n in range(24, 30))


class Controller:
    """What the controller has in memory: its variables, and the program that follows commands."""

    def __init__(self, arm: Arm, faults: Faults, clock: OwnClock, world: World) -> None:
        self._arm, self._faults, self._clock, self._world = arm, faults, clock, world
        self.inputs: dict[str, float] = {}
        self.owners: dict[str, Session] = {}
        self._frozen: int | None = None
        self._outputs: dict[str, tuple[str, Callable[[int], tuple[float, ...]]]] = {
            "timestamp": ("DOUBLE", lambda t: (self._clock.at(t) / NANOSECONDS,)),
            "actual_q": ("VECTOR6D", lambda t: tuple(arm.sensed(t))),
            "target_q": ("VECTOR6D", lambda t: tuple(arm.joints(t))),
            "actual_qd": ("VECTOR6D", lambda t: tuple(arm.rates(t))),
            "actual_TCP_pose": ("VECTOR6D", self._pose),
            "target_TCP_pose": ("VECTOR6D", lambda t: _flat(pose(arm.joints(t)))),
            "speed_scaling": ("DOUBLE", lambda _: (0.0 if self._stopped() else 1.0,)),
            "robot_mode": ("INT32", lambda _: (_RUNNING,)),
            "safety_mode": ("INT32", lambda _: (_PROTECTIVE_STOP if self._stopped() else _NORMAL,)),
            "runtime_state": ("UINT32", lambda _: (2,)),
            _ACCEPTED: ("INT32", lambda t: (self._arm.doing(t)[0],)),
            _STATE: ("INT32", lambda t: (int(self._arm.doing(t)[1]),)),
        }

    def output_type(self, name: str) -> str | None:
        """The type of an output, ``None`` if there is none of that name."""
        return self._outputs[name][0] if name in self._outputs else _register_type(name)

    def input_type(self, name: str) -> str | None:
        """The type of an input, ``None`` if there is none of that name."""
        return _register_type(name) if name.startswith("input_") else _WRITABLE.get(name)

    def value(self, name: str, t: int) -> tuple[float, ...]:
        """The values of an output at ``t``."""
        if name in self._outputs:
            shown = t if self._frozen is None or name == "timestamp" else self._frozen
            return self._outputs[name][1](shown)
        return (self.inputs.get(name, 0),)

    def cycle(self, t: int) -> None:
        """Look at what befalls the arm."""
        if self._stopped():
            self._arm.stop(self._arm.doing(t)[0], t)
        frozen = self._faults.present("frozen") is not None
        self._frozen = (self._frozen if self._frozen is not None else t) if frozen else None

    def write(self, values: dict[str, float]) -> None:
        """Take inputs and let the program look at them."""
        now = self._world.time.now()
        beat, number = self.inputs.get(_BEAT), self.inputs.get(_COMMAND, 0)
        self.inputs.update(values)
        if self.inputs.get(_BEAT) != beat:
            self._arm.beat(now)
        asked = int(self.inputs.get(_COMMAND, 0))
        if asked == number:
            return
        self._arm.stop(asked, now)
        if asked and not self._stopped():
            self._arm.command(asked, [self.inputs.get(name, 0.0) for name in _TARGET], now)

    def _stopped(self) -> bool:
        return self._faults.present("protective-stop") is not None

    def _pose(self, t: int) -> tuple[float, ...]:
        if self._faults.present("nan"):
            return (math.nan,) * 6
        return self._arm.account(t)


class Session:
    """One client: its recipes, and whether it is sent data."""

    def __init__(self, controller: Controller) -> None:
        self._controller = controller
        self._buffer = b""
        self._outputs: list[str] = []
        self._inputs: list[str] = []
        self.every = IDLE_CYCLES
        self.started = False

    def receive(self, data: bytes) -> list[bytes]:
        """Take bytes and return the replies to what is complete.

        :raises ValueError: if the client does not speak RTDE.
        """
        self._buffer += data
        replies = []
        while len(self._buffer) >= 3:
            size = int.from_bytes(self._buffer[:2], "big")
            if size < 3:
                raise ValueError("a package is at least as long as its header")
            if len(self._buffer) < size:
                break
            kind, body = self._buffer[2:3], self._buffer[3:size]
            self._buffer = self._buffer[size:]
            if reply := self._answer(kind, body):
                replies.append(reply)
        return replies

    def data(self, t: int) -> bytes:
        """The data package of bench time ``t``."""
        layout = ">"
        values: list[float] = []
        for name in self._outputs:
            layout += _FORMATS[self._controller.output_type(name) or "DOUBLE"]
            values += self._controller.value(name, t)
        return _package(b"U", b"\x01" + struct.pack(layout, *values))

    def leave(self) -> None:
        """Give back the inputs."""
        for name in self._inputs:
            self._controller.owners.pop(name, None)

    def _answer(self, kind: bytes, body: bytes) -> bytes:
        if kind == b"V":
            return _package(b"V", b"\x01" if body == b"\x00\x02" else b"\x00")
        if kind == b"v":
            return _package(b"v", struct.pack(">4I", *CONTROLLER))
        if kind == b"O":
            return _package(b"O", self._set_up_outputs(body))
        if kind == b"I":
            return _package(b"I", self._set_up_inputs(body))
        if kind in (b"S", b"P"):
            self.started = kind == b"S" and bool(self._outputs)
            return _package(kind, b"\x01" if self.started or kind == b"P" else b"\x00")
        if kind == b"U":
            self._take(body)
            return b""
        text, source = b"Unknown package type", b"RTDE"
        return _package(b"M", bytes((len(text),)) + text + bytes((len(source),)) + source + b"\x02")

    def _set_up_outputs(self, body: bytes) -> bytes:
        frequency = struct.unpack(">d", body[:8])[0] if len(body) >= 8 else 0.0
        names = _names(body[8:])
        types = [self._controller.output_type(name) or "NOT_FOUND" for name in names]
        if "NOT_FOUND" in types or not 1.0 <= frequency <= 500.0:
            return b"\x00" + ",".join(types).encode()
        self._outputs, self.every = names, max(1, round(NANOSECONDS / CYCLE / frequency))
        return b"\x01" + ",".join(types).encode()

    def _set_up_inputs(self, body: bytes) -> bytes:
        names = _names(body)
        owners = self._controller.owners
        types = [
            "IN_USE" if owners.get(name, self) is not self else self._controller.input_type(name) or "NOT_FOUND"
            for name in names
        ]
        if {"IN_USE", "NOT_FOUND"} & set(types):
            return b"\x00" + ",".join(types).encode()
        self._inputs = names
        owners.update(dict.fromkeys(names, self))
        return b"\x01" + ",".join(types).encode()

    def _take(self, body: bytes) -> None:
        layout = ">" + "".join(_FORMATS[self._controller.input_type(name) or "DOUBLE"] for name in self._inputs)
        if self._inputs and len(body) == 1 + struct.calcsize(layout):
            values = struct.unpack(layout, body[1:])
            self._controller.write(dict(zip(self._inputs, values, strict=True)))


class RtdeEndpoint(PushEndpoint):
    """The controller's port. It looks at its clients as often as the fastest of them wants."""

    def __init__(self, name: str, arm: Arm, device: UrRtdeDevice, world: World) -> None:
        super().__init__(name, world, IDLE_CYCLES * CYCLE)
        self._controller = Controller(arm, self.faults, OwnClock(name, world, self.faults), world)
        self._port = device.port
        self._server: asyncio.Server | None = None
        self.clients: set[_Client] = set()

    async def open(self) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: _Client(self, Session(self._controller)), HOST, self._port, reuse_address=True
        )
        self.address = f"tcp://{HOST}:{port(self._server)}"
        self.start_sending()

    def moved(self) -> None:
        if self.faults.present("dropped"):
            for client in tuple(self.clients):
                client.drop()
        self._controller.cycle(self.world.time.now())
        super().moved()

    def close(self) -> None:
        super().close()
        if self._server is not None:
            self._server.close()
        for client in tuple(self.clients):
            client.drop()

    def emit(self, t: int) -> None:
        self._controller.cycle(t)
        for client in tuple(self.clients):
            client.emit(t)

    def pace(self) -> None:
        """Send as often as is wanted from now on."""
        wanted = [client.session.every for client in self.clients if client.session.started]
        self.retime(CYCLE * math.gcd(*wanted) if wanted else CYCLE * IDLE_CYCLES)


class _Client(asyncio.Protocol):
    def __init__(self, endpoint: RtdeEndpoint, session: Session) -> None:
        self._endpoint, self.session = endpoint, session

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if not isinstance(transport, asyncio.Transport):
            raise TypeError("a TCP connection is expected")
        self._transport = transport
        self._outbox = Outbox(self._endpoint.faults, transport.write)
        self._endpoint.clients.add(self)
        if self._endpoint.faults.present("dropped"):
            self.drop()

    def connection_lost(self, _exc: Exception | None) -> None:
        self._outbox.close()
        self.session.leave()
        self._endpoint.clients.discard(self)
        self._endpoint.pace()
        self._endpoint.broke()

    def data_received(self, data: bytes) -> None:
        self._endpoint.send_due()
        before = self.session.started, self.session.every
        try:
            for reply in self.session.receive(data):
                self._outbox.send(reply)
        except ValueError:
            self.drop()
        if before != (self.session.started, self.session.every):
            self._endpoint.pace()
        self._endpoint.count(len(data))

    def drop(self) -> None:
        """Break the connection."""
        self._transport.abort()

    def emit(self, t: int) -> None:
        """Send the data package of ``t``, if this client is due."""
        if self.session.started and t // CYCLE % self.session.every == 0:
            self._outbox.send(self.session.data(t))


def _package(kind: bytes, body: bytes) -> bytes:
    return (3 + len(body)).to_bytes(2, "big") + kind + body


def _names(body: bytes) -> list[str]:
    """Names between commas; a last comma is taken for none, as clients in the field send it."""
    return body.decode("ascii", errors="replace").removesuffix(",").split(",")


def _register_type(name: str) -> str | None:
    found = _REGISTER.fullmatch(name)
    return None if found is None else _REGISTER_TYPES[found[1]]


def _flat(place: tuple[tuple[float, ...], tuple[float, ...]]) -> tuple[float, ...]:
    return place[0] + place[1]
