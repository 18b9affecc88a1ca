"""The demonstration: calibrate a luxmeter, enter its certificate, and try a reader of signs with it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .run import RunOutcome, run_procedure
from .service import Event

BENCH = "action-sim"
CHANNEL = "luxmeter.illuminance"


@dataclass(frozen=True)
class DemoOutcome:
    """The two runs of the demonstration; ``trial`` is ``None`` where the calibration failed."""

    calibration: RunOutcome
    trial: RunOutcome | None

    @property
    def exit_code(self) -> int:
        """That of the trial, or of the calibration that kept it from starting."""
        return self.calibration.exit_code if self.trial is None else self.trial.exit_code


async def run_demo(*, out: Path, seed: int | None, operator: str, on_event: Callable[[Event], None]) -> DemoOutcome:
    """Run the demonstration on a copy of the shipped bench in ``out``.

    :param seed: of the simulated world and of the order of points.
    """
    bench = copy_bench(out / "bench")

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
        return DemoOutcome(calibration, None)
    enter_certificate(bench, calibration.folder / "certificate.xml")
    return DemoOutcome(calibration, await carry_out("detection-vs-illuminance"))


def copy_bench(folder: Path) -> Path:
    """Copy the shipped bench, its registers and its certificates into ``folder``; the path of the bench file."""
    from .bench.config import find_bench

    shipped = find_bench(BENCH)
    shutil.copytree(shipped.parent, folder, dirs_exist_ok=True)
    return folder / shipped.name


def enter_certificate(bench: Path, certificate: Path) -> None:
    """Keep the luxmeter's new certificate beside the bench file, and enter it as its channel's calibration."""
    from .bench.edit import enter_calibration

    kept = bench.parent / "certificates" / "luxmeter.xml"
    shutil.copyfile(certificate, kept)
    enter_calibration(bench, CHANNEL, kept.relative_to(bench.parent).as_posix(), "matrix")
