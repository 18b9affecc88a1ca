"""Bench files: what is refused, and how it is said."""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hil.bench import find_bench, load_bench, shipped_benches
from hil.durations import parse_duration
from hil.errors import ConfigurationError

SHIPPED = find_bench("action-sim")


@pytest.fixture
def bench_file(tmp_path: Path) -> Path:
    """A copy of the shipped bench that a test may spoil."""
    shutil.copytree(SHIPPED.parent, tmp_path / "benches")
    return tmp_path / "benches" / SHIPPED.name


def spoil(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def faults_of(path: Path) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        load_bench(path)
    return str(caught.value).splitlines()


def line_with(path: Path, text: str) -> int:
    lines = path.read_text(encoding="utf-8").splitlines()
    return next(number for number, line in enumerate(lines, 1) if text in line)


def test_the_shipped_bench_loads_by_name() -> None:
    config = load_bench("action-sim")
    assert config.name == "action-sim"
    assert config.provenance == "simulated"
    assert config.channels["room.temperature"].period == 10.0
    assert "action-sim" in shipped_benches()
    assert config.laboratory.persons_with("operator") == ["Operator A"]
    instrument = config.instrument("reference.illuminance")
    assert instrument is not None
    assert instrument.serial == "20001"


def test_only_what_roles_and_safe_state_use_is_needed() -> None:
    config = load_bench("action-sim")
    assert config.needed_devices(["luxmeter"]) == ["lights", "luxmeter", "carriage"]
    assert config.needed_channels(["camera"]) == ["light.illuminance", "carriage.position"]
    with pytest.raises(ConfigurationError, match="did you mean 'luxmeter'"):
        config.needed_channels(["luxmetre"])


def test_an_unknown_key_is_named_with_its_line_and_the_nearest_valid_one(bench_file: Path) -> None:
    spoil(bench_file, 'period = "10 s"', 'perod = "10 s"')
    line = line_with(bench_file, "perod")
    assert faults_of(bench_file) == [
        f"{bench_file}:{line}: channels.\"room.temperature\".perod: unknown key; did you mean 'period'?"
    ]


def test_every_fault_is_told_at_once_in_the_order_of_the_file(bench_file: Path) -> None:
    spoil(bench_file, 'kind = "action"', 'kind = "acting"')
    spoil(bench_file, 'period = "10 s"', 'period = "ten"')
    spoil(bench_file, "half_width = 0.003", "half_width = -1")
    spoil(bench_file, 'source = "map of the plane"', "")
    faults = faults_of(bench_file)
    assert len(faults) == 4
    assert faults[0].endswith('bench.kind: expected "action", "immersion", "simulation" or "dataset", found \'acting\'')
    assert "\"10 s\", found 'ten'" in faults[1]
    assert "a half-width above 0, found -1" in faults[2]
    assert "missing; expected where the figure comes from" in faults[3]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('device = "lights"', 'device = "light"', "there is no device \"light\"; did you mean 'lights'?"),
        ('instrument = "luxmeter"', 'instrument = "luxmetre"', "did you mean 'luxmeter'?"),
        ('light = "light.illuminance"', 'light = "light.iluminance"', "did you mean 'light.illuminance'?"),
        ('to = "panel"', 'to = "pannel"', "did you mean 'panel'?"),
        ('unit = "lx"', 'unit = "lux"', "lux"),
        ('{ channel = "light.illuminance"', '{ channel = "light"', 'there is no channel "light"'),
        ("[sim.devices.luxmeter]", "[sim.devices.luxmetr]", "did you mean 'luxmeter'?"),
        ('start = "2026-06-01T08:00:00Z"', 'start = "2026-06-01T08:00:00"', "a time with its zone"),
        ("limits = [1.0, 1000.0]", "limits = [1000.0, 1.0]", "the lower limit is not below the upper limit"),
        ("limits = [1.0, 1000.0]", "limits = [1.0, nan]", "found nan"),
        ("half_width = 0.003", "u = 0.003", "half_width is missing"),
        ('to = "panel"\n', "", 'to belongs to acts_on = "transfer"'),
        ("seed = 1", "seed = 1.5", "a whole number"),
        ("seed = 1", "seed = true", "a whole number"),
        ('point_correlation = "full"', "point_correlation = 1.5", "or a number from 0 to 1"),
        ('laboratory = "lab.toml"', 'laboratory = "labs.toml"', 'there is no file "labs.toml"'),
        ("[roles]", "[interlock.hot]\n[roles]", "interlock: unknown key; did you mean 'interlocks'?"),
    ],
)
def test_what_is_refused(bench_file: Path, old: str, new: str, said: str) -> None:
    spoil(bench_file, old, new)
    faults = faults_of(bench_file)
    assert said in faults[0]
    assert faults[0].startswith(f"{bench_file}:")


def test_a_simulated_address_needs_a_simulation(bench_file: Path) -> None:
    text = bench_file.read_text(encoding="utf-8")
    bench_file.write_text(text[: text.index("[sim]")], encoding="utf-8")
    assert all("needs a section [sim]" in fault for fault in faults_of(bench_file))


def test_an_equipment_register_and_a_laboratory_are_checked_too(bench_file: Path) -> None:
    spoil(bench_file.parent / "equipment.toml", "due = 2027-03-31", 'due = "soon"')
    assert "a date such as 2027-06-30" in faults_of(bench_file)[0]
    spoil(bench_file.parent / "equipment.toml", 'due = "soon"', "due = 2027-03-31")
    spoil(bench_file.parent / "lab.toml", 'roles = ["operator"]', 'roles = ["reviewer"]')
    assert 'nobody has the role "operator"' in faults_of(bench_file)[0]


def test_a_file_that_is_not_toml_or_not_text_or_not_there(tmp_path: Path) -> None:
    path = tmp_path / "bench.toml"
    path.write_text("[bench\n", encoding="utf-8")
    assert "is not TOML" in faults_of(path)[0]
    path.write_bytes(b"\xff\xfe")
    assert "is not UTF-8" in faults_of(path)[0]
    assert "cannot be read" in faults_of(tmp_path / "none.toml")[0]
    with pytest.raises(ConfigurationError, match="did you mean 'action-sim'"):
        load_bench("action-sin")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_no_spoilt_bench_file_gives_anything_but_sentences(bench_file: Path, data: st.DataObject) -> None:
    text = SHIPPED.read_text(encoding="utf-8")
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 40)))
    piece = data.draw(st.text(max_size=8) | st.sampled_from(["nan", "-1", "[]", "{}", '"', "=", "\n[a]\n", "1e999"]))
    bench_file.write_text(text[:start] + piece + text[end:], encoding="utf-8", newline="")
    with suppress(ConfigurationError):
        load_bench(bench_file)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(content=st.binary(max_size=60))
def test_no_bytes_give_anything_but_a_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bench.toml"
    path.write_bytes(content)
    with pytest.raises(ConfigurationError):
        load_bench(path)


@given(st.text(max_size=12))
def test_a_duration_is_seconds_above_zero_or_refused(text: str) -> None:
    with suppress(ValueError):
        assert 0 < parse_duration(text) < float("inf")


def test_durations() -> None:
    assert parse_duration("250 ms") == 0.25
    assert parse_duration("1.5 min") == 90.0
    assert parse_duration("2 h") == 7200.0
