"""What the certificate of a virtual instrument says: errors, the domain, and what a conformal interval is."""

from __future__ import annotations

import math
from hashlib import sha256

import numpy as np

from hil_calibration.certificate import model
from hil_calibration.certificate.model import Text
from hil_calibration.reporting import ReportingPolicy
from hil_calibration.rounding import Reported, report
from hil_calibration.systems.virtual import Calibrated, Trials, subject_means

from .parameters import CalibrateVirtualInstrument
from .session import Session

ONE_ANSWER = "one answer of the virtual instrument"
FEWEST = 3
"""Subjects in a row of the table of errors."""


class Certificate:
    """The parts of the certificate; every number is the string that is printed."""

    def __init__(
        self, session: Session, found: Calibrated, policy: ReportingPolicy, p: CalibrateVirtualInstrument
    ) -> None:
        self._session, self._found, self._policy, self._p = session, found, policy, p
        self._one, self._unit = found.instrument, session.unit

    def item(self) -> model.Item:
        """The model, named by the SHA-256 of what it learned and of its settings."""
        system = self._session.system
        digests = "".join(f"{name}={value};" for name, value in sorted(system["digests"].items()))
        serial = sha256(digests.encode()).hexdigest()[:16]
        return model.Item(
            description=Text(en="Virtual instrument", fr="Instrument virtuel"),
            manufacturer="software",
            model=f"{system['name']}, version {system['version']}",
            serial=serial,
        )

    def table(self) -> model.Result:
        """Errors of indication by reference value: means over subjects of the calibration part."""
        rows = [self._row(part) for part in self._bins()]
        k = " ".join(row[4] for row in rows)
        reference, indication, error, expanded = (tuple(row[i] for row in rows) for i in range(4))
        coverage = "0.9545" if self._policy.coverage == "95.45 %" else "0.95"
        names = (
            Text(en="Reference value", fr="Valeur de référence"),
            Text(en="Indication", fr="Indication"),
            Text(en="Error of indication", fr="Erreur d'indication"),
        )
        return model.Result(
            name=Text(en="Errors in the operating domain", fr="Erreurs dans le domaine de fonctionnement"),
            columns=(
                model.Column(names[0], "basic_referenceValue", self._unit, reference),
                model.Column(names[1], "basic_measuredValue", self._unit, indication),
                model.Column(names[2], "basic_measurementError", self._unit, error, U=expanded, k=k, coverage=coverage),
            ),
            description=Text(
                en="Means over subjects, of inputs in the operating domain. U is that of the mean error, not of one "
                "answer.",
                fr="Moyennes sur les sujets, pour des entrées dans le domaine de fonctionnement. U est celle de "
                "l'erreur moyenne, non d'une réponse.",
            ),
        )

    def _bins(self) -> list[Trials]:
        made = self._found.made
        count = max(1, min(self._p.bins, len(set(made.subjects)) // FEWEST))
        edges = np.quantile(made.reference, np.linspace(0.0, 1.0, count + 1))
        place = np.clip(np.searchsorted(edges, made.reference, side="right") - 1, 0, count - 1)
        parts = [made.part(place == number) for number in range(count)]
        return [part for part in parts if len(set(part.subjects)) >= FEWEST]

    def _row(self, part: Trials) -> tuple[str, str, str, str, str]:
        means = subject_means(part, part.error)
        scatter, dof = float(means.std(ddof=1)) / math.sqrt(len(means)), len(means) - 1.0
        u = math.hypot(scatter, self._session.u_reference)
        k = self._policy.factor(max(1.0, dof * (u / scatter) ** 4 if scatter > 0 else math.inf))
        told = self._rounded(float(means.mean()), k * u)
        reference, indication = (
            self._rounded(float(subject_means(part, each).mean()), k * u).value
            for each in (part.reference, part.indication)
        )
        return (
            reference,
            indication,
            told.value,
            told.U,
            f"{k:.2f}",
        )

    def _rounded(self, value: float, expanded: float) -> Reported:
        return report(value, expanded, self._policy.digits, self._policy.rounding)

    def conditions(self) -> tuple[model.Condition, ...]:
        """What was observed of each feature that the domain names."""
        return tuple(
            model.Condition(
                name=name.partition(" / ")[0],
                ref_type="basic_measurementConditions",
                unit=unit_of(name),
                minimum=f"{low:.4g}",
                maximum=f"{high:.4g}",
            )
            for name, (low, high) in self._one.domain.items()
        )

    def methods(self) -> tuple[model.Method, ...]:
        """How it was calibrated."""
        made, tested = self._found.made, self._found.tested
        counts = len(set(made.subjects)), len(made.indication), len(set(tested.subjects)), len(tested.indication)
        return (
            model.Method(
                name=Text(en="Comparison with reference values", fr="Comparaison à des valeurs de référence"),
                description=Text(
                    en=f"The model was given stimuli of known value. {counts[0]} subjects ({counts[1]} values) "
                    f"calibrate; {counts[2]} others ({counts[3]} values) test. No subject is in both parts.",
                    fr=f"Le modèle a reçu des stimuli de valeur connue. {counts[0]} sujets ({counts[1]} valeurs) "
                    f"étalonnent ; {counts[2]} autres ({counts[3]} valeurs) éprouvent. Aucun sujet n'est dans les "
                    "deux parts.",
                ),
            ),
        )

    def statements(self, near: int) -> tuple[model.Statement, ...]:
        """The domain, the conformal interval, the test, and what is not excluded."""
        return (self._domain(), self._conformal(), self._tested(), self._risks(near))

    def _domain(self) -> model.Statement:
        bounds = "; ".join(f"{name} from {low:.4g} to {high:.4g}" for name, (low, high) in self._one.domain.items())
        bornes = "; ".join(f"{name} de {low:.4g} à {high:.4g}" for name, (low, high) in self._one.domain.items())
        return model.Statement(
            Text(
                en=f"The results hold inside the operating domain only: {bounds} (as declared, cut down to what was "
                "observed). Outside it nothing is known of the error; a reading there shall be flagged or refused.",
                fr=f"Les résultats ne valent que dans le domaine de fonctionnement : {bornes} (tel que déclaré, "
                "réduit à ce qui a été observé). Au-dehors, rien n'est connu de l'erreur ; une lecture y est à "
                "signaler ou à refuser.",
            ),
            name=Text(en="Operating domain", fr="Domaine de fonctionnement"),
        )

    def _conformal(self) -> model.Statement:
        one, share = self._one.conformal, f"{100.0 * self._one.conformal.coverage:g}"
        width = f"{one.half_width:.3g} {self._unit}"
        u, sd = f"{self._one.u:.2g} {self._unit}", f"{self._one.sd:.2g} {self._unit}"
        return model.Statement(
            Text(
                en=f"Corrected value: indication minus bias. Its standard uncertainty is {u}, of which one answer has "
                f"{sd}. Beside it stands a split conformal interval: the corrected value ± {width} covers the true "
                f"value for at least {share} % of new inputs that are drawn like those of the calibration (n = "
                f"{one.n}). It is a statement on many inputs, not on a single one; it is no uncertainty, is not "
                "derived from one, and shall not be used as one.",
                fr=f"Valeur corrigée : indication moins biais. Son incertitude-type est {u}, dont {sd} pour une "
                f"réponse. À côté, un intervalle conforme (split conformal) : la valeur corrigée ± {width} couvre la "
                f"valeur vraie pour au moins {share} % de nouvelles entrées tirées comme celles de l'étalonnage (n = "
                f"{one.n}). C'est un énoncé sur un grand nombre d'entrées, non sur une seule ; ce n'est pas une "
                "incertitude, n'en est pas déduit et ne doit pas en tenir lieu.",
            ),
            name=Text(en="Standard uncertainty and conformal interval", fr="Incertitude-type et intervalle conforme"),
        )

    def _tested(self) -> model.Statement:
        told = []
        for en, fr, one in (
            ("inside the domain", "dans le domaine", self._found.coverage.within),
            ("outside it", "au-dehors", self._found.coverage.outside),
        ):
            if one is not None:
                share = f"{100.0 * one.share:.1f} % ({one.inside}/{one.n})"
                told.append((f"{en} {share}", f"{fr} {share}"))
        return model.Statement(
            Text(
                en=f"Observed coverage of the conformal interval on other subjects: {', '.join(a for a, _ in told)}.",
                fr=f"Couverture observée de l'intervalle sur d'autres sujets : {', '.join(b for _, b in told)}.",
            ),
            name=Text(en="Test", fr="Épreuve"),
        )

    def _risks(self, near: int) -> model.Statement:
        faults = len(self._session.faults)
        return model.Statement(
            Text(
                en=f"No stimulus was given twice (by SHA-256). Near-duplicates between the two parts, by features: "
                f"{near}; such are not excluded and remain an open risk. Stimuli without a value: {faults}.",
                fr=f"Aucun stimulus n'a été donné deux fois (par SHA-256). Quasi-doublons entre les deux parts, par "
                f"caractéristiques : {near} ; ils ne sont pas exclus et restent un risque. Stimuli sans valeur : "
                f"{faults}.",
            ),
            name=Text(en="What is not excluded", fr="Ce qui n'est pas exclu"),
        )

    def budget(self) -> model.Budget:
        """That of one corrected value."""
        one, of_reference = self._one, self._session.u_reference
        scatter = math.sqrt(max(0.0, one.u_bias**2 - of_reference**2))
        parts = (
            ("one answer, over subjects and inputs", one.sd),
            ("bias: scatter of subjects' means", scatter),
            ("reference values", of_reference),
        )
        rows = tuple((name, "normal", f"{u:.2g}", f"{100.0 * u**2 / one.u**2:.1f}") for name, u in parts)
        return model.Budget(
            title=Text(en="Uncertainty budget of one corrected value", fr="Bilan d'incertitude d'une valeur corrigée"),
            header=(
                Text(en="Contribution", fr="Contribution"),
                Text(en="Distribution", fr="Loi"),
                Text(en=f"u / {self._unit}", fr=f"u / {self._unit}"),
                Text(en="Share of variance / %", fr="Part de la variance / %"),
            ),
            rows=(*rows, ("combined standard uncertainty", "–", f"{one.u:.3g}", "100.0")),
            share=3,
        )

    def function(self) -> model.Function:
        """Indication minus bias; that of one answer is an effect beside it, which a mean of answers does not lessen."""
        one, seen = self._one, self._found.made.indication
        return model.Function(
            kind="straight-line",
            indication_unit=self._unit,
            unit=self._unit,
            minimum=f"{seen.min():.6g}",
            maximum=f"{seen.max():.6g}",
            coefficients=(repr(-one.bias), "1.0"),
            covariance=((repr(one.u_bias**2), "0.0"), ("0.0", "0.0")),
            effects=(
                model.SharedEffect(
                    name=ONE_ANSWER,
                    kind="absolute",
                    distribution="normal",
                    u=f"{one.sd:.6g}",
                    source="calibration of the virtual instrument",
                ),
            ),
        )


def unit_of(feature: str) -> str:
    """The unit in the name of a feature: ``mm`` in ``height / mm``, ``/min`` in ``rate / (1/min)``, else ``1``."""
    return feature.partition(" / ")[2].strip("()").removeprefix("1") or "1"
