"""The demonstration from end to end, and what its documents and records withstand."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import sqlite3
import subprocess
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from bench_copy import command, hil
from documents import ROOT, blocks, first_line, first_missing
from hil.record import open_run
from hil.scripts import find

SCHEMAS = Path(__file__).parents[3] / "shared" / "dcc" / "xsd"


ISSUED: dict[str, Any] = {}
"""What the demonstration showed of its certificate."""


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """One `hil demo`: where it ran, and what it printed."""
    place = tmp_path_factory.mktemp("demo")
    done = subprocess.run(
        command("demo", "--out", "out/demo"),
        cwd=place,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return place, done.stdout


@pytest.fixture(scope="module")
def demo(printed: tuple[Path, str]) -> dict[str, Any]:
    """Its two runs: folder, results and verdict."""
    place, text = printed
    told = text.partition("The certificate, sealed and signed with test keys")[2]
    ISSUED.update(re.findall(r"^(\w+): +(.+)$", told, re.MULTILINE))
    ISSUED["certificate"] = place / ISSUED["file"]
    runs = {}
    for name, procedure in (("calibration", "calibrate-luxmeter"), ("trial", "detection-vs-illuminance")):
        (folder,) = (place / "out" / "demo" / "runs").glob(f"*_{procedure}_*")
        results = json.loads((folder / "results.json").read_text(encoding="utf-8"))
        runs[name] = {"folder": folder, "results": results, "verdict": results["verdict"]}
    return runs


def test_the_readme_shows_what_it_prints(printed: tuple[Path, str]) -> None:
    readme = blocks(ROOT / "README.md")
    (shown,) = (after for block, after in pairwise(readme) if first_line(block) == "make demo")
    missing = first_missing(shown.text, printed[1])
    assert not missing, f"{missing!r} is not in:\n{printed[1]}"


def text_of(pdf: Path) -> str:
    return subprocess.run(["pdftotext", pdf, "-"], capture_output=True, text=True, check=True).stdout


WATERMARK = frozenset("SIMULATED·DRAFT")
"""The letters of the mark across each page, which extraction scatters among the lines."""

pytestmark = pytest.mark.timeout(300)

PARTS = 4
"""Of the files of a run: every run of the tests tries one of them."""


def test_it_ends_with_a_verdict_and_both_records_hold(demo: dict[str, Any]) -> None:
    assert demo["trial"]["verdict"]["outcome"] == "PASS"
    for run in demo.values():
        done = hil("data", "verify", run["folder"], cwd=run["folder"])
        assert done.returncode == 0, done.stdout
        assert open_run(run["folder"]).status == "complete"


def test_the_certificate_is_a_valid_dcc(demo: dict[str, Any]) -> None:
    if not SCHEMAS.is_dir():
        pytest.skip("the DCC schemas are not beside the project")
    schema = etree.XMLSchema(etree.parse(SCHEMAS / "dcc" / "v3.3.0" / "dcc.xsd"))
    schema.assertValid(etree.parse(demo["calibration"]["folder"] / "certificate.xml"))


def test_numbers_are_the_same_strings_everywhere(demo: dict[str, Any]) -> None:
    folder = demo["calibration"]["folder"]
    levels = json.loads((folder / "results.json").read_text(encoding="utf-8"))["results"]["levels"]
    xml = (folder / "certificate.xml").read_text(encoding="utf-8")
    words = [word for word in text_of(folder / "certificate.pdf").split() if word not in WATERMARK]
    assert len(levels) == 7
    for key in ("reference", "indication", "error", "U", "k"):
        column = [level[key] for level in levels]
        assert f">{' '.join(column)}<" in xml, key
        printed = [number.replace("-", "−") for number in column]
        assert any(words[i : i + len(printed)] == printed for i in range(len(words))), key


def test_a_mean_of_the_room_lies_between_the_least_and_the_greatest_value(demo: dict[str, Any]) -> None:
    for one in demo["calibration"]["results"]["results"]["conditions"]:
        assert float(one["min"]) <= float(one["value"]) <= float(one["max"]), one["name"]


def test_everything_says_that_it_is_simulated(demo: dict[str, Any]) -> None:
    folder = demo["calibration"]["folder"]
    xml = (folder / "certificate.xml").read_text(encoding="utf-8")
    assert ">SIM-" in xml
    assert "SIMULATED" in xml
    pages = text_of(folder / "certificate.pdf").rstrip("\f").split("\f")
    assert len(pages) > 1
    assert all("SIMULATED" in page and "SIM-" in page for page in pages)
    report = (demo["trial"]["folder"] / "report.html").read_text(encoding="utf-8")
    assert "SIMULATED" in report
    assert "SIM-" in report
    for run in demo.values():
        assert run["results"]["provenance"] == "simulated"


def test_results_are_reproduced_from_the_record(demo: dict[str, Any]) -> None:
    for name, run in (("calibrate-luxmeter", "calibration"), ("detection-vs-illuminance", "trial")):
        procedure = find(name)
        again = procedure.analyse(open_run(demo[run]["folder"]), procedure.parameters())
        assert json.loads(json.dumps(again.data)) == demo[run]["results"]["results"]


def test_its_certificate_is_issued_checked_verified_reproduced_altered_and_amended(demo: dict[str, Any]) -> None:
    assert ISSUED["issued"] == "reviewed by Reviewer B, authorised by Technical Manager C, signed"
    assert ISSUED["checked"] == "0 errors, 0 warnings"
    assert "118 numbers" in ISSUED["reproduced"]
    assert "states '2.3', the record gives '2.2'" in ISSUED["altered"]
    place = ISSUED["certificate"].parents[4]
    identifier = ISSUED["certificate"].parents[1].name
    assert demo["calibration"]["results"]["document"] == identifier
    done = hil("certificate", "list", "--out", place, cwd=place)
    assert f"{identifier}-A1" in done.stdout
    altered = place.parent / "altered" / "certificate.xml"
    for path, code in ((ISSUED["certificate"], 0), (altered, 6)):
        done = hil("certificate", "verify", path, "--out", place, cwd=place)
        assert done.returncode == code, done.stdout


def test_the_trial_used_the_issued_certificate(demo: dict[str, Any]) -> None:
    identifier = demo["calibration"]["results"]["document"]
    record = open_run(demo["trial"]["folder"])
    channel = record.channels["luxmeter.illuminance"]
    calibration = channel["calibration"]
    assert channel["certificate_sha256"] == hashlib.sha256(ISSUED["certificate"].read_bytes()).hexdigest()
    assert calibration["identifier"] == identifier
    names = [effect["name"] for effect in calibration["effects"]]
    assert any(name.startswith("SAMPLE-2026-0001 20001 illuminance/") for name in names)
    (system,) = record.events("system")
    assert all(len(digest) == 64 for digest in system.data["digests"].values())


@pytest.mark.parametrize(
    ("required", "code", "outcome"),
    [
        ("7", 1, "FAIL"),
        pytest.param("40", 0, "PASS", marks=pytest.mark.soak),
        pytest.param("15", 3, "INCONCLUSIVE", marks=pytest.mark.soak),
    ],
)
def test_the_exit_code_is_the_verdict_s(tmp_path: Path, required: str, code: int, outcome: str) -> None:
    short = ("--set", "repeats=2", "--set", "illuminances=4,6,8,12,20,40", "--set", "warm_up=60 s")
    asked = (*short, "--set", f"required={required} lx")
    done = hil("run", "detection-vs-illuminance", "--bench", "reader-sim", *asked, "--json", cwd=tmp_path)
    assert done.returncode == code, done.stderr
    assert json.loads(done.stdout)["verdict"]["outcome"] == outcome


@pytest.fixture
def sealed(demo: dict[str, Any], tmp_path: Path) -> Path:
    """A copy of the calibration's folder, to be tampered with."""
    folder: Path = demo["calibration"]["folder"]
    copy = tmp_path / folder.name
    shutil.copytree(folder, copy)
    return copy


def verdict_on(folder: Path) -> tuple[int, str]:
    done = hil("data", "verify", folder, cwd=folder.parent)
    return done.returncode, done.stdout


@pytest.mark.parametrize(
    ("trigger", "statement", "place"),
    [
        ("update", "UPDATE reading SET value = value + 0.001 WHERE rowid = 50", "reading row 50"),
        ("delete", "DELETE FROM reading WHERE rowid = 51", "reading"),
        ("delete", "DELETE FROM observation WHERE rowid = 2", "observation"),
    ],
)
def test_a_row_that_was_tampered_with_is_named(sealed: Path, trigger: str, statement: str, place: str) -> None:
    database = sqlite3.connect(sealed / "run.db")
    triggers = database.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
    for name, _ in triggers:
        database.execute(f"DROP TRIGGER {name}")
    assert database.execute(statement).rowcount == 1
    for _, sql in triggers:
        database.execute(sql)
    database.commit()
    database.close()
    code, told = verdict_on(sealed)
    assert code == 6, trigger
    assert place in told


@pytest.mark.parametrize("part", [0, *(pytest.param(each, marks=pytest.mark.soak) for each in range(1, PARTS))])
def test_a_flipped_byte_of_any_file_is_found(sealed: Path, part: int) -> None:
    paths = sorted(path for path in sealed.rglob("*") if path.is_file())
    for number, path in list(enumerate(paths))[part::PARTS]:
        good = path.read_bytes()
        offset = (0, len(good) // 3, len(good) - 1)[number % 3]
        bad = bytearray(good)
        bad[offset] ^= 0x10
        path.write_bytes(bad)
        code, told = verdict_on(sealed)
        assert code == 6, (path.name, offset)
        assert path.name in told or "closed.json" in told
        path.write_bytes(good)
    assert verdict_on(sealed)[0] == 0
