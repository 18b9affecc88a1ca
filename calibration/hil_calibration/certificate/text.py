"""The fixed sentences of a certificate in English and French, each with the clause of ISO/IEC 17025:2017 behind it."""

from __future__ import annotations

from typing import Literal

from .model import Method, Statement, Text, Words

_ISO = "ISO/IEC 17025:2017"

NONE = "none"
"""What is said of deviations from the method where there were none."""

SIMULATED = Statement(
    Text(
        "SIMULATED. The values come from a simulated bench; no physical item was calibrated and no metrological "
        "traceability exists.",
        "SIMULÉ (SIMULATED). Les valeurs proviennent d'un banc simulé ; aucun objet physique n'a été étalonné et il "
        "n'existe aucune traçabilité métrologique.",
    ),
    traceable=False,
)
"""Written before every other statement of a simulated certificate, by the writer itself."""

SIMULATED_ITEM = Statement(
    Text(
        "SIMULATED. The item is a simulated bench and its values are simulated; no physical item was calibrated.",
        "SIMULÉ (SIMULATED). L'objet est un banc simulé et ses valeurs sont simulées ; aucun objet physique n'a été "
        "étalonné.",
    ),
    traceable=False,
)
"""The same of a certificate of equivalence, of which the other bench may be a physical one."""

REPLAYED = Statement(
    Text(
        "REPLAYED. The values were obtained from recordings with reference values made elsewhere; nothing was measured "
        "on this bench. The certificate holds for the conditions of these recordings.",
        "REJEU (REPLAYED). Les valeurs ont été obtenues à partir d'enregistrements dont les valeurs de référence ont "
        "été établies ailleurs ; rien n'a été mesuré sur ce banc. Le certificat vaut pour les conditions de ces "
        "enregistrements.",
    ),
    traceable=False,
)
"""Written before every other statement of a certificate of replayed values, by the writer itself."""

SYNTHETIC = Statement(
    Text(
        "The bench replayed recordings, and these are synthetic.",
        "Le banc a rejoué des enregistrements, et ceux-ci sont synthétiques.",
    ),
)
"""Of a simulated certificate whose values were replayed."""

NOT_STATED = Statement(
    Text(
        "Origin of recordings not stated: the bench replayed recordings of which nothing shows that they are of "
        "anything real. They are taken for simulated ones.",
        "Origine des enregistrements non indiquée : le banc a rejoué des enregistrements dont rien ne montre qu'ils "
        "proviennent d'un objet réel. Ils sont tenus pour simulés.",
    ),
    traceable=False,
)
"""The same, where their data set does not say what they are."""

DRAFT = Statement(
    Text(
        "DRAFT. This document has been neither reviewed nor authorised and is not issued.",
        "PROJET (DRAFT). Ce document n'a été ni vérifié ni autorisé et n'est pas émis.",
    )
)
"""Written first on a draft, by the writer itself."""

ITEMS_ONLY = Statement(
    Text(
        "The results relate only to the items calibrated.",
        "Les résultats ne se rapportent qu'aux objets étalonnés.",
    ),
    norm=_ISO,
    reference="7.8.2.1 l",
)
IN_FULL = Statement(
    Text(
        "This certificate shall not be reproduced except in full without the written approval of the laboratory.",
        "Ce certificat ne peut être reproduit que dans son intégralité, sauf accord écrit du laboratoire.",
    ),
    norm=_ISO,
    reference="7.8.2.1",
)
CLOCK_NOT_SYNCHRONISED = Statement(
    Text(
        "The dates are those of the bench's computer, whose clock was not synchronised with UTC during the "
        "calibration.",
        "Les dates sont celles de l'ordinateur du banc, dont l'horloge n'était pas synchronisée avec l'UTC pendant "
        "l'étalonnage.",
    )
)
NO_ACCREDITATION = Statement(
    Text(
        "No accreditation is claimed for this calibration.",
        "Cet étalonnage n'est pas réalisé sous accréditation.",
    )
)
TRACEABLE = Statement(
    Text(
        "The results are traceable to the International System of Units (SI) through the measurement standards listed, "
        "whose certificates are identified by number and by the SHA-256 of their files.",
        "Les résultats sont raccordés au Système international d'unités (SI) par les étalons listés, dont les "
        "certificats sont identifiés par leur numéro et par le SHA-256 de leur fichier.",
    ),
    norm=_ISO,
    reference="7.8.4.1 c",
    traceable=True,
)
SIMULATED_CHAIN = Statement(
    Text(
        "The calibration chain shown is simulated: each standard listed stands for a simulated instrument.",
        "La chaîne d'étalonnage présentée est simulée : chaque étalon listé désigne un instrument simulé.",
    ),
    norm=_ISO,
    reference="7.8.4.1 c",
    traceable=False,
)
REPLAYED_CHAIN = Statement(
    Text(
        "The reference values and their uncertainties are those that the data set listed states. Their metrological "
        "traceability is what its author answers for; it was not verified here.",
        "Les valeurs de référence et leurs incertitudes sont celles qu'indique le jeu de données listé. Son auteur "
        "répond de leur traçabilité métrologique, qui n'a pas été vérifiée ici.",
    ),
    norm=_ISO,
    reference="7.8.4.1 c",
    traceable=False,
)
NO_DEVIATION = Statement(
    Text(
        "Additions to, deviations from and exclusions from the method: none.",
        "Ajouts, écarts et exclusions par rapport à la méthode : aucun.",
    ),
    norm=_ISO,
    reference="7.8.2.1 n",
)
NO_DECISION = Statement(
    Text("No statement of conformity is made.", "Aucune déclaration de conformité n'est émise."),
    norm=_ISO,
    reference="7.8.6",
)
DECISION = Statement(
    Text(
        "Conformity is stated for each value with the results, by the specification and the decision rule given there.",
        "La conformité est déclarée pour chaque valeur avec les résultats, selon la spécification et la règle de "
        "décision qui y sont données.",
    ),
    norm=_ISO,
    reference="7.8.6.2",
    ref_type="basic_conformity",
)
NOT_ADJUSTED = Statement(
    Text(
        "The item was not adjusted: the results as found are the results as left.",
        "L'objet n'a pas été ajusté : les résultats à réception sont les résultats à l'expédition.",
    ),
    norm=_ISO,
    reference="7.8.4.1 d",
)
ADJUSTED = Statement(
    Text(
        "The item was adjusted: results are given before (as found) and after (as left) the adjustment.",
        "L'objet a été ajusté : les résultats sont donnés avant (à réception) et après (à l'expédition) l'ajustage.",
    ),
    norm=_ISO,
    reference="7.8.4.1 d",
)

IN_CMC = Text(
    "Whether the value lies within the scope of the laboratory's calibration and measurement capability, with an "
    "expanded uncertainty that is not below it.",
    "Indique si la valeur est dans le domaine des aptitudes en matière de mesures et d'étalonnages du laboratoire, "
    "avec une incertitude élargie qui ne leur est pas inférieure.",
)
"""What true means in a statement `basic_isInCMC`."""

Rounding = Literal["nearest", "up", "ea5"]

ROUNDING: dict[Rounding, Text] = {
    "nearest": Text(
        "Expanded uncertainties are rounded to the nearest value of two significant digits, and results to the same "
        "decimal place, each by itself: a difference of two printed numbers may depart by one in the last digit.",
        "Les incertitudes élargies sont arrondies au plus près à deux chiffres significatifs, et les résultats à la "
        "même décimale, chacun pour soi : une différence de deux nombres imprimés peut s'écarter d'une unité du "
        "dernier chiffre.",
    ),
    "up": Text(
        "Expanded uncertainties are rounded up to two significant digits, and results to the nearest at the same "
        "decimal place.",
        "Les incertitudes élargies sont arrondies par excès à deux chiffres significatifs, et les résultats au plus "
        "près à la même décimale.",
    ),
    "ea5": Text(
        "Expanded uncertainties are rounded to the nearest value of two significant digits, or up where that would "
        "lower them by more than 5 %, and results to the nearest at the same decimal place.",
        "Les incertitudes élargies sont arrondies au plus près à deux chiffres significatifs, ou par excès si cela les "
        "diminuait de plus de 5 %, et les résultats au plus près à la même décimale.",
    ),
}

Coverage = Literal["k=2", "95.45 %", "95 %", "about 95 %"]

COVERAGE: dict[Coverage, Text] = {
    "k=2": Text(
        "The coverage factor is k = 2, whatever the effective degrees of freedom.",
        "Le facteur d'élargissement est k = 2, quels que soient les degrés de liberté effectifs.",
    ),
    "95.45 %": Text(
        "The coverage factor is that of Student's t for 95.45 % and the effective degrees of freedom.",
        "Le facteur d'élargissement est celui de la loi de Student pour 95,45 % et les degrés de liberté effectifs.",
    ),
    "95 %": Text(
        "The coverage factor is that of Student's t for 95 % and the effective degrees of freedom.",
        "Le facteur d'élargissement est celui de la loi de Student pour 95 % et les degrés de liberté effectifs.",
    ),
    "about 95 %": Text(
        "The coverage factor is k = 2 from 50 effective degrees of freedom on, and that of Student's t for 95.45 % "
        "below.",
        "Le facteur d'élargissement est k = 2 à partir de 50 degrés de liberté effectifs, et celui de la loi de "
        "Student pour 95,45 % au-dessous.",
    ),
}

UNCERTAINTY = Method(
    Text("Expanded uncertainty", "Incertitude élargie"),
    Text(
        "The expanded uncertainty U is the standard uncertainty multiplied by the coverage factor k given with the "
        "results, for a coverage probability of approximately 95 %. It was evaluated according to the Guide to the "
        "expression of uncertainty in measurement and holds at the time of the calibration; it does not include "
        "long-term stability.",
        "L'incertitude élargie U est l'incertitude-type multipliée par le facteur d'élargissement k donné avec les "
        "résultats, pour une probabilité de couverture d'environ 95 %. Elle a été évaluée selon le Guide pour "
        "l'expression de l'incertitude de mesure et vaut au moment de l'étalonnage ; elle n'inclut pas la stabilité à "
        "long terme.",
    ),
    norm="JCGM 100:2008 (GUM)",
    ref_type="basic_uncertainty",
)


def deviation(words: Words) -> Statement:
    """The statement on additions to, deviations from and exclusions from the method.

    :param words: what they were; `none` where there were none.
    :raises CertificateError: nothing is said.
    """
    if words == NONE:
        return NO_DEVIATION
    told = words if isinstance(words, Text) else Text(words, words)
    intro = "Additions to, deviations from and exclusions from the method: {}"
    intro_fr = "Ajouts, écarts et exclusions par rapport à la méthode : {}"
    return Statement(Text(intro.format(told.en), intro_fr.format(told.fr)), norm=_ISO, reference="7.8.2.1 n")


def standard_statements(
    *,
    simulated: bool,
    replayed: bool = False,
    adjusted: bool = False,
    deviations: Words,
    rounding: Rounding = "nearest",
    coverage: Coverage = "about 95 %",
    decision: Text | None = None,
    accredited: bool = False,
) -> tuple[Statement, ...]:
    """The statements that every certificate carries, in the order in which they are printed.

    :param deviations: additions to, deviations from and exclusions from the method; the word `none` is translated.
    :param decision: the decision rule applied; no statement of conformity when None.
    :param accredited: the laboratory names its accreditation itself (`Organisation.accreditation`).
    """
    chain = SIMULATED_CHAIN if simulated else REPLAYED_CHAIN if replayed else TRACEABLE
    conformity = (
        Statement(decision, norm=_ISO, reference="7.8.6.2", ref_type="basic_conformity") if decision else NO_DECISION
    )
    factor = Statement(COVERAGE[coverage], norm="JCGM 100:2008", reference="6.3.1")
    policy = Statement(ROUNDING[rounding], norm="JCGM 100:2008", reference="7.2.6")
    own = () if accredited else (NO_ACCREDITATION,)
    state = ADJUSTED if adjusted else NOT_ADJUSTED
    return (chain, state, deviation(deviations), conformity, factor, policy, ITEMS_ONLY, IN_FULL, *own)
