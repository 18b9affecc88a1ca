"""A console against a small bench, both in the test's loop, with a clock that only the test moves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from bench_stream import BEGAN, StreamBench
from console_stage import picture
from hil.console.app import Console
from hil.console.model import LinkState
from hil.console.places import Place
from hil.console.times import Times

WITHIN = 30.0
MINUTE = 60_000_000_000
BEGAN_NS = BEGAN * 10**6


def channel(name: str, symbol: str, **facts: Any) -> dict[str, Any]:
    """What a bench says of a channel."""
    plain = {"unit": symbol, "symbol": symbol, "limits": None, "period": 1.0, "device": name.partition(".")[0]}
    return {"name": name, "point": name.partition(".")[2], "provenance": "measured", **plain, **facts}


CHANNELS = [
    channel("tc1.T_amb", "°C", limits=[18.0, 28.0], calibration="5f2c", due="2026-12-01"),
    channel("tc2.T_dut", "°C", limits=[None, 41.0]),
    channel("psu.U", "V", note="no calibration record"),
    channel("psu.I", "A", limits=[None, 3.0]),
    channel("lux.E", "lx", limits=[750.0, None]),
    channel("arm.x", "m"),
    channel("arm.y", "m"),
]
VALUES = [23.38, 41.41, 12.0034, 1.8731, 744.4, 0.41172, 0.2]
UNCERTAINTIES: list[float | None] = [0.06, 0.075, None, 0.001, 4.5, 0.00025, 0.00025]


def alarm(name: str, priority: str = "high", state: str = "active", **more: Any) -> dict[str, Any]:
    """What a bench says of an alarm."""
    plain = {"reason": f"{name} left its limits", "guidance": "look at the cooling", "raised": BEGAN_NS}
    return {"alarm": name, "priority": priority, "state": state, **plain, **more}


def prompt(number: int, text: str, wants: str = "text", **more: Any) -> dict[str, Any]:
    """What a bench says of a prompt."""
    return {"prompt": number, "text": text, "wants": wants, "asked": BEGAN_NS, "limit": 300.0, **more}


def device(name: str, driver: str, instrument: str, serial: str, **more: Any) -> dict[str, Any]:
    """What a bench says of a device."""
    return {"name": name, "driver": driver, "instrument": instrument, "serial": serial, "state": "ok", **more}


def item(key: str, procedure: str, status: str, operator: str, **more: Any) -> dict[str, Any]:
    """What a bench says of an entry of its queue."""
    return {"id": key, "procedure": procedure, "status": status, "operator": operator, "settings": {}, **more}


def run_document() -> dict[str, Any]:
    """A service in the middle of a run."""
    return {
        "bench": "action-rig", "kind": "action", "provenance": "measured", "boot": "boot-1", "number": 0,
        "service": True, "procedure": "soak", "operator": "ada", "run": "20260927T1_soak", "state": "running",
        "count": 120, "done": 70,
        "point": {"index": 41, "attempt": 1, "factors": {"scene": "fog", "rep": 2}, "step": "settling"},
        "prompts": [],
        "alarms": [
            alarm("too hot", reason="tc2.T_dut is 41.41 Cel"),
            alarm("dark", "low", "acknowledged", acknowledged_by="ben"),
        ],
        "interlocks": [
            {"name": "too hot", "when": "tc2.T_dut > 41 Cel", "tripped": True, "is_estop": False},
            {"name": "dark", "when": "lux.E < 750 lx", "tripped": False, "is_estop": False},
            {"name": "chain", "when": "io.estop < 1", "tripped": False, "is_estop": True},
        ],
        "devices": [
            device("tc1", "scpi", "thermometer", "1", due="2026-12-01"),
            device("lux", "t10a", "luxmeter", "2", state="lost", error="no answer"),
            device("psu", "scpi", "supply", "3", due="2026-09-20"),
        ],
        "lease": None,
        "queue": {
            "revision": 4, "working": True,
            "items": [
                item("a", "sweep", "done", "ada", verdict="PASS"),
                item("b", "sweep", "done", "ada", verdict="FAIL"),
                item("c", "soak", "running", "ada", settings={"hours": "1"}),
                item("d", "sweep", "waiting", "ben", settings={"from": "1 V"}),
                item("e", "soak", "waiting", "ben"),
            ],
        },
        "handover": None, "disk": {"free": 10**11}, "recorded": 1_200_000_000,
    }  # fmt: skip


@dataclass
class Rig:
    """A console and its bench."""

    bench: StreamBench
    app: Console
    pilot: Pilot[int]
    clock: list[float] = field(default_factory=list)

    async def until(self, seen: Callable[[], bool]) -> None:
        """Return once something is the case; the time of the test stands still meanwhile."""
        try:
            async with asyncio.timeout(WITHIN):
                while not seen():  # noqa: ASYNC110 (what is waited for is another task's)
                    await asyncio.sleep(0)
        except TimeoutError:
            raise AssertionError(f"not within {WITHIN} s; on the screen stands\n{self.text()}") from None

    async def tick(self, seconds: float = 0.0) -> None:
        """Let time pass, with a frame of the bench at its end where there is a link, and paint."""
        self.clock[0] += seconds
        if seconds and self.bench.clients:
            await self.bench.delta()
            await self.until(lambda: self.app.model.link.heard == self.clock[0])
        await self.pilot.pause()
        self.app.tick()
        await self.pilot.pause()

    async def press(self, *keys: str) -> None:
        """Press keys, and paint."""
        for key in keys:
            await self.pilot.press(key)
            await self.tick()

    async def change(self, **run: Any) -> None:
        """Change the state of the bench, and wait until the console knows."""
        version = self.app.model.version
        await self.bench.delta(run=run)
        await self.until(lambda: self.app.model.version > version)
        await self.tick()

    async def measure(self, seconds: int, by: float = 0.0) -> None:
        """A value of every channel each second; ``by`` is added to each of them each second."""
        for _ in range(seconds):
            self.clock[0] += 1.0
            t = BEGAN + round(1000 * self.clock[0])
            rows = {}
            for index, (value, u) in enumerate(zip(VALUES, UNCERTAINTIES, strict=True)):
                wave = ((round(self.clock[0]) * (index + 3)) % 7 - 3) * (u or 0.001) / 10
                VALUES_NOW[index] += by
                rows[index] = [value + VALUES_NOW[index] + wave, u, 0, t, None, None]
            await self.bench.delta(rows)
            await self.until(partial(self._has, t))
        await self.tick()

    def _has(self, t: int) -> bool:
        return self.app.model.channels[0].t == t / 1000

    async def asked(self, verb: str) -> dict[str, Any]:
        """The last command of ``verb`` that the bench was given."""
        await self.until(lambda: verb in self.bench.verbs())
        await self.tick()
        return next(each for each in reversed(self.bench.commands) if each["verb"] == verb)

    def text(self) -> str:
        """The screen as it is on the terminal."""
        return "\n".join(picture(self.app))


VALUES_NOW = [0.0] * len(VALUES)


@asynccontextmanager
async def console(
    folder: Path,
    size: tuple[int, int] = (80, 24),
    *,
    operator: str | None = None,
    refusing: bool = False,
    **options: Any,
) -> AsyncIterator[Rig]:
    """A console of ``size`` on a bench that listens in ``folder``.

    :param refusing: the bench takes no client, from the start.
    """
    VALUES_NOW[:] = [0.0] * len(VALUES)
    bench, clock = StreamBench(folder / "bench.http"), [0.0]
    bench.run, bench.channels, bench.refusing = run_document(), CHANNELS, refusing
    bench.rows = [[value, u, 0, BEGAN, None, None] for value, u in zip(VALUES, UNCERTAINTIES, strict=True)]
    times = Times(now=lambda: clock[0], wall=lambda: BEGAN_NS + round(1e9 * clock[0]))
    place = Place(bench.path, control=options.pop("control", None))
    app = Console(
        lambda: place, operator=operator, times=times, ticking=False, pause=lambda _: bench.open_again.wait(), **options
    )
    app.link.ping = None
    async with bench.listening(), app.run_test(size=size) as pilot:
        rig = Rig(bench, app, pilot, clock)
        if not refusing:
            await rig.until(lambda: app.model.link.state is LinkState.UP)
        await rig.tick()
        yield rig
