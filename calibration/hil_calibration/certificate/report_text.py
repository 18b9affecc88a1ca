"""The fixed sentences of a test report in English and French."""

from __future__ import annotations

from collections.abc import Iterator

from .report import TrialReport
from .text import DRAFT, deviation
from .words import Text

SIMULATED = Text(
    "SIMULATED. The values come from a simulated bench; nothing physical was tested and no metrological traceability "
    "exists.",
    "SIMULÉ (SIMULATED). Les valeurs proviennent d'un banc simulé ; rien de physique n'a été essayé et il n'existe "
    "aucune traçabilité métrologique.",
)
NOT_STATED = Text(
    "REPLAYED. The values were replayed and not measured anew. Origin of recordings not stated: nothing shows that "
    "they are of anything real.",
    "REJEU (REPLAYED). Les valeurs ont été rejouées et non mesurées de nouveau. Origine des enregistrements non "
    "indiquée : rien ne montre qu'ils proviennent d'un objet réel.",
)
RECORDED = Text(
    "REPLAYED. The values were obtained from recordings with reference values made elsewhere; nothing was measured on "
    "this bench. The report holds for the conditions of these recordings.",
    "REJEU (REPLAYED). Les valeurs ont été obtenues à partir d'enregistrements dont les valeurs de référence ont été "
    "établies ailleurs ; rien n'a été mesuré sur ce banc. Le rapport vaut pour les conditions de ces enregistrements.",
)
SYNTHETIC = Text(
    "REPLAYED. The values were replayed from recordings that are synthetic: nothing physical was measured.",
    "REJEU (REPLAYED). Les valeurs ont été rejouées à partir d'enregistrements synthétiques : rien de physique n'a été "
    "mesuré.",
)
NO_CERTIFICATE = Text(
    "This is a test report. It is not a calibration certificate.",
    "Ceci est un rapport d'essai. Ce n'est pas un certificat d'étalonnage.",
)
ITEMS_ONLY = Text(
    "The results relate only to the items tested.",
    "Les résultats ne se rapportent qu'aux objets soumis à l'essai.",
)
IN_FULL = Text(
    "This report shall not be reproduced except in full without the written approval of the laboratory.",
    "Ce rapport ne peut être reproduit que dans son intégralité, sauf accord écrit du laboratoire.",
)
NO_ACCREDITATION = Text("No accreditation is claimed for this test.", "Cet essai n'est pas réalisé sous accréditation.")
NO_REQUIREMENT = Text(
    "No requirement was given, and no statement of conformity is made.",
    "Aucune exigence n'a été donnée, et aucune déclaration de conformité n'est émise.",
)


def warnings(report: TrialReport) -> tuple[Text, ...]:
    """What must be read before anything else."""
    replayed = {"recorded": (RECORDED,), "synthetic": (SYNTHETIC,), "not stated": (NOT_STATED,), "none": ()}
    marks = (SIMULATED,) if report.provenance == "simulated" else replayed[report.recordings]
    return (*marks, *((DRAFT.declaration,) if report.draft else ()))


def statements(report: TrialReport) -> tuple[Text, ...]:
    """The other statements, in the order in which they are printed."""
    return tuple(_statements(report))


def _statements(report: TrialReport) -> Iterator[Text]:
    if report.amends:
        reason = report.amends.reason
        en, fr = (reason.en, reason.fr) if isinstance(reason, Text) else (reason, reason)
        original = report.amends.identifier, report.amends.sha256
        yield Text(
            "This report replaces {} (SHA-256 of its file {}). Reason: ".format(*original) + en,
            "Ce rapport remplace {} (SHA-256 de son fichier {}). Motif : ".format(*original) + fr,
        )
    yield NO_CERTIFICATE
    yield ITEMS_ONLY
    yield deviation(report.deviations).declaration
    if report.verdict is None:
        yield NO_REQUIREMENT
    yield IN_FULL
    if not report.laboratory.accreditation:
        yield NO_ACCREDITATION
