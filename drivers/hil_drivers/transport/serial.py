"""A serial line: serialx on the event loop, or pyserial in a worker thread (``?backend=pyserial``).

Line settings are options of the address: ``baudrate`` (9600), ``bytesize`` (8; or 5, 6, 7), ``parity`` (N; or
E, O, M, S), ``stopbits`` (1; or 2), ``xonxoff`` (0; or 1).
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any

from ..clock import Clock
from .address import Address, parse
from .stream import TIMEOUT, StreamLink
from .supervisor import Supervisor
from .tcp import PIECE, read_some
from .worker import Worker

if TYPE_CHECKING:
    import serial
    import serialx

SILENCE = 0.1
"""Seconds without a byte after which a line counts as quiet."""


class SerialLink(StreamLink):
    """A serial line, whatever library drives it."""

    def __init__(self, address: str, *, supervisor: Supervisor, clock: Clock, timeout: float = TIMEOUT) -> None:
        super().__init__(address, supervisor=supervisor, clock=clock, timeout=timeout)
        self._line = parse(address, allowed=("serial",))
        self._settings = line_settings(self._line)

    async def _hush(self) -> None:
        await self._listen_until_silent(SILENCE)


class SerialxLink(SerialLink):
    """A serial line driven by serialx, on the event loop."""

    _port: serialx.AsyncSerial | None = None

    async def _connect(self) -> None:
        import serialx

        port = serialx.AsyncSerial(self._line.path, **_serialx_names(self._settings))
        try:
            async with asyncio.timeout(self.timeout):
                await port.open()
        except (serialx.SerialException, ValueError) as error:
            raise OSError(str(error)) from error
        self._port = port

    async def _disconnect(self) -> None:
        if self._port is None:
            return
        port, self._port = self._port, None
        try:
            async with asyncio.timeout(self.timeout):
                await port.close()
        except OSError:
            port.abort()

    async def _send(self, data: bytes) -> None:
        import serialx

        try:
            async with asyncio.timeout(self.timeout):
                await self._held().write(data)
        except serialx.SerialException as error:
            raise OSError(str(error)) from error

    async def _receive(self, timeout: float) -> bytes:
        import serialx

        try:
            return await read_some(self._held().read, timeout)
        except serialx.SerialException as error:
            raise OSError(str(error)) from error

    def _held(self) -> serialx.AsyncSerial:
        if self._port is None:
            raise EOFError("not connected")
        return self._port


class PyserialLink(SerialLink):
    """A serial line driven by pyserial, in one worker thread."""

    _port: serial.Serial | None = None

    def __init__(self, address: str, *, supervisor: Supervisor, clock: Clock, timeout: float = TIMEOUT) -> None:
        super().__init__(address, supervisor=supervisor, clock=clock, timeout=timeout)
        self._worker = Worker(f"serial {self.name}")

    async def close(self) -> None:
        await super().close()
        self._worker.close()

    async def _connect(self) -> None:
        await self._worker.call(self._open_port)

    def _open_port(self) -> None:
        import serial

        try:
            self._port = serial.Serial(self._line.path, write_timeout=self.timeout, exclusive=True, **self._settings)
        except ValueError as error:
            raise OSError(str(error)) from error

    async def _disconnect(self) -> None:
        if self._port is not None:
            port, self._port = self._port, None
            await self._worker.call(port.close)

    async def _send(self, data: bytes) -> None:
        await self._worker.call(partial(self._held().write, data))

    async def _receive(self, timeout: float) -> bytes:
        port = self._held()
        return await self._worker.call(partial(_read_port, port, timeout), interrupt=port.cancel_read)

    def _held(self) -> serial.Serial:
        if self._port is None:
            raise EOFError("not connected")
        return self._port


def _read_port(port: serial.Serial, timeout: float) -> bytes:
    port.timeout = timeout
    first = port.read(1)
    return first + port.read(min(port.in_waiting, PIECE)) if first else b""


def serial_link(address: str, *, supervisor: Supervisor, clock: Clock, timeout: float = TIMEOUT) -> SerialLink:
    """The link for a ``serial://`` address, by the library that its ``backend`` names.

    :raises AddressError: for an address or a line setting that cannot be.
    """
    backend = parse(address, allowed=("serial",)).choice("backend", ("serialx", "pyserial"))
    made = PyserialLink if backend == "pyserial" else SerialxLink
    return made(address, supervisor=supervisor, clock=clock, timeout=timeout)


def line_settings(line: Address) -> dict[str, Any]:
    """The settings of a line, under pyserial's names.

    :raises AddressError: for a setting that no line has.
    """
    return {
        "baudrate": line.integer("baudrate", 9600, lower=50, upper=4_000_000),
        "bytesize": int(line.choice("bytesize", ("8", "7", "6", "5"))),
        "parity": line.choice("parity", ("N", "E", "O", "M", "S")),
        "stopbits": int(line.choice("stopbits", ("1", "2"))),
        "xonxoff": line.choice("xonxoff", ("0", "1")) == "1",
    }


def _serialx_names(settings: dict[str, Any]) -> dict[str, Any]:
    import serialx

    return {
        "baudrate": settings["baudrate"],
        "byte_size": settings["bytesize"],
        "parity": serialx.Parity(settings["parity"]),
        "stopbits": serialx.StopBits(settings["stopbits"]),
        "xonxoff": settings["xonxoff"],
    }
