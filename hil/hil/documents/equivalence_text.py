"""The sentences of a certificate of equivalence, in English and French."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from hil_calibration.certificate import model, text
from hil_calibration.certificate.model import Text

from ..comparing.comparison import symbol_of_difference

if TYPE_CHECKING:
    from ..comparing.comparison import Comparison, Difference
    from ..comparing.runs import Side

_JUDGED = {"undecided": "indécis", "outside": "hors de la marge"}
_ORIGIN = {
    "simulated": Text(en="simulated", fr="simulées"),
    "replayed": Text(en="replayed from recordings", fr="relues d'enregistrements"),
    "measured": Text(en="measured", fr="mesurées"),
}


class Words:
    """What is said of a comparison.

    :param heads: of the hash chains of both records.
    """

    def __init__(self, found: Comparison, heads: tuple[str, str]) -> None:
        self._found, self._heads = found, heads
        self._sides = (found.first, found.second)

    @property
    def _physical(self) -> bool:
        return bool(self._found.second.run["provenance"] == "measured")

    def method(self) -> model.Method:
        procedure = self._found.first.run["procedure"]
        named = f"{procedure['name']} {procedure['version']}"
        return model.Method(
            name=Text(en="Comparison of two benches", fr="Comparaison de deux bancs"),
            description=Text(
                en=f"The procedure {named} was carried out on both benches with the same parameters and the same "
                "design. Both results were computed anew from the raw records. At each condition d is the first result "
                "minus the second, with u(d)² = u₁² + u₂² − 2 u(1, 2), the covariance u(1, 2) being that of the "
                "effects that both share. The degrees of freedom ν(d) of u(d) are those of Welch-Satterthwaite.",
                fr=f"La procédure {named} a été exécutée sur les deux bancs avec les mêmes paramètres et le même plan. "
                "Les deux résultats ont été recalculés à partir des enregistrements bruts. Dans chaque condition, d "
                "est le premier résultat moins le second, avec u(d)² = u₁² + u₂² − 2 u(1, 2), la covariance u(1, 2) "
                "étant celle des effets communs. Les degrés de liberté ν(d) de u(d) sont ceux de Welch-Satterthwaite.",
            ),
        )

    def table(self, conditions: Sequence[str]) -> Text:
        """What a table of differences holds; ``conditions`` are those that it counts, none where it names them."""
        listed = "; ".join(f"{place}: {condition}" for place, condition in enumerate(conditions, 1))
        en, fr = (f"Conditions: {listed}. ", f"Conditions : {listed}. ") if listed else ("", "")
        return Text(
            en=f"{en}Only conditions within the margin. E_n = d / U(d) is for information; no decision rests on it.",
            fr=f"{fr}Seulement les conditions dans la marge. E_n = d / U(d) est donné pour information ; aucune "
            "décision n'en dépend.",
        )

    def specification(self, one: Difference) -> Text:
        margin = f"{one.margin:g} {symbol_of_difference(one.unit)}".strip()
        return Text(
            en=f"margin of {margin}, stated to the comparison",
            fr=f"marge de {margin}, déclarée pour la comparaison",
        )

    def rule(self) -> Text:
        return Text(
            en="|d| + U(d) ≤ margin, U(d) for about 95 %: the guard band is U(d), so that a large uncertainty "
            "certifies nothing",
            fr="|d| + U(d) ≤ marge, U(d) pour environ 95 % : la bande de garde est U(d), de sorte qu'une grande "
            "incertitude ne certifie rien",
        )

    def budget(self, worst: Difference) -> Text:
        where = f"{worst.measurand}, {worst.condition}"
        u = f"{worst.U / worst.k:.2g} {symbol_of_difference(worst.unit)}".strip()
        dof = "∞" if worst.dof is None else f"{worst.dof:.3g}"
        told = f"u(d) = {u}, ν(d) = {dof}, k = {worst.k:.2f}"
        return Text(
            en=f"Results of both runs: {where}; covariance {worst.covariance:.2g}, {told}",
            fr=f"Résultats des deux essais : {where} ; covariance {worst.covariance:.2g}, {told}",
        )

    def items_only(self) -> Text:
        return Text(
            en="The results relate only to the two benches as they were during the two runs.",
            fr="Les résultats ne se rapportent qu'aux deux bancs tels qu'ils étaient pendant les deux essais.",
        )

    def chain(self) -> Iterator[model.Statement]:
        """What the values of each run rest on."""
        if self._physical:
            yield model.Statement(
                Text(
                    en="The values of the second run were measured, with the measurement standards listed that its "
                    "record names. Those of the first are simulated: its standards stand for simulated instruments, "
                    "and nothing of it is metrologically traceable.",
                    fr="Les valeurs du second essai ont été mesurées, avec les étalons listés que nomme son "
                    "enregistrement. Celles du premier sont simulées : ses étalons désignent des instruments simulés, "
                    "et rien n'y est raccordé.",
                ),
                traceable=False,
            )
        else:
            yield text.SIMULATED_CHAIN

    def statements(self) -> Iterator[model.Statement]:
        yield self._domain()
        yield from self._excluded()
        yield self._shared()
        yield self._records()
        yield self._not_a_calibration()

    def _domain(self) -> model.Statement:
        first, second = self._found.first.bench, self._found.second.bench
        regions, within = self._found.regions, self._found.required
        here = "; ".join(f"{one.measurand}, {one.span}" for one in regions)
        ici = "; ".join(f"{one.measurand}, {one.span_french}" for one in regions)
        if self._physical:
            en = f"Within {within}, the simulated bench {first} may stand in for the physical bench {second} here"
            fr = f"À {within} près, le banc simulé {first} peut tenir lieu du banc physique {second} ici"
        else:
            en = f"Within {within}, the simulated bench {first} and the bench {second}, not a physical one, agree here"
            fr = f"À {within} près, le banc simulé {first} et le banc {second}, non physique, concordent ici"
        return model.Statement(
            Text(
                en=f"{en}: {here}. This holds for this procedure and design alone, at the conditions that were "
                "compared, and nowhere between or beyond them.",
                fr=f"{fr} : {ici}. Cela ne vaut que pour cette procédure et ce plan, dans les conditions "
                "comparées, et nulle part entre elles ni au-delà.",
            ),
            name=Text(en="Domain", fr="Domaine"),
        )

    def _excluded(self) -> Iterator[model.Statement]:
        left = [one for one in self._found.differences if one.judged != "within"]
        if left:
            en = "; ".join(f"{one.measurand} at {one.condition} ({one.judged})" for one in left)
            fr = "; ".join(f"{one.measurand} à {one.condition} ({_JUDGED[one.judged]})" for one in left)
            yield model.Statement(
                Text(
                    en=f"Compared, not within the margin, and therefore not certified: {en}.",
                    fr=f"Comparé, non compris dans la marge et donc non certifié : {fr}.",
                ),
                name=Text(en="Not certified", fr="Non certifié"),
            )

    def _shared(self) -> model.Statement:
        name = Text(en="Shared effects", fr="Effets communs")
        if self._found.shared:
            listed = ", ".join(self._found.shared)
            told = Text(
                en=f"Shared by both runs, with one sign: {listed}.",
                fr=f"Communs aux deux essais, avec le même signe : {listed}.",
            )
        elif self._found.first.recordings or self._found.second.recordings:
            told = Text(
                en="Nothing is taken as shared: one of the runs replayed recordings, the other one did not.",
                fr="Rien n'est tenu pour commun : l'un des essais a relu des enregistrements, l'autre non.",
            )
        elif self._found.first.world != self._found.second.world:
            told = Text(
                en="Nothing is taken as shared: the two runs had different worlds, in which each effect has its own "
                "error.",
                fr="Rien n'est tenu pour commun : les deux essais avaient des mondes différents, où chaque effet a sa "
                "propre erreur.",
            )
        else:
            told = Text(
                en="Nothing is shared: no certificate and no effect of a calibration stands in both records.",
                fr="Rien n'est commun : aucun certificat et aucun effet d'un étalonnage ne figure dans les deux "
                "enregistrements.",
            )
        return model.Statement(told, name=name)

    def _records(self) -> model.Statement:
        en, fr = (
            "; ".join(
                _record(side, head, place, french)
                for side, head, place in zip(self._sides, self._heads, (0, 1), strict=True)
            )
            for french in (False, True)
        )
        return model.Statement(Text(en=f"{en}.", fr=f"{fr}."), name=Text(en="Records", fr="Enregistrements"))

    def _not_a_calibration(self) -> model.Statement:
        both = "" if self._physical else " No physical bench took part: it says nothing of a physical one."
        deux = "" if self._physical else " Aucun banc physique n'a pris part : il ne dit rien d'un banc physique."
        return model.Statement(
            Text(
                en="This is no calibration of a physical instrument, and makes no simulated value traceable. "
                f"No accreditation covers it.{both} The margin was given to the program; the records do not show when "
                "it was chosen.",
                fr="Ceci n'est pas un étalonnage d'un instrument physique et ne rend raccordée aucune valeur simulée. "
                f"Aucune accréditation ne le couvre.{deux} La marge a été donnée au programme ; les enregistrements ne "
                "montrent pas quand elle a été choisie.",
            ),
            name=Text(en="What this certificate is not", fr="Ce que ce certificat n'est pas"),
        )


def _record(side: Side, head: str, place: int, french: bool) -> str:
    origin, world = _ORIGIN[side.run["provenance"]], f" ({side.world})" if side.world else ""
    if french:
        which = ("Premier essai", "second essai")[place]
        return f"{which} : {side.name}, banc {side.bench}{world}, valeurs {origin.fr}, tête de chaîne {head}"
    which = ("First run", "second run")[place]
    return f"{which}: {side.name}, bench {side.bench}{world}, values {origin.en}, head of its chain {head}"
