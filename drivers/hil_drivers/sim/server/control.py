"""The control socket: moves bench time, tells the truth, ends the world."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Protocol

from ..lockstep import MAX_LINE, Advance, Inject, MessageError, Query, Response, encode, parse
from ..world import World
from .endpoint import Endpoint

DRAIN_DEADLINE = 2.0
"""How long an advance waits for bytes on their way, wall time in s."""


class Controlled(Protocol):
    """What a controller may ask of the simulated bench."""

    endpoints: dict[str, Endpoint]
    world: World

    def attached(self, control: Control) -> None: ...

    def detached(self, control: Control) -> None: ...

    def response(self, device: str, illuminance: float) -> float: ...

    def inject(self, request: Inject) -> None: ...

    def moved(self) -> None: ...

    def truth(self) -> dict[str, object]: ...

    def state(self) -> dict[str, object]: ...

    def announcement(self) -> dict[str, object]: ...

    def end(self) -> None: ...


class Control(asyncio.Protocol):
    """One control connection; requests are answered one after the other."""

    def __init__(self, bench: Controlled) -> None:
        self._bench = bench
        self._buffer = b""
        self._waiting: Advance | None = None
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if not isinstance(transport, asyncio.Transport):
            raise TypeError("a TCP connection is expected")
        self._transport = transport
        self._before = {address: e.received for address, e in self._bench.endpoints.items()}
        self._breaks = {address: e.breaks for address, e in self._bench.endpoints.items()}
        self._bench.attached(self)

    def connection_lost(self, _exc: Exception | None) -> None:
        self._stop_waiting()
        self._bench.detached(self)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        self._pump()

    def heard(self) -> None:
        """Call when an endpoint has handled more bytes."""
        if self._waiting is not None and self._drained(self._waiting.sent):
            request = self._waiting
            self._stop_waiting()
            self._move(request.t)
            self._pump()

    def close(self) -> None:
        """End the connection, once what was answered is sent."""
        self._transport.close()

    def _pump(self) -> None:
        while self._waiting is None and b"\n" in self._buffer:
            line, self._buffer = self._buffer.split(b"\n", 1)
            self._answer(line)
        if len(self._buffer) > MAX_LINE:
            self._transport.abort()

    def _answer(self, line: bytes) -> None:
        try:
            request = parse(line)
            if isinstance(request, Advance):
                self._advance(request)
            elif isinstance(request, Response):
                self._send({"indication": self._bench.response(request.device, request.illuminance)})
            elif isinstance(request, Inject):
                self._bench.inject(request)
                self._send({"faults": len(self._bench.world.faults)})
            else:
                self._query(request)
        except MessageError as error:
            self._send({"error": str(error)})

    def _query(self, request: Query) -> None:
        if request.what == "end":
            self._send({"ended": True})
            self._bench.end()
        else:
            answers = {
                "truth": self._bench.truth,
                "state": self._bench.state,
                "attach": self._bench.announcement,
            }
            self._send(answers[request.what]())

    def _advance(self, request: Advance) -> None:
        if self._bench.world.time.paced:
            self._send({"now": self._bench.world.time.now()})
        elif self._drained(request.sent):
            self._move(request.t)
        else:
            self._waiting = request
            loop = asyncio.get_running_loop()
            self._deadline = loop.call_later(DRAIN_DEADLINE, self._expire, request)

    def _move(self, t: int) -> None:
        time = self._bench.world.time
        try:
            time.advance(t)
        except ValueError as error:
            self._send({"error": str(error)})
        else:
            self._bench.moved()
            self._send({"now": t})

    def _drained(self, sent: Mapping[str, int]) -> bool:
        return not any(self._missing(address, count) for address, count in sent.items())

    def _missing(self, address: str, count: int) -> int:
        """How many bytes to a known address are still on their way; none of those that a broken link took."""
        endpoint = self._bench.endpoints.get(address)
        if endpoint is None:
            return 0
        if endpoint.breaks != self._breaks[address]:
            self._breaks[address], self._before[address] = endpoint.breaks, endpoint.received - count
        return max(0, count - endpoint.received + self._before[address])

    def _expire(self, request: Advance) -> None:
        self._stop_waiting()
        self._give_up_lost(request.sent)
        if self._drained(request.sent):
            self._move(request.t)
            self._pump()
            return
        missing = {address: self._missing(address, count) for address, count in request.sent.items()}
        text = ", ".join(f"{count} to {address}" for address, count in missing.items() if count)
        self._send({"error": f"bytes said to be sent did not arrive within {DRAIN_DEADLINE:g} s: {text}"})
        self._pump()

    def _give_up_lost(self, sent: Mapping[str, int]) -> None:
        """Wait no more for what was sent over links that are known to have broken: it may have left after the break."""
        for address, count in sent.items():
            endpoint = self._bench.endpoints.get(address)
            if endpoint is not None and endpoint.breaks:
                missing = self._missing(address, count)
                self._before[address] -= missing

    def _stop_waiting(self) -> None:
        self._waiting = None
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _send(self, message: Mapping[str, object]) -> None:
        self._transport.write(encode(message))
