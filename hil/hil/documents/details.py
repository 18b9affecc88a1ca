"""``document.json``: what a document says that is not on the run's record, so that it can be made again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from ..bench.laboratory import LaboratorySection, OrganisationSection, ReportingSection
from ..bench.model import Name, Section
from ..errors import RecordError

DETAILS = "document.json"

Kind = Literal["certificate", "report"]
Margin = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Day = Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")]


class Amends(Section):
    """The document that another one replaces: its identifier, the SHA-256 of its file, and why."""

    identifier: Name
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    reason: Name


class Compares(Section):
    """What a certificate of equivalence compares its run with, and by which margin.

    :param run: the name of the other run's folder, beside that of the document's, and :param chain_head: the head of
        its record's chain.
    :param operator: who carried the other run out.
    :param margin: within which abs(d) + U(d) is to stay, above 0, in the unit of the results; and :param margins: of
        single measurands, by name.
    :param measurand: the only one that is compared; empty for all.
    """

    run: Name
    chain_head: str = Field(pattern="^[0-9a-f]{64}$")
    operator: Name
    margin: Margin | None
    margins: dict[Name, Margin] = Field(default_factory=dict)
    measurand: str = ""


class Details(Section):
    """Everything that a document says beside the record of its run.

    :param kind: a calibration ``certificate``, or the test ``report`` of a trial.
    :param run: the name of the run's folder, and :param chain_head: the head of its record's chain.
    :param condition: the item's condition at receipt, and :param received: the day, empty if not critical.
    :param deviations: from the method: additions, deviations, exclusions (ISO/IEC 17025:2017, 7.8.2.1 n).
    :param recalibration: the day that the customer asked to be stated, else empty (7.8.4.3).
    :param reviewer: and :param authoriser: by name, empty until they have done so.
    :param issued: the day of issue; of a draft, the day it was made.
    :param software: release that made it.
    """

    format: Literal["hil-document/1"] = "hil-document/1"
    kind: Kind
    identifier: Name
    run: Name
    chain_head: str = Field(pattern="^[0-9a-f]{64}$")
    laboratory: LaboratorySection
    customer: OrganisationSection
    reporting: ReportingSection
    condition: str = ""
    received: Day | Literal[""] = ""
    deviations: Name = "none"
    recalibration: Day | Literal[""] = ""
    operator: Name
    reviewer: str = ""
    authoriser: str = ""
    issued: Day
    software: Name
    amends: Amends | None = None
    compares: Compares | None = None

    @property
    def operators(self) -> tuple[str, ...]:
        """Who carried out the run, or both runs that are compared."""
        return tuple(dict.fromkeys((self.operator, *((self.compares.operator,) if self.compares else ()))))

    @property
    def final(self) -> bool:
        """Whether it is authorised; otherwise it is a draft."""
        return bool(self.authoriser)

    def text(self) -> str:
        """As the file holds it."""
        return self.model_dump_json(indent=1) + "\n"

    def but(self, **changes: Any) -> Details:
        """The same with some values changed; they are checked."""
        return Details.model_validate({**self.model_dump(), **changes}, strict=False)


def read_details(path: Path) -> Details:
    """Read ``document.json``.

    :raises RecordError: if it is none.
    """
    try:
        return Details.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        why = error.strerror if isinstance(error, OSError) else f"{error.error_count()} faults"
        raise RecordError(
            f"cannot be read ({why})", where=str(path), remedy="run `hil data verify` on the run"
        ) from error
