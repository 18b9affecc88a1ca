"""Commands that look and touch nothing: bench, procedures, devices."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from hil.bench import find_bench
from hil.cli.output import show_table
from hil.cli.root import cli


def invoke(*args: str) -> Result:
    return CliRunner().invoke(cli, args, standalone_mode=False, catch_exceptions=False)


def document(*args: str) -> Any:
    return json.loads(invoke(*args, "--json").output)


@pytest.fixture
def expired(tmp_path: Path) -> str:
    folder = Path(shutil.copytree(find_bench("action-sim").parent, tmp_path / "benches"))
    register = folder / "equipment.toml"
    register.write_text(register.read_text(encoding="utf-8").replace("2027-03-31", "2020-03-31"), encoding="utf-8")
    return str(folder / "action-sim.toml")


def test_bench_list() -> None:
    benches = document("bench", "list")["benches"]
    found = {bench["name"]: (bench["kind"], bench["provenance"]) for bench in benches}
    assert {"action-sim", "climate-sim", "dataset", "instruments-sim"} <= found.keys()
    assert found["action-sim"] == ("action", "simulated")
    assert found["dataset"] == ("dataset", "replayed")
    assert "action-sim" in invoke("bench", "list").output


def test_bench_check_names_instrument_certificate_due_date_and_uncertainty() -> None:
    checked = document("bench", "check", "action-sim")
    assert checked["fit"]
    assert checked["start"] == "2026-06-01"
    (reference,) = [c for c in checked["channels"] if c["channel"] == "reference.illuminance"]
    assert reference["serial"] == "20001"
    assert reference["due"] == "2027-03-31"
    assert reference["U"].endswith(" lx")
    shown = invoke("bench", "check", "action-sim")
    assert shown.return_value == 0
    assert "action-sim is fit to start on 2026-06-01." in shown.output
    assert reference["certificate"] in shown.output


def test_bench_check_tells_what_would_stop_a_run(expired: str) -> None:
    shown = invoke("bench", "check", expired)
    assert shown.return_value == 2
    assert "reference.illuminance: its calibration was due on 2020-03-31" in shown.output
    assert len(document("bench", "check", expired)["faults"]) == 3


def test_bench_check_for_a_procedure(expired: str) -> None:
    checked = document("bench", "check", "action-sim", "--procedure", "detection-vs-illuminance")
    assert checked["faults"] == [
        "luxmeter.illuminance: has no calibration, so its uncertainty is unknown; "
        "enter its certificate with `hil bench enter`"
    ]
    assert "reference.illuminance" not in [c["channel"] for c in checked["channels"]]
    assert document("bench", "check", "action-sim", "--procedure", "calibrate-luxmeter")["fit"]


def test_bench_show() -> None:
    shown = invoke("bench", "show", "action-sim").output
    for word in ("Devices", "sim:reference", "room.temperature", "Effects", "half-width 0.003", "Safe state"):
        assert word in shown
    assert document("bench", "show", "action-sim")["roles"]["light"] == "light.illuminance"


def test_procedures() -> None:
    found = {each["name"]: each for each in document("procedures")["procedures"]}
    assert {"calibrate-luxmeter", "detection-vs-illuminance"} <= set(found)
    assert found["calibrate-luxmeter"]["items"] == ["luxmeter"]
    shown = invoke("procedures", "calibrate-luxmeter").output
    assert "under calibration" in shown
    for parameter in found["calibrate-luxmeter"]["parameters"]:
        assert parameter in shown


def test_devices() -> None:
    drivers = {each["driver"]: each for each in document("devices")["drivers"]}
    assert drivers["t10a"]["points"][0]["unit"] == "lx"
    assert not any(driver["error"] for driver in drivers.values())
    assert "humidity" in invoke("devices").output


def test_a_table_is_aligned_and_cannot_drive_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    show_table(["a", "bb"], [["long cell", "\x1b[31mred"], ["", "x"]], title="title")
    assert capsys.readouterr().out.splitlines() == [
        "title",
        "a          bb",
        "---------  --------",
        "long cell   [31mred",
        "           x",
    ]
