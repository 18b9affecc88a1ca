"""What recorded reference values become: their own u where they are few, never less than it where they are many."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hil.bench.replayed import NODES, record_of
from hil_calibration.calibration import CalibrationRecord
from hil_calibration.function import StraightLine, Table
from hil_calibration.stream import evaluate
from hil_drivers.replay import Reference


def made(values: list[tuple[float, float]]) -> CalibrationRecord:
    return record_of(Reference("lx", tuple(values), True, "set", date(2026, 6, 1), "0" * 64), "illuminance")


def u_of(record: CalibrationRecord, values: list[tuple[float, float]]) -> list[float]:
    return [float(u) for u in evaluate(record, np.array([value for value, _ in values])).u]


@pytest.mark.parametrize(("a", "b"), [(0.0, 0.01), (0.2, 0.0), (0.1, 0.01)])
def test_a_straight_u_is_taken_as_a_line(a: float, b: float) -> None:
    values = [(x, a + b * x) for x in np.linspace(4.0, 60.0, 300).tolist()]
    record = made(values)
    assert isinstance(record.function, StraightLine)
    assert u_of(record, values) == pytest.approx([each for _, each in values], rel=1e-6)


def test_few_values_keep_their_own_u() -> None:
    values = [(4.0, 0.1), (6.0, 0.5), (8.0, 0.1), (30.0, 2.0)]
    record = made(values)
    assert isinstance(record.function, Table)
    assert u_of(record, values) == pytest.approx([0.1, 0.5, 0.1, 2.0])
    assert u_of(made([(23.0, 0.2)]), [(23.0, 0.2)]) == pytest.approx([0.2])


def test_all_values_share_their_error() -> None:
    mean = evaluate(made([(4.0, 0.1), (6.0, 0.5), (8.0, 0.3)]), np.array([4.0, 6.0, 8.0])).mean()
    assert float(mean.u[0]) == pytest.approx((0.1 + 0.5 + 0.3) / 3)


@given(st.lists(st.tuples(st.floats(1, 1000), st.floats(0.01, 10)), min_size=1, max_size=4 * NODES))
def test_u_is_nowhere_below_that_of_a_recording(values: list[tuple[float, float]]) -> None:
    assert all(got >= u * (1 - 1e-6) for got, (_, u) in zip(u_of(made(values), values), values, strict=True))
