"""The report of a comparison of benches, and what it says of a simulated bench."""

from __future__ import annotations

from collections.abc import Sequence

from hil_calibration.rounding import report as rounded

from ..outcome import Chart, Series
from ..report.charts import chart_svg
from ..report.model import Provenance
from ..report.parts import figure, footer, heading, page, pairs, sentences_list, table, verdict_section
from ..results import SummaryTable, Verdict
from .comparison import Comparison, Difference

RULE = (
    "|d| + U(d) ≤ margin at each condition, U(d) with k for about 95 % and the degrees of freedom of u(d), 2 from 50 "
    "on; the margin as it was stated to the comparison"
)


def summary(found: Comparison) -> SummaryTable:
    """One row for each condition."""
    head = ("measurand", "condition", "unit", "first", "second", "difference", "U", "k", "E_n", "verdict")
    rows = tuple(
        (
            one.measurand,
            one.condition,
            one.unit,
            *(_to_digits_of(value, one.U) for value in (one.first, one.second, one.difference)),
            rounded(one.difference, one.U).U if one.U > 0 else "0",
            f"{one.k:.2f}",
            "–" if one.e_n is None else f"{one.e_n:.2f}",
            one.judged,
        )
        for one in found.differences
    )
    return SummaryTable("Differences, first minus second", head, rows)


def _to_digits_of(value: float, U: float) -> str:  # noqa: N803
    """``value`` with as many digits as ``U`` has of two."""
    return rounded(value, U).value if U > 0 else f"{value:.6g}"


def verdict(found: Comparison) -> Verdict:
    """What was found, in words."""
    within = len(found.domain)
    reason = f"|d| + U(d) stays within the margin at {within} of {len(found.differences)} conditions"
    who = "the two benches" if found.first.bench != found.second.bench else f"the two runs on {found.first.bench}"
    return Verdict(found.outcome, f"{who} agree within {found.required}", RULE, reason)


def question(found: Comparison) -> str:
    """What is asked; of one bench, whose two runs are compared."""
    first, second = found.first.bench, found.second.bench
    if first == second:
        return f"Do two runs on {first} give the same results within the margin?"
    return f"Do {first} and {second} give the same results within the margin?"


def too_wide_sentences(found: Comparison) -> list[str]:
    """Where the margin is larger than what is compared itself, or the level of it; empty where it is so nowhere.

    An error is held against the level at which it was found: the error itself may well be 0.
    """
    told = (
        ("the level at which the results were found", [one for one in found.too_wide if one.by_level]),
        ("the quantity itself is there, or can be", [one for one in found.too_wide if not one.by_level]),
    )
    return [
        f"The margin is larger than {what}: agreement says nothing of "
        f"{', '.join(f'{one.measurand} at {one.condition}' for one in each)}."
        for what, each in told
        if each
    ]


def one_world_sentences(found: Comparison) -> list[str]:
    """That both runs had one truth, where one simulated bench ran twice with one seed; empty otherwise."""
    first, second = found.first, found.second
    if not first.world or (first.bench, first.world) != (second.bench, second.world):
        return []
    return [
        f"Both runs had one simulated world ({first.world}), with one truth and the same errors of its instruments: "
        "their agreement says nothing of how two benches differ. Give the second run another --seed."
    ]


def left_out_sentences(found: Comparison) -> list[str]:
    """What was not compared, for want of a margin in its unit; empty where all was."""
    whole = [name for name in found.margins.left_out if all(side.results[name] for side in (found.first, found.second))]
    empty = [name for name in found.margins.left_out if name not in whole]
    told = (
        ("Not compared, for want of a margin (--margin NAME=VALUE)", whole),
        ("Not compared, for one of the runs states no result of it", empty),
    )
    return [f"{why}: {', '.join(names)}." for why, names in told if names]


def shared_sentence(found: Comparison) -> str:
    """Which effects were taken as shared, and why."""
    if found.shared:
        return f"Shared by both, with one sign: {', '.join(found.shared)}."
    first, second = found.first, found.second
    if first.recordings and second.recordings:
        same = first.recordings == second.recordings
        told = "the two runs replayed the same recordings" if same else "the two runs replayed different recordings"
        return f"Nothing is shared: {told}, by the SHA-256 of their indexes, and no effect stands in both records."
    if first.recordings or second.recordings:
        which = "first" if first.recordings else "second"
        return f"Nothing is taken as shared: the {which} run replayed recordings, the other one did not."
    if first.world != second.world:
        return "Nothing is taken as shared: the two runs had different worlds, in which each effect has its own error."
    return "Nothing is shared: no certificate and no effect of a calibration stands in both records."


def codec_sentences(found: Comparison) -> list[str]:
    """What differs in how pictures were coded, which moves what is detected in them; empty where nothing does."""
    if found.first.codecs == found.second.codecs:
        return []
    first, second = (", ".join(side.codecs) or "none" for side in (found.first, found.second))
    return [f"Pictures were coded otherwise in the first run ({first}) than in the second ({second}): it is in d."]


def stands_in(found: Comparison) -> list[str]:
    """What the comparison allows to be said of a simulated bench; empty where none took part."""
    benches = {side.bench for side in (found.first, found.second) if side.run["provenance"] == "simulated"}
    if not benches:
        return []
    origins = {side.run["provenance"] for side in (found.first, found.second)}
    within = found.required
    domain = "; ".join(f"{one.measurand}, {one.span}" for one in found.regions) or "nowhere"
    may = (
        f"Within {within}, the simulated bench may stand in for the physical one here: {domain}."
        if "measured" in origins
        else f"{_unreal(found)} agree within {within} here: {domain}. No physical bench took part."
    )
    return [may, "It holds for this procedure and design alone.", "This is no calibration of a physical instrument."]


def report(found: Comparison) -> str:
    """The page."""
    first, second = found.first, found.second
    origins = [first.run["provenance"], second.run["provenance"]]
    provenance: Provenance = next((mark for mark in ("simulated", "replayed") if mark in origins), "measured")
    title, identifier = "Comparison of benches", f"{first.name} / {second.name}"
    told, coded = stands_in(found), [*left_out_sentences(found), *codec_sentences(found)]
    wide = [*one_world_sentences(found), *too_wide_sentences(found)]
    body = [
        *heading("Comparison of benches", title, question(found), identifier, provenance, origin=_origin(origins)),
        verdict_section(verdict(found)),
        sentences_list(wide) if wide else "",
        f"<h2>What the simulated bench may stand in for</h2>{sentences_list(told)}" if told else "",
        _figures(found, provenance),
        table(summary(found)),
        f"<h2>Shared effects</h2>{sentences_list([shared_sentence(found)])}",
        f"<h2>Runs</h2>{pairs(_runs(found), code=True)}{sentences_list(coded) if coded else ''}",
        footer(identifier, provenance, "The numbers can be made again from the records of both runs."),
    ]
    return page(title, identifier, body)


def _unreal(found: Comparison) -> str:
    """What took part where nothing physical did."""
    first, second = found.first, found.second
    if first.run["provenance"] != second.run["provenance"]:
        return "The simulated bench and what was replayed"
    return "Two simulated benches" if first.bench != second.bench else f"Two runs on the simulated bench {first.bench}"


_ORIGINS = {"simulated": "simulated", "replayed": "replayed from recordings", "measured": "measured"}


def _origin(origins: list[str]) -> str:
    """Where the values of the two runs come from, where that is not one place."""
    first, second = (_ORIGINS[origin] for origin in origins)
    return "" if first == second else f"The values of the first run were {first}, those of the second {second}."


_CAPTION = "Dots: first minus second, with bars of U. Dashed: the margin. The order is that of the table."


def _runs(found: Comparison) -> list[tuple[str, str]]:
    return [
        (name, f"{side.name}, bench {side.bench}, {side.world or side.run['provenance']}")
        for name, side in (("first", found.first), ("second", found.second))
    ]


def _figures(found: Comparison, provenance: Provenance) -> str:
    """One picture for all measurands that have one margin in one unit."""
    kinds = dict.fromkeys((one.unit, one.margin) for one in found.differences)
    return "".join(
        figure(
            _picture([one for one in found.differences if (one.unit, one.margin) == kind], provenance),
            _CAPTION,
            marked=provenance == "simulated",
        )
        for kind in kinds
    )


def _picture(differences: Sequence[Difference], provenance: Provenance) -> bytes:
    series = Series(
        "difference",
        tuple(float(place) for place in range(len(differences))),
        tuple(one.difference for one in differences),
        tuple(one.difference - one.U for one in differences),
        tuple(one.difference + one.U for one in differences),
    )
    margin = differences[0].margin
    chart = Chart(
        x="condition",
        y=f"difference / {differences[0].unit}",
        series=(series,),
        caption=_CAPTION,
        required=(("− margin", -margin), ("+ margin", margin)),
        labels=tuple(one.condition for one in differences),
    )
    abnormal = any(one.judged == "outside" for one in differences)
    return chart_svg(chart, simulated=provenance == "simulated", abnormal=abnormal)
