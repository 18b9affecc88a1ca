"""One reading at a time gives what a block of one reading gives."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hil_calibration import CalibrationRecord, Effect, Instrument, Polynomial, StraightLine, Table
from hil_calibration.errors import CalibrationError, OutOfRange, UnknownUncertainty
from hil_calibration.function_cvd import CallendarVanDusen
from hil_calibration.reading import evaluate_one
from hil_calibration.stream import evaluate

U = np.array([2e-3, 1e-3, 2e-5])
CURVED = CalibrationRecord(
    instrument=Instrument("Example Instruments", "Luxmeter", "SN0001"),
    quantity="illuminance",
    unit="lx",
    function=Polynomial((0.02, 1.013, -2e-4)),
    covariance=np.array([[1, -0.6, 0.4], [-0.6, 1, -0.8], [0.4, -0.8, 1]]) * np.outer(U, U),
    effects=(
        Effect(name="drift", kind="relative", distribution="rectangular", half_width=0.003),
        Effect(name="stray light", kind="absolute", u=0.02, dof=12),
        Effect(name="temperature", kind="relative-per-kelvin", u=0.0005, reference=23.0),
    ),
    valid_range=(0.0, 1000.0),
    date=date(2026, 1, 15),
    identifier="EL-2026-0001",
)
LINE = replace(CURVED, function=StraightLine(0.1, -0.98), covariance=np.diag([0.01, 2e-6]), effects=())

TABLE = replace(LINE, function=Table((0.0, 10.0, 1000.0), (0.1, 11.0, 990.0)), covariance=np.diag([0.01, 0.02, 0.5]))
PLATINUM = replace(
    LINE,
    function=CallendarVanDusen(100.0),
    covariance=np.diag([1e-6, 1e-12, 1e-16, 1e-24]),
    valid_range=(18.0, 390.0),
    effects=CURVED.effects,
)

sizes = st.sampled_from([0.0, 0.001, 0.1, 5.0])


@given(
    st.sampled_from([CURVED, LINE, TABLE, PLATINUM]),
    st.floats(19.0, 390.0),
    sizes,
    st.none() | sizes,
    st.floats(-40.0, 80.0),
)
def test_it_agrees_with_the_block(
    record: CalibrationRecord, x: float, noise: float, resolution: float | None, temperature: float
) -> None:
    block = evaluate(record, x, u_indication=noise, resolution=resolution, temperature=temperature)
    one = evaluate_one(record, x, u_indication=noise, resolution=resolution, temperature=temperature)
    assert (one.value, one.u_ind, one.u) == pytest.approx((block.value[0], block.u_ind[0], block.u[0]), rel=1e-12)


@pytest.mark.parametrize(
    ("given_", "kind"),
    [
        ({"indication": 1001.0}, OutOfRange),
        ({"indication": float("nan")}, OutOfRange),
        ({"u_indication": -1.0}, UnknownUncertainty),
        ({"u_indication": float("nan")}, UnknownUncertainty),
        ({"resolution": float("inf")}, UnknownUncertainty),
        ({"temperature": None}, UnknownUncertainty),
        ({"temperature": float("nan")}, UnknownUncertainty),
    ],
)
def test_it_refuses_what_the_block_refuses(given_: dict[str, float], kind: type[CalibrationError]) -> None:
    arguments: dict[str, Any] = {"indication": 100.0, "temperature": 23.0, **given_}
    with pytest.raises(kind):
        evaluate(CURVED, **arguments)
    with pytest.raises(kind):
        evaluate_one(CURVED, **arguments)
