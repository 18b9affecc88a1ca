"""The end of a run whose record is complete: analysis, results, documents."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .ending import COMPLETE
from .errors import FAIL, INCONCLUSIVE, PASS, ProcedureFault, exit_code, raised
from .traceability import not_traceable

if TYPE_CHECKING:
    from .preparation import Prepared
    from .record import Record
    from .results import Results

EXIT = {"PASS": PASS, "FAIL": FAIL, "INCONCLUSIVE": INCONCLUSIVE}


@dataclass(frozen=True)
class RunOutcome:
    """How a run ended.

    ``error`` is one sentence, empty where the run is complete; ``documents`` holds the paths of what was written.
    """

    folder: Path
    status: str
    exit_code: int
    results: dict[str, Any] = field(default_factory=dict)
    tables: tuple[dict[str, Any], ...] = ()
    verdict: dict[str, str] | None = None
    documents: tuple[Path, ...] = ()
    error: str = ""


def conclude(folder: Path, prepared: Prepared, *, documented: bool) -> RunOutcome:
    """Analyse the record in ``folder``, and write results, and documents where they are wanted."""
    from .documents.drafts import Documents, write_documents
    from .record import open_run

    record = open_run(folder)
    results = prepared.procedure.analyse(record, prepared.parameters)
    data = _results(record, results, prepared)
    documents = Documents()
    if documented:
        documents = write_documents(folder, record, results, prepared.config)
    if documents.identifier:
        data["document"] = documents.identifier
    path = folder / "results.json"
    path.write_text(json.dumps(data, indent=1, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")
    verdict = results.verdict
    return RunOutcome(
        folder,
        COMPLETE,
        PASS if verdict is None else EXIT[verdict.outcome],
        results=data,
        tables=tuple(asdict(table) for table in results.summary),
        verdict=None if verdict is None else asdict(verdict),
        documents=(*documents.paths, path),
    )


def fault_of(part: str, name: str, error: BaseException) -> BaseException:
    """What the ``part`` (such as the analysis) of the procedure ``name`` raised, as one sentence."""
    if exit_code(error) != 70:
        return error
    fault = ProcedureFault(f"the {part} {raised(error)}", where=name, remedy=f"correct the {part}")
    fault.__cause__ = error
    return fault


def _results(record: Record, results: Results, prepared: Prepared) -> dict[str, Any]:
    return {
        "run": record.folder.name,
        "procedure": {"name": prepared.procedure.name, "version": prepared.procedure.version},
        "bench": prepared.config.name,
        "provenance": prepared.config.provenance,
        "not_traceable": not_traceable(record),
        "seed": prepared.seed,
        "verdict": None if results.verdict is None else asdict(results.verdict),
        "results": results.data,
    }
