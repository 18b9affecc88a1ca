"""hil certificate check, as its user calls it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from hil.bench import find_bench
from hil.cli.root import cli
from hil.errors import UsageError
from hil_calibration.certificate import to_pdf, to_xml

SHIPPED = find_bench("action-sim").parent / "certificates" / "reference-luxmeter.xml"
SCHEMAS = Path(__file__).parents[3] / "shared" / "dcc" / "xsd"


@pytest.fixture(autouse=True)
def no_schemas_of_the_user(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("HIL_DCC_SCHEMAS", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


def invoke(*args: str | Path) -> Result:
    given = [str(each) for each in args]
    return CliRunner().invoke(cli, ["certificate", "check", *given], standalone_mode=False, catch_exceptions=False)


def document(*args: str | Path) -> Any:
    return json.loads(invoke(*args, "--json").output)


@pytest.fixture
def wrong(tmp_path: Path) -> Path:
    path = tmp_path / "wrong.xml"
    path.write_bytes(SHIPPED.read_bytes().replace(b">true</dcc:mainSigner>", b">false</dcc:mainSigner>"))
    return path


@pytest.fixture
def schemas(tmp_path: Path) -> Path:
    if not SCHEMAS.is_dir():
        pytest.skip("no DCC schemas in ../shared/dcc/xsd")
    return SCHEMAS


def test_a_good_certificate_passes() -> None:
    shown = invoke(SHIPPED)
    assert shown.return_value == 0
    assert "0 errors, 0 warnings, 3 for information." in shown.output
    assert "not validated against XSD" in shown.output


def test_an_error_is_a_row_and_exit_code_6(wrong: Path) -> None:
    shown = invoke(wrong)
    assert shown.return_value == 6
    rows = shown.output.splitlines()
    assert rows[0].split() == ["severity", "rule", "line", "message"]
    assert rows[2].split()[:3] == ["error", "main-signer", "62"]
    assert "ISO/IEC 17025:2017, 7.8.2.1 o" in rows[2]
    assert rows[-1].endswith("1 error, 0 warnings, 3 for information.")


def test_json_has_each_finding_with_its_place(wrong: Path) -> None:
    first = document(wrong)["findings"][0]
    assert first["rule"] == "main-signer"
    assert first["severity"] == "error"
    assert first["place"].endswith("/dcc:administrativeData/dcc:respPersons")
    assert {"message", "line", "clause"} <= set(first)


def test_the_whole_command_line_ends_with_6(wrong: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "hil.cli", "certificate", "check", str(wrong)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (6, "")


@pytest.mark.parametrize("name", ["nothing.xml", ""])
def test_what_cannot_be_read_is_one_sentence(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        invoke(tmp_path / name)


def test_what_is_no_certificate_is_a_finding(tmp_path: Path) -> None:
    path = tmp_path / "x.xml"
    path.write_text('<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/hostname">]><a>&b;\x1b[31m</a>')
    shown = invoke(path)
    assert shown.return_value == 6
    assert "document type declaration" in shown.output
    assert "\x1b" not in shown.output


def test_the_schemas_are_taken_from_option_environment_or_user(
    schemas: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = [finding["rule"] for finding in document(SHIPPED, "--schemas", schemas)["findings"]]
    assert "schema" not in rules
    monkeypatch.setenv("HIL_DCC_SCHEMAS", str(schemas))
    assert [finding["rule"] for finding in document(SHIPPED)["findings"]] == rules
    monkeypatch.delenv("HIL_DCC_SCHEMAS")
    (tmp_path / "data" / "hil").mkdir(parents=True)
    (tmp_path / "data" / "hil" / "dcc").symlink_to(schemas)
    assert [finding["rule"] for finding in document(SHIPPED)["findings"]] == rules


def test_a_folder_without_schemas_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds no schema of the DCC"):
        invoke(SHIPPED, "--schemas", tmp_path)


def test_u_is_held_against_the_capability_of_a_bench(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(find_bench("action-sim").parent, tmp_path / "bench"))
    register = folder / "equipment.toml"
    stated = '[[cmc]]\nquantity = "illuminance"\nunit = "lx"\nlower = 1.0\nupper = 10.0\n'
    text = register.read_text(encoding="utf-8")
    for relative, found in (("0.02", True), ("0.005", False)):
        register.write_text(f"{text}\n{stated}relative_U = {relative}\n", encoding="utf-8")
        rules = [finding["rule"] for finding in document(SHIPPED, "--bench", folder / "action-sim.toml")["findings"]]
        assert ("capability" in rules) is found


@pytest.fixture(scope="module")
def pdf() -> bytes:
    from certificate_defects import good

    certificate = good(3)
    return to_pdf(certificate, to_xml(certificate).replace(b">true</dcc:mainSigner>", b">false</dcc:mainSigner>"))


def test_the_xml_in_a_pdf_is_checked(pdf: bytes, tmp_path: Path) -> None:
    path = tmp_path / "certificate.pdf"
    path.write_bytes(pdf)
    shown = invoke(path)
    assert shown.return_value == 6
    assert "main-signer" in shown.output


def test_a_pdf_with_nothing_attached_is_refused(tmp_path: Path, pdf: bytes) -> None:
    for data in (b"%PDF-1.7\n", pdf[: len(pdf) // 2], pdf.replace(b"/EmbeddedFiles", b"/EmbeddedFilez")):
        path = tmp_path / "x.pdf"
        path.write_bytes(data)
        with pytest.raises(UsageError):
            invoke(path)


@pytest.mark.parametrize(
    ("names", "refused"),
    [
        (("DCC-0042.XML",), ""),
        (("other.xml", "certificate.xml"), ""),
        (("picture.png", "dcc.xml"), ""),
        (("a.xml", "b.xml"), "2 XML files are attached"),
        (("a.txt",), "no XML is attached"),
        ((), "no XML is attached"),
    ],
)
def test_the_pdf_of_another_laboratory(tmp_path: Path, names: tuple[str, ...], refused: str) -> None:
    pikepdf = pytest.importorskip("pikepdf")
    path = tmp_path / "x.pdf"
    with pikepdf.new() as made:
        made.add_blank_page()
        for name in names:
            content = SHIPPED.read_bytes() if name != "other.xml" else b"<other/>"
            made.attachments[name] = pikepdf.AttachedFileSpec(made, content, filename=name)
        made.save(path)
    if refused:
        with pytest.raises(UsageError, match=refused):
            invoke(path)
    else:
        assert invoke(path).return_value == 0
