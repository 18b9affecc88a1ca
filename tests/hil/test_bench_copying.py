"""Making a bench one's own: the copy, and what may be entered into it."""

from __future__ import annotations

from pathlib import Path

import pytest

from hil.bench import load_bench
from hil.bench.config import benches_in
from hil.bench.copying import copy_bench, enter_certificate
from hil.demo import bench_in
from hil.errors import ConfigurationError, UsageError
from hil_calibration.errors import CertificateError, NotApplicable

REFERENCE = "certificates/reference-luxmeter.xml"


def test_a_copy_is_whole_and_never_overwrites(tmp_path: Path) -> None:
    copied = copy_bench("action-sim", tmp_path / "bench")
    assert load_bench(copied).name == "action-sim"
    with pytest.raises(UsageError, match="there is a bench already"):
        copy_bench("action-sim", tmp_path / "bench")


def test_a_copy_beside_is_meant_by_nearly_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copied = copy_bench("action-sim", tmp_path / "room")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rooom-notes").mkdir()
    (tmp_path / "rooms.toml").write_text("[bench\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="did you mean 'room'"):
        load_bench("rooom")
    copied.with_name("second.toml").write_bytes(copied.read_bytes())
    with pytest.raises(ConfigurationError, match=r"did you mean 'room/second\.toml'"):
        load_bench("room/secnd")
    with pytest.raises(ConfigurationError, match="use one of action-sim, "):
        load_bench("elsewhere/qqqq")


@pytest.mark.parametrize(("bench", "folder"), [("voice", "speech"), ("dataset", "signs")])
def test_a_copy_holds_the_data_set_that_its_bench_names_and_no_other(bench: str, folder: str, tmp_path: Path) -> None:
    """There is a bench file called dataset.toml, too."""
    copied = copy_bench(bench, tmp_path / "bench")
    assert [found.parent.name for found in copied.parent.glob("*/dataset.toml")] == [folder]
    assert list(benches_in(copied.parent)) == [copied]


def test_a_certificate_is_kept_and_entered(tmp_path: Path) -> None:
    bench = copy_bench("action-sim", tmp_path / "bench")
    kept = enter_certificate(bench, "reference.illuminance", bench.parent / REFERENCE, 0.5)
    assert kept.name == "SAMPLE-2026-0001.xml"
    section = load_bench(bench).channels["reference.illuminance"]
    assert (section.calibration, section.point_correlation) == ("certificates/SAMPLE-2026-0001.xml", 0.5)


def test_a_number_is_no_path(tmp_path: Path) -> None:
    bench = copy_bench("action-sim", tmp_path / "bench")
    evil = tmp_path / "evil.xml"
    text = (bench.parent / REFERENCE).read_text(encoding="utf-8")
    evil.write_text(text.replace(">SAMPLE-2026-0001<", ">../../../evil<"), encoding="utf-8")
    kept = enter_certificate(bench, "reference.illuminance", evil, "full")
    assert kept.parent == bench.parent / "certificates"


def test_a_pdf_is_entered_by_the_xml_in_it(tmp_path: Path) -> None:
    import pikepdf

    bench = copy_bench("action-sim", tmp_path / "bench")
    path, pdf = tmp_path / "certificate.pdf", pikepdf.new()
    pdf.add_blank_page()
    content = (bench.parent / REFERENCE).read_bytes()
    pdf.attachments["certificate.xml"] = pikepdf.AttachedFileSpec(pdf, content, filename="certificate.xml")  # type: ignore[call-arg]
    pdf.save(path)
    kept = enter_certificate(bench, "reference.illuminance", path, "full")
    assert kept.read_bytes() == content


def test_what_does_not_belong_is_refused_and_nothing_changes(tmp_path: Path) -> None:
    bench = copy_bench("action-sim", tmp_path / "bench")
    before = bench.read_bytes()
    reference = bench.parent / REFERENCE
    with pytest.raises(NotApplicable, match="20001"):
        enter_certificate(bench, "luxmeter.illuminance", reference, "full")
    with pytest.raises(UsageError, match=r"did you mean 'luxmeter\.illuminance'"):
        enter_certificate(bench, "luxmeter.iluminance", reference, "full")
    with pytest.raises(ConfigurationError, match="declare it with --point-correlation"):
        enter_certificate(bench, "reference.illuminance", reference, None)
    with pytest.raises(UsageError, match="cannot be read"):
        enter_certificate(bench, "reference.illuminance", tmp_path / "none.xml", "full")
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(b"%PDF-1.7 and no more")
    with pytest.raises(CertificateError):
        enter_certificate(bench, "reference.illuminance", broken, "full")
    assert bench.read_bytes() == before


def test_the_demonstration_keeps_the_bench_that_is_there(tmp_path: Path) -> None:
    bench = bench_in(tmp_path, 7)
    sim = load_bench(bench).sim
    assert sim is not None
    assert sim.seed == 7
    bench.write_text(bench.read_text(encoding="utf-8") + "\n# mine\n", encoding="utf-8")
    assert bench_in(tmp_path, 8).read_text(encoding="utf-8").endswith("# mine\n")


def test_another_certificate_of_the_same_number_is_not_overwritten(tmp_path: Path) -> None:
    bench = copy_bench("action-sim", tmp_path / "bench")
    kept = enter_certificate(bench, "reference.illuminance", bench.parent / REFERENCE, "full")
    other = tmp_path / "other.xml"
    other.write_bytes(kept.read_bytes().replace(b"1.0045", b"1.0046"))
    with pytest.raises(ConfigurationError, match="another certificate of that number"):
        enter_certificate(bench, "reference.illuminance", other, "full")
    assert kept.read_bytes() == (bench.parent / REFERENCE).read_bytes()
