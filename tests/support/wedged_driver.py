"""Drivers with the bugs that a bench must bear: one that never returns, and one that gives no number."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from math import nan

from hil_drivers.indication import Indication
from hil_drivers.instruments.digital_io import DigitalIo

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


class NumberlessIo(DigitalIo):
    """Reads a while, then gives what is no number, and calls it good."""

    _reads = 0

    async def read(self, point: str) -> Indication:
        self._reads += 1
        found = await super().read(point)
        return replace(found, value=nan) if self._reads > AFTER and point == "estop" else found
