"""Whether an arm does what is required of it; limits in mm where people read them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from hil import Verdict
from hil.results import Outcome
from hil_calibration.conformity import decide
from hil_calibration.reporting import ReportingPolicy

from .figures import Figure, PoseFigures
from .parameters import PoseAccuracy
from .session import Tally

OUTCOME: dict[str, Outcome] = {"pass": "PASS", "fail": "FAIL", "inconclusive": "INCONCLUSIVE"}
WORST: tuple[Outcome, ...] = ("FAIL", "INCONCLUSIVE", "PASS")
MM = 1000.0


class Judged(NamedTuple):
    """What one thing came to, and in words why; ``load`` is the share of its limit that is used."""

    outcome: Outcome
    load: float
    reason: str
    rule: str = ""


def judge(
    found: Sequence[PoseFigures], tallies: Sequence[Tally], p: PoseAccuracy, policy: ReportingPolicy
) -> Verdict | None:
    """Whether every visit was carried out, and AP and RP are within what is required at every pose; the worst counts.

    Where nothing is required, there is a verdict only if a visit failed or was not made.
    """
    figures, visits = _figures(found, p, policy), _visits(tallies)
    limits = {"AP": p.accuracy, "RP": p.repeatability}
    wanted = [f"{name} is at most {MM * limit:g} mm" for name, limit in limits.items() if limit is not None]
    if not wanted and not visits:
        return None
    worst = min((*visits, *figures), key=lambda each: (WORST.index(each.outcome), -each.load))
    required = f"every visit is carried out{''.join(f' and {each}' for each in wanted)}"
    rule = "FAIL if a visit failed, INCONCLUSIVE if one was not made"
    if figures:
        rule += f"; each figure of each pose by itself, {figures[0].rule}; FAIL if one fails, PASS if all pass"
    return Verdict(worst.outcome, f"{required}{' at every pose' if wanted else ''}", rule, worst.reason)


def _visits(tallies: Sequence[Tally]) -> list[Judged]:
    """What is wrong with the visits; empty where all of them were carried out."""
    planned = sum(one.planned for one in tallies)
    failed, missing = sum(one.failed for one in tallies), sum(one.missing for one in tallies)
    kinds: dict[str, int] = {}
    for one in tallies:
        for outcome, reasons in one.failures.items():
            kinds[outcome] = kinds.get(outcome, 0) + len(reasons)
    why = ", ".join(f"{number} {outcome}" for outcome, number in kinds.items())
    judged = []
    if failed:
        judged.append(Judged("FAIL", float("inf"), f"{failed} of {planned} visits failed ({why})"))
    if missing:
        judged.append(Judged("INCONCLUSIVE", float("inf"), f"{missing} of {planned} visits were not made"))
    return judged


def _figures(found: Sequence[PoseFigures], p: PoseAccuracy, policy: ReportingPolicy) -> list[Judged]:
    """Each figure of each pose that is required to be small."""
    judged = []
    for one in found:
        required: tuple[tuple[str, Figure, float | None], ...] = (
            ("AP", one.accuracy, p.accuracy),
            ("RP", one.repeatability, p.repeatability),
        )
        for name, figure, limit in required:
            if limit is None:
                continue
            decision = decide(
                MM * figure.value,
                MM * figure.budget.u,
                upper=MM * limit,
                rule="non-binary",
                dof=max(1.0, figure.budget.dof),
                policy=policy,
            )
            reason = f"{name} at {one.name}, in mm: {decision.reason}"
            judged.append(
                Judged(OUTCOME[decision.verdict], figure.value / limit, reason, str(decision.definitions["rule"]))
            )
    return judged
