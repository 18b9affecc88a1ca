"""A system under test of a simulated bench, whose response curve is stated in its world: what it answers is a draw.

Address: ``tcp://host:5025``. It looks at no pixel and no sample: it asks its simulated peer what it reads in a picture
by its number, or hears in the last record.
"""

from __future__ import annotations

import json
import time
from typing import Any, Literal

from ..capability import Frame, Response, Stimulus, SystemIdentity
from ..clock import Clock
from ..errors import RemoteProtocolError
from ..transport.stream import TIMEOUT
from ..wire import scpi
from .scpi import ScpiDevice
from .system import Domain, Identity, declared

MODEL = "SYNTHETIC READER"


class Synthetic(ScpiDevice):
    """A ``SystemUnderTest`` that answers a text, empty where it sees nothing, or where in a sound it hears a voice.

    The curve, the seed and the stimulus that the answer is drawn from are known to the simulated world alone: neither
    the procedure nor this driver is told them, so that what a trial finds can be held against the truth.

    :param timeout: seconds of wall time within which it has answered.
    :param domain: declared, and recorded; nothing is refused by it.
    :param output: ``text``, or ``intervals``: pairs of s from the beginning of a sound.
    """

    def __init__(
        self,
        name: str,
        address: str,
        *,
        clock: Clock,
        timeout: float = TIMEOUT,
        domain: Domain | None = None,
        output: Literal["text", "intervals"] = "text",
    ) -> None:
        super().__init__(name, address, clock=clock, timeout=timeout)
        self._output = output
        self._identity = Identity(name, declared(name, deadline=timeout, domain=domain, output=output))

    async def _check_kind(self) -> None:
        told = await self._link.ask("*IDN?", scpi.parse_identity)
        if told.model != MODEL:
            raise RemoteProtocolError(f"is a {told.model}, no {MODEL}", where=self.name, remedy="correct its address")
        self._identity.take({"name": "synthetic reader", "version": told.version}, digests={}, remedy="")

    @property
    def system(self) -> SystemIdentity:
        """Its name, and the SHA-256 of its settings."""
        return self._identity.known

    async def respond(self, stimulus: Stimulus) -> Response:
        """What it reads in a picture, by the number of the picture; for named values, in what stands before it now, or
        hears in the last record.

        :raises DeviceUnreachable: if it does not answer, as it does where it knows no picture of this number.
        """
        if self._output == "intervals":
            return await self._turns.run(self._hear)
        if isinstance(stimulus, Frame):
            return await self._turns.run(lambda: self._read(f"READ:PICT? {stimulus.number}"))
        return await self._turns.run(lambda: self._read("READ?"))

    async def _read(self, question: str) -> Response:
        begin = time.perf_counter()
        output = await self._link.ask(question, scpi.parse_string)
        return Response(output, time.perf_counter() - begin)

    async def _hear(self) -> Response:
        told = await self._read("READ:SOUN?")
        try:
            heard: Any = json.loads(told.output)
        except (ValueError, RecursionError):
            raise RemoteProtocolError(f"heard {told.output[:40]!r}", where=self.name) from None
        return Response(heard, told.latency)
