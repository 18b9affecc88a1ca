"""A serial line: serialx on the event loop, or pyserial in a worker thread (``?backend=pyserial``).

Line settings are options of the address: ``baudrate`` (9600), ``bytesize`` (8; or 5, 6, 7), ``parity`` (N; or
E, O, M, S), ``stopbits`` (1; or 2), ``xonxoff`` (0; or 1).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from .address import Address
from .bus import Bus, shared_bus
from .connection import Connection
from .line import Line
from .worker import Worker

if TYPE_CHECKING:
    import serial

SILENCE = 0.1
"""Seconds without a byte after which a line counts as quiet."""

OPENING = 3.0
"""Seconds that opening a port may take at least: that is no matter of the device's own deadline."""

_PIECE = 4096


class SerialLine(Line):
    """A serial port, whatever library drives it.

    :param settings: of the line, under pyserial's names.
    :param timeout: for handing over, and for opening where it is longer than `OPENING`, seconds of wall time.
    """

    silence = SILENCE

    def __init__(self, path: str, settings: Mapping[str, Any], timeout: float) -> None:
        self._path, self._settings, self._timeout = path, settings, timeout


class SerialxLine(SerialLine):
    """A serial line driven by serialx, on the event loop."""

    _connection: Connection | None = None

    async def open(self) -> None:
        import serialx

        connection = Connection(_descriptor)
        loop = asyncio.get_running_loop()
        names = _serialx_names(self._settings)
        try:
            async with asyncio.timeout(max(self._timeout, OPENING)):
                await serialx.create_serial_connection(loop, lambda: connection, self._path, **names)
        except (serialx.SerialException, ValueError) as error:
            raise OSError(str(error)) from error
        self._connection = connection

    async def close(self) -> None:
        if self._connection is not None:
            connection, self._connection = self._connection, None
            await connection.close(self._timeout)

    @property
    def idle(self) -> bool:
        return self._connection is not None and self._connection.idle

    def send(self, data: bytes) -> Coroutine[Any, Any, None]:
        return self._held().send(data, self._timeout)

    def receive(self, timeout: float) -> Coroutine[Any, Any, bytes]:
        return self._held().receive(timeout)

    def _held(self) -> Connection:
        if self._connection is None:
            raise EOFError("not connected")
        return self._connection


class PyserialLine(SerialLine):
    """A serial line driven by pyserial, in one worker thread."""

    _port: serial.Serial | None = None

    def __init__(self, path: str, settings: Mapping[str, Any], timeout: float) -> None:
        super().__init__(path, settings, timeout)
        self._worker = Worker(f"serial {path}")

    async def open(self) -> None:
        await self._worker.call(self._open_port)

    def _open_port(self) -> None:
        import serial

        try:
            self._port = serial.Serial(self._path, write_timeout=self._timeout, exclusive=True, **self._settings)
        except ValueError as error:
            raise OSError(str(error)) from error

    async def close(self) -> None:
        if self._port is not None:
            port, self._port = self._port, None
            await self._worker.call(port.close)
        self._worker.close()

    async def send(self, data: bytes) -> None:
        await self._worker.call(partial(self._held().write, data))

    async def receive(self, timeout: float) -> bytes:
        port = self._held()
        return await self._worker.call(partial(_read_port, port, timeout), interrupt=port.cancel_read)

    def _held(self) -> serial.Serial:
        if self._port is None:
            raise EOFError("not connected")
        return self._port


def _descriptor(transport: asyncio.BaseTransport) -> int:
    number: int = transport.get_extra_info("serial").fileno()
    return number


def _read_port(port: serial.Serial, timeout: float) -> bytes:
    port.timeout = timeout
    first = port.read(1)
    return first + port.read(min(port.in_waiting, _PIECE)) if first else b""


def serial_bus(address: Address, timeout: float, *, baudrate: int = 9600, stopbits: int = 1) -> Callable[[], Bus]:
    """What joins the bus of a serial port, driven by the library that the address's ``backend`` names.

    :param baudrate, stopbits: used where the address says nothing.
    :raises AddressError: for a line setting that cannot be.
    """
    backend = address.choice("backend", ("serialx", "pyserial"))
    made = PyserialLine if backend == "pyserial" else SerialxLine
    settings = line_settings(address, baudrate=baudrate, stopbits=stopbits)

    def join() -> Bus:
        return shared_bus(
            address.text,
            address.path,
            {**settings, "backend": backend},
            lambda: made(address.path, settings, timeout),
        )

    return join


def line_settings(line: Address, *, baudrate: int = 9600, stopbits: int = 1) -> dict[str, Any]:
    """The settings of a line, under pyserial's names.

    :raises AddressError: for a setting that no line has.
    """
    return {
        "baudrate": line.integer("baudrate", baudrate, lower=50, upper=4_000_000),
        "bytesize": int(line.choice("bytesize", ("8", "7", "6", "5"))),
        "parity": line.choice("parity", ("N", "E", "O", "M", "S")),
        "stopbits": int(line.choice("stopbits", ("1", "2") if stopbits == 1 else ("2", "1"))),
        "xonxoff": line.choice("xonxoff", ("0", "1")) == "1",
    }


def _serialx_names(settings: Mapping[str, Any]) -> dict[str, Any]:
    import serialx

    return {
        "baudrate": settings["baudrate"],
        "byte_size": settings["bytesize"],
        "parity": serialx.Parity(settings["parity"]),
        "stopbits": serialx.StopBits(settings["stopbits"]),
        "xonxoff": settings["xonxoff"],
    }
