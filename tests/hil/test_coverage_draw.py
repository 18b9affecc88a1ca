"""What draws each run of a coverage anew where the world's seed does not: settings, and stimuli."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hil.bench import load_bench
from hil.bench.copying import copy_bench
from hil.cli.check import Check
from hil.coverage.draw import drawn_bench, of_seed
from hil.coverage.runs import Asked, checked
from hil.coverage.truth import true_world
from hil.errors import UsageError


def test_the_seed_stands_where_a_setting_says_so() -> None:
    assert of_seed({"design_seed": "{seed}", "n": "64"}, 7) == {"design_seed": "7", "n": "64"}


def test_stimuli_are_those_of_the_seed_and_nothing_else_changes(tmp_path: Path) -> None:
    shipped = load_bench("heart-rate")
    drawn = load_bench(drawn_bench("heart-rate", 41, tmp_path))
    assert drawn.devices["pulses"].options == {**shipped.devices["pulses"].options, "seed": 41}
    assert (drawn.channels, drawn.roles, drawn.laboratory) == (shipped.channels, shipped.roles, shipped.laboratory)
    again = load_bench(drawn_bench(str(drawn.path), 42, tmp_path / "again"))
    assert again.devices["pulses"].options["seed"] == 42, "what stands there is replaced"
    assert drawn_bench("climate-sim", 41, tmp_path) == "climate-sim", "its world is drawn by the seed of the run"


def test_new_stimuli_are_of_their_seed_and_inside_the_domain() -> None:
    worlds = [true_world(load_bench("heart-rate"), seed).stimuli for seed in (1, 1, 2)]
    domain = {"heart rate / (1/min)": (60.0, 90.0)}
    one, same, other = (each.new(["inside"], 20, domain) for each in worlds)
    assert one == same != other
    assert all(60.0 <= each.value <= 90.0 for each in (one, other))
    assert np.isfinite([one.true, other.true]).all()


def test_a_domain_that_the_bench_states_is_that_of_the_population(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hil.coverage.stimuli.POPULATION", 40)
    bench = copy_bench("slab-emulator", tmp_path / "bench")
    told = bench.read_text(encoding="utf-8")
    bench.write_text(
        told.replace('model = "slab"\n', 'model = "slab"\ndomain = { "time / s" = [100, 150] }\n'), "utf-8"
    )
    found = true_world(load_bench(str(bench)), 1).stimuli.population(["inside"])
    assert 0 < len(found.error) < 40
    assert np.all((found.features["time / s"] >= 100.0) & (found.features["time / s"] <= 150.0))


def test_a_bench_of_stimuli_simulates_nothing_and_one_that_simulates_has_none() -> None:
    with pytest.raises(UsageError, match="simulates no equipment"):
        true_world(load_bench("heart-rate"), 1).effect("drift")
    with pytest.raises(UsageError, match="makes no stimuli"):
        _ = true_world(load_bench("climate-sim"), 1).stimuli


def test_recordings_have_no_truth() -> None:
    with pytest.raises(UsageError, match="its recordings are no worlds drawn anew for each run"):
        checked(Asked("detection-vs-illuminance", "dataset", {}))


def test_a_real_bench_is_not_known(tmp_path: Path) -> None:
    bench = copy_bench("dataset", tmp_path / "bench")
    told = bench.read_text(encoding="utf-8").replace('kind = "dataset"', 'kind = "action"', 1)
    bench.write_text(told.replace("lanes = 2\n", ""), encoding="utf-8")
    with pytest.raises(UsageError, match="the truth of a real bench is not known"):
        checked(Asked("detection-vs-illuminance", str(bench), {}))


def test_reference_values_of_stimuli_are_a_calibration() -> None:
    assert Check.of(load_bench("heart-rate"), "calibrate-virtual-instrument").faults == ()
