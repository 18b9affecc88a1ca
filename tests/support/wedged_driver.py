"""Drivers with the bugs that a bench must bear: those that never return, and one that gives no number."""

from __future__ import annotations

import asyncio
import os
import threading
from contextlib import suppress
from dataclasses import replace
from math import nan
from pathlib import Path
from typing import Any

from hil_drivers.indication import Indication
from hil_drivers.instruments.digital_io import DigitalIo
from hil_drivers.transport.worker import Worker

AFTER = 20
"""Readings that go well."""


class WedgedIo(DigitalIo):
    """Reads a while, then never returns, and takes no cancellation."""

    _reads = 0

    async def read(self, point: str) -> Indication:
        self._reads += 1
        while self._reads > AFTER:
            with suppress(asyncio.CancelledError):
                await asyncio.sleep(5.0)
        return await super().read(point)


class StuckIo(DigitalIo):
    """Reads a while, then blocks its thread for ever, as in a vendor's library; keeps what meets that call there."""

    _reads, _inside = 0, False

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._library = Worker(self.name)

    async def read(self, point: str) -> Indication:
        self._reads += 1
        if self._reads > AFTER:
            await self._library.call(self._block)
        return await super().read(point)

    async def write(self, point: str, value: float) -> None:
        self._meet(f"write {point}")
        await super().write(point, value)

    async def close(self) -> None:
        self._meet("close")
        await super().close()

    def _block(self) -> None:
        self._inside = True
        threading.Event().wait()

    def _meet(self, what: str) -> None:
        if self._inside:
            with Path(os.environ["MEETINGS"]).open("a", encoding="utf-8") as met:
                met.write(f"{what}\n")


class NumberlessIo(DigitalIo):
    """Reads a while, then gives what is no number, and calls it good."""

    _reads = 0

    async def read(self, point: str) -> Indication:
        self._reads += 1
        found = await super().read(point)
        return replace(found, value=nan) if self._reads > AFTER and point == "estop" else found
