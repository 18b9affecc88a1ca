"""The demonstration: calibrate a luxmeter, issue and enter its certificate, and try a reader of signs with it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .run import RunOutcome, run_procedure
from .service import Event

if TYPE_CHECKING:
    from .documents.walkthrough import Walkthrough

BENCH = "action-sim"
CHANNEL = "luxmeter.illuminance"


@dataclass(frozen=True)
class DemoOutcome:
    """The two runs of the demonstration; the others are ``None`` where the calibration failed.

    ``issue`` is what was shown of the certificate.
    """

    calibration: RunOutcome
    trial: RunOutcome | None = None
    issue: Walkthrough | None = None

    @property
    def exit_code(self) -> int:
        """That of the trial, or of the calibration that kept it from starting."""
        return self.calibration.exit_code if self.trial is None else self.trial.exit_code


async def run_demo(*, out: Path, seed: int | None, operator: str, on_event: Callable[[Event], None]) -> DemoOutcome:
    """Run the demonstration on a copy of the shipped bench in ``out``, or on the one that is there.

    :param seed: of the simulated world and of the order of points.
    """
    from .bench.config import load_bench
    from .bench.copying import enter_certificate
    from .documents.walkthrough import walk_through

    bench = bench_in(out / "bench", seed)

    async def carry_out(procedure: str) -> RunOutcome:
        return await run_procedure(
            procedure,
            str(bench),
            settings={},
            seed=seed,
            speed=None,
            out=out / "runs",
            operator=operator,
            on_event=on_event,
        )

    calibration = await carry_out("calibrate-luxmeter")
    if calibration.error:
        return DemoOutcome(calibration)
    issue = await asyncio.to_thread(walk_through, calibration.folder, load_bench(bench).laboratory, out)
    enter_certificate(bench, CHANNEL, issue.certificate, None)
    return DemoOutcome(calibration, await carry_out("detection-vs-illuminance"), issue)


def bench_in(folder: Path, seed: int | None) -> Path:
    """The bench file in ``folder``: a copy of the shipped one with this ``seed``, unless there is one already."""
    from .bench.copying import copy_bench

    found = folder / f"{BENCH}.toml"
    if found.exists():
        return found
    copied = copy_bench(BENCH, folder)
    if seed is not None:
        text = copied.read_text(encoding="utf-8")
        copied.write_text(re.sub(r"(?m)^seed = \d+$", f"seed = {seed}", text), encoding="utf-8")
    return copied
