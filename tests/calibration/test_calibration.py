"""Calibration records: identity by content, refusal of what does not fit, factors of any rank."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hil_calibration import CalibrationRecord, Effect, Instrument, StraightLine, Table
from hil_calibration.calibration import covariance_factor
from hil_calibration.errors import CalibrationError, OutOfRange, UnitError

RECORD = CalibrationRecord(
    instrument=Instrument("Example Instruments", "Luxmeter", "SN0001"),
    quantity="illuminance",
    unit="lx",
    function=StraightLine(0.1, 1.02),
    covariance=np.array([[0.04, -1e-4], [-1e-4, 1e-6]]),
    effects=(Effect(name="drift", kind="relative", distribution="rectangular", half_width=0.003, dof=12),),
    valid_range=(1.0, 1000.0),
    conditions={"temperature": (18.0, 28.0)},
    date=date(2026, 1, 15),
    identifier="EL-2026-0001",
    certificates={"reference": "ab" * 32},
    provenance="simulated",
    assumption="point_correlation = full",
)


def test_json_returns_an_equal_record() -> None:
    again = CalibrationRecord.from_json(json.loads(json.dumps(RECORD.to_json())))
    assert again == RECORD
    assert again.id == RECORD.id
    assert len(RECORD.id) == 64
    assert len({again, RECORD}) == 1


def test_any_change_changes_the_id() -> None:
    changed = [
        replace(RECORD, function=StraightLine(0.1, np.nextafter(1.02, 2))),
        replace(RECORD, covariance=RECORD.covariance * 1.01),
        replace(RECORD, effects=()),
        replace(RECORD, provenance="measured"),
        replace(RECORD, instrument=Instrument("Example Instruments", "Luxmeter", "SN0002")),
    ]
    assert len({record.id for record in [RECORD, *changed]}) == len(changed) + 1


def test_added_effects_keep_the_names_of_the_coefficients() -> None:
    assert replace(RECORD, effects=()).coefficient_effects == RECORD.coefficient_effects
    assert RECORD.coefficient_effects[0] == "EL-2026-0001 SN0001 illuminance/1"
    assert replace(RECORD, quantity="colour temperature").coefficient_effects != RECORD.coefficient_effects


def test_the_range_is_enforced_with_the_values() -> None:
    RECORD.require_in_range([1.0, 1000.0])
    with pytest.raises(OutOfRange, match=r"2 of 3 indications are outside 1 to 1000 lx: 0.5, 1000.1"):
        RECORD.require_in_range([0.5, 20.0, 1000.1])
    with pytest.raises(OutOfRange, match="nan"):
        RECORD.require_in_range([np.nan])


def test_malformed_records_are_refused() -> None:
    changes: list[dict[str, Any]] = [
        {"covariance": np.eye(3).tolist()},
        {"covariance": [[1, 2], [2, 1.0]]},
        {"covariance": [[1, 0.5], [0.4, 1.0]]},
        {"covariance": [[1, np.nan], [np.nan, 1.0]]},
        {"valid_range": (10.0, 1.0)},
        {"valid_range": (0.0, np.inf)},
        {"effects": RECORD.to_json()["effects"] * 2},
        {"provenance": "guessed"},
    ]
    for change in changes:
        with pytest.raises(CalibrationError):
            CalibrationRecord.from_json({**RECORD.to_json(), **change})
    with pytest.raises(UnitError):
        replace(RECORD, unit="lux")
    for broken in ({}, {"function": 3}, {**RECORD.to_json(), "colour": "red"}, {**RECORD.to_json(), "date": "x"}):
        with pytest.raises(CalibrationError):
            CalibrationRecord.from_json(broken)


def test_fully_correlated_points_have_one_column() -> None:
    u = np.array([0.1, 0.5, 2.0])
    record = replace(RECORD, function=Table((1, 10, 100), (1, 10, 100)), covariance=np.outer(u, u))
    assert record.factor.shape == (3, 1)
    np.testing.assert_allclose(np.abs(record.factor[:, 0]), u)


def test_the_covariance_cannot_be_changed_afterwards() -> None:
    with pytest.raises(ValueError):
        RECORD.covariance[0, 0] = 0.0


@given(
    st.integers(1, 6).flatmap(
        lambda p: st.tuples(
            st.lists(st.lists(st.floats(-1, 1, width=16), min_size=p, max_size=p), min_size=1, max_size=p),
            st.lists(st.floats(-9, 9), min_size=p, max_size=p),
        )
    )
)
def test_the_factor_gives_back_any_covariance(parts: tuple[list[list[float]], list[float]]) -> None:
    root, exponents = np.array(parts[0]).T, np.array(parts[1])
    u = np.linalg.norm(root, axis=1, keepdims=True)
    root = root / np.where(u > 0, u, 1.0) * 10.0 ** exponents[:, None]
    covariance = root @ root.T
    factor = covariance_factor(covariance)
    scale = np.sqrt(np.outer(covariance.diagonal(), covariance.diagonal()))
    assert np.all(np.abs(factor @ factor.T - covariance) <= 1e-9 * scale + 1e-300)
    assert factor.shape[1] <= len(covariance)
