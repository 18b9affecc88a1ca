"""Where values come from: recordings of something real, synthetic ones, and ones of which nobody says what they are."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest

from hil.documents.lifecycle import authorise, draft, review
from hil.documents.reproduction import reproduce
from hil.documents.source import laboratory_of
from hil.documents.verification import verify_document
from hil.errors import UsageError
from hil.origins import EVENT, origin_of, prefix_of
from hil.record import RecordWriter, open_run
from hil.run import RunOutcome, run_procedure
from hil.sealing.keys import load_private, new_key
from hil.sealing.sealer import seal_run
from hil_calibration.certificate.lint.checking import check
from hil_calibration.certificate.reader import parse
from hil_calibration.certificate.signing import load_identity, make_authority
from hil_drivers.data_set import NOT_STATED
from issuing import AUTHORISER, REVIEWER
from replayed import SETTINGS, make_bench
from slabs import make_slabs

Stated = Literal["recorded", "rendered"] | None

REAL = (
    "The values were obtained from recordings with reference values made elsewhere; nothing was measured on this bench."
)
UNKNOWN = "Origin of recordings not stated"


def run(procedure: str, bench: Path, out: Path, settings: Mapping[str, str]) -> RunOutcome:
    outcome = asyncio.run(
        run_procedure(
            procedure,
            str(bench),
            settings=settings,
            seed=None,
            speed=None,
            out=out,
            operator="Operator A",
            on_event=lambda event: None,
        )
    )
    assert not outcome.error, outcome.error
    return outcome


@pytest.fixture(scope="module")
def calibrated(tmp_path_factory: pytest.TempPathFactory) -> dict[Stated, RunOutcome]:
    """A virtual instrument calibrated on the same tables, by what their data set says of their origin."""
    found: dict[Stated, RunOutcome] = {}
    for origin in ("recorded", "rendered", None):
        place = tmp_path_factory.mktemp(origin or "unstated")
        bench = make_slabs(place / "bench", origin)
        settings = {"contents": "inside", "stimuli": "40"}
        found[origin] = run("calibrate-virtual-instrument", bench, place / "runs", settings)
    return found


def xml_of(outcome: RunOutcome) -> bytes:
    return (outcome.folder / "certificate.xml").read_bytes()


@pytest.mark.parametrize(
    ("stated", "origin", "prefix", "sentence"),
    [
        ("recorded", "recorded", "REC-", REAL),
        ("rendered", "synthetic", "SIM-", "The bench replayed recordings, and these are synthetic."),
        (None, "not stated", "SIM-", UNKNOWN),
    ],
)
def test_a_certificate_says_what_was_replayed(
    calibrated: dict[Stated, RunOutcome], stated: Stated, origin: str, prefix: str, sentence: str
) -> None:
    outcome = calibrated[stated]
    record, xml = open_run(outcome.folder), xml_of(outcome)
    assert record.run["provenance"] == "replayed"
    assert (origin_of(record), prefix_of(record)) == (origin, prefix)
    document = parse(xml, where="certificate.xml")
    assert document.identifier.startswith(prefix)
    assert document.identifier == outcome.results["document"]
    assert document.simulated == (stated != "recorded")
    assert document.traceable is False, "of none of them does this laboratory claim it"
    assert sentence in xml.decode()
    assert ("SIMULATED. The values" in xml.decode()) == (stated != "recorded")
    assert (b'replayed="true"' in xml) == (stated == "recorded")
    assert [one for one in check(xml) if one.severity == "error"] == []


def test_only_recordings_that_are_said_to_be_real_have_references_that_count_as_measured(
    calibrated: dict[Stated, RunOutcome],
) -> None:
    found = {
        stated: open_run(outcome.folder).channels["truth.temperature"]["calibration"]["provenance"]
        for stated, outcome in calibrated.items()
    }
    assert found == {"recorded": "measured", "rendered": "simulated", None: "simulated"}


def test_a_key_of_a_test_authority_goes_on_synthetic_recordings_and_not_on_real_ones(
    calibrated: dict[Stated, RunOutcome], tmp_path: Path
) -> None:
    """One that got onto a certificate of real ones nevertheless is found by whoever verifies it."""
    new_key(tmp_path / "laboratory.key")
    make_authority(tmp_path, [AUTHORISER, REVIEWER], laboratory="Example Laboratory")
    key, identity = load_private(tmp_path / "laboratory.key"), load_identity(tmp_path / "technical-manager-c.pem")
    disguised = replace(identity, test=False)
    stated: Stated
    for stated, refused, taken in (("recorded", identity, disguised), ("rendered", disguised, identity)):
        folder = calibrated[stated].folder
        laboratory = laboratory_of(open_run(folder))
        seal_run(folder, key)
        number = draft(folder, laboratory, key=key).details.identifier
        review(folder, number, REVIEWER, laboratory, remark="looked at", key=key)
        with pytest.raises(UsageError, match="test authority"):
            authorise(folder, number, AUTHORISER, laboratory, refused, key=key)
        issued = authorise(folder, number, AUTHORISER, laboratory, taken, key=key)
        found = verify_document(issued.home / "certificate.xml", folder.parent, key=key.public)
        told = [finding.message for finding in found.findings]
        assert ("measured values are signed with a key of a test authority" in told) == (stated == "recorded")
        assert any("nothing was measured on its bench" in note for note in found.notes) == (stated == "recorded")
        assert reproduce(folder, number).agrees


@pytest.mark.parametrize(("stated", "sentence"), [("recorded", REAL), ("rendered", "synthetic"), (None, UNKNOWN)])
def test_a_report_says_what_was_replayed(stated: Stated, sentence: str, tmp_path: Path) -> None:
    bench = make_bench(tmp_path / "bench")
    described = bench.parent / "signs" / "dataset.toml"
    line = "" if stated is None else f'origin = "{stated}"'
    described.write_text(described.read_text("utf-8").replace('origin = "rendered"', line), "utf-8")
    outcome = run("detection-vs-illuminance", bench, tmp_path / "runs", SETTINGS)
    prefix = "REC-" if stated == "recorded" else "SIM-"
    assert outcome.results["document"].startswith(prefix)
    page = (outcome.folder / "report.html").read_text(encoding="utf-8")
    assert sentence in page
    assert "REPLAYED" in page
    assert (REAL in page) == (stated == "recorded")
    assert (outcome.folder / "report.pdf").read_bytes().startswith(b"%PDF")


async def test_a_camera_that_tells_nothing_of_its_pictures_leaves_their_origin_open(tmp_path: Path) -> None:
    """Beside a data set of real recordings: what says least decides."""
    record = RecordWriter.create(tmp_path / "run", {"provenance": "replayed"})
    record.event(1, EVENT, {"device": "data", "origin": "recorded"})
    record.event(2, EVENT, {"device": "camera", "origin": NOT_STATED})
    await record.close("complete", reason="")
    assert origin_of(open_run(tmp_path / "run")) == "not stated"
