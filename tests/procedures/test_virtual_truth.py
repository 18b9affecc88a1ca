"""The true errors of a virtual instrument over all stimuli of its domain, and what a calibration states of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hil.bench import load_bench
from hil.coverage import stimuli
from hil.coverage.runs import Asked, checked, one_run
from hil.coverage.truth import true_world
from hil.errors import UsageError
from hil_drivers.virtual.slab import Slab, series

NAME, BENCH = "calibrate-virtual-instrument", "slab-emulator"


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """The population is smaller than that of `hil coverage`, which takes a minute to draw."""
    monkeypatch.setattr(stimuli, "POPULATION", 400)


def test_the_population_is_of_the_domain_and_its_truth_is_not_the_solvers() -> None:
    found = true_world(load_bench(BENCH), 1).stimuli.population(["inside", "outside"])
    assert len(found.error) == 400, "none of those outside lies in the domain"
    narrower = found.within({"time / s": (30.0, 60.0)})
    assert 0 < narrower.sum() < 200
    assert found.error.std() == pytest.approx(0.011, rel=0.3)
    made = Slab().make("inside", 0, 5)
    diffusivity, time, place = (float(value) for value in made.values.values())
    assert Slab().true(made) == pytest.approx(series(diffusivity, time, place))
    assert 0 < abs(Slab().true(made) - made.reference) < 4.0 * Slab.u


def test_calibrations_of_new_stimuli_hold_the_truth(tmp_path: Path) -> None:
    asked = checked(Asked(NAME, BENCH, {"stimuli": "80"}, "Operator A"))
    outcomes = [one_run(asked, seed, tmp_path) for seed in (1, 2)]
    assert [outcome.error for outcome in outcomes] == ["", ""]
    one, other = (outcome.answer.measurands for outcome in outcomes if outcome.answer is not None)
    assert list(one) == [
        "bias",
        "share covered in the test",
        "a new value, u",
        "a new value, conformal interval",
    ]
    assert all(one[name].value != other[name].value for name in one), "each seed draws its own stimuli"
    for found in (one, other):
        bias, share = found["bias"], found["share covered in the test"]
        assert bias.k > 2.0, "few subjects: few degrees of freedom"
        assert abs(bias.ratio) < 4.0
        assert 0.7 < share.true < 1.0
        assert share.claimed == 0.95
        assert found["a new value, conformal interval"].claimed == 0.9
        assert abs(found["a new value, u"].ratio) < 5.0
    assert np.isfinite(bias.u_true)


def test_a_bench_without_a_model_has_no_errors() -> None:
    config = load_bench(BENCH)
    content = config.content.model_copy(
        update={"devices": {name: one for name, one in config.devices.items() if one.driver == "stimuli"}}
    )
    with pytest.raises(UsageError, match="has no virtual instrument"):
        true_world(replace(config, content=content), 1)
