"""A virtual instrument is calibrated from end to end: run, results, certificate."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import numpy as np
import pytest

from hil.run import RunOutcome, run_procedure
from hil_calibration.certificate.lint.checking import check
from hil_calibration.systems.virtual import Trials, calibrate
from hil_procedures.virtual.certificate import unit_of
from hil_procedures.virtual.parameters import CalibrateVirtualInstrument
from hil_procedures.virtual.results import parameters_table
from hil_procedures.virtual.script import plan
from hil_procedures.virtual.session import Session


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> RunOutcome:
    return asyncio.run(
        run_procedure(
            "calibrate-virtual-instrument",
            "heart-rate",
            settings={"stimuli": "120"},
            seed=None,
            speed=None,
            out=tmp_path_factory.mktemp("runs"),
            operator="Operator A",
            on_event=lambda event: None,
        )
    )


@pytest.fixture(scope="module")
def told(outcome: RunOutcome) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((outcome.folder / "results.json").read_text(encoding="utf-8"))["results"]
    return found


def test_kinds_of_stimuli_come_in_random_order() -> None:
    design = plan(CalibrateVirtualInstrument(contents=("inside", "outside"), stimuli=40))
    one, other = ([point.factors["content"] for point in design.planned(seed)] for seed in (1, 2))
    assert one != other
    assert one == [point.factors["content"] for point in design.planned(1)]
    assert one.count("inside") == one.count("outside") == 40
    assert "outside" in one[:20], "not one kind after the other"


def test_the_interval_holds_inside_the_domain_alone(told: dict[str, Any]) -> None:
    inside, outside = told["test"]["inside"], told["test"]["outside"]
    assert inside["low"] <= 0.9 <= inside["high"]
    assert outside["high"] < 0.6
    assert abs(told["bias"]) < 4.0 * told["u_bias"]
    assert told["domain"]["signal-to-noise ratio"][0] >= told["declared_domain"]["signal-to-noise ratio"][0]


def test_the_certificate_states_the_domain_and_what_the_interval_is(outcome: RunOutcome) -> None:
    text = (outcome.folder / "certificate.xml").read_text(encoding="utf-8")
    assert "hold inside the operating domain only: heart rate" in text
    assert "it is no uncertainty" in text
    assert "near-duplicates" in text.lower()
    assert (outcome.folder / "certificate.pdf").read_bytes().startswith(b"%PDF")
    assert [one for one in check(text.encode()) if one.severity == "error"] == []


def test_stimuli_for_which_the_model_failed_are_told_beside_what_it_is_worth() -> None:
    rng = np.random.default_rng(1)
    reference, names = rng.uniform(50.0, 150.0, 60), tuple(f"P{i}" for i in range(60))
    given = Trials(reference + rng.normal(0.0, 1.0, 60), reference, names, {"snr": np.full(60, 5.0)}, np.ones(60, bool))
    domain = {"snr": (1.0, 10.0)}
    session = Session(given, ("inside",) * 60, ("crash", "time-out"), "/min", 0.1, domain, {})
    rows = parameters_table(session, calibrate(given, domain, u_reference=0.1)).rows
    assert ("stimuli without a value, for faults of the model", "2 of 62", "") in rows


@pytest.mark.parametrize(
    ("feature", "unit"), [("rate / (1/min)", "/min"), ("time / s", "s"), ("ratio", "1"), ("a / (m2/s)", "m2/s")]
)
def test_a_feature_carries_its_unit_in_its_name(feature: str, unit: str) -> None:
    assert unit_of(feature) == unit
