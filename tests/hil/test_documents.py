"""Documents from draft to issue: who may do what, what is refused, and what a file that was altered shows."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from lxml import etree

from hil.documents.amendment import amend
from hil.documents.lifecycle import Wishes, amended_identifier, draft
from hil.documents.refusals import require_key
from hil.documents.register import REGISTER, Entry, Register
from hil.documents.reproduction import reproduce
from hil.documents.verification import verify_document
from hil.errors import HilError, RecordError, UsageError, VerificationFailed
from hil.sealing.check import verify_run
from hil.sealing.steps import DRAFT, FINAL, PART, place, steps
from hil_calibration.certificate.signing import load_identity, make_authority
from hil_calibration.errors import CertificateError
from issuing import AUTHORISER, REVIEWER, Office, sealed_calibration


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Office:
    return sealed_calibration(tmp_path_factory.mktemp("office"))


@pytest.fixture(scope="module")
def drafted(sealed: Office, tmp_path_factory: pytest.TempPathFactory) -> Office:
    office = sealed.copy(tmp_path_factory.mktemp("drafted"))
    office.draft()
    return office


@pytest.fixture(scope="module")
def reviewed(drafted: Office, tmp_path_factory: pytest.TempPathFactory) -> Office:
    office = drafted.copy(tmp_path_factory.mktemp("reviewed"))
    office.review()
    return office


@pytest.fixture(scope="module")
def issued(reviewed: Office, tmp_path_factory: pytest.TempPathFactory) -> Office:
    office = reviewed.copy(tmp_path_factory.mktemp("issued"))
    office.authorise()
    return office


def final(office: Office) -> Path:
    return place(office.folder, office.identifier, FINAL)


def found(office: Office, path: Path) -> list[str]:
    verification = verify_document(path, office.runs, trusted=[office.root], key=office.key.public)
    return [f"{each.place}: {each.message}" for each in verification.findings]


def test_each_step_is_on_record_with_who_did_it_and_everything_holds(issued: Office) -> None:
    taken = [(step.state, step.who, step.signed) for step in steps(issued.folder)]
    assert taken == [("drafted", "Operator A", True), ("reviewed", REVIEWER, True), ("authorised", AUTHORISER, True)]
    assert verify_run(issued.folder, issued.key.public).findings == ()
    assert found(issued, final(issued) / "certificate.xml") == []
    assert found(issued, final(issued) / "certificate.pdf") == []
    (entry,) = Register(issued.runs).entries()
    assert (entry.identifier, entry.kind, entry.person) == (issued.identifier, "certificate", AUTHORISER)
    text = (final(issued) / "certificate.xml").read_text(encoding="utf-8")
    assert "Draft:" not in text
    assert REVIEWER in text


def test_it_is_reproduced_from_the_raw_record(issued: Office) -> None:
    again = reproduce(issued.folder, issued.identifier)
    assert again.agrees
    assert again.pdf
    assert again.numbers > 100


@pytest.mark.parametrize(
    ("attempt", "error", "told"),
    [
        (lambda o: o.review("Operator A"), UsageError, "does not have the role"),
        (lambda o: o.review("Nobody"), UsageError, "no person"),
        (lambda o: o.authorise(), UsageError, "nobody has reviewed"),
        (lambda o: o.authorise(REVIEWER), UsageError, "does not have the role"),
    ],
    ids=("operator", "nobody", "not reviewed", "reviewer"),
)
def test_a_draft_is_not_passed_on_by_whoever_may_not(
    drafted: Office, attempt: Callable[[Office], object], error: type[HilError], told: str
) -> None:
    with pytest.raises(error, match=told):
        attempt(drafted)
    assert [step.state for step in steps(drafted.folder)] == ["drafted"]


def test_the_operator_does_not_review_his_own_run(drafted: Office, tmp_path: Path) -> None:
    office = drafted.copy(tmp_path)
    persons = office.laboratory.persons
    both = persons["Operator A"].model_copy(update={"roles": ("operator", "reviewer")})
    office.__dict__["laboratory"] = office.laboratory.model_copy(update={"persons": {**persons, "Operator A": both}})
    with pytest.raises(UsageError, match="carried the run out"):
        office.review("Operator A")


def test_a_draft_that_was_altered_is_not_reviewed_and_not_authorised(reviewed: Office, tmp_path: Path) -> None:
    office = reviewed.copy(tmp_path)
    path = place(office.folder, office.identifier, DRAFT) / "certificate.xml"
    path.write_bytes(path.read_bytes().replace(b"20002", b"20003"))
    for attempt in (office.review, office.authorise):
        with pytest.raises(VerificationFailed, match="draft was altered"):
            attempt()
    assert [finding.place for finding in verify_run(office.folder).findings] == [
        f"documents/{office.identifier}/draft/certificate.xml"
    ]


def test_a_draft_may_be_made_anew_and_is_then_reviewed_anew(reviewed: Office, tmp_path: Path) -> None:
    office = reviewed.copy(tmp_path)
    draft(office.folder, office.laboratory, Wishes(condition="a scratch", received="2026-05-28"), key=office.key)
    with pytest.raises(UsageError, match="nobody has reviewed"):
        office.authorise()
    assert verify_run(office.folder).holds


def test_what_was_issued_is_not_issued_again(issued: Office) -> None:
    for attempt in (issued.draft, issued.review, issued.authorise):
        with pytest.raises(UsageError, match=r"already|was issued"):
            attempt()
    other = replace(Register(issued.runs).entries()[0], identifier="SIM-OTHER")
    with pytest.raises(UsageError, match="the run has the document"):
        Register(issued.runs).require_free(other)


def test_a_run_that_is_not_sealed_or_was_altered_yields_no_document(sealed: Office, tmp_path: Path) -> None:
    office = sealed.copy(tmp_path)
    readings = office.folder / "sealed" / "readings.csv"
    readings.write_bytes(readings.read_bytes() + b"\n")
    with pytest.raises(VerificationFailed, match=r"readings\.csv"):
        office.draft()
    shutil.rmtree(office.folder / "sealed")
    with pytest.raises(UsageError, match="not sealed"):
        office.draft()
    assert not (office.folder / "documents").exists()


def test_keys_are_for_their_persons_and_test_keys_for_simulated_values(sealed: Office, tmp_path: Path) -> None:
    test = sealed.identity
    require_key(test, AUTHORISER, simulated=True)
    real = replace(test, test=False)
    for identity, person, simulated, told in (
        (test, AUTHORISER, False, "signs no measured values"),
        (real, AUTHORISER, True, "test authority only"),
        (test, REVIEWER, True, f"that of {AUTHORISER}"),
    ):
        with pytest.raises(UsageError, match=told):
            require_key(identity, person, simulated=simulated)
    make_authority(tmp_path, ["Old"], laboratory="Example", now=datetime(2020, 1, 1, tzinfo=UTC))
    with pytest.raises(CertificateError, match="valid"):
        load_identity(tmp_path / "old.pem")
    with pytest.raises(CertificateError):
        load_identity(tmp_path / "none.pem")


@pytest.mark.parametrize("text", ['*#read("/etc/passwd")*', "<b>&amp;</b>", "שלום", "x" * 10_000])
def test_hostile_text_is_carried_unharmed(sealed: Office, tmp_path: Path, text: str) -> None:
    office = sealed.copy(tmp_path)
    made = draft(office.folder, office.laboratory, Wishes(deviations=text), key=office.key)
    written = (made.home / "certificate.xml").read_text(encoding="utf-8")
    assert any(text in (element.text or "") for element in etree.fromstring(written.encode()).iter())


@pytest.mark.parametrize("text", ["a\x00b", "a\u202eb", "x" * 30_000], ids=("control", "override", "too long"))
def test_text_that_no_document_can_hold_is_refused_and_nothing_is_left(
    sealed: Office, tmp_path: Path, text: str
) -> None:
    office = sealed.copy(tmp_path)
    with pytest.raises(CertificateError):
        draft(office.folder, office.laboratory, Wishes(deviations=text), key=office.key)
    assert not (office.folder / "documents").exists()
    assert steps(office.folder) == []


def test_an_altered_digit_is_named_with_its_place_and_what_the_record_gives(issued: Office, tmp_path: Path) -> None:
    altered = tmp_path / "altered"
    shutil.copytree(final(issued), altered)
    path = altered / "certificate.xml"
    text = path.read_text(encoding="utf-8")
    start = text.index("<si:valueExpandedMUXMLList>") + len("<si:valueExpandedMUXMLList>")
    first = text[start : text.index(" ", start)]
    wrong = first[:-1] + str((int(first[-1]) + 1) % 10)
    path.write_text(text[:start] + wrong + text[start + len(first) :], encoding="utf-8")
    told = found(issued, path)
    assert any("altered after signing" in line for line in told)
    assert any(f"[1]: states '{wrong}', the record gives '{first}'" in line for line in told)
    pdf = altered / "certificate.pdf"
    data = bytearray(pdf.read_bytes())
    data[len(data) // 3] ^= 1
    (altered / "certificate.xml").unlink()
    pdf.write_bytes(bytes(data))
    assert found(issued, pdf) != []


def test_another_certificate_s_xml_beside_a_pdf_does_not_hold(issued: Office, tmp_path: Path) -> None:
    both = tmp_path / "both"
    shutil.copytree(final(issued), both)
    shutil.copyfile(place(issued.folder, issued.identifier, DRAFT) / "certificate.xml", both / "certificate.xml")
    told = found(issued, both / "certificate.pdf")
    assert any("carries another certificate.xml" in line for line in told)
    assert any("no signature" in line for line in told)


def test_an_amendment_names_the_original_which_stays(issued: Office, tmp_path: Path) -> None:
    office = issued.copy(tmp_path)
    before = {path.name: path.read_bytes() for path in final(office).iterdir()}
    made = amend(office.folder, office.identifier, "a typing error", office.laboratory, {"condition": "good"})
    assert made.details.identifier == f"{office.identifier}-A1"
    text = (made.home / "certificate.xml").read_text(encoding="utf-8")
    assert Register(office.runs).entries()[0].files["certificate.xml"] in text
    assert "a typing error" in text
    assert {path.name: path.read_bytes() for path in final(office).iterdir()} == before
    with pytest.raises(UsageError, match="no reason"):
        amend(office.folder, office.identifier, " ", office.laboratory, {})
    with pytest.raises(UsageError, match="was not issued"):
        amend(office.folder, f"{office.identifier}-A1", "why", office.laboratory, {})
    assert amended_identifier(f"{office.identifier}-A1") == f"{office.identifier}-A2"


@pytest.mark.parametrize("cut", ["part", "step", "register"])
def test_an_issue_that_was_cut_off_is_finished_or_begun_anew(
    reviewed: Office, tmp_path: Path, cut: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = reviewed.copy(tmp_path)

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    target = {"part": "hil.documents.lifecycle.take", "step": "hil.documents.register.Register.enter"}.get(cut)
    with monkeypatch.context() as context:
        if target:
            context.setattr(target, killed)
        else:
            context.setattr(Path, "rename", killed)
        with pytest.raises(KeyboardInterrupt):
            office.authorise()
    assert not final(office).exists()
    office.authorise()
    assert found(office, final(office) / "certificate.xml") == []
    assert len(Register(office.runs).entries()) == 1
    assert verify_run(office.folder).holds
    assert not place(office.folder, office.identifier, PART).exists()


ENTRY = Entry("A", "certificate", "run-1", {"certificate.xml": "0" * 64}, "C", "2026-01-01T00:00:00")


def test_the_register_refuses_doubles_and_shows_that_it_was_altered(tmp_path: Path) -> None:
    register = Register(tmp_path)
    assert register.entries() == []
    register.enter(ENTRY)
    register.enter(replace(ENTRY, identifier="A-A1", amends="A"))
    register.enter(replace(ENTRY, identifier="B", run="run-2"))
    for double, told in (
        (ENTRY, "was issued already"),
        (replace(ENTRY, identifier="C"), "the run has the document A"),
        (replace(ENTRY, identifier="D", amends="A"), "was amended already"),
    ):
        with pytest.raises(UsageError, match=told):
            register.enter(double)
    lines = (tmp_path / REGISTER).read_bytes().splitlines(keepends=True)
    content = json.loads(lines[0])
    changed = json.dumps({**content, "person": "X"}, sort_keys=True, separators=(",", ":")).encode() + b"\n"
    removed, swapped = [lines[0], lines[2]], [lines[1], lines[0], lines[2]]
    for altered in ([changed, *lines[1:]], removed, swapped, [*lines, b"{}\n"], [lines[0][:-1]]):
        (tmp_path / REGISTER).write_bytes(b"".join(altered))
        with pytest.raises(RecordError, match="was altered"):
            register.entries()
