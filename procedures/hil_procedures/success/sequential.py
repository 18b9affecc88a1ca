"""The results of a sequential test of a success rate."""

from __future__ import annotations

from hil import Record, Results, SummaryTable, Verdict
from hil.design import UntilDecided
from hil.outcome import Chart, Series, TrialOutcome

from ..faults import fault_kinds
from .budget import BUDGET_LIMITATIONS, rows, to_json
from .parameters import SuccessRateSequential
from .script import stopping_rule
from .tally import LIMITATIONS, Tally, downwards, upwards

BETWEEN = "A failure probability between the acceptable and the rejectable one may be decided either way."


def results(record: Record, p: SuccessRateSequential) -> Results:
    """Everything that the report, the record of results and the operator are told."""
    tally, rule = Tally.of(record), stopping_rule(p)
    decided = rule.verdict(tally.successes, tally.n)
    low, high = rule.interval(tally.successes, tally.n)
    good, bad = rule.operation(p.acceptable), rule.operation(p.rejectable)
    percent = f"{100 * p.confidence:g} %"
    told = (
        ("trials that it took", f"{tally.n} of {p.most} at most"),
        ("share read", f"{tally.successes / tally.n:.3f} ({tally.successes} of {tally.n})"),
        (f"{percent} interval of the success probability", f"{downwards(low)} to {upwards(high)}"),
    )
    return Results(
        summary=(SummaryTable("Sequential test of a success rate", ("quantity", "value"), told),),
        data={
            "decision": decided,
            "successes": tally.successes,
            "trials": tally.n,
            "interval": [low, high],
            "confidence": p.confidence,
            "risks": {"producer": good.reject, "consumer": bad.accept},
            "accepted_at_the_end": rule.test.accepted_at_the_end,
            "expected_trials": {"acceptable": good.expected_trials, "rejectable": bad.expected_trials},
            "failures_so_far": list(tally.failures_so_far),
            "budget": to_json(tally),
            "counts": dict(tally.counts()),
            "faults_by_kind": fault_kinds(tally.session.faults),
        },
        verdict=judge(tally.failures, tally.n, rule, p),
        document=TrialOutcome(
            title="Sequential test of a success rate",
            question=f"Is the failure probability at {p.illuminance:g} lx acceptable ({p.acceptable:g}) or rejectable "
            f"({p.rejectable:g})?",
            standards=tally.standards,
            picture=_chart(tally, rule),
            results=told,
            budget=rows(tally),
            conditions=tally.conditions(p),
            counts=tally.counts(),
            fit=_fit(rule, p),
            limitations=(beside_the_verdict(low, p), BETWEEN, *BUDGET_LIMITATIONS, *LIMITATIONS),
            risk=f"of rejecting what is acceptable: {_percent(good.reject)}, at most {_percent(p.producer_risk)}; of "
            f"accepting what is rejectable: {_percent(bad.accept)}, at most {_percent(p.consumer_risk)} (exact, the "
            "cut-off included)",
            tables=(tally.by_sign(),),
        ),
    )


def beside_the_verdict(low: float, p: SuccessRateSequential) -> str:
    """Why the interval is what it is, and how it is read beside the verdict.

    :param low: its lower end, a success probability.
    """
    beyond = 1.0 - low > p.rejectable
    reach = f"reaches to a failure probability of {upwards(1.0 - low)}, " + (
        f"beyond the rejectable {p.rejectable:g}, which is no contradiction to a PASS"
        if beyond
        else f"not beyond the rejectable {p.rejectable:g}"
    )
    return (
        "The test stops because of what it has seen, so that an interval for a number of trials fixed beforehand would "
        "miss the true value too often. The one stated holds at whatever trial the test stops, and is wider for that. "
        "The verdict is not made of it: it weighs the acceptable against the rejectable probability, with the risks "
        f"stated. Here the interval {reach}. The verdict decides; the interval tells how large the probability may "
        "be."
    )


def judge(failures: int, n: int, rule: UntilDecided, p: SuccessRateSequential) -> Verdict:
    """What the test decides after ``failures`` in ``n`` trials, and whether by a line or by the cut-off."""
    decided, allowed = rule.verdict(n - failures, n), rule.test.accepted_at_the_end
    by_a_line = rule.test.sprt.decide(failures, n) == decided
    reasons = {
        "accept": "lie on or below the line of acceptance",
        "reject": "lie on or above the line of rejection",
        "continue": "lie between the lines: the run ended before the test did",
    }
    at_the_end = {
        "accept": f"are accepted at the cut-off, {allowed} at most",
        "reject": f"are rejected at the cut-off, more than {allowed}",
    }
    why = reasons[decided] if by_a_line else at_the_end[decided]
    outcomes = {"accept": "PASS", "reject": "FAIL", "continue": "INCONCLUSIVE"}
    return Verdict(
        outcomes[decided],  # type: ignore[arg-type]
        f"the failure probability is acceptable: {p.acceptable:g} rather than {p.rejectable:g}",
        f"Wald's sequential probability ratio test with risks of at most {p.producer_risk:g} and {p.consumer_risk:g}, "
        f"cut off at {p.most} trials, where {allowed} failures or fewer are accepted",
        f"{failures} failures in {n} trials {why}",
    )


def _percent(risk: float) -> str:
    return f"{100.0 * risk:.3g} %"


def _fit(rule: UntilDecided, p: SuccessRateSequential) -> tuple[tuple[str, str], ...]:
    rows = [("model", "trials that succeed with one probability, signs drawn at random, each trial anew")]
    for name, at in (("acceptable", p.acceptable), ("rejectable", p.rejectable)):
        seen = rule.operation(at)
        rows.append(
            (
                f"at the {name} failure probability {at:g}",
                f"accepted with {seen.accept:.3f}; {seen.expected_trials:.1f} trials expected, 9 in 10 tests end by "
                f"{seen.trials_quantile_90}",
            )
        )
    rows.append(("interval", "valid at whatever trial the test ends (beta mixture)"))
    return tuple(rows)


def _chart(tally: Tally, rule: UntilDecided) -> Chart:
    test = rule.test.sprt
    ends = (1.0, float(max(tally.n, test.smallest_acceptance)))
    accept = tuple(test.slope * n - test.accept_intercept for n in ends)
    reject = tuple(test.slope * n + test.reject_intercept for n in ends)
    trials = tuple(float(number) for number in range(1, tally.n + 1))
    return Chart(
        x="trial",
        y="failures so far",
        series=(
            Series("failures", trials, tuple(map(float, tally.failures_so_far)), style="steps"),
            Series("on or above: rejected", ends, reject, style="line"),
            Series("on or below: accepted", ends, accept, style="line"),
        ),
        caption="Failures as the trials went on, between the two lines at which the test decides.",
    )
