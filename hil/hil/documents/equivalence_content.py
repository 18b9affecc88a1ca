"""The parts of a certificate of equivalence; every number is the string that is printed."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import cached_property
from hashlib import sha256
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np

from hil_calibration.certificate import model, text
from hil_calibration.certificate.model import Text
from hil_calibration.coverage import coverage_factor
from hil_calibration.errors import UnitError
from hil_calibration.rounding import Reported, report
from hil_calibration.unit import difference, to_dsi

from ..comparing.comparison import symbol_of_difference
from ..comparing.results import lines_of
from ..errors import UsageError
from ..evidence import Evidence
from ..utc import time_claim
from .certificates import deviations, equipment_of
from .equivalence_text import Words

if TYPE_CHECKING:
    from ..comparing.comparison import Comparison, Difference
    from ..comparing.results import Compared
    from ..comparing.runs import Side
    from .details import Details
    from .source import Source

K = 2.0
_NUMBERED = re.compile(r"(?P<value>-?\d+(?:\.\d+)?) (?P<unit>\S+)")
_AMBIENT = {
    "temperature": (Text(en="Air temperature", fr="Température de l'air"), "basic_temperature"),
    "humidity": (Text(en="Relative humidity", fr="Humidité relative"), "basic_humidityRelative"),
}
_RUNS = (("first run", "premier essai"), ("second run", "second essai"))


class Content:
    """What is said of a simulated bench, whose run is ``source``, beside the bench of ``other``.

    :raises UsageError: if what would be certified has no uncertainty somewhere.
    """

    def __init__(self, source: Source, other: Source, found: Comparison, details: Details) -> None:
        self._sources, self._found, self._details = (source, other), found, details
        self._certified = [one for one in found.differences if one.judged == "within"]
        _require_uncertain(found, self._certified)
        self._words = Words(found, (source.record.chain_head, other.record.chain_head))

    def item(self) -> model.Item:
        """The simulated bench, named by its bench file."""
        bench = self._found.first.run["bench"]
        return model.Item(
            description=Text(
                en="Simulated bench; its serial number is the beginning of its bench file's SHA-256",
                fr="Banc simulé ; son numéro de série est le début du SHA-256 de son fichier de banc",
            ),
            manufacturer="software",
            model=self._found.first.bench,
            serial=sha256(bench["file"].encode()).hexdigest()[:16],
            condition=self._details.condition or self._found.first.world,
            received=self._details.received,
        )

    def equipment(self) -> Iterator[model.Equipment]:
        """The measurement standards of both runs; one that both used stands once."""
        made = [
            equipment_of(source.record.channels[name]) for source in self._sources for name in source.outcome.standards
        ]
        yield from dict.fromkeys(made)

    def methods(self) -> tuple[model.Method, ...]:
        return (self._words.method(), text.UNCERTAINTY)

    def conditions(self) -> Iterator[model.Condition]:
        """What was measured of the room in each run, and the factors of the design with a unit, as commanded."""
        for source, names in zip(self._sources, _RUNS, strict=True):
            for role, channel in source.record.run["roles"].items():
                if _watched(source.record.channels.get(channel)):
                    yield _ambient(Evidence(source.record), role, channel, names)
        plan = self._found.first.run["plan"]
        for factor, unit in plan["factors"].items():
            values = [point[factor] for point in plan["points"]]
            if unit and all(isinstance(value, int | float) for value in values):
                yield model.Condition(
                    name=Text(en=f"{factor}, nominal, in both runs", fr=f"{factor}, nominal, dans les deux essais"),
                    ref_type="basic_measurementConditions",
                    unit=unit,
                    minimum=f"{min(values):g}",
                    maximum=f"{max(values):g}",
                )

    def results(self) -> Iterator[model.Result]:
        """For each measurand its differences with the margin, and the results that they are made of."""
        for measurand, each in groupby(self._certified, key=lambda one: one.measurand):
            certified = list(each)
            yield self._differences(measurand, certified)
            yield self._results(measurand, certified)

    def _differences(self, measurand: str, certified: Sequence[Difference]) -> model.Result:
        unit, told = certified[0].unit, [self._rounded(one.difference, one.U) for one in certified]
        column = model.Column(
            Text(en="Difference d, first − second", fr="Différence d, premier − second"),
            "basic_measurementError",
            difference(unit),
            tuple(one.value for one in told),
            U=tuple(one.U for one in told),
            k=_factors(one.k for one in certified),
            conformity=self._conformity(certified[0], [one.U for one in told]),
        )
        score = tuple(f"{round(one.difference / one.U, 2) + 0.0:.2f}" for one in certified)
        name = _capital(measurand)
        return model.Result(
            name=Text(en=f"{name}: differences", fr=f"{name} : différences"),
            columns=(self._axis(certified), column, model.Column("E_n", "", "1", score)),
            description=self._words.table([] if _numbered(certified) else [one.condition for one in certified]),
        )

    def _results(self, measurand: str, certified: Sequence[Difference]) -> model.Result:
        sides = (self._found.first, self._found.second)
        columns = [_results_of(side, measurand, certified, self._rounded, n) for n, side in enumerate(sides)]
        name = _capital(measurand)
        return model.Result(
            name=Text(en=f"{name}: results of the two runs", fr=f"{name} : résultats des deux essais"),
            columns=(self._axis(certified), *columns),
        )

    def _conformity(self, one: Difference, expanded: Sequence[str]) -> model.Conformity:
        margin = Decimal(repr(one.margin)).normalize()
        acceptance = tuple(f"{max(margin - Decimal(U), Decimal(0)):f}" for U in expanded)
        return model.Conformity(
            tuple("pass" for _ in expanded),
            self._words.specification(one),
            self._words.rule(),
            tolerance_lower=(f"{-margin:f}",),
            tolerance_upper=(f"{margin:f}",),
            acceptance_lower=tuple(f"{-Decimal(limit):f}" for limit in acceptance),
            acceptance_upper=acceptance,
        )

    def _axis(self, certified: Sequence[Difference]) -> model.Column:
        """The conditions by their number and unit where they have one, else counted as the description lists them."""
        return _numbered(certified) or model.Column(
            Text(en="Condition No.", fr="Condition n°"),
            "",
            "1",
            tuple(str(place) for place in range(1, len(certified) + 1)),
        )

    @cached_property
    def _worst(self) -> Difference:
        return max(self._certified, key=lambda one: (abs(one.difference) + one.U) / one.margin)

    def budget(self) -> model.Budget:
        """By effect, the standard uncertainties of both results at the condition nearest to the margin."""
        worst, shared = self._worst, self._found.shared
        unit = symbol_of_difference(worst.unit) or "1"
        sides = (self._found.first, self._found.second)
        one, other = (side.results[worst.measurand][worst.condition] for side in sides)
        lines = lines_of(one.parts), lines_of(other.parts)
        rows = [
            (name, *(f"{each.get(name, 0.0):.2g}" for each in lines), _shared(name in shared))
            for name in dict.fromkeys((*lines[0], *lines[1]))
        ]
        total = ("combined standard uncertainty", f"{one.u:.2g}", f"{other.u:.2g}", "–")
        dof = ("effective degrees of freedom", *(_dof(each.dof) for each in (one, other)), "–")
        return model.Budget(
            title=self._words.budget(worst),
            header=(
                Text(en="Effect", fr="Effet"),
                Text(en=f"u, first / {unit}", fr=f"u, premier / {unit}"),
                Text(en=f"u, second / {unit}", fr=f"u, second / {unit}"),
                Text(en="Shared by both", fr="Commun aux deux"),
            ),
            rows=(*rows, total, dof),
        )

    def statements(self) -> Iterator[model.Statement]:
        """What is certified, what is not, what was shared, the records, and what the certificate is not."""
        source, other = self._sources
        yield from self._words.chain()
        if other.record.run["provenance"] == "measured" and not time_claim(other.record).synchronised:
            yield text.CLOCK_NOT_SYNCHRONISED
        stated = dict.fromkeys(deviations(each.record, self._details) for each in (source, other))
        yield text.deviation("; ".join(each for each in stated if each != text.NONE) or text.NONE)
        yield text.DECISION
        yield model.Statement(text.COVERAGE["about 95 %"], norm="JCGM 100:2008", reference="6.3.1")
        yield model.Statement(text.ROUNDING[self._details.reporting.rounding], norm="JCGM 100:2008", reference="7.2.6")
        yield replace(text.ITEMS_ONLY, declaration=self._words.items_only())
        yield text.IN_FULL
        yield from self._words.statements()

    def _rounded(self, value: float, expanded: float) -> Reported:
        return report(value, expanded, rule=self._details.reporting.rounding)


def _require_uncertain(found: Comparison, certified: Sequence[Difference]) -> None:
    for one in certified:
        sides = [side.results[one.measurand][one.condition].u for side in (found.first, found.second)]
        for what, u in zip(("U(d)", "u of the first run", "u of the second run"), (one.U, *sides), strict=True):
            if not u:
                raise UsageError(
                    f"{what} is 0 for {one.measurand} at {one.condition}, which no certificate can report",
                    where=f"{found.first.name}, {found.second.name}",
                    remedy="state margins by measurand and leave this one out, or repeat until the results scatter",
                )


def _numbered(certified: Sequence[Difference]) -> model.Column | None:
    """The column of conditions that are all called by a number, in one unit."""
    found = [one for each in certified if (one := _NUMBERED.fullmatch(each.condition))]
    units = {one["unit"] for one in found}
    if len(found) < len(certified) or len(units) != 1 or not _is_unit(unit := units.pop()):
        return None
    return model.Column(Text(en="Condition", fr="Condition"), "", unit, tuple(one["value"] for one in found))


def _results_of(
    side: Side, measurand: str, certified: Sequence[Difference], rounded: Callable[[float, float], Reported], n: int
) -> model.Column:
    found: list[Compared] = [side.results[measurand][one.condition] for one in certified]
    factors = [coverage_factor(one.dof) for one in found]
    told = [rounded(one.value, k * one.u) for one, k in zip(found, factors, strict=True)]
    return model.Column(
        Text(en=("First run", "Second run")[n], fr=("Premier essai", "Second essai")[n]),
        "",
        found[0].unit,
        tuple(one.value for one in told),
        U=tuple(one.U for one in told),
        k=_factors(factors),
    )


def _factors(factors: Iterable[float]) -> str:
    """Coverage factors as a column has them."""
    return " ".join(f"{k:.2f}" for k in factors)


def _dof(dof: float) -> str:
    return "∞" if math.isinf(dof) else f"{dof:.3g}"


def _watched(channel: dict[str, Any] | None) -> bool:
    """Whether a channel was read in the background throughout, and is calibrated."""
    return channel is not None and channel["period"] is not None and channel["calibration"] is not None


def _ambient(evidence: Evidence, role: str, channel: str, runs: tuple[str, str]) -> model.Condition:
    """An influence quantity as measured over a whole run, with the uncertainty of its mean where that is known."""
    window = evidence.whole_run(channel)
    found = evidence.measurements(window, share_rounding=False)
    mean = found.mean()
    told = report(float(mean.value[0]), K * float(mean.u[0]))
    decimals = len(told.value.partition(".")[2])
    name, ref_type = _AMBIENT.get(role, (Text(en=role, fr=role), "basic_measurementConditions"))
    return model.Condition(
        name=Text(en=f"{name.en}, {runs[0]}", fr=f"{name.fr}, {runs[1]}"),
        ref_type=ref_type,
        unit=mean.unit,
        minimum=f"{np.min(found.value):.{decimals}f}",
        maximum=f"{np.max(found.value):.{decimals}f}",
        value=told.value,
        U=told.U,
        k="2",
    )


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _is_unit(text_: str) -> bool:
    try:
        to_dsi(text_)
    except UnitError:
        return False
    return True


def _shared(both: bool) -> str:
    return "yes" if both else "no"
