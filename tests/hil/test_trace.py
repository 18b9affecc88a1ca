"""The chain from a channel down: what is seen, what is wrong, and where it goes on out of sight."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from bench_copy import copy_bench
from hil.bench import load_bench
from hil.cli.root import cli
from hil.errors import UsageError
from hil.record import open_run
from hil.trace import Chain, Link, trace
from history import History

CHANNEL = "reference.illuminance"
REFERENCE = "certificates/reference-luxmeter.xml"
LAMP = "SAMPLE-2025-0901"
UNKNOWN = "0" * 64
REAL = """
[bench]
name = "real"
kind = "action"
laboratory = "lab.toml"
equipment = "equipment.toml"

[devices.reference]
driver = "t10a"
address = "serial:///dev/none"
instrument = "reference-luxmeter"

[channels."reference.illuminance"]
device = "reference"
point = "illuminance"
unit = "lx"
calibration = "certificates/reference-luxmeter.xml"
point_correlation = "full"

[roles]
reference = "reference.illuminance"
"""
DAY = date(2026, 6, 1)


def real_bench(folder: Path) -> Path:
    """A bench that is not simulated, with certificates that do not deny their traceability."""
    bench = copy_bench(folder).with_name("real.toml")
    bench.write_text(REAL, encoding="utf-8")
    bench.with_name("action-sim.toml").unlink()
    for path in (folder / "certificates").iterdir():
        path.write_bytes(path.read_bytes().replace(b"<dcc:traceable>false<", b"<dcc:traceable>true<"))
    return bench


def lamp(bench: Path, *changes: tuple[str, str], stated: bool = True) -> str:
    """Put a certificate of the lamp among the others, and its SHA-256 into that of the luxmeter."""
    reference = bench.parent / REFERENCE
    text = reference.read_text(encoding="utf-8")
    for old, new in (
        (LAMP, "NMI-1"),
        ("EX-LAMP 1", "EX-RADIOMETER"),
        ("90001", "1"),
        ("SAMPLE-2026-0001", LAMP),
        ("EX-LUX 1", "EX-LAMP 1"),
        ("20001", "90001"),
        ("2026-03-1", "2025-09-1"),
        *changes,
    ):
        assert old in text, old
        text = text.replace(old, new)
    (bench.parent / "certificates" / "lamp.xml").write_text(text, encoding="utf-8")
    digest = hashlib.sha256(text.encode()).hexdigest()
    if stated:
        reference.write_text(reference.read_text(encoding="utf-8").replace(UNKNOWN, digest), encoding="utf-8")
    return digest


def register(bench: Path, old: str, new: str) -> None:
    path = bench.parent / "equipment.toml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def followed(bench: Path, channel: str = CHANNEL, on: date | None = DAY) -> Chain:
    return trace(load_bench(bench), channel, on=on)


def link(chain: Chain, what: str, number: int = 0) -> Link:
    return [each for each in chain.top.walk() if each.what == what][number]


def kinds(found: Link, *, fault: bool = True) -> list[str]:
    return [remark.kind for remark in found.remarks if remark.fault == fault]


def test_a_chain_names_every_link_and_ends_where_sight_ends(tmp_path: Path) -> None:
    bench = real_bench(tmp_path)
    chain = followed(bench)
    assert [each.what for each in chain.top.walk()] == ["channel", "device", "instrument", "certificate", "standard"]
    assert chain.faults == []
    instrument, certificate, standard = (link(chain, what) for what in ("instrument", "certificate", "standard"))
    assert instrument.name == "reference-luxmeter"
    assert (instrument.facts["serial"], instrument.facts["due"]) == ("20001", "2027-03-31")
    assert certificate.name == "SAMPLE-2026-0001"
    assert certificate.facts["sha256"] == hashlib.sha256((bench.parent / REFERENCE).read_bytes()).hexdigest()
    assert (certificate.facts["calibrated"], certificate.facts["function"]) == ("2026-03-10", "table")
    assert certificate.facts["U"].startswith("4.5 lx at 500.6 lx (k = 2")
    assert "their difference 4.5 lx" in certificate.facts["if its points are fully correlated"]
    assert "their difference 5 lx" in certificate.facts["if its points are independent"]
    assert (standard.facts["serial"], standard.facts["certificate"]) == ("90001", LAMP)
    (end,) = chain.ends
    assert end.startswith(f"the chain goes on at Example Calibration Laboratory (fictitious), certificate {LAMP}")


def test_a_standard_is_followed_by_the_hash_of_its_certificate(tmp_path: Path) -> None:
    bench = real_bench(tmp_path)
    digest = lamp(bench)
    chain = followed(bench)
    assert chain.faults == []
    found = link(chain, "certificate", 1)
    assert (found.name, found.facts["sha256"], found.facts["file"]) == (LAMP, digest, "certificates/lamp.xml")
    assert found.facts["U"] == "0.45 lx at 50 lx (k = 2)"
    assert "certificate NMI-1 of Luminous intensity standard lamp, which is not here" in chain.ends[0]


@pytest.mark.parametrize(
    ("changes", "kind", "message"),
    [
        ([("90001", "90009")], "other instrument", "not of Example Instruments EX-LAMP 1 90001"),
        ([("2025-09-1", "2026-04-1")], "not applicable", "it is of 2026-04-10, later than its use on 2026-03-10"),
        ([("<dcc:traceable>true<", "<dcc:traceable>false<")], "not traceable", "not traceable"),
        ([(f">{LAMP}<", f">SIM-{LAMP}<")], "simulated", "its values come from a simulation"),
    ],
)
def test_what_is_wrong_with_a_standards_certificate(
    tmp_path: Path, changes: list[tuple[str, str]], kind: str, message: str
) -> None:
    bench = real_bench(tmp_path)
    lamp(bench, *changes)
    chain = followed(bench)
    assert kinds(link(chain, "certificate", 1)) == [kind]
    assert message in chain.faults[0]


def test_a_standard_used_outside_its_range_is_told(tmp_path: Path) -> None:
    bench = real_bench(tmp_path)
    reference = bench.parent / REFERENCE
    text = reference.read_text(encoding="utf-8")
    stated = f"{UNKNOWN}</dcc:value>"
    reference.write_text(
        text.replace(stated, f"{stated}<dcc:inValidityRange>false</dcc:inValidityRange>"), encoding="utf-8"
    )
    (fault,) = followed(bench).faults
    assert fault.endswith("it was used outside the range of its calibration")


def test_a_serial_number_alone_does_not_make_a_standard_ours(tmp_path: Path) -> None:
    bench = real_bench(tmp_path)
    reference = bench.parent / REFERENCE
    text = reference.read_text(encoding="utf-8").replace(">90001<", ">20002<")
    reference.write_text(text, encoding="utf-8")
    assert followed(bench).faults == []  # 20002 is our luxmeter, but this is an EX-LAMP 1
    begin = text.index("<dcc:manufacturer>", text.index("<dcc:measuringEquipment "))
    end = text.index("<dcc:identifications>", begin)
    reference.write_text(text[:begin] + text[end:], encoding="utf-8")
    assert followed(bench).faults == []


def test_a_certificate_of_that_number_with_other_bytes_is_altered(tmp_path: Path) -> None:
    bench = real_bench(tmp_path)
    lamp(bench)
    path = bench.parent / "certificates" / "lamp.xml"
    path.write_bytes(path.read_bytes() + b"\n")
    chain = followed(bench)
    assert kinds(link(chain, "standard")) == ["altered"]
    assert "certificates/lamp.xml bears the number SAMPLE-2025-0901, but its SHA-256 is not" in chain.faults[0]
    assert chain.ends == []


def test_without_a_hash_the_number_must_do_and_that_is_told(tmp_path: Path) -> None:
    bench = real_bench(tmp_path)
    lamp(bench, stated=False)
    reference = bench.parent / REFERENCE
    reference.write_text(reference.read_text(encoding="utf-8").replace("SHA256", "analogue"), encoding="utf-8")
    chain = followed(bench)
    assert kinds(link(chain, "standard"), fault=False) == ["note"]
    assert link(chain, "certificate", 1).name == LAMP
    other = bench.parent / "certificates" / "lamp-2.xml"
    other.write_bytes((bench.parent / "certificates" / "lamp.xml").read_bytes() + b"\n")
    assert "all bear the number" in followed(bench).faults[0]


def test_a_chain_that_comes_back_to_itself_ends(tmp_path: Path) -> None:
    bench = real_bench(tmp_path)
    lamp(bench, ("NMI-1", LAMP), stated=False)
    for name in ("reference-luxmeter.xml", "lamp.xml"):
        path = bench.parent / "certificates" / name
        path.write_text(path.read_text(encoding="utf-8").replace("SHA256", "analogue"), encoding="utf-8")
    chain = followed(bench)
    assert [each.name for each in chain.top.walk() if each.what == "certificate"] == ["SAMPLE-2026-0001", LAMP, LAMP]
    assert kinds(link(chain, "certificate", 2)) == ["not applicable"]
    assert "the chain comes back to it" in chain.faults[-1]


def test_our_own_standard_must_have_its_certificate_here_and_be_in_date(tmp_path: Path) -> None:
    bench = real_bench(tmp_path)
    register(
        bench,
        "[instruments.luxmeter]",
        '[instruments.lamp]\ndescription = { en = "Lamp", fr = "Lampe" }\nmanufacturer = "Example Instruments"\n'
        'model = "EX-LAMP 1"\nserial = "90001"\ndue = 2026-03-01\nroute = "national-institute"\n\n'
        "[instruments.luxmeter]",
    )
    chain = followed(bench)
    assert kinds(link(chain, "standard")) == ["expired", "missing"]
    assert "lamp was due on 2026-03-01, before its use on 2026-03-10" in chain.faults[0]
    assert f"certificate {LAMP} of our own lamp is not here" in chain.faults[1]
    lamp(bench)
    register(bench, "due = 2026-03-01", "due = 2026-05-01")
    chain = followed(bench)
    assert chain.faults == []
    assert "lamp is due since 2026-05-01" in link(chain, "standard").remarks[0].message


def test_what_is_wrong_above_is_told_too(tmp_path: Path) -> None:
    bench = real_bench(tmp_path)
    register(bench, "due = 2027-03-31", "due = 2026-05-31")
    assert kinds(link(followed(bench), "instrument")) == ["expired"]
    register(bench, 'serial = "20001"', 'serial = "20009"')
    chain = followed(bench)
    assert kinds(link(chain, "certificate")) == ["other instrument"]
    assert "it is of Example Instruments EX-LUX 1 20001, not of" in chain.faults[1]
    listed = f'serial = "20009"\ncertificates = [{{ file = "{REFERENCE}", sha256 = "{UNKNOWN}" }}, '
    register(bench, 'serial = "20009"', f'{listed}{{ file = "none.pdf", sha256 = "{UNKNOWN}" }}]')
    chain = followed(bench)
    assert kinds(link(chain, "instrument")) == ["expired", "altered", "missing"]
    assert kinds(link(chain, "certificate"), fault=False) == ["note"]
    (bench.parent / REFERENCE).write_bytes(b"<nothing/>")
    assert "not a digital calibration certificate" in followed(bench).faults[-1]
    (bench.parent / REFERENCE).unlink()
    assert followed(bench).faults[-1] == f"certificate {REFERENCE}: the file is not there"


def test_a_simulated_certificate_breaks_the_chain_of_a_real_bench_only(history: History, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(history.bench.parent, tmp_path / "bench"))
    simulated = followed(folder / "action-sim.toml", "luxmeter.illuminance", None)
    assert simulated.faults == []
    assert "simulated" in kinds(link(simulated, "certificate"), fault=False)
    assert link(simulated, "certificate").facts["record"] == open_run(history.calibration).chain_head
    assert [each.name for each in simulated.top.walk() if each.what == "certificate"] == [
        link(simulated, "certificate").name,
        "SAMPLE-2026-0001",
        "SAMPLE-2026-0002",
    ]
    kept = load_bench(folder / "action-sim.toml").channels["luxmeter.illuminance"].calibration
    real = REAL.replace('instrument = "reference-luxmeter"', 'instrument = "luxmeter"').replace(REFERENCE, str(kept))
    (folder / "real.toml").write_text(real, encoding="utf-8")
    chain = followed(folder / "real.toml")
    assert "simulated" in kinds(link(chain, "certificate"))


def test_a_channel_without_a_calibration_or_an_instrument_has_no_chain(tmp_path: Path) -> None:
    config = load_bench("action-sim")
    assert trace(config, "luxmeter.illuminance").faults == [
        "instrument luxmeter: luxmeter.illuminance has no calibration, so its uncertainty is unknown"
    ]
    bench = copy_bench(
        tmp_path,
        (
            'driver = "t10a"\naddress = "sim:luxmeter"\ninstrument = "luxmeter"\n',
            'driver = "t10a"\naddress = "sim:luxmeter"\n',
        ),
    )
    assert "nothing says which instrument it is" in followed(bench, "luxmeter.illuminance").faults[0]
    with pytest.raises(UsageError, match=r"did you mean 'luxmeter\.illuminance'"):
        trace(config, "luxmeter.iluminance")


def test_a_calibration_later_than_the_day_is_none_yet(tmp_path: Path) -> None:
    chain = followed(real_bench(tmp_path), on=date(2026, 1, 1))
    assert chain.faults == ["certificate SAMPLE-2026-0001: it is of 2026-03-10, later than 2026-01-01"]


def test_a_failed_check_standard_is_told(tmp_path: Path) -> None:
    bench = real_bench(tmp_path)
    register(
        bench,
        "[instruments.luxmeter]",
        '[check_standards.lamp]\ninstrument = "reference-luxmeter"\ndescription = "L1"\nunit = "lx"\nevery = "30 d"\n'
        "baseline = [1, 2, 3, 4, 5, 6, 7, 8]\n\n[instruments.luxmeter]",
    )
    (fault,) = followed(bench).faults
    assert fault.startswith('instrument reference-luxmeter: check standard "lamp": no check has been entered')


def invoke(*args: Any) -> Any:
    arguments = ["trace", *map(str, args)]
    return CliRunner().invoke(cli, arguments, standalone_mode=False, catch_exceptions=False)


def test_the_tree_fits_80_columns_and_the_exit_code_tells(history: History, tmp_path: Path) -> None:
    done = invoke("luxmeter.illuminance", "--bench", history.bench)
    assert done.return_value == 0
    assert max(map(len, done.output.splitlines())) <= 80
    assert re.search(r"^         ├─ standard Reference illuminance meter", done.output, re.MULTILINE)
    assert "Whole on 2026-06-01 as far as it can be seen; simulated, so no traceability to" in done.output
    bench = real_bench(tmp_path)
    register(bench, "due = 2027-03-31", "due = 2026-05-31")
    broken = invoke(CHANNEL, "--bench", bench, "--date", "2026-06-01")
    assert broken.return_value == 2
    assert "! expired: its calibration was due on 2026-05-31" in broken.output
    assert "Not whole on 2026-06-01: 1 fault." in broken.output
    told = json.loads(invoke(CHANNEL, "--bench", bench, "--date", "2026-06-01", "--json").output)
    assert (told["whole"], len(told["faults"]), len(told["goes_on"])) == (False, 1, 1)
    assert told["chain"]["rests_on"][0]["rests_on"][0]["serial"] == "20001"
