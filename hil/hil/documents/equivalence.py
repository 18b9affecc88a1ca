"""The certificate of a simulated bench: where it may stand in for another one, made from the records of two runs.

The document belongs to the run of the simulated bench; ``document.json`` names the other run, which stands beside it in
the folder of runs, and the margin.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from hil_calibration.certificate import model

from ..comparing.comparison import Comparison, compare
from ..comparing.runs import side_of
from ..errors import UsageError, VerificationFailed
from .certificates import SOFTWARE, amendment, days, organisation, persons
from .details import Compares
from .source import source_of

if TYPE_CHECKING:
    from .details import Details
    from .source import Source


def compares_with(
    first: Path,
    second: Path,
    *,
    margin: float | None = None,
    margins: Mapping[str, float] | None = None,
    measurand: str | None = None,
) -> Compares:
    """What a certificate of the run ``first`` is to say of the run ``second``.

    :param margin: above 0, in the unit of the results; and :param margins: of single measurands, by name.
    :raises UsageError: if the runs are in two folders of runs, whose one register could not hold the document.
    """
    from ..record import open_run

    if first.resolve().parent != second.resolve().parent:
        raise UsageError(
            "the two runs are in different folders of runs",
            where=f"{first}, {second}",
            remedy="move them into one, whose register then holds the certificate",
        )
    other = open_run(second)
    return Compares(
        run=second.resolve().name,
        chain_head=other.chain_head,
        operator=other.run["operator"],
        margin=margin,
        margins=dict(margins or {}),
        measurand=measurand or "",
    )


def equivalence_identifier(source: Source, compares: Compares) -> str:
    """One for two runs and what is compared of them, however that is stated: another margin makes no second original.

    It names the measurands that are compared, where the runs state more.

    :raises UsageError: if the two runs cannot be compared.
    :raises VerificationFailed: as `certificate_of_equivalence` does.
    """
    one, other = (name.rpartition("_")[2] for name in (source.folder.name, compares.run))
    found = _compared(source, _other(source, compares), compares)
    stated = {name for name, results in found.first.results.items() if results and found.second.results[name]}
    named = [] if stated == set(found.margins.of) else sorted(found.margins.of)
    return "-".join((f"{model.SIMULATED_PREFIX}{one}", other, *(re.sub(r"\W+", "-", name) for name in named)))


def for_test_keys(source: Source, details: Details) -> bool:
    """Whether a document is signed with a key of a test authority: nothing in it is real."""
    if not source.simulated or details.compares is None:
        return source.simulated
    return _other(source, details.compares).simulated


def certificate_of_equivalence(source: Source, details: Details, compares: Compares) -> model.Certificate:
    """The certificate of the simulated bench of ``source``, over the conditions that are within the margin.

    :raises UsageError: its values are not simulated, nothing is within, or the two runs cannot be compared.
    :raises VerificationFailed: the record of the other run does not hold, or is not the one that was compared.
    """
    from .equivalence_content import Content

    if source.record.run["provenance"] != "simulated":
        raise UsageError(
            "is no run of a simulated bench", where=source.folder.name, remedy="name the simulated bench's run first"
        )
    other = _other(source, compares)
    found = _compared(source, other, compares)
    if not found.domain:
        raise UsageError(
            f"|d| + U(d) stays within the margin ({found.required}) at no condition",
            where=f"{found.first.name}, {found.second.name}",
            remedy="there is nothing to certify; see the differences",
        )
    content = Content(source, other, found, details)
    spans = [days(each.record) for each in (source, other)]
    end = max(last for _, last in spans).isoformat()
    return model.Certificate(
        identifier=details.identifier,
        laboratory=organisation(details.laboratory.model_copy(update={"accreditation": ""})),
        customer=organisation(details.customer),
        item=content.item(),
        equipment=tuple(content.equipment()),
        methods=content.methods(),
        conditions=tuple(content.conditions()),
        results=tuple(content.results()),
        statements=tuple(content.statements()),
        persons=tuple(persons(details)),
        software=model.Software(SOFTWARE, f"v{details.software}"),
        begin=min(first for first, _ in spans).isoformat(),
        end=end,
        issued=max(end, details.issued),
        simulated=True,
        world=str(source.record.run.get("world", "")),
        chain_head=source.record.chain_head,
        budgets=(content.budget(),),
        languages=details.reporting.languages,
        draft=not details.final,
        amends=amendment(details),
        recalibration=details.recalibration,
        kind="equivalence",
    )


def _compared(source: Source, other: Source, compares: Compares) -> Comparison:
    first, second = (side_of(each.folder, each.record, each.results) for each in (source, other))
    return compare(
        first, second, margin=compares.margin, margins=compares.margins, measurand=compares.measurand or None
    )


def _other(source: Source, compares: Compares) -> Source:
    """The run that the one of the document is compared with.

    :raises VerificationFailed: it is not there, its record does not hold, or another one stands in its place.
    """
    folder = source.folder.parent / compares.run
    if not folder.is_dir():
        raise VerificationFailed("the run that was compared is not there", where=str(folder), remedy="put it back")
    other = source_of(folder, documents=False)
    if other.record.chain_head != compares.chain_head:
        raise VerificationFailed(
            "has another chain head than the run that was compared", where=str(folder), remedy="put that one back"
        )
    return other
