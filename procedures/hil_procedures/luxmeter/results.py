"""The results of a luxmeter calibration, as they are reported."""

from __future__ import annotations

from typing import Any

import numpy as np

from hil import Record, Results, SummaryTable
from hil.evidence import Evidence
from hil.outcome import CalibrationOutcome
from hil_calibration.certificate import model
from hil_calibration.certificate.model import Text
from hil_calibration.regression import Line
from hil_calibration.rounding import Reported, report

from ..budget import policy_of
from .conformity import decisions, stated, verdict
from .errors import Errors, combined
from .function import calibration_function
from .parameters import CalibrateLuxmeter
from .session import Session, read_session


def results(record: Record, p: CalibrateLuxmeter) -> Results:
    """Everything that the certificate, the record of results and the operator are told."""
    evidence = Evidence(record)
    session = read_session(evidence)
    errors = combined(session, p.linearity)
    line = errors.fit()
    table = Reporting(errors, evidence.run["reporting"])
    rule = p.rule or evidence.run["reporting"].get("decision_rule", "guarded-acceptance")
    made = decisions(errors, p.mpe, rule, table.policy)
    conformity = stated(made, table.error, errors.reference.tolist(), p.mpe)
    conditions = [_condition(evidence, role, table) for role in ("temperature", "humidity")]
    outcome = CalibrationOutcome(
        item=evidence.role("luxmeter"),
        standards=tuple(evidence.role(role) for role in ("reference", "temperature")),
        methods=_methods(p),
        conditions=tuple(conditions),
        results=(table.result(conformity),),
        statements=_statements(session, errors, line),
        budgets=table.budgets(),
        function=calibration_function(session, errors, line, p.linearity),
    )
    rows = tuple(zip(table.reference, table.indication, table.error, table.U, table.k, strict=True))
    summary = SummaryTable(
        "Error of indication, as found",
        ("reference value / lx", "indication / lx", "error / lx", "U / lx", "k"),
        rows,
    )
    data = _data(session, errors, line, table, conditions)
    if conformity is not None:
        data["conformity"] = list(conformity.verdicts)
    decided = verdict(made, errors.level.tolist(), p.mpe)
    return Results(summary=(summary,), data=data, verdict=decided, document=outcome)


class Reporting:
    """The numbers of the certificate as strings, by the laboratory's policy of rounding."""

    def __init__(self, errors: Errors, policy: dict[str, Any]) -> None:
        self._errors, self.policy = errors, policy_of(policy)
        self._coverage = "0.9545" if self.policy.coverage == "95.45 %" else "0.95"
        factors = [self.policy.factor(max(1.0, float(dof))) for dof in errors.dof]
        self.k = tuple(f"{k:.2f}" for k in factors)
        reported = [
            self.rounded(float(e), k * float(u)) for e, k, u in zip(errors.error, factors, errors.u, strict=True)
        ]
        self.error = tuple(one.value for one in reported)
        self.U = tuple(one.U for one in reported)
        at_error = [k * float(u) for k, u in zip(factors, errors.u, strict=True)]
        self.reference = tuple(self.rounded(float(v), U).value for v, U in zip(errors.reference, at_error, strict=True))
        self.indication = tuple(
            self.rounded(float(v), U).value for v, U in zip(errors.indication, at_error, strict=True)
        )

    def rounded(self, value: float, expanded: float) -> Reported:
        """A value and its expanded uncertainty, rounded by the laboratory's rule."""
        return report(value, expanded, self.policy.digits, self.policy.rounding)

    def result(self, conformity: model.Conformity | None) -> model.Result:
        """The table of results."""
        k = " ".join(self.k)
        names = (
            Text(en="Reference value", fr="Valeur de référence"),
            Text(en="Indication", fr="Indication"),
            Text(en="Error of indication", fr="Erreur d'indication"),
        )
        return model.Result(
            name=Text(en="Illuminance", fr="Éclairement"),
            columns=(
                model.Column(names[0], "basic_referenceValue", "lx", self.reference),
                model.Column(names[1], "basic_measuredValue", "lx", self.indication),
                model.Column(
                    names[2],
                    "basic_measurementError",
                    "lx",
                    self.error,
                    U=self.U,
                    k=k,
                    coverage=self._coverage,
                    conformity=conformity,
                ),
            ),
            description=Text(
                en="Errors of indication as found: means of readings at rising and falling illuminance; "
                "the item was not adjusted.",
                fr="Erreurs d'indication à réception : moyennes des lectures à éclairement croissant et "
                "décroissant ; l'objet n'a pas été ajusté.",
            ),
        )

    def budgets(self) -> tuple[model.Budget, ...]:
        """The budget at the level in the middle of the range."""
        errors = self._errors
        i = len(errors.level) // 2
        rows = [
            (part.name, part.distribution, *_signed(float(part.u[i]), float(errors.u[i])))
            for part in errors.contributions
            if abs(part.u[i]) > 0
        ]
        total = ("combined standard uncertainty", "–", f"{errors.u[i]:.3g}", "100.0")
        return (
            model.Budget(
                title=Text(
                    en=f"Uncertainty budget of the error at {self.reference[i]} lx",
                    fr=f"Bilan d'incertitude de l'erreur à {self.reference[i]} lx",
                ),
                header=(
                    Text(en="Contribution", fr="Contribution"),
                    Text(en="Distribution", fr="Loi"),
                    Text(en="u / lx", fr="u / lx"),
                    Text(en="Share of variance / %", fr="Part de la variance / %"),
                ),
                rows=(*rows, total),
                share=3,
            ),
        )


def _signed(contribution: float, u: float) -> tuple[str, str]:
    return f"{abs(contribution):.3g}", f"{100.0 * contribution**2 / u**2:.1f}"


def _condition(evidence: Evidence, role: str, table: Reporting) -> model.Condition:
    """An influence quantity as measured over the whole run, with the uncertainty of its mean."""
    channel = evidence.role(role)
    window = evidence.whole_run(channel)
    found = evidence.measurements(window)
    mean = found.mean()
    shown = table.rounded(float(mean.value[0]), 2.0 * float(mean.u[0]))
    decimals = len(shown.value.partition(".")[2])
    named = {
        "temperature": (Text(en="Air temperature", fr="Température de l'air"), "basic_temperature"),
        "humidity": (Text(en="Relative humidity", fr="Humidité relative"), "basic_humidityRelative"),
    }[role]
    return model.Condition(
        name=named[0],
        ref_type=named[1],
        unit=mean.unit,
        minimum=f"{found.value.min():.{decimals}f}",
        maximum=f"{found.value.max():.{decimals}f}",
        value=shown.value,
        U=shown.U,
        k="2",
    )


def _methods(p: CalibrateLuxmeter) -> tuple[model.Method, ...]:
    levels = ", ".join(f"{level:g}" for level in p.levels)
    return (
        model.Method(
            name=Text(en="Calibration by substitution", fr="Étalonnage par substitution"),
            description=Text(
                en=f"The reference luxmeter and the item stand one after the other in the same place of the plane, in "
                f"the order reference, item, reference, with {p.readings} readings each, at nominally {levels} lx, "
                f"rising and then falling, after {p.warm_up:g} s of warm-up; dark reading first, return to the first "
                "level last.",
                fr=f"Le luxmètre de référence et l'objet occupent tour à tour la même place du plan, dans l'ordre "
                f"référence, objet, référence, avec {p.readings} lectures chacun, à {levels} lx nominaux, en montant "
                f"puis en descendant, après {p.warm_up:g} s de préchauffage ; lecture dans l'obscurité au début, "
                "retour au premier niveau à la fin.",
            ),
        ),
    )


def _statements(session: Session, errors: Errors, line: Line) -> tuple[model.Statement, ...]:
    drift, dark = f"{100.0 * errors.drift:.2g}".replace("-", "−"), f"{session.dark:.3g}".replace("-", "−")
    a, b = f"{line.a:.6g}".replace("-", "−"), f"{line.b:.8g}"
    consistent = ("is", "est") if line.consistent else ("is not", "n'est pas")
    return (
        model.Statement(
            Text(
                en=f"In the dark the item indicated {dark} lx. From the first level to the return to it, item and "
                f"reference drifted apart by {drift} %.",
                fr=f"Dans l'obscurité, l'objet indiquait {dark} lx. Du premier niveau au retour à celui-ci, "
                f"l'objet et la référence se sont écartés de {drift} %.",
            ),
            name=Text(en="Dark reading and drift", fr="Obscurité et dérive"),
        ),
        model.Statement(
            Text(
                en=f"Calibration function: E = a + b·I with a = {a} lx, b = {b}; the straight line "
                f"{consistent[0]} consistent with the readings (chi-squared {line.chi2:.3g} with {line.dof} degrees "
                "of freedom, compared with its 95 % quantile).",
                fr=f"Fonction d'étalonnage : E = a + b·I avec a = {a} lx, b = {b} ; la droite "
                f"{consistent[1]} compatible avec les lectures (khi-deux {line.chi2:.3g} à {line.dof} degrés de "
                "liberté, comparé à son quantile à 95 %).",
            ),
            name=Text(en="Calibration function", fr="Fonction d'étalonnage"),
        ),
    )


def _data(
    session: Session, errors: Errors, line: Line, table: Reporting, conditions: list[model.Condition]
) -> dict[str, Any]:
    return {
        "levels": [
            {
                "nominal": nominal,
                "reference": reference,
                "indication": indicated,
                "error": error,
                "U": U,
                "k": k,
            }
            for nominal, reference, indicated, error, U, k in zip(
                errors.level.tolist(),
                table.reference,
                table.indication,
                table.error,
                table.U,
                table.k,
                strict=True,
            )
        ],
        "unrounded": {
            "reference": errors.reference.tolist(),
            "indication": errors.indication.tolist(),
            "error": errors.error.tolist(),
            "u": errors.u.tolist(),
            "dof": [None if np.isinf(dof) else dof for dof in errors.dof.tolist()],
        },
        "hysteresis": [None if np.isnan(value) else value for value in errors.hysteresis.tolist()],
        "drift": errors.drift,
        "dark": session.dark,
        "function": {
            "a": line.a,
            "b": line.b,
            "covariance": line.covariance.tolist(),
            "chi2": line.chi2,
            "dof": line.dof,
            "consistent": bool(line.consistent),
        },
        "budget": {
            part.name: {
                "u": np.abs(part.u).tolist(),
                "distribution": part.distribution,
                "effects": {name: u.tolist() for name, u in part.effects.items()},
            }
            for part in errors.contributions
        },
        "conditions": [
            {
                "name": one.ref_type,
                "unit": one.unit,
                "value": one.value,
                "U": one.U,
                "min": one.minimum,
                "max": one.maximum,
            }
            for one in conditions
        ],
    }
