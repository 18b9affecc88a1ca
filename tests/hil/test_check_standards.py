"""Check standards: what a register may say of them, what is entered, and what stops a start."""

from __future__ import annotations

import hashlib
import json
from datetime import date
from pathlib import Path
from typing import Any, get_args

import pytest
from click.testing import CliRunner

from bench_copy import copy_bench
from hil.bench import assess, load_bench, open_bench
from hil.bench.checks import FILE, check_states, enter_check, read_checks
from hil.bench.register import RULES, CmcSection, Rule
from hil.cli.root import cli
from hil.errors import ConfigurationError, NotFit, UsageError
from hil_calibration import control_chart

CHANNEL = "reference.illuminance"
START = date(2026, 6, 1)
LAMP = """
[check_standards.lamp]
instrument = "reference-luxmeter"
description = "lamp L1 at 2 m, 3 A, after 15 min"
unit = "lx"
baseline = [100.1, 99.9, 100.2, 99.8, 100.0, 100.1, 99.9, 100.0]
resolution = 0.1
every = "30 d"
"""


def bench_with(folder: Path, text: str) -> Path:
    bench = copy_bench(folder)
    register = bench.parent / "equipment.toml"
    register.write_text(register.read_text(encoding="utf-8") + text, encoding="utf-8")
    return bench


def entered(bench: Path, value: float, on: date = START) -> tuple[str, ...]:
    return enter_check(load_bench(bench), "lamp", value, 0.1, on=on, operator="Operator A").faults


def faults(bench: Path, on: date = START) -> tuple[str, ...]:
    return assess(load_bench(bench), CHANNEL, on=on).faults


async def test_a_check_that_fails_or_is_overdue_stops_a_start_until_one_holds(tmp_path: Path) -> None:
    bench = bench_with(tmp_path, LAMP)
    assert faults(bench) == (
        'check standard "lamp": no check has been entered; check it, and enter the value with '
        "`hil bench check-standard`",
    )
    assert entered(bench, 100.05, date(2026, 4, 30)) == ()
    assert "its last check was on 2026-04-30, one is due every 30 d" in faults(bench)[0]
    assert faults(bench, date(2026, 5, 30)) == ()
    (broken,) = entered(bench, 101.0)
    assert "its check of 2026-06-01, 101 lx, breaks the rule beyond 3 s" in broken
    with pytest.raises(NotFit, match="beyond 3 s"):
        async with open_bench(load_bench(bench), roles=["reference"]):
            pass
    assert entered(bench, 100.0) == ()
    assert faults(bench) == ()


def test_only_the_rules_that_are_stated_judge(tmp_path: Path) -> None:
    bench = bench_with(tmp_path, LAMP + 'rules = ["beyond 3 s"]\n')
    for _ in range(9):
        assert entered(bench, 100.3) == ()
    (state,) = check_states(load_bench(bench), START)
    assert state.section.chart.broken([100.3] * 9) == (
        "two of three beyond 2 s",
        "four of five beyond 1 s",
        "eight on one side",
    )


def test_a_check_stands_for_its_instrument_and_unit(tmp_path: Path) -> None:
    ice = LAMP.replace("lamp]", "ice]").replace('"reference-luxmeter"', '"climate-probe"').replace('"lx"', '"Cel"')
    config = load_bench(bench_with(tmp_path, ice))
    (state,) = check_states(config, START)
    assert state.channels == ("room.temperature",)
    assert assess(config, "room.temperature").faults
    assert not assess(config, "room.humidity").faults
    assert not assess(config, CHANNEL).faults


def test_what_another_instrument_or_a_simulation_gave_does_not_count(tmp_path: Path) -> None:
    bench = bench_with(tmp_path, LAMP)
    entered(bench, 100.0)
    register = bench.parent / "equipment.toml"
    register.write_text(register.read_text(encoding="utf-8").replace('"20001"', '"20009"'), encoding="utf-8")
    (state,) = check_states(load_bench(bench), START)
    assert state.latest is None
    assert "no check has been entered" in state.faults[0]
    register.write_text(register.read_text(encoding="utf-8").replace('"20009"', '"20001"'), encoding="utf-8")
    assert check_states(load_bench(bench), START)[0].latest is not None
    real = bench.read_text(encoding="utf-8").partition("[sim]")[0].replace('"sim:', '"tcp://127.0.0.1:1/')
    bench.write_text(real, encoding="utf-8")
    assert load_bench(bench).sim is None
    assert check_states(load_bench(bench), START)[0].latest is None


def test_lines_are_added_and_a_changed_one_shows(tmp_path: Path) -> None:
    bench = bench_with(tmp_path, LAMP)
    path = bench.parent / FILE
    for value in (100.0, 101.5, 100.1):
        entered(bench, value)
    first, second, third = path.read_bytes().splitlines()
    assert json.loads(second)["previous"] == hashlib.sha256(first).hexdigest()
    assert [check.value for check in read_checks(path)] == [100.0, 101.5, 100.1]
    path.write_bytes(b"\n".join([first, second.replace(b"101.5", b"100.5"), third]) + b"\n")
    (fault,) = faults(bench)
    assert f"{path}:3: does not follow the line before it" in fault
    path.write_bytes(b"\n".join([first, third]) + b"\n")
    assert f"{path}:2: does not follow" in faults(bench)[0]
    path.write_bytes(first)
    assert "its last line is not complete" in faults(bench)[0]
    path.write_bytes(b"{}\n")
    with pytest.raises(ConfigurationError, match="is not a check as it was entered"):
        entered(bench, 100.0)


@pytest.mark.parametrize(
    ("name", "value", "u", "on", "message"),
    [
        ("lampe", 100.0, 0.1, START, "did you mean 'lamp'"),
        ("lamp", float("nan"), 0.1, START, "is no check"),
        ("lamp", 100.0, 0.0, START, "u above 0"),
        ("lamp", 100.0, 0.1, date(2026, 5, 1), "the last check of lamp was on 2026-06-01"),
    ],
)
def test_what_is_no_check_is_refused(tmp_path: Path, name: str, value: float, u: float, on: date, message: str) -> None:
    bench = bench_with(tmp_path, LAMP)
    entered(bench, 100.0)
    with pytest.raises(UsageError, match=message):
        enter_check(load_bench(bench), name, value, u, on=on, operator="Operator A")
    assert len(read_checks(bench.parent / FILE)) == 1


def invoke(*args: Any) -> Any:
    return CliRunner().invoke(cli, [str(arg) for arg in args], standalone_mode=False, catch_exceptions=False)


def test_the_command_enters_and_the_bench_shows_it(tmp_path: Path) -> None:
    bench = bench_with(tmp_path, LAMP)
    failed = invoke("bench", "check-standard", bench, "lamp", "--value", "99", "--u", "0.1", "--run", "R1")
    assert failed.return_value == 1
    assert "breaks the rule beyond 3 s; find out why" in failed.output
    shown = invoke("bench", "check", bench)
    assert shown.return_value == 2
    assert "99.6072 to 100.393 lx  not fit" in shown.output
    assert invoke("bench", "check-standard", bench, "lamp", "--value", "100", "--u", "0.1").return_value == 0
    (standing,) = json.loads(invoke("bench", "check", bench, "--json").output)["check_standards"]
    assert (standing["channels"], standing["last"], standing["state"]) == (CHANNEL, "2026-06-01", "holds")
    assert read_checks(bench.parent / FILE)[0].run == "R1"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            '"reference-luxmeter"',
            '"reference-luxmetre"',
            r"equipment\.toml:\d+: check_standards\.lamp\.instrument: .*did",
        ),
        ("99.9, 100.0]", "99.9]", r"check_standards\.lamp\.baseline: a baseline of 7 checks"),
        ('"lx"', '"lux"', r"check_standards\.lamp\.unit: unknown unit 'lux'"),
        ("resolution = 0.1", "resolutions = 0.1", r"equipment\.toml:\d+: check_standards\.lamp\.resolutions"),
        ('every = "30 d"', 'every = "30 d"\nrules = ["beyond 4 s"]', r"check_standards\.lamp\.rules\[0\]: expected"),
        ("resolution = 0.1", "", ""),
    ],
)
def test_a_register_tells_what_is_wrong_with_a_check(tmp_path: Path, old: str, new: str, message: str) -> None:
    bench = bench_with(tmp_path, LAMP.replace(old, new))
    if not message:
        assert load_bench(bench).equipment.check_standards["lamp"].resolution == 0.0
        return
    with pytest.raises(ConfigurationError, match=message):
        load_bench(bench)


def test_capabilities_have_a_range_and_one_form_of_u(tmp_path: Path) -> None:
    table = '\n[[cmc]]\nquantity = "illuminance"\nunit = "lx"\nlower = 1.0\nupper = 1000.0\nrelative_U = 0.01\n'
    bench = bench_with(tmp_path / "a", table + LAMP)
    shown = invoke("bench", "show", bench).output
    assert "illuminance  1 to 1000 lx  1 %" in shown
    assert "lamp            reference-luxmeter  lx    30 d" in shown
    (cmc,) = load_bench(bench).equipment.cmc
    assert (cmc.at(100.0), cmc.at(2000.0)) == (1.0, None)
    assert CmcSection(quantity="q", unit="lx", lower=0.0, upper=1.0, U=0.5).at(1.0) == 0.5
    with pytest.raises(ConfigurationError, match=r"cmc\[0\]: give U or relative_U, and not both"):
        load_bench(bench_with(tmp_path / "b", table + "U = 0.1\n"))
    with pytest.raises(ConfigurationError, match=r"cmc\[0\]: lower is not below upper"):
        load_bench(bench_with(tmp_path / "c", table.replace("1000.0", "0.5")))


def test_an_altered_certificate_stops_a_start(tmp_path: Path) -> None:
    bench = copy_bench(tmp_path)
    certificate = bench.parent / "certificates" / "reference-luxmeter.xml"
    stated = hashlib.sha256(certificate.read_bytes()).hexdigest()
    register = bench.parent / "equipment.toml"
    entry = (
        f'serial = "20001"\ncertificates = [{{ file = "certificates/reference-luxmeter.xml", sha256 = "{stated}" }}]'
    )
    register.write_text(register.read_text(encoding="utf-8").replace('serial = "20001"', entry), encoding="utf-8")
    assert faults(bench) == ()
    certificate.write_bytes(certificate.read_bytes().replace(b"503.4", b"503.5"))
    assert faults(bench) == (
        "the file reference-luxmeter.xml is not the one that the register accepted: its SHA-256 differs; find out why",
    )


def test_the_rules_are_those_of_the_charts() -> None:
    assert tuple(control_chart.RULES) == RULES == get_args(Rule)
