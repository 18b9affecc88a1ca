"""What the trials of a demonstration came to, and what both reports tell of it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate

import numpy as np

from hil import Record, SummaryTable
from hil.evidence import Evidence
from hil_calibration.performance import proportion_interval
from hil_calibration.rounding import report

from ..detection.session import Session, read_session
from ..faults import fault_rows
from .parameters import Condition

LIMITATIONS = (
    "The result holds for the signs, the lamp, the camera and its settings of this trial, at its one condition.",
    "Signs that stand for others must have been drawn from them; those of the default were chosen because they are "
    "read in good light.",
    "A simulation shows what the models in it say, not what a physical system does.",
    "No conformity to a standard is claimed.",
)


@dataclass(frozen=True)
class Tally:
    """Successes in the order of the trials, with the condition at which they were seen."""

    evidence: Evidence
    session: Session
    voids: int

    @classmethod
    def of(cls, record: Record) -> Tally:
        """The tally of a finished run."""
        evidence = Evidence(record)
        voids = sum(1 for attempt in record.points() if attempt.state == "void")
        return cls(evidence, read_session(evidence), voids)

    @property
    def n(self) -> int:
        """How many trials count."""
        return len(self.session.hits)

    @property
    def successes(self) -> int:
        return int(self.session.hits.sum())

    @property
    def failures(self) -> int:
        return self.n - self.successes

    @property
    def failures_so_far(self) -> tuple[int, ...]:
        """The failures after each trial."""
        return tuple(accumulate(int(not hit) for hit in self.session.hits))

    @property
    def standards(self) -> tuple[str, ...]:
        """The channels of the instruments that measured."""
        return self.evidence.role("luxmeter"), self.evidence.role("temperature")

    def conditions(self, p: Condition) -> tuple[tuple[str, str], ...]:
        """The condition as it was measured, with its expanded uncertainty."""
        measured = self.session.illuminance.mean()
        told = report(float(measured.value[0]), 2.0 * float(measured.u[0]))
        spread = self.session.illuminance.value
        return (
            ("illuminance at the sign, mean, U (k = 2)", f"{told.value} lx, {told.U} lx"),
            ("illuminance at the sign, from to", f"{spread.min():.4g} lx to {spread.max():.4g} lx"),
            ("asked for", f"{p.illuminance:g} lx, tolerance {100 * p.tolerance:g} %"),
            ("air temperature, mean", f"{self.session.temperature:.2f} °C"),
        )

    def counts(self) -> tuple[tuple[str, str], ...]:
        """Trials, failures, and whose fault the rest was."""
        latency = 1000.0 * self.session.latency
        return (
            ("trials that count", f"{self.n}, {len(set(self.session.signs))} signs"),
            ("read correctly", str(self.successes)),
            ("failures", str(self.failures)),
            ("attempts void (the bench's fault), repeated", str(self.voids)),
            *fault_rows(self.session.faults),
            (
                "response time, median and largest (wall time)",
                f"{float(np.median(latency)):.0f} ms, {float(latency.max()):.0f} ms",
            ),
        )

    def by_sign(self) -> SummaryTable:
        """How often each sign was shown and read, the worst first."""
        rows = []
        for sign in sorted(set(self.session.signs)):
            here = np.array([shown == sign for shown in self.session.signs])
            rows.append((sign, int(self.session.hits[here].sum()), int(here.sum())))
        rows.sort(key=lambda row: (row[1] / row[2], row[0]))
        told = tuple((sign, str(read), str(shown), _interval(read, shown)) for sign, read, shown in rows)
        return SummaryTable("Signs", ("sign", "read", "shown", "95 % interval (Clopper-Pearson)"), told)


def _interval(successes: int, n: int) -> str:
    low, high = proportion_interval(successes, n)
    return f"{low:.3f} to {high:.3f}"


def downwards(value: float) -> str:
    """A lower bound to three places, rounded so that it still bounds."""
    return f"{np.floor(value * 1000.0) / 1000.0:.3f}"


def upwards(value: float) -> str:
    """An upper bound to three places, rounded so that it still bounds."""
    return f"{np.ceil(value * 1000.0) / 1000.0:.3f}"
