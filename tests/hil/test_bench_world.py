"""From a bench file to the world that simulates it."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from hil.bench import BenchConfig, assess, compile_world, find_bench, fit_to_start, load_bench
from hil.errors import ConfigurationError
from hil_calibration.calibration import CalibrationRecord, Instrument
from hil_calibration.effect import Effect
from hil_calibration.function import StraightLine

CONFIG = load_bench("action-sim")
RECORDS = fit_to_start(CONFIG, CONFIG.channels)
DRIFT = "reference drift since calibration"


def luxmeter_record(*effects: Effect) -> CalibrationRecord:
    return CalibrationRecord(
        instrument=Instrument("Example Instruments", "EX-LUX 1", "20002"),
        quantity="illuminance",
        unit="lx",
        function=StraightLine(0.1, 1.01),
        covariance=np.array([[4e-4, -1e-6], [-1e-6, 1e-6]]),
        effects=effects,
        valid_range=(0.0, 500.0),
        date=date(2026, 6, 1),
        identifier="SIM-1",
        provenance="simulated",
    )


def test_the_shipped_bench_makes_a_world_that_the_simulator_accepts() -> None:
    world = compile_world(CONFIG, RECORDS, seed=7)
    assert world["seed"] == 7
    assert (world["mode"], world["speed"]) == ("lockstep", 1.0)
    assert world["start_utc"] == 1780300800000000000
    assert world["lamp"] == {"device": "lights"}
    assert "prior" in world["devices"]["luxmeter"]
    assert set(world["devices"]["climate"]["certificates"]) == {"temperature", "humidity"}
    assert "reader" not in world["devices"]


def test_every_declared_effect_is_drawn_once() -> None:
    world = compile_world(CONFIG, RECORDS)
    assert sorted(effect["name"] for effect in world["effects"]) == sorted(CONFIG.effects)


def test_a_transfer_is_a_placement_of_the_device_it_leads_to() -> None:
    world = compile_world(CONFIG, RECORDS)
    (transfer,) = [e for e in world["effects"] if e["name"] == "uniformity between luxmeter and sign"]
    assert (transfer["device"], transfer["acts_on"]) == ("panel", "placement")
    assert transfer["half_width"] == 0.01


def without_prior() -> BenchConfig:
    """The shipped bench, with a luxmeter that is known by its certificate alone."""
    assert CONFIG.sim is not None
    sim = CONFIG.sim.model_copy(update={"devices": {"luxmeter": {"carriage_position": 0}}})
    return replace(CONFIG, content=CONFIG.content.model_copy(update={"sim": sim}))


def test_a_table_is_handed_on_as_it_is() -> None:
    certificate = compile_world(CONFIG, RECORDS)["devices"]["reference"]["certificates"]["illuminance"]
    record = RECORDS["reference.illuminance"]
    nodes = len(certificate["indication"])
    assert certificate["value"] == pytest.approx(record.function.coefficients[:nodes])
    assert np.allclose(certificate["covariance"], record.covariance[:nodes, :nodes], rtol=1e-9, atol=0)


def test_a_line_is_handed_on_as_points_with_their_covariance() -> None:
    records = {"luxmeter.illuminance": luxmeter_record()}
    certificate = compile_world(without_prior(), records, devices=["luxmeter"])["devices"]["luxmeter"]["certificates"][
        "illuminance"
    ]
    assert certificate["indication"] == [0.0, 125.0, 250.0, 375.0, 500.0]
    assert certificate["value"] == pytest.approx([0.1 + 1.01 * x for x in certificate["indication"]])
    # GUM 5.2.2: u²(a + b x) = u²(a) + 2 x u(a, b) + x² u²(b)
    x = np.array(certificate["indication"])
    assert np.diag(certificate["covariance"]) == pytest.approx(4e-4 - 2e-6 * x + 1e-6 * x**2)


def test_the_shared_effects_of_a_certificate_are_drawn_with_it() -> None:
    drift = Effect(name=DRIFT, kind="relative", distribution="rectangular", half_width=0.003)
    records = {**RECORDS, "luxmeter.illuminance": luxmeter_record(drift)}
    world = compile_world(without_prior(), records, devices=["reference", "luxmeter"])
    assert [e["device"] for e in world["effects"] if e["name"] == DRIFT] == ["reference", "luxmeter"]


def test_an_instrument_with_a_prior_stays_the_same_after_its_calibration() -> None:
    drift = Effect(name=DRIFT, kind="relative", distribution="rectangular", half_width=0.003)
    before = compile_world(CONFIG, RECORDS)
    assert compile_world(CONFIG, {**RECORDS, "luxmeter.illuminance": luxmeter_record(drift)}) == before


def test_only_the_devices_asked_for_are_simulated() -> None:
    world = compile_world(CONFIG, {}, devices=["panel", "reader"])
    assert list(world["devices"]) == ["panel"]
    assert world["lamp"] is None
    assert {effect["device"] for effect in world["effects"]} == {"panel"}


@pytest.mark.parametrize("bench", ["immersion-sim", "voice-sim", "listener-sim"])
def test_a_wall_belongs_to_its_room_whichever_devices_are_asked_for(bench: str) -> None:
    world = compile_world(load_bench(bench), {}, devices={"climate"})
    assert set(world["devices"]) == {"climate", "wall"}


def test_a_world_that_contradicts_itself_is_told_in_one_sentence() -> None:
    with pytest.raises(ConfigurationError, match="needs either a certificate of 'illuminance' or 'prior'; correct"):
        compile_world(CONFIG, {}, devices=["reference"])


def test_options_of_the_world_pass_through(tmp_path: Path) -> None:
    folder = shutil.copytree(find_bench("action-sim").parent, tmp_path / "benches")
    path = folder / "action-sim.toml"
    text = path.read_text(encoding="utf-8")
    extra = '[sim]\nroom = { temperature = 21.0 }\nfaults = [{ device = "luxmeter", kind = "silent", from = 5.0 }]'
    path.write_text(text.replace("[sim]", extra, 1), encoding="utf-8")
    config = load_bench(path)
    world = compile_world(config, fit_to_start(config, config.channels), speed=10.0)
    assert world["room"] == {"temperature": 21.0}
    assert world["faults"] == [{"device": "luxmeter", "kind": "silent", "from": 5.0}]
    assert (world["mode"], world["speed"]) == ("paced", 10.0)


def test_a_driver_without_simulated_counterpart_is_refused(tmp_path: Path) -> None:
    folder = shutil.copytree(find_bench("action-sim").parent, tmp_path / "benches")
    path = folder / "action-sim.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('"process:"', '"sim:reader"'), encoding="utf-8")
    with pytest.raises(ConfigurationError, match="has no simulated counterpart"):
        compile_world(load_bench(path), {}, devices=["reader"])


def test_a_real_bench_has_no_world(tmp_path: Path) -> None:
    folder = shutil.copytree(find_bench("action-sim").parent, tmp_path / "benches")
    path = folder / "action-sim.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text[: text.index("[sim]")].replace('"sim:', '"tcp://localhost:'), encoding="utf-8")
    config = load_bench(path)
    assert config.provenance == "measured"
    with pytest.raises(ConfigurationError, match="not simulated"):
        compile_world(config, {})
    assert assess(config, "reference.illuminance", on=date(2026, 6, 1)).record is not None
