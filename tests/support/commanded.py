"""A run that waits to be commanded: a process of its own whose events are read, and commands from beside it."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench_copy import command, hil

SCRIPT = """
from hil import Design, Parameters, Results, Trial, procedure
from hil_drivers.capability import Actuator, Sensor


class Doing(Parameters):
    ask: bool = True


@procedure("waiting", version="1", roles={"light": Actuator, "reference": Sensor})
async def waiting(trial: Trial, p: Doing) -> None:
    light, reference = trial.role("light", Actuator), trial.role("reference", Sensor)
    async for point in trial.points():
        await light.set(point.level)
        told = None
        if p.ask:
            told = await trial.ask("how bright is it?", "number", unit="lx", lower=0.0, upper=100.0)
        async with point.valid(reference, point.level, tolerance=1e6):
            point.observe(level=point.level, told=told, read=await trial.sample(reference, 1))


@waiting.plan
def plan(p: Doing) -> Design:
    return Design({"level": "lx"}, [{"level": 100.0 + n % 100} for n in range(4 if p.ask else 100_000)])


@waiting.analysis
def analyse(record, p: Doing) -> Results:
    return Results((), {})
"""
"""Asks at each point of four; with ``ask=false``, goes through points for a long time."""


@dataclass
class Waiting:
    """A run under way: its process, and the events that it has told so far."""

    process: Process
    folder: Path
    told: list[dict[str, Any]] = field(default_factory=list)

    async def event(self, kind: str, **holding: Any) -> dict[str, Any]:
        """The next event of a kind, in which ``holding`` holds."""
        assert self.process.stdout is not None
        async with asyncio.timeout(60.0):
            async for line in self.process.stdout:
                told: dict[str, Any] = json.loads(line)
                self.told.append(told)
                if told["kind"] == kind and holding.items() <= told.items():
                    return told
        _, stderr = await self.process.communicate()
        raise AssertionError(f"it ended without {kind!r}: {stderr.decode()}")

    async def end(self) -> dict[str, Any]:
        """How it ended."""
        outcome = await self.event("outcome")
        await self.process.wait()
        assert outcome["exit_code"] == self.process.returncode
        return outcome

    async def hil(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A command beside it."""
        return await asyncio.to_thread(hil, *arguments, cwd=self.folder)


@asynccontextmanager
async def waiting(folder: Path, *more: str, bench: str = "action-sim", **variables: str) -> AsyncIterator[Waiting]:
    """A run of the procedure above; it is killed at the end, if it is still there."""
    (folder / "waiting.py").write_text(SCRIPT, encoding="utf-8")
    arguments = command("run", "waiting.py", "--bench", bench, "--out", "runs", "--jsonl", *more)
    environment = {**os.environ, **variables}
    process = await asyncio.create_subprocess_exec(
        *arguments, cwd=folder, stdout=PIPE, stderr=PIPE, env=environment, limit=2**20
    )
    try:
        yield Waiting(process, folder)
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()
