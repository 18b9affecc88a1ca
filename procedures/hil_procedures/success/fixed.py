"""The results of a demonstration by a plan of fixed size."""

from __future__ import annotations

from hil import Record, Results, SummaryTable, Verdict
from hil.outcome import Chart, Series, TrialOutcome
from hil_calibration.conformity import Decision
from hil_calibration.decisions import decide_bound
from hil_calibration.performance import demonstration_size, proportion_interval
from hil_calibration.systems.anytime import confidence_sequence

from ..curve_report import OUTCOME
from ..faults import fault_kinds
from .budget import BUDGET_LIMITATIONS, rows, to_json
from .parameters import SuccessRate
from .tally import LIMITATIONS, Tally, downwards, upwards

EQUAL_NUMBERS = (
    "Each sign is shown equally often as far as the number allows: the share read then scatters no more than by the "
    "binomial distribution, on which the bounds rest."
)


def results(record: Record, p: SuccessRate) -> Results:
    """Everything that the report, the record of results and the operator are told."""
    tally = Tally.of(record)
    k, n = tally.successes, tally.n
    lower, _ = proportion_interval(k, n, p.confidence, side="lower")
    _, upper = proportion_interval(k, n, p.confidence, side="upper")
    decision = decide_bound(lower, upper, requirement=p.reliability, side="at least", confidence=p.confidence)
    planned = demonstration_size(p.reliability, p.confidence, p.failures)
    percent = f"{100 * p.confidence:g} %"
    told = (
        ("share read", f"{k / n:.3f} ({k} of {n})"),
        (f"one-sided {percent} lower bound of the success probability", downwards(lower)),
        (f"one-sided {percent} upper bound of the success probability", upwards(upper)),
    )
    return Results(
        summary=(SummaryTable("Success rate", ("quantity", "value"), told),),
        data={
            "successes": k,
            "trials": n,
            "planned": planned,
            "allowed_failures": p.failures,
            "lower": lower,
            "upper": upper,
            "confidence": p.confidence,
            "required": p.reliability,
            "failures_so_far": list(tally.failures_so_far),
            "budget": to_json(tally),
            "counts": dict(tally.counts()),
            "faults_by_kind": fault_kinds(tally.session.faults),
        },
        verdict=_verdict(decision, p),
        document=TrialOutcome(
            title="Demonstration of a success rate",
            question=f"Does the system under test read {p.reliability:g} of the signs or more at {p.illuminance:g} lx?",
            standards=tally.standards,
            picture=_chart(tally, p),
            results=told,
            budget=rows(tally),
            conditions=tally.conditions(p),
            counts=(("planned trials and failures allowed", f"{planned}, {p.failures}"), *tally.counts()),
            fit=(("model", "trials that succeed with one probability"), ("method of the bounds", "Clopper-Pearson")),
            limitations=(EQUAL_NUMBERS, *BUDGET_LIMITATIONS, *LIMITATIONS),
            risk=f"of PASS below the requirement, and of FAIL above it: at most {100 * (1 - p.confidence):.3g} % each",
            tables=(tally.by_sign(),),
        ),
    )


def _verdict(decision: Decision, p: SuccessRate) -> Verdict:
    percent = f"{100 * p.confidence:g} %"
    return Verdict(
        OUTCOME[decision.verdict],
        f"the success probability is at least {p.reliability:g}",
        f"PASS if the one-sided {percent} lower bound of the success probability is at least the requirement, FAIL if "
        f"its one-sided {percent} upper bound is below it, INCONCLUSIVE otherwise",
        decision.reason,
    )


def _chart(tally: Tally, p: SuccessRate) -> Chart:
    trials = tuple(float(number) for number in range(1, tally.n + 1))
    read = [number + 1 - failed for number, failed in enumerate(tally.failures_so_far)]
    bands = [confidence_sequence(k, number + 1, p.confidence) for number, k in enumerate(read)]
    percent = f"{100 * p.confidence:g} %"
    return Chart(
        x="trial",
        y="share read so far",
        series=(
            Series(
                f"{percent} interval that holds at every trial",
                trials,
                low=tuple(low for low, _ in bands),
                high=tuple(high for _, high in bands),
                style="band",
            ),
            Series("share read", trials, tuple(k / (i + 1) for i, k in enumerate(read)), style="steps"),
        ),
        caption="The share read as the trials went on. The band is wider than the bounds of the result, for it may be "
        "looked at after every trial; those hold for the number of trials that was planned.",
        required=((f"required: {p.reliability:g}", p.reliability),),
    )
