"""The results of a study of repeatability and reproducibility, as they are reported."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hil import Record, Results, SummaryTable, Verdict
from hil.evidence import Evidence
from hil.outcome import BudgetTable, Chart, MeasurementOutcome, Series
from hil_calibration.two_way import Component, CrossedStudy, crossed_study
from hil_calibration.unit import difference, symbol

from ..budget import Budget, Part, budget_table
from ..readings import identified, instruments, room_temperature
from .parameters import RepeatabilityReproducibility

Array = NDArray[np.float64]

LIMIT_FACTOR = 2.8
"""Two results differ by more than this times their standard deviation in about 5 % of cases (ISO 5725-6, 4.1)."""

LIMITATIONS = (
    "Items, groups and repeats are taken as random draws with normal distributions; few groups say little of others, "
    "as the width of the interval of s_R shows.",
    "One s_r is stated for all items: where the scatter depends on the item, it is their root mean square.",
    "What drifts from one block to the next looks like a difference between groups. Set-ups come in random order, "
    "which spreads it; operators, days and benches in the order in which they were named, for they come as they come.",
    "Each bound of s_R holds by itself: the lower one may lie below that of s_r, though s_R is never smaller than s_r.",
    "An error that all results share, such as that of the instrument's calibration, does not show in a study of this "
    "kind.",
    "No conformity to a standard is claimed.",
)

POOLED = (
    "The interaction was pooled with repeatability because it was not significant. Where the results themselves decide "
    "that, s_r² comes out too small in the mean, by 3 % with many items and 9 % with three items, three groups and two "
    "repeats, and a 95 % interval of s_r holds it in some 94 %."
)


def results(record: Record, p: RepeatabilityReproducibility) -> Results:
    """Everything that the record of results and the operator are told."""
    evidence = Evidence(record)
    x = read_results(evidence, p)
    found = crossed_study(x, pool=p.pool, confidence=p.confidence)
    unit = str(evidence.channels[evidence.role(p.measures)]["indication_unit"]) if p.measures else p.typed_in
    apart = symbol(difference(unit))
    step = _resolution(evidence, p)
    of_what = evidence.role(p.measures) if p.measures else "what people read"
    voids = sum(1 for attempt in record.points() if attempt.state == "void")
    return Results(
        summary=(_components(found, apart, p), _anova(found), _items(x, p, symbol(unit), apart)),
        data=_data(x, found, unit, p) | {"budget": _budget_json(found, step)},
        verdict=None if p.limit is None else _verdict(found, p.limit, apart, p),
        document=MeasurementOutcome(
            title="Repeatability and reproducibility",
            question=f"How well does {of_what} repeat, and how well does it agree from {p.of} to {p.of}?",
            standards=instruments(evidence, "temperature"),
            budgets=(_budget_table(found, x, step, apart),),
            conditions=(
                *(identified(evidence, p.measures, "instrument under study") if p.measures else ()),
                ("temperature of the room", f"{room_temperature(evidence):.1f} °C"),
                ("design", f"{len(p.items)} items, {len(p.groups)} blocks ({p.of}), {p.repeats} repeats"),
                (
                    "blocks, in their order",
                    ", ".join(dict.fromkeys(seen.data["group"] for seen in evidence.observations)),
                ),
                ("order within a block", "each repeat of all items in a random order of its own"),
                ("one result", f"mean of {p.readings} reading(s)"),
                ("attempts void, repeated", str(voids)),
                ("interaction", "pooled with repeatability" if found.pooled else "kept apart"),
                ("variances that came out negative, taken as 0", ", ".join(found.negative) or "none"),
            ),
            limitations=(*LIMITATIONS, *((POOLED,) if found.pooled else ())),
            picture=_chart(x, apart, p),
        ),
        notes=(*LIMITATIONS, *((POOLED,) if found.pooled else ())),
    )


def read_results(evidence: Evidence, p: RepeatabilityReproducibility) -> Array:
    """The results, shape (items, groups, repeats), repeats in the order in which they were taken."""
    cells: dict[tuple[str, str], list[float]] = {}
    for seen in evidence.observations:
        if p.measures:
            value = float(evidence.indications(seen.links["result"]).values.mean())
        else:
            value = float(np.mean(seen.data["result"]))
        cells.setdefault((seen.data["item"], seen.data["group"]), []).append(value)
    return np.array([[cells[item, group] for group in p.groups] for item in p.items])


def _components(found: CrossedStudy, apart: str, p: RepeatabilityReproducibility) -> SummaryTable:
    """The standard deviations; the first three with their intervals."""
    told = (
        ("repeatability s_r", found.s_r),
        (f"between groups s_L ({p.of}, interaction)", found.s_L),
        ("reproducibility s_R", found.s_R),
    )
    rows = [(name, f"{one.s:#.4g}", _range(one), one.method) for name, one in told]
    for name, value in ((p.of, found.operators), (f"interaction of {p.of} and item", found.interaction)):
        pooled = "pooled with repeatability" if found.pooled and "interaction" in name else "–"
        rows.append((name, f"{value:.3g}", "–", pooled))
    rows.append(("items", f"{found.items:.3g}", "–", "–"))
    rows.append(("repeatability limit r", f"{LIMIT_FACTOR * found.s_r.s:.3g}", "–", f"{LIMIT_FACTOR:g} s_r"))
    rows.append(("reproducibility limit R", f"{LIMIT_FACTOR * found.s_R.s:.3g}", "–", f"{LIMIT_FACTOR:g} s_R"))
    heads = ("standard deviation", f"value / {apart}", f"{100 * p.confidence:g} % interval / {apart}", "method")
    return SummaryTable("Repeatability and reproducibility", heads, tuple(rows))


def _range(one: Component) -> str:
    return " to ".join("0" if bound == 0.0 else f"{bound:#.4g}" for bound in one.interval)


def _budget(found: CrossedStudy) -> Budget:
    """The components of one result's s_R, each with the degrees of freedom of its mean square: those of a difference of
    mean squares are fewer. A variance that came out negative is 0, and has no line."""
    dof = {row.source: row.dof for row in found.rows}
    parts = [Part("repeatability", found.s_r.s, dof["repeats"]), Part("groups", found.operators, dof["operators"])]
    if "interaction" in dof:
        parts.append(Part("interaction of group and item", found.interaction, dof["interaction"]))
    return Budget(tuple(parts))


def _budget_table(found: CrossedStudy, x: Array, step: float, apart: str) -> BudgetTable:
    """The budget of s_R. The rounding of the indication is in the repeatability, unless the results hardly scatter."""
    budget = _budget(found)
    parts = (Part(f"{one.name}, mean square of {one.dof:g} degrees of freedom", one.u) for one in budget.parts)
    *lines, total = budget_table("", apart, Budget(tuple(parts))).rows
    if step:
        u = step / math.sqrt(12.0)
        seen = "seen in the repeatability" if found.s_r.s > u else "hides the repeatability, which may be larger"
        lines.append((f"rounding to steps of {step:g} {apart}, {seen}", f"{u:#.2g}", "–"))
    else:
        lines.append(("rounding of the indication: its step is not known", "unknown", "–"))
    joined = f"reproducibility s_R, {found.dof:.3g} effective degrees of freedom (Satterthwaite)"
    title = f"Reproducibility of one result, mean {x.mean():.6g}"
    return BudgetTable(title, apart, (*lines, (joined, *total[1:])))


def _budget_json(found: CrossedStudy, step: float) -> dict[str, Any]:
    lines: dict[str, Any] = {
        part.name: {"u": part.u, "dof_of_mean_square": part.dof, "in_s_R": True}
        for part in _budget(found).parts
        if part.u > 0.0
    }
    rounding = step / math.sqrt(12.0) if step else None
    return {**lines, "rounding of the indication": {"u": rounding, "distribution": "rectangular", "in_s_R": False}}


def _resolution(evidence: Evidence, p: RepeatabilityReproducibility) -> float:
    """The step of the indication under study, 0 where it is not known."""
    if not p.measures:
        return 0.0
    steps = [evidence.indications(seen.links["result"]).resolution for seen in evidence.observations]
    return float(np.nan_to_num(np.concatenate(steps)).max())


def _anova(found: CrossedStudy) -> SummaryTable:
    names = {"operators": "groups"}
    rows = tuple(
        (
            names.get(row.source, row.source),
            str(row.dof),
            f"{row.ss:.5g}",
            f"{row.ms:.5g}",
            "–" if row.f is None else f"{row.f:.4g}",
            "–" if row.p is None else f"{row.p:.3g}",
        )
        for row in found.rows
    )
    pooled = ", interaction pooled" if found.pooled else ""
    title = f"Analysis of variance{pooled} (p of the interaction: {found.p_interaction:.3g})"
    return SummaryTable(title, ("source", "degrees of freedom", "sum of squares", "mean square", "F", "p"), rows)


def _items(x: Array, p: RepeatabilityReproducibility, unit: str, apart: str) -> SummaryTable:
    """Each item with the mean of each group, and the scatter of its own repeats."""
    rows = tuple(
        (
            item,
            *(f"{cell.mean():#.6g}" for cell in groups),
            f"{float(np.sqrt(groups.var(axis=1, ddof=1).mean())):.2g}",
        )
        for item, groups in zip(p.items, x, strict=True)
    )
    heads = ("item", *(f"mean, {group} / {unit}" for group in p.groups), f"s of its repeats / {apart}")
    return SummaryTable("Items", heads, rows)


def _chart(x: Array, apart: str, p: RepeatabilityReproducibility) -> Chart:
    """By how much the results of each group depart from the mean of their item."""
    departure = x - x.mean(axis=(1, 2), keepdims=True)
    series = []
    for number, group in enumerate(p.groups):
        shift = 0.5 * ((number + 0.5) / len(p.groups) - 0.5)
        cells = departure[:, number, :]
        series.append(
            Series(
                group,
                tuple(place + shift for place in range(len(p.items))),
                tuple(map(float, cells.mean(axis=1))),
                tuple(map(float, cells.min(axis=1))),
                tuple(map(float, cells.max(axis=1))),
            )
        )
    return Chart(
        x="item",
        y=f"result minus mean of the item / {apart}",
        series=tuple(series),
        caption="Mean of the repeats of each group at each item, with the smallest and the largest of them.",
        unit=apart,
        labels=p.items,
    )


def _verdict(found: CrossedStudy, limit: float, apart: str, p: RepeatabilityReproducibility) -> Verdict:
    """By the interval of s_R: neither outcome is claimed where the limit lies in it."""
    low, high = found.s_R.interval
    outcome = "PASS" if high <= limit else "FAIL" if low > limit else "INCONCLUSIVE"
    return Verdict(
        outcome,  # type: ignore[arg-type]
        f"the reproducibility standard deviation s_R is at most {limit:g} {apart}",
        f"PASS where the upper bound of the two-sided {100 * p.confidence:g} % interval does not exceed the limit, "
        "FAIL where the lower one does",
        f"s_R lies in {_range(found.s_R)} {apart}",
    )


def _data(x: Array, found: CrossedStudy, unit: str, p: RepeatabilityReproducibility) -> dict[str, Any]:
    def told(one: Component) -> dict[str, Any]:
        return {"s": one.s, "interval": list(one.interval), "method": one.method}

    return {
        "unit": unit,
        "s_r": told(found.s_r),
        "s_L": told(found.s_L),
        "s_R": told(found.s_R) | {"dof": found.dof},
        "s_groups": found.operators,
        "s_interaction": found.interaction,
        "s_items": found.items,
        "share_of_total_variance": found.share,
        "pooled": found.pooled,
        "p_interaction": found.p_interaction,
        "negative": list(found.negative),
        "anova": [
            {"source": row.source, "dof": row.dof, "ss": row.ss, "ms": row.ms, "F": row.f, "p": row.p}
            for row in found.rows
        ],
        "confidence": p.confidence,
        "items": list(p.items),
        "groups": list(p.groups),
        "results": x.tolist(),
        "limitations": list(LIMITATIONS),
    }
