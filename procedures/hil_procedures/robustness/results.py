"""The results of a trial of climatic robustness, as they are reported."""

from __future__ import annotations

from typing import Any

from hil import Record, Results, SummaryTable, Verdict
from hil.evidence import Evidence
from hil.outcome import Chart, MeasurementOutcome
from hil.outcome import Series as Drawn
from hil.record import Observation
from hil.results import Outcome
from hil_calibration.conformity import Decision, decide
from hil_calibration.reporting import ReportingPolicy
from hil_calibration.unit import difference, symbol

from ..budget import Budget, budget_table, policy_of, stated
from ..readings import Series, distributions, identified, indicated, instruments, measured, room_temperature
from .figures import Departure, Plateau, Robustness, robustness
from .parameters import ClimaticRobustness
from .script import FALLING, RISING

OUTCOME: dict[str, Outcome] = {"pass": "PASS", "fail": "FAIL", "inconclusive": "INCONCLUSIVE"}
LIMITATIONS = (
    "The metric's input is taken to be the same on all plateaus: what the climate does to that input is not told apart "
    "from what it does to the system under test.",
    "A drift in time between a rising and a falling plateau looks like hysteresis.",
    "A plateau that is not soaked for long enough lags, and looks like hysteresis too: the change over each "
    "observation shows how far it had settled.",
    "Nothing is said of climates between the plateaus, of their rate of change, or of other specimens.",
    "No conformity to a standard is claimed.",
)


def results(record: Record, p: ClimaticRobustness) -> Results:
    """Everything that the report, the record of results and the operator are told."""
    evidence = Evidence(record)
    channel, climate = evidence.role("metric"), _climate(p)
    calibrated = [climate] if evidence.channels[channel]["calibration"] is None else [climate, "metric"]
    known = distributions(evidence, *(evidence.role(role) for role in calibrated))
    plateaus = [_plateau(evidence, seen, p) for seen in evidence.observations]
    found, policy = robustness(plateaus, known), policy_of(evidence.run["reporting"])
    told = Told(found, policy, str(evidence.channels[channel]["unit"]), "°C" if p.quantity == "temperature" else "%")
    room = room_temperature(evidence)
    voids = sum(1 for attempt in record.points() if attempt.state == "void")
    conditions = (
        *identified(evidence, "metric", "system under test, which gives the metric"),
        ("temperature of the room", f"{room:.1f} °C"),
        ("soaked", _soaked(p)),
        ("observation", f"{p.sweeps} readings over {p.window:g} s"),
        ("order of the plateaus", ", ".join(f"{level:g}" for level in p.sequence) + f" {told.climate}"),
        ("attempts void (the bench's fault), repeated", str(voids)),
        ("coverage", policy.rule),
    )
    verdict = None if p.limit is None else judge(found, p.limit, told.apart, policy)
    return Results(
        summary=(told.departures(), told.comparison()),
        data=_data(found, told, plateaus, p, verdict),
        verdict=verdict,
        document=MeasurementOutcome(
            title="Climatic robustness",
            question=f"How far does {channel} move while the {p.quantity} around it changes?",
            standards=instruments(evidence, *calibrated, "temperature"),
            budgets=(
                budget_table(
                    f"Largest departure, at {found.largest.level:g} {told.climate}", told.apart, found.largest.budget
                ),
                budget_table("Drift of the reference", told.apart, found.drift_budget),
            ),
            conditions=conditions,
            limitations=LIMITATIONS,
            picture=_picture(found, told, p, policy),
        ),
        notes=_notes(found),
    )


class Told:
    """The numbers of the report as strings.

    :param unit: of the metric, UCUM.
    :param climate: the unit of the levels, as a person reads it.
    """

    def __init__(self, found: Robustness, policy: ReportingPolicy, unit: str, climate: str) -> None:
        self._found, self._policy = found, policy
        self.difference, self.climate = difference(unit), climate
        self.apart = symbol(self.difference)

    def of(self, value: float, budget: Budget) -> tuple[str, str]:
        """A value and its expanded uncertainty."""
        told = stated(value, budget, self._policy)
        return told.value, told.U

    def departures(self) -> SummaryTable:
        """Of each plateau, in the order of the run."""
        rows = [
            (f"{one.level:g}", one.branch, f"{one.condition:.2f}", *self.of(one.value, one.budget))
            for one in self._found.departures
        ]
        kelvin = self.climate
        heads = (f"set / {kelvin}", "reached", f"measured / {kelvin}", f"departure / {self.apart}", f"U / {self.apart}")
        return SummaryTable("Departure from the reference", heads, tuple(rows))

    def comparison(self) -> SummaryTable:
        """Hysteresis at each level that has it, and the drift."""
        found = self._found
        rows = [
            (f"hysteresis at {one.level:g} {self.climate}, falling minus rising", *self.of(one.value, one.budget))
            for one in found.hysteresis
        ]
        rows.append(("drift of the reference, last minus first", *self.of(found.drift, found.drift_budget)))
        rows.append(("largest change over an observation", f"{max(found.creep, key=abs):#.2g}", "–"))
        return SummaryTable(
            "Hysteresis and drift", ("quantity", f"value / {self.apart}", f"U / {self.apart}"), tuple(rows)
        )


def judge(found: Robustness, limit: float, apart: str, policy: ReportingPolicy) -> Verdict:
    """Whether no departure is larger than ``limit``: each plateau is decided, and the worst decision counts."""
    decisions = [(one, _decided(one, limit, policy)) for one in found.departures]
    order = ("fail", "inconclusive", "pass")
    worst, decision = min(decisions, key=lambda each: (order.index(each[1].verdict), -abs(each[0].value)))
    return Verdict(
        OUTCOME[decision.verdict],
        f"no departure from the reference is larger than {limit:g} {apart}",
        f"each plateau by itself, {decision.definitions['rule']}; FAIL if one fails, PASS if all pass",
        f"the largest departure is {found.largest.value:.4g} {apart}; at {worst.level:g}, {worst.branch}: "
        f"{decision.reason}",
    )


def _decided(one: Departure, limit: float, policy: ReportingPolicy) -> Decision:
    dof = max(1.0, one.budget.dof)
    return decide(one.value, one.budget.u, lower=-limit, upper=limit, rule="non-binary", dof=dof, policy=policy)


def _climate(p: ClimaticRobustness) -> str:
    """The role that measures what changes."""
    return "specimen" if p.quantity == "temperature" else "probe_humidity"


def _plateau(evidence: Evidence, seen: Observation, p: ClimaticRobustness) -> Plateau:
    links = seen.links
    origin, channel = min(link["start"] for link in links.values()), evidence.role("metric")
    reading = indicated if evidence.channels[channel]["calibration"] is None else measured
    metric: Series = reading(evidence, links["metric"], origin)
    return Plateau(
        float(seen.data["level"]), str(seen.data["branch"]), measured(evidence, links[_climate(p)], origin), metric
    )


def _soaked(p: ClimaticRobustness) -> str:
    humidity = f", those of the humidity by at most {p.humidity_band:g} %" if p.humidity_controlled else ""
    return (
        f"the readings of the last {p.dwell:g} s at the specimen differ by at most {p.band:g} K{humidity}; then "
        f"{p.hold:g} s more"
    )


def _notes(found: Robustness) -> tuple[str, ...]:
    creep, u = max(map(abs, found.creep)), found.largest.budget.u
    if creep <= 2.0 * u:
        return LIMITATIONS
    return (
        f"Over one observation the metric still changed by {creep:.2g}, more than the uncertainty of the largest "
        "departure: soak for longer.",
        *LIMITATIONS,
    )


def _picture(found: Robustness, told: Told, p: ClimaticRobustness, policy: ReportingPolicy) -> Chart:
    series = []
    for branch in (RISING, FALLING):
        mine = [one for one in found.departures if one.branch == branch]
        reach = [one.budget.expanded(policy) for one in mine]
        if mine:
            series.append(
                Drawn(
                    branch,
                    tuple(one.condition for one in mine),
                    tuple(one.value for one in mine),
                    tuple(one.value - U for one, U in zip(mine, reach, strict=True)),
                    tuple(one.value + U for one, U in zip(mine, reach, strict=True)),
                )
            )
    limits = () if p.limit is None else (("limit", p.limit), ("limit", -p.limit))
    return Chart(
        x=f"{p.quantity} at the specimen / {told.climate}",
        y=f"departure from the reference / {told.apart}",
        series=tuple(series),
        caption=f"Departure from the reference at {p.reference:g} {told.climate}; bars are U.",
        unit=told.apart,
        required=limits,
    )


def _data(
    found: Robustness, told: Told, plateaus: list[Plateau], p: ClimaticRobustness, verdict: Verdict | None
) -> dict[str, Any]:
    ends = (plateaus[0], plateaus[-1])
    return {
        "quantity": p.quantity,
        "difference_unit": told.apart,
        "unit_of_differences": told.difference,
        "reference": {
            "level": p.reference,
            "value": found.reference,
            "plateaus": [{"condition": {"value": one.condition.mean}, "metric": one.metric.mean} for one in ends],
        },
        "departures": [
            {
                "level": one.level,
                "branch": one.branch,
                "condition": {"value": one.condition, "u": one.u_condition},
                **_number(told, one.value, one.budget),
            }
            for one in found.departures
        ],
        "hysteresis": [{"level": one.level, **_number(told, one.value, one.budget)} for one in found.hysteresis],
        "drift": _number(told, found.drift, found.drift_budget),
        "creep": list(found.creep),
        "soaked": _soaked(p),
        "outcome": None if verdict is None else verdict.outcome,
        "limitations": list(LIMITATIONS),
    }


def _number(told: Told, value: float, budget: Budget) -> dict[str, Any]:
    printed, expanded = told.of(value, budget)
    return {
        "value": printed,
        "U": expanded,
        "unrounded": {"value": value, "u": budget.u},
        "budget": budget.to_json(),
    }
