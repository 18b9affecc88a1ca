"""Modbus peers in other processes: a server on libmodbus, over TCP or over a pair of pseudo-terminals."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

SOURCE = Path(__file__).with_name("modbus_server.c")


def compile_server(folder: Path) -> Path:
    """The server's program, compiled into ``folder``."""
    flags = subprocess.run(
        ["pkg-config", "--cflags", "--libs", "libmodbus"], check=True, capture_output=True, text=True
    ).stdout.split()
    program = folder / "modbus_server"
    subprocess.run(["gcc", "-O1", "-Wall", "-Werror", "-o", program, SOURCE, *flags], check=True)
    return program


@asynccontextmanager
async def running(*command: str | Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """A child process that is ended."""
    process = await asyncio.create_subprocess_exec(*map(str, command), stdout=asyncio.subprocess.PIPE)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


@asynccontextmanager
async def tcp_server(program: Path) -> AsyncIterator[str]:
    """The address of the server over TCP, without a device id."""
    async with running(program, "tcp") as process:
        assert process.stdout is not None
        yield f"modbus+tcp://127.0.0.1:{int(await process.stdout.readline())}"


@asynccontextmanager
async def rtu_server(program: Path, folder: Path, device_id: int) -> AsyncIterator[str]:
    """The address of the server over RTU, with its device id."""
    near, far = folder / "near", folder / "far"
    async with running("socat", *(f"pty,raw,echo=0,link={end}" for end in (near, far))):
        async with asyncio.timeout(10.0):
            while not (near.exists() and far.exists()):  # noqa: ASYNC110 (the links appear in another process)
                await asyncio.sleep(0.01)
        async with running(program, "rtu", far, str(device_id)) as process:
            assert process.stdout is not None
            assert await process.stdout.readline()
            yield f"modbus+rtu://{near}?device_id={device_id}"
