"""A serial line: serialx on the event loop, or pyserial in a worker thread (``?backend=pyserial``).

Line settings are options of the address: ``baudrate`` (9600), ``bytesize`` (8; or 5, 6, 7), ``parity`` (N; or
E, O, M, S), ``stopbits`` (1; or 2), ``xonxoff`` (0; or 1).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from .address import Address
from .bus import Bus, shared_bus
from .line import Line
from .tcp import PIECE, read_some
from .worker import Worker

if TYPE_CHECKING:
    import serial
    import serialx

SILENCE = 0.1
"""Seconds without a byte after which a line counts as quiet."""


class SerialLine(Line):
    """A serial port, whatever library drives it.

    :param settings: of the line, under pyserial's names.
    :param timeout: for opening and for handing over, seconds of wall time.
    """

    silence = SILENCE

    def __init__(self, path: str, settings: Mapping[str, Any], timeout: float) -> None:
        self._path, self._settings, self._timeout = path, settings, timeout


class SerialxLine(SerialLine):
    """A serial line driven by serialx, on the event loop."""

    _port: serialx.AsyncSerial | None = None

    async def open(self) -> None:
        import serialx

        port = serialx.AsyncSerial(self._path, **_serialx_names(self._settings))
        try:
            async with asyncio.timeout(self._timeout):
                await port.open()
        except (serialx.SerialException, ValueError) as error:
            raise OSError(str(error)) from error
        self._port = port

    async def close(self) -> None:
        if self._port is None:
            return
        port, self._port = self._port, None
        try:
            async with asyncio.timeout(self._timeout):
                await port.close()
        except OSError:
            port.abort()

    async def send(self, data: bytes) -> None:
        import serialx

        try:
            async with asyncio.timeout(self._timeout):
                await self._held().write(data)
        except serialx.SerialException as error:
            raise OSError(str(error)) from error

    async def receive(self, timeout: float) -> bytes:
        import serialx

        try:
            return await read_some(self._held().read, timeout)
        except serialx.SerialException as error:
            raise OSError(str(error)) from error

    def _held(self) -> serialx.AsyncSerial:
        if self._port is None:
            raise EOFError("not connected")
        return self._port


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


def _read_port(port: serial.Serial, timeout: float) -> bytes:
    port.timeout = timeout
    first = port.read(1)
    return first + port.read(min(port.in_waiting, PIECE)) if first else b""


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
