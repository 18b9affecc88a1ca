"""Fit to start: which calibrations stop a run."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest

from hil.bench import BenchConfig, assess, channel_effects, find_bench, fit_to_start, load_bench
from hil.errors import NotFit

SHIPPED = find_bench("action-sim")
REFERENCE = "reference.illuminance"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the shipped bench's folder that a test may spoil."""
    return Path(shutil.copytree(SHIPPED.parent, tmp_path / "benches"))


def with_change(folder: Path, file: str, old: str, new: str) -> BenchConfig:
    path = folder / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return load_bench(folder / SHIPPED.name)


def the_fault(config: BenchConfig, channel: str = REFERENCE) -> str:
    faults = assess(config, channel).faults
    assert len(faults) == 1
    return faults[0]


def test_the_shipped_bench_is_fit_and_its_records_carry_the_declared_effects() -> None:
    config = load_bench("action-sim")
    records = fit_to_start(config, config.channels)
    assert set(records) == {REFERENCE, "room.temperature", "room.humidity"}
    record = records[REFERENCE]
    assert record.instrument.serial == "20001"
    assert {effect.name for effect in record.effects} >= {
        "reference drift since calibration",
        "reference spectral mismatch",
        "reference temperature coefficient",
    }
    assert "placement of the reference head" not in {effect.name for effect in record.effects}
    assert "full" in record.assumption


def test_placement_and_transfer_effects_stand_apart() -> None:
    config = load_bench("action-sim")
    placement = channel_effects(config, "luxmeter.illuminance", "placement")
    assert [effect.name for effect in placement] == [
        "placement of the luxmeter head",
        "uniformity between the two heads",
    ]
    (transfer,) = channel_effects(config, "luxmeter.illuminance", "transfer")
    assert transfer.u == pytest.approx(0.01 / 3**0.5)


def test_an_expired_calibration_stops_the_run(folder: Path) -> None:
    config = with_change(folder, "equipment.toml", "due = 2027-03-31", "due = 2026-05-31")
    fault = "its calibration was due on 2026-05-31, the run starts on 2026-06-01"
    assert fault in the_fault(config)
    assert not assess(config, REFERENCE, on=date(2026, 5, 31)).faults
    with pytest.raises(NotFit, match=fault):
        fit_to_start(config, [REFERENCE])


def test_a_missing_due_date_stops_the_run(folder: Path) -> None:
    config = with_change(folder, "equipment.toml", "due = 2027-03-31\n", "")
    assert "no due date" in the_fault(config)


@pytest.mark.parametrize(("old", "new"), [("20001", "20009"), ("EX-LUX 1", "EX-LUX 2")])
def test_the_certificate_of_another_instrument_is_never_accepted(folder: Path, old: str, new: str) -> None:
    config = with_change(folder, "equipment.toml", old, new)
    assert "it is of" in the_fault(config)
    assert new in the_fault(config)


def test_a_channel_whose_device_names_no_instrument(folder: Path) -> None:
    config = with_change(folder, SHIPPED.name, 'instrument = "reference-luxmeter"\n', "")
    assert "add instrument to [devices.reference]" in the_fault(config)


def test_an_undeclared_correlation_stops_the_run(folder: Path) -> None:
    config = with_change(folder, SHIPPED.name, 'point_correlation = "full"\n', "")
    assert "point_correlation" in the_fault(config)


def test_a_certificate_of_another_quantity(folder: Path) -> None:
    certificate = 'calibration = "certificates/reference-luxmeter.xml"'
    config = with_change(folder, SHIPPED.name, certificate, 'calibration = "certificates/climate-probe.xml"')
    assert assess(config, REFERENCE).faults


def test_a_certificate_that_is_absent_or_broken(folder: Path) -> None:
    certificate = folder / "certificates" / "reference-luxmeter.xml"
    certificate.write_text("<dcc", encoding="utf-8")
    config = load_bench(folder / SHIPPED.name)
    assert "not well-formed" in the_fault(config)
    certificate.unlink()
    assert "cannot be read" in the_fault(config)


def test_a_simulated_certificate_is_refused_on_a_real_bench(folder: Path) -> None:
    certificate = folder / "certificates" / "reference-luxmeter.xml"
    text = certificate.read_text(encoding="utf-8")
    number = assess(load_bench("action-sim"), REFERENCE).record
    assert number is not None
    certificate.write_text(text.replace(number.identifier, f"SIM-{number.identifier}"), encoding="utf-8")
    config = load_bench(folder / SHIPPED.name)
    assert not assess(config, REFERENCE).faults
    bench = folder / SHIPPED.name
    text = bench.read_text(encoding="utf-8")
    bench.write_text(text[: text.index("[sim]")].replace('"sim:', '"tcp://localhost:'), encoding="utf-8")
    found = assess(load_bench(bench), REFERENCE, on=date(2026, 6, 1))
    assert any("a real bench cannot use it" in fault for fault in found.faults)


def test_a_channel_that_must_be_calibrated_and_is_not() -> None:
    config = load_bench("action-sim")
    with pytest.raises(NotFit, match="its uncertainty is unknown"):
        fit_to_start(config, ["luxmeter.illuminance"], calibrated=["luxmeter.illuminance"])
    assert fit_to_start(config, ["luxmeter.illuminance"]) == {}


def test_all_faults_are_told_at_once(folder: Path) -> None:
    with_change(folder, "equipment.toml", "due = 2027-03-31", "due = 2026-05-31")
    config = with_change(folder, "equipment.toml", "30001", "30009")
    with pytest.raises(NotFit) as caught:
        fit_to_start(config, config.channels)
    assert len(str(caught.value).splitlines()) == 3
