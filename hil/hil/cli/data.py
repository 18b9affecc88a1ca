"""``hil data list|show|verify``: the records of runs; the group ``hil data``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..errors import VERIFICATION, RecordError, UsageError
from ..suggest import meant, nearest
from .group import LazyGroup
from .options import as_json, out, run_argument
from .output import show_json, show_table

if TYPE_CHECKING:
    from ..record import Record

COMMANDS = {
    "list": ("data:list_runs", "The runs in a folder."),
    "show": ("data:show", "What a run was, how it ended, and its results."),
    "verify": ("data:verify", "Whether a record holds, from the first batch to the last file."),
    "reproduce": ("data_export:reproduce", "Analyse the record of a run again, and compare every number."),
    "seal": ("data_seal:seal", "Make the sealed set of a run: Parquet, MCAP, CSV and a signed manifest."),
    "amend": ("data_seal:amend", "Add an amendment to a closed run; the original stays."),
    "export": ("data_export:export", "The readings of a run as CSV, Parquet or MCAP, or its pictures as a data set."),
    "micrographs": ("data_micrographs:micrographs", "The micrographs of a run: contours to correct, sizes by type."),
    "check-set": ("data_set:check_set", "Whether every recording of a data set is the one of its index."),
    "keys": ("data_seal:keys", "Keys that runs are signed with."),
}


@click.group(cls=LazyGroup, lazy=COMMANDS)
def data() -> None:
    """List, show, verify, reproduce, seal, amend and export the records of runs.

    RUN is the folder of a run, the name of one in --out, or "last".
    """


@click.command("list", short_help="The runs in a folder.")
@out
@as_json
def list_runs(out: Path, as_json: bool) -> None:
    """The runs in a folder, the oldest first."""
    found = [_summary(folder) for folder in _run_folders(out)]
    if as_json:
        show_json({"runs": found})
    else:
        keys = ["begun", "bench date", "procedure", "bench", "provenance", "operator", "status", "run"]
        heads = ["begun, as UTC", *keys[1:]]
        show_table(heads, [[run[key] for key in keys] for run in found], below=["bench", "operator", "run"])


@click.command(short_help="What a run was, how it ended, and its results.")
@run_argument
@click.option(
    "--plot", type=click.Path(dir_okay=False, path_type=Path), help="Draw the readings ± U into FILE.png or FILE.svg."
)
@click.option("--channel", "channels", multiple=True, help="A channel to draw; may be repeated. All by default.")
@out
@as_json
def show(run: str, plot: Path | None, channels: tuple[str, ...], out: Path, as_json: bool) -> None:
    """What RUN was, how it ended, what was lost or amended, and its results."""
    from ..record import open_run

    folder = find_run(run, out)
    record = open_run(folder)
    if channels and plot is None:
        raise UsageError("--channel belongs to --plot", remedy="give --plot FILE.png or FILE.svg")
    if plot is not None:
        from .record_plot import draw

        draw(record, plot, channels)
    amended = _amendments(record, folder)
    described = {**_summary(folder), **_reason(record), **_counts(record), **_sealed(folder)}
    results = _results(folder)
    if as_json:
        show_json({**described, "amendments": amended, "parameters": record.run.get("parameters"), "results": results})
        return
    described |= _parameters(record) | _verdict(results)
    show_table(["fact", "value"], [[_LABELS.get(key, key), str(value)] for key, value in described.items()])
    if amended:
        keys = ["what", "why", "who", "when"]
        show_table(keys, [[str(one[key]) for key in keys] for one in amended], title="\namendments")
    click.echo()
    for path in sorted(folder.iterdir()):
        click.echo(path)


_LABELS = {"lost": "readings lost"}


@click.command(short_help="Whether a record holds, from the first batch to the last file.")
@run_argument
@click.option(
    "--key",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The laboratory's public key (PEM), which must have signed.",
)
@out
@as_json
def verify(run: str, key: Path | None, out: Path, as_json: bool) -> int:
    """Whether RUN holds: its hash chain, its database, its files, and, where there are some, sealed set and amendments.

    The exit code is 6 if anything does not hold; the first place that does not is named first. Without --key a
    signature shows only that nothing was altered since somebody signed.
    """
    from ..sealing.check import verify_run
    from ..sealing.keys import load_public

    folder = find_run(run, out)
    verification = verify_run(folder, None if key is None else load_public(key))
    findings = [{"place": finding.place, "message": finding.message} for finding in verification.findings]
    if as_json:
        show_json(
            {
                "run": str(folder),
                "holds": not findings,
                "status": verification.status,
                "checked": list(verification.checked),
                "findings": findings,
                "ends": verification.ends,
            }
        )
    else:
        for line in verification.checked:
            click.echo(f"looked at {line}")
        click.echo(verification.ending)
        for finding in findings:
            click.echo(f"does not hold: {finding['place']}: {finding['message']}")
        click.echo(f"{folder} {'does not hold' if findings else 'holds'} ({verification.status})")
    return VERIFICATION if findings else 0


def find_run(run: str, out: Path) -> Path:
    """The folder of a run: a path, a name in ``out``, or ``last``.

    :raises UsageError: if there is none.
    """
    for candidate in (Path(run), out / run):
        folder = candidate.parent if candidate.name == "run.db" else candidate
        if any((folder / name).is_file() for name in ("run.db", "closed.json")):
            return folder
    if run != "last" and Path(run).is_dir():
        inside = [folder.name for folder in _run_folders(Path(run))]
        remedy = f"name one of its runs, such as {Path(run) / inside[-1]}" if inside else "give the folder of a run"
        raise UsageError("holds no record of a run", where=run, remedy=remedy)
    if "/" in run or "*" in run:
        raise _absent(Path(run))
    folders = _run_folders(out)
    if run == "last" and folders:
        return folders[-1]
    raise UsageError(f"there is no run {run!r} in {out}", remedy=nearest(run, [folder.name for folder in folders]))


def _absent(path: Path) -> UsageError:
    """That a path does not exist, by the first part of it that does not."""
    missing = next((each for each in (*reversed(path.parents), path) if not each.exists()), path)
    beside = [each.name for each in missing.parent.iterdir() if each.is_dir()] if missing.parent.is_dir() else []
    what = "holds no record of a run" if path.exists() else "does not exist"
    return UsageError(what, where=str(path), remedy=meant(missing.name, beside) or "give the folder of a run")


def _run_folders(out: Path) -> list[Path]:
    from ..record.folder import run_folders

    return run_folders(out)


def _summary(folder: Path) -> dict[str, str]:
    from ..record import open_run
    from ..utc import time_claim

    try:
        record = open_run(folder)
        run, status, claim = record.run, record.status, time_claim(record)
    except (RecordError, UsageError) as error:
        return dict.fromkeys(("begun", "bench date", "clock", "procedure", "bench", "provenance", "operator"), "") | {
            "status": f"cannot be read: {error}",
            "run": folder.name,
        }
    return {
        "begun": _instant(run.get("begun"), synchronised=claim.synchronised),
        "bench date": "" if record.day is None else record.day.isoformat(),
        "clock": claim.told,
        "procedure": _name(run.get("procedure")),
        "bench": _name(run.get("bench")),
        "provenance": str(run.get("provenance", "")),
        "operator": str(run.get("operator", "")),
        "status": status,
        "run": folder.name,
    }


def _reason(record: Record) -> dict[str, str]:
    return {"reason": record.reason} if record.reason else {}


def _counts(record: Record) -> dict[str, Any]:
    points = record.points()
    return {
        "points": sum(point.state == "committed" for point in points),
        "void attempts": sum(point.state == "void" for point in points),
        "channels": ", ".join(record.channels),
        "lost": sum(int(event.data["lost"]) for event in record.events("gap")),
        "chain head": record.chain_head,
    }


def _parameters(record: Record) -> dict[str, str]:
    """The parameters, with their units where the record has them."""
    from hil_calibration.unit import symbol

    units = record.run.get("parameter_units") or {}
    return {
        f"parameter {name}": f"{_listed(value)} {symbol(units.get(name, '1'))}".rstrip()
        for name, value in (record.run.get("parameters") or {}).items()
    }


def _listed(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _verdict(results: Any) -> dict[str, str]:
    verdict = results.get("verdict") if isinstance(results, dict) else None
    if not isinstance(verdict, dict):
        return {}
    return {
        "required": str(verdict.get("requirement")),
        "verdict": f"{verdict.get('outcome')}: {verdict.get('reason')}",
    }


def _sealed(folder: Path) -> dict[str, str]:
    """Whether a run is sealed, and who signed."""
    from ..sealing.envelope import told
    from ..sealing.manifest import MANIFEST, SEALED, read_manifest

    path = folder / SEALED / MANIFEST
    if not path.exists():
        return {"sealed": "no"}
    try:
        return {"sealed": told(read_manifest(path).envelope, None)}
    except (OSError, ValueError) as error:
        raise RecordError(f"was altered ({error})", where=str(path), remedy="run `hil data verify` on it") from None


def _amendments(record: Record, folder: Path) -> list[dict[str, Any]]:
    """Amendments made while the run went on, and those added since."""
    from .amended import changed
    from .data_seal import amendments_of

    live = [
        {"what": f"{row['target']}: {changed(row['old'], row['new'])}", "why": row["why"], "who": row["who"]}
        | {"when": _instant(row["t"], synchronised=False)}
        for row in record.table("amend")
    ]
    return [*live, *amendments_of(folder)]


def _results(folder: Path) -> Any:
    import json

    path = folder / "results.json"
    if not path.is_file():
        return None
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise RecordError(f"is not JSON ({error})", where=str(path), remedy="run `hil data verify` on it") from None


def _instant(utc: object, *, synchronised: bool) -> str:
    from ..utc import iso

    return iso(utc, synchronised=synchronised) if isinstance(utc, int) else ""


def _name(fact: object) -> str:
    return str(fact.get("name", "")) if isinstance(fact, dict) else str(fact or "")
