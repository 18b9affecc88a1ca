"""The certificate of a simulated bench from two runs: over what is within, signed, reproduced; what is refused."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from bench_copy import hil
from compared import Pair, sealed_pair
from hil import Record
from hil.comparing.comparison import Comparison, compare
from hil.comparing.runs import read
from hil.documents.amendment import amend
from hil.documents.equivalence import (
    certificate_of_equivalence,
    compares_with,
    equivalence_identifier,
    for_test_keys,
)
from hil.documents.equivalence_content import Content
from hil.documents.lifecycle import Document, draft
from hil.documents.register import Register
from hil.documents.reproduction import reproduce
from hil.documents.source import Source, source_of
from hil.documents.verification import verify_document
from hil.errors import UsageError, VerificationFailed
from hil.impact import impact
from hil.sealing.check import verify_run
from hil_calibration.certificate.lint import check
from hil_calibration.certificate.reader import parse
from issuing import REVIEWER

XADES = "http://uri.etsi.org/01903/v1.3.2#"
MARGIN = 0.5
"""In lx: within at the lower levels, undecided at the upper ones."""


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    return sealed_pair(tmp_path_factory.mktemp("pair"))


@pytest.fixture(scope="module")
def found(pair: Pair) -> Comparison:
    first, second = pair.folders
    return compare(read(first), read(second), margin=MARGIN)


@pytest.fixture(scope="module")
def issued(pair: Pair, tmp_path_factory: pytest.TempPathFactory) -> tuple[Pair, Document]:
    own = pair.copy(tmp_path_factory.mktemp("issued"))
    return own, own.issue(MARGIN)


def faults(pair: Pair, path: Path) -> list[str]:
    verification = verify_document(path, pair.runs, trusted=[pair.root.read_bytes()], key=pair.key.public)
    return [f"{each.place}: {each.message}" for each in verification.findings]


def test_it_certifies_what_is_within_and_nothing_else(issued: tuple[Pair, Document], found: Comparison) -> None:
    data = (issued[1].home / "certificate.xml").read_bytes()
    assert [each for each in check(data) if each.severity != "info"] == []
    within = [one for one in found.differences if one.judged == "within"]
    left = [one for one in found.differences if one.judged != "within"]
    assert within
    assert left
    axis, told, score = (quantity.forms[0] for quantity in parse(data).results[0].quantities)
    assert [f"{level:g} lx" for level in axis.values] == [one.condition for one in within]
    for one, value, U, e_n in zip(within, told.values, told.U, score.values, strict=True):  # noqa: N806
        assert value == pytest.approx(one.difference, abs=0.05 * one.U)
        assert pytest.approx(one.U, rel=0.06) == U
        assert e_n == pytest.approx(one.e_n, abs=0.005)
        assert abs(value) + U <= 1.02 * MARGIN
    text = data.decode()
    assert all(f"{one.measurand} at {one.condition} ({one.judged})" in text for one in left)
    assert "no calibration of a physical instrument" in text
    assert "No physical bench took part" in text
    assert "No accreditation covers it" in text
    assert "margin of 0.5 lx, stated to the comparison" in text, "no program can show that it was so beforehand"
    assert "marge de 0.5 lx, déclarée pour la comparaison" in text


def test_its_signature_both_records_and_the_register_hold(issued: tuple[Pair, Document]) -> None:
    pair, document = issued
    paths = [document.home / f"certificate.{kind}" for kind in ("xml", "pdf")]
    assert [faults(pair, path) for path in paths] == [[], []]
    checked = verify_document(paths[0], pair.runs).checked
    assert all(any(folder.name in line for line in checked) for folder in pair.folders)
    identifiers = ["--id-attr:Id", "KeyInfo", "--id-attr:Id", f"{XADES}:SignedProperties"]
    command = ["xmlsec1", "--verify", "--enabled-key-data", "x509", *identifiers, "--trusted-pem", str(pair.root)]
    assert subprocess.run([*command, str(paths[0])], capture_output=True, check=False).returncode == 0
    (entry,) = Register(pair.runs).entries()
    assert (entry.identifier, entry.kind) == (pair.identifier, "equivalence")
    assert (entry.run, entry.beside) == tuple(folder.name for folder in pair.folders)
    rests = impact("20001", date(2026, 1, 1), pair.runs).uses
    assert [[each.identifier for each in use.issued] for use in rests] == [[pair.identifier], [pair.identifier]]


def test_its_numbers_are_compared_with_what_both_records_give(issued: tuple[Pair, Document], tmp_path: Path) -> None:
    pair, document = issued
    again = reproduce(pair.folders[0], pair.identifier)
    assert (again.differences, again.pdf) == ([], True)
    assert again.numbers > 60
    altered = Path(shutil.copytree(document.home, tmp_path / "altered"))
    text = (altered / "certificate.xml").read_text(encoding="utf-8")
    (stated, *_) = re.findall(r"(?<=<si:valueExpandedMUXMLList>)[^<]+", text)
    wrong = stated[:-1] + str((int(stated[-1]) + 1) % 10)
    (altered / "certificate.xml").write_text(text.replace(stated, wrong, 1), encoding="utf-8")
    assert any("the record gives" in fault for fault in faults(pair, altered / "certificate.xml"))


def test_the_other_record_must_hold_and_be_the_same(issued: tuple[Pair, Document], tmp_path: Path) -> None:
    pair, document = issued[0].copy(tmp_path), issued[1]
    home = pair.folders[0] / document.home.relative_to(document.folder)
    database = pair.folders[1] / "run.db"
    data = bytearray(database.read_bytes())
    data[-100] ^= 1
    database.write_bytes(data)
    assert any(pair.folders[1].name in fault for fault in faults(pair, home / "certificate.xml"))
    with pytest.raises(VerificationFailed, match=pair.folders[1].name):
        reproduce(pair.folders[0], pair.identifier)
    shutil.rmtree(pair.folders[1])
    folder = next(each for each in pair.runs.iterdir() if each.is_dir())
    with pytest.raises(VerificationFailed, match="is not there"):
        reproduce(folder, document.details.identifier)


def test_another_margin_makes_no_second_original(issued: tuple[Pair, Document], tmp_path: Path) -> None:
    pair = issued[0].copy(tmp_path)
    with pytest.raises(UsageError, match="was issued already"):
        pair.draft(10.0 * MARGIN)
    first = pair.folders[0]
    assert draft(first, pair.laboratory, key=pair.key).details.kind == "certificate"
    later = amend(first, pair.identifier, "A condition was described wrongly.", pair.laboratory, {}, key=pair.key)
    assert later.details.compares == issued[1].details.compares
    assert later.details.identifier == f"{pair.identifier}-A1"
    assert verify_run(first, pair.key.public).holds


def test_what_is_not_certified(pair: Pair, issued: tuple[Pair, Document], tmp_path: Path) -> None:
    first, second = pair.folders
    with pytest.raises(UsageError, match="at no condition"):
        pair.copy(tmp_path).draft(1e-6)
    with pytest.raises(UsageError, match="different folders"):
        compares_with(first, Path(shutil.copytree(second, tmp_path / second.name)), margin=1.0, measurand=None)
    compares = compares_with(first, second, margin=MARGIN, measurand=None)
    with pytest.raises(UsageError, match="no run of a simulated bench"):
        certificate_of_equivalence(as_measured(source_of(first)), issued[1].details, compares)


def test_a_condition_without_uncertainty_is_named(pair: Pair, found: Comparison, issued: tuple[Pair, Document]) -> None:
    one, other = (source_of(folder) for folder in pair.folders)
    first, second, *others = found.differences
    with pytest.raises(UsageError, match=f"U.d. is 0 for error of indication at {second.condition}, which no"):
        Content(one, other, replace(found, differences=[first, replace(second, U=0.0), *others]), issued[1].details)
    results = found.first.results[first.measurand]
    certain = {**results, first.condition: replace(results[first.condition], u=0.0)}
    of_first = replace(found.first, results={first.measurand: certain})
    with pytest.raises(UsageError, match=f"u of the first run is 0 for error of indication at {first.condition}"):
        Content(one, other, replace(found, first=of_first), issued[1].details)


def test_what_is_compared_has_one_identifier_however_the_margin_is_stated(pair: Pair) -> None:
    first, second = pair.folders
    measurand = "error of indication"
    stated: list[dict[str, Any]] = [
        {"margin": 1.0},
        {"margin": 2.0, "measurand": measurand},
        {"margins": {measurand: 1.0}},
    ]
    source = source_of(first)
    assert {equivalence_identifier(source, compares_with(first, second, **one)) for one in stated} == {pair.identifier}


class Measured(Record):
    """A record as a physical bench would have made it."""

    @property
    def run(self) -> dict[str, Any]:
        return {**super().run, "provenance": "measured", "world": ""}


def as_measured(source: Source) -> Source:
    return replace(source, record=Measured(source.record.folder, source.record.path))


def test_beside_a_physical_bench_it_may_stand_in_for_it(
    pair: Pair, issued: tuple[Pair, Document], found: Comparison
) -> None:
    first, second = (source_of(folder) for folder in pair.folders)
    physical = as_measured(second)
    beside = replace(found, second=replace(found.second, run=physical.record.run))
    content = Content(first, physical, beside, issued[1].details)
    said = " ".join(statement.declaration.en for statement in content.statements())
    assert "may stand in for the physical bench action-sim here" in said
    assert "The values of the second run were measured" in said
    assert "No physical bench took part" not in said
    assert for_test_keys(first, issued[1].details)
    assert not for_test_keys(physical, issued[1].details)


def test_few_degrees_of_freedom_and_the_region_are_in_it(
    pair: Pair, issued: tuple[Pair, Document], found: Comparison
) -> None:
    """Each result with 4 degrees of freedom, as if nothing but five readings stood behind it."""
    first, second = (
        replace(side, results={n: {at: replace(r, dof=4.0) for at, r in m.items()} for n, m in side.results.items()})
        for side in (found.first, found.second)
    )
    few = compare(first, second, margin=MARGIN)
    content = Content(source_of(pair.folders[0]), source_of(pair.folders[1]), few, issued[1].details)
    differences, results = content.results()
    certified = [one for one in few.differences if one.judged == "within"]
    assert differences.columns[1].k.split() == [f"{one.k:.2f}" for one in certified]
    assert all(one.k > 2.3 for one in certified)
    assert set(results.columns[1].k.split()) == {"2.87"}
    assert ("effective degrees of freedom", "4", "4", "–") in content.budget().rows
    said = " ".join(statement.declaration.en for statement in content.statements())
    assert f"error of indication, {certified[0].condition} to {certified[-1].condition} ({len(certified)} cond" in said
    assert "2 from 50 effective degrees of freedom on" in said


def test_who_carried_out_either_run_does_not_review(pair: Pair, tmp_path: Path) -> None:
    own = pair.copy(tmp_path)
    first, second = own.folders
    compares = compares_with(first, second, margin=MARGIN, measurand=None)
    theirs = compares.model_copy(update={"operator": REVIEWER})
    document = draft(first, own.laboratory, compares=theirs, key=own.key)
    assert document.details.operators == ("Operator A", REVIEWER)
    with pytest.raises(UsageError, match="carried the run out"):
        own.review()


def test_the_command_drafts_it_beside_the_comparison(pair: Pair, tmp_path: Path) -> None:
    own = pair.copy(tmp_path)
    first, second = (str(folder) for folder in own.folders)
    asked = ("compare", first, second, "--margin", str(MARGIN), "--json")
    done = hil(*asked, "--certificate", "--key", own.keys / "laboratory.key", cwd=tmp_path)
    told = json.loads(done.stdout)
    assert (done.returncode, told["outcome"]) == (3, "INCONCLUSIVE")
    assert told["certificate"]["identifier"] == own.identifier
    assert all(Path(file).is_file() for file in told["certificate"]["files"])
    refused = hil(*asked, "--key", own.keys / "laboratory.key", cwd=tmp_path)
    assert refused.returncode == 2
    assert "add --certificate" in refused.stderr
    shown = hil(*asked[:-1], "--report", "found", cwd=tmp_path)
    assert shown.stdout.endswith("\nfound/comparison.json\nfound/report.html\n")
