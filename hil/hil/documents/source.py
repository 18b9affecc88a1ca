"""What a document is made of: a sealed run whose record holds, analysed again to what it gave then."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..bench.files import SourceFile
from ..bench.laboratory import Laboratory, laboratory_in
from ..bench.register import EquipmentRegister, register_in
from ..ending import COMPLETE
from ..errors import UsageError, VerificationFailed
from ..origins import REAL, origin_of
from ..outcome import CalibrationOutcome, MeasurementOutcome, TrialOutcome
from ..record import Record, open_run
from ..reproduction import reproduced
from ..sealing.check import verify_run
from ..sealing.manifest import MANIFEST, SEALED
from ..traceability import not_traceable
from .details import Kind

if TYPE_CHECKING:
    from ..results import Results
    from ..sealing.keys import PublicKey

Outcome = CalibrationOutcome | TrialOutcome | MeasurementOutcome


@dataclass(frozen=True)
class Source:
    """A sealed run: its record, and the results of its analysis, made again."""

    folder: Path
    record: Record
    results: Results
    outcome: Outcome

    @property
    def kind(self) -> Kind:
        """Calibrations yield a certificate, everything else a report."""
        return "certificate" if isinstance(self.outcome, CalibrationOutcome) else "report"

    @property
    def simulated(self) -> bool:
        """Whether the values were measured neither here nor, as far as is stated, elsewhere."""
        return origin_of(self.record) not in REAL


def source_of(folder: Path, *, key: PublicKey | None = None, documents: bool = True) -> Source:
    """Look at a run that a document is wanted of.

    :param key: with which the seal must be signed; ``None`` for whoever the manifest names.
    :param documents: whether the documents that were made of it must hold too.
    :raises UsageError: it is not complete, not sealed, or its procedure yields no document.
    :raises VerificationFailed: its record, its seal or its documents do not hold, or its results are not reproduced.
    """
    where = str(folder)
    record = open_run(folder)
    if record.status != COMPLETE:
        raise UsageError(f"the run is {record.status}, not complete", where=where, remedy="carry its plan out first")
    if not (folder / SEALED / MANIFEST).is_file():
        raise UsageError("the run is not sealed", where=where, remedy="seal it with `hil data seal`")
    verification = verify_run(folder, key, documents=documents)
    if not verification.holds:
        first = verification.findings[0]
        raise VerificationFailed(f"{first.place}: {first.message}", where=where, remedy="run `hil data verify` on it")
    found, results = reproduced(folder)
    if not found.agrees:
        first_difference = found.differences[0]
        raise VerificationFailed(
            f"its results are not reproduced: {first_difference.place} was {first_difference.then}, "
            f"is now {first_difference.now}",
            where=where,
            remedy="use the version of procedure and program that made them; see `hil data reproduce`",
        )
    if isinstance(results.document, CalibrationOutcome) and (reasons := not_traceable(record)):
        raise UsageError(
            f"no calibration certificate is made of what is not traceable: {reasons[0]}",
            where=where,
            remedy="calibrate again once the bench is fit",
        )
    if not isinstance(results.document, Outcome):
        raise UsageError(
            f"the procedure {record.run['procedure']['name']} yields no document",
            where=where,
            remedy="see what its analysis returns as Results.document",
        )
    return Source(folder, record, results, results.document)


def laboratory_of(record: Record) -> Laboratory:
    """The laboratory as its file said when the run began.

    :raises UsageError: the record is of an earlier version, which did not keep it.
    """
    return laboratory_in(_file(record, "laboratory"))


def register_of(record: Record) -> EquipmentRegister:
    """The equipment register as it was when the run began.

    :raises UsageError: the record is of an earlier version, which did not keep it.
    """
    return register_in(_file(record, "equipment"))


def _file(record: Record, name: str) -> SourceFile:
    text = record.run.get("files", {}).get(name)
    if text is None:
        raise UsageError(
            f"its record does not hold the {name} file: an earlier version of this program made it",
            where=str(record.folder),
            remedy="run it again",
        )
    return SourceFile.of(Path(f"{name} file of the run"), text)
