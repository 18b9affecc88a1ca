"""`hil doctor`: each check on the thing it is for, and the command as its user calls it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bench_copy import copy_bench
from distributions import WORKING, install
from hil.bench import load_bench
from hil.clock_state import ClockState
from hil.doctor import Finding, _guarded, links, machine, software, storage
from hil_drivers.transport.ports import Port

ROOT = Path(__file__).parents[2]

REAL = """
[bench]
name = "real"
kind = "action"
equipment = "equipment.toml"
laboratory = "lab.toml"

[devices.luxmeter]
driver = "t10a"
address = "serial:///dev/no-such-port?baudrate=9600&bytesize=7&parity=E"

[devices.meter]
driver = "hmp"
address = "mqtt://127.0.0.1:1/room"

[channels]

[roles]
"""


def doctor(place: Path, *arguments: str, packages: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(packages or "")}
    return subprocess.run(
        [sys.executable, "-m", "hil.cli", "doctor", *arguments],
        cwd=place,
        env=environment,
        capture_output=True,
        text=True,
        timeout=90,
    )


def findings(done: subprocess.CompletedProcess[str]) -> dict[str, dict[str, Any]]:
    parsed = json.loads(done.stdout)
    assert parsed["fit"] == (done.returncode == 0)
    return {finding["what"]: finding for finding in parsed["findings"]}


def test_drivers_of_other_packages_are_found_and_a_broken_one_is_told(tmp_path: Path) -> None:
    packages = tmp_path / "packages"
    install(packages, "lab-scales", "lab_scales", WORKING, {"scale": "lab_scales:Scale"})
    install(packages, "lab-oven", "lab_oven", "import a_library_that_is_gone\n", {"oven": "lab_oven:Oven"})
    install(packages, "lab-lamp", "lab_lamp", "raise SystemExit('no licence')\n", {"lamp": "lab_lamp:Lamp"})
    install(packages, "lab-pump", "lab_pump", "Pump = 'a pump'\n", {"pump": "lab_pump:Pump"})
    install(packages, "lab-twin", "lab_twin", WORKING, {"hmp": "lab_twin:Scale"})
    done = doctor(tmp_path, "--json", packages=packages)
    assert done.returncode == 4, done.stderr
    assert "Traceback" not in done.stderr
    found = findings(done)
    assert found["driver scale"]["state"] == "ok"
    assert found["driver scale"]["found"] == "of lab-scales 1.2, can be loaded"
    assert found["driver oven"]["state"] == "fail"
    assert "No module named 'a_library_that_is_gone'" in found["driver oven"]["found"]
    assert found["driver oven"]["remedy"] == "repair the package, or remove it"
    assert "SystemExit: no licence" in found["driver lamp"]["found"]
    assert "'pump' is not a driver" in found["driver pump"]["found"]
    assert "lab-twin 1.2: one hides the other" in found["driver hmp"]["found"]
    assert found["drivers that ship"]["state"] == "ok"
    shown = doctor(tmp_path, packages=packages)
    assert re.search(r"✕ fail +driver oven", shown.stdout)
    assert shown.stdout.endswith("4 failing\n")


def test_a_broken_driver_stops_neither_the_list_of_drivers_nor_is_it_called_absent(tmp_path: Path) -> None:
    packages = tmp_path / "packages"
    install(packages, "lab-oven", "lab_oven", "1 / 0\n", {"oven": "lab_oven:Oven"})
    bench = copy_bench(tmp_path / "bench", ('driver = "hmp"', 'driver = "oven"'))
    environment = {**os.environ, "PYTHONPATH": str(packages)}

    def hil(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "hil.cli", *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=90)

    listed = hil("devices", "--json")
    assert listed.returncode == 0, listed.stderr
    (oven,) = [one for one in json.loads(listed.stdout)["drivers"] if one["driver"] == "oven"]
    assert "ZeroDivisionError" in oven["error"]
    checked = hil("bench", "check", str(bench))
    assert checked.returncode == 2
    assert "lab-oven 1.2: the driver 'oven' cannot be loaded: ZeroDivisionError" in checked.stdout


def test_this_machine_is_looked_at_from_end_to_end(tmp_path: Path) -> None:
    found = findings(doctor(tmp_path, "--json", "--out", str(tmp_path / "not" / "yet")))
    rows = {"program", "disk space", "disk speed", "SQLite", "clock", "permissions", "ROS 2", "MQTT broker"}
    assert rows <= found.keys()
    assert any(what.startswith("serial port") for what in found)
    assert all(one["remedy"] for one in found.values() if one["state"] != "ok")
    assert found["SQLite"]["state"] == "ok"
    assert not any(tmp_path.iterdir()), "it leaves nothing behind"


def test_ports_and_brokers_of_a_bench_are_looked_at(tmp_path: Path) -> None:
    bench = copy_bench(tmp_path / "bench").with_name("real.toml")
    bench.write_text(REAL, encoding="utf-8")
    config = load_bench(str(bench))
    (port,) = machine.ports(config, listed=list)
    assert (port.what, port.state) == ("serial port /dev/no-such-port", "fail")
    assert port.remedy == "plug it in, or correct its path"
    *_, broker = links.mqtt(config)
    assert (broker.what, broker.state) == ("broker of mqtt://127.0.0.1:1/room", "fail")
    assert broker.remedy


@pytest.mark.parametrize(
    ("state", "expected", "words"),
    [
        (ClockState(synchronised=False, source="the kernel"), "warn", "not synchronised with UTC, says the kernel"),
        (ClockState(synchronised=True, bound=1e-3, leap="normal", source="chrony (a)"), "ok", "within 1 ms"),
        (ClockState(synchronised=True, bound=1e-3, leap="insert", source="chrony (a)"), "warn", "leap second is due"),
    ],
)
def test_the_clock_is_told(state: ClockState, expected: str, words: str) -> None:
    (found,) = machine.clock(lambda: state)
    assert found.state == expected
    assert words in found.found


def test_a_port_without_permission_says_what_to_do() -> None:
    hint = "add this user to the group dialout, then log in again"
    listed = [Port("/dev/ttyB", "", False, hint), Port("/dev/ttyA", "Adapter", True)]
    first, second = machine.ports(listed=lambda: listed)
    assert (first.what, first.state, first.found) == ("serial port /dev/ttyA", "ok", "Adapter, may be opened")
    assert (second.state, second.found, second.remedy) == ("warn", "a serial port, cannot be opened", hint)
    assert [found.found for found in machine.ports(listed=list)] == ["none"]


def test_a_port_that_is_asked_for_and_not_there_fails(tmp_path: Path) -> None:
    done = doctor(tmp_path, "--json", "--port", "/dev/no-such-port", "--port", "/dev/null")
    assert done.returncode == 4
    found = findings(done)
    assert found["serial port /dev/no-such-port"]["state"] == "fail"
    assert found["serial port /dev/no-such-port"]["remedy"] == "plug it in, or correct its path"
    assert found["serial port /dev/null"]["state"] == "ok"


def test_places_that_may_not_be_written_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (well,) = storage.permissions(tmp_path / "runs")
    assert (well.state, str(tmp_path) in well.found) == ("ok", True)
    monkeypatch.setattr("os.access", lambda folder, _: folder != tmp_path)
    (refused,) = storage.permissions(tmp_path / "runs")
    assert (refused.what, refused.state, refused.remedy) == ("permissions", "fail", "give another --out")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    _, claims = storage.permissions(tmp_path / "runs")
    assert claims.remedy == "correct its permissions, or XDG_RUNTIME_DIR"


def test_missing_packages_of_the_system_are_named() -> None:
    (missing,) = machine.packages(lambda name: name != "mosquitto")
    assert (missing.what, missing.state) == ("package mosquitto", "warn")
    assert missing.remedy == "apt-get install --no-install-recommends mosquitto"
    (other,) = machine.packages(lambda _: None)
    assert (other.state, other.found.startswith("not a Debian system")) == ("ok", True)


def test_the_packages_looked_for_are_those_that_are_set_up() -> None:
    script = (ROOT / "scripts" / "system-packages").read_text(encoding="utf-8")
    match = re.search(r'^needed="(.*)"$', script, re.MULTILINE)
    assert match is not None
    assert set(machine.PACKAGES) <= set(match[1].split())


def test_a_folder_that_cannot_be_written_fails() -> None:
    found = {finding.what: finding for finding in storage.disk(Path("/proc/runs"))}
    assert (found["runs folder"].state, found["disk space"].state) == ("fail", "fail")
    (database,) = storage.sqlite(Path("/proc/runs"))
    assert database.state == "fail"


@pytest.mark.parametrize(
    ("free", "seconds", "expected"),
    [(100 << 30, 1e-3, ["ok", "ok"]), (5 << 30, 0.2, ["warn", "warn"]), (1 << 20, 1e-3, ["fail", "ok"])],
)
def test_little_room_and_a_slow_disk_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, seconds: float, expected: list[str]
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": free}))
    monkeypatch.setattr(storage, "sync_time", lambda _: seconds)
    assert [finding.state for finding in storage.disk(tmp_path)] == expected


def test_a_network_share_is_no_place_for_a_live_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = tmp_path / "mountinfo"
    table.write_text(
        "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
        f"40 22 0:50 / {tmp_path}/my\\040share rw shared:1 - nfs4 192.0.2.1:/x rw\n"
        "damaged\n"
    )
    share = tmp_path / "my share" / "runs"
    share.mkdir(parents=True)
    assert storage.file_system(share, table) == "nfs4"
    assert storage.file_system(tmp_path, table) == "ext4"
    assert storage.file_system(tmp_path, tmp_path / "absent") == ""
    monkeypatch.setattr(storage, "file_system", lambda _: "nfs4")
    first, *_ = storage.disk(share)
    assert (first.state, first.remedy) == ("fail", "give --out on a local disk")


def test_an_extra_that_is_not_installed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    needs = ["click>=8", "no-such-package>=1; extra == 'ai'", "nor-this; extra == 'ai' and python_version < '3'"]
    monkeypatch.setattr(software, "requires", lambda _: needs)
    (found,) = software.extras()
    assert (found.what, found.state) == ("extra ai", "warn")
    assert found.found.startswith("not installed (no-such-package); needed for")
    assert found.remedy == "pip install 'hil-bench[ai]'"


def test_a_check_that_breaks_hides_nothing() -> None:
    def broken() -> Iterator[Finding]:
        yield Finding("first", "ok", "seen")
        raise RuntimeError("a bug")

    first, second = _guarded("thing", broken)
    assert first.found == "seen"
    assert (second.what, second.state, second.found) == ("thing", "fail", "could not be checked: RuntimeError: a bug")
