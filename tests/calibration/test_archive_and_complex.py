"""Archives that keep correlations, and complex quantities, on published numbers."""

from __future__ import annotations

import json
import math
import pickle
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hil_calibration.archive import dumps, loads
from hil_calibration.complex_quantity import ComplexQuantity
from hil_calibration.errors import CalibrationError, UnitError, UnknownUncertainty
from hil_calibration.quantity import Quantity


def test_a_reloaded_quantity_is_the_same_one() -> None:
    x, y = Quantity.of(10.0, 0.1, "V", dof=5, label="x"), Quantity.of(2.0, 0.05, "A", label="y")
    z = x / y
    again = loads(dumps({"z": z, "x": x, "nominal": Quantity.of(5.0, 0.0, "V")}))
    assert again["z"].unit == z.unit
    assert (again["z"].value, again["z"].u, again["z"].dof) == pytest.approx((z.value, z.u, z.dof))
    assert (again["z"] - z).u == pytest.approx(0.0, abs=1e-12), "identity is kept"
    assert (again["x"] - x).u == 0.0
    assert [line.name for line in again["z"].budget()] == [line.name for line in z.budget()]
    assert (again["nominal"].value, again["nominal"].u) == (5.0, 0.0)


def test_correlations_survive_another_process() -> None:
    a, b = Quantity.correlated([1.0, 2.0], [[0.04, 0.018], [0.018, 0.01]], "m", ["a", "b"])
    code = (
        "import sys; from hil_calibration.archive import loads; q = loads(sys.stdin.read());"
        "print((q['a'] - q['b']).u, q['sum'].u, (q['sum'] - q['a'] - q['b']).u)"
    )
    text = dumps({"a": a, "b": b, "sum": a + b})
    done = subprocess.run([sys.executable, "-c", code], input=text, capture_output=True, text=True, check=True)
    difference, total, rest = map(float, done.stdout.split())
    assert difference == pytest.approx((a - b).u)
    assert total == pytest.approx((a + b).u)
    assert rest == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", '{"format": "other", "version": 1}', '{"format": "hil-quantities", "version": 2}']
)
def test_what_is_no_archive_is_refused(text: str) -> None:
    with pytest.raises(CalibrationError):
        loads(text)


WHOLE = dumps({"x": Quantity.of(1.0, 0.1, "V")})


@given(place=st.integers(0, len(WHOLE) - 1), character=st.characters(codec="ascii"))
def test_a_damaged_archive_is_refused_or_read(place: int, character: str) -> None:
    damaged = WHOLE[:place] + character + WHOLE[place + 1 :]
    try:
        found = loads(damaged)
    except CalibrationError:
        return
    assert all(isinstance(each, Quantity) for each in found.values())


def test_an_archive_says_its_format() -> None:
    document = json.loads(dumps({"x": Quantity.of(1.0, 0.1, "V")}))
    assert (document["format"], document["version"]) == ("hil-quantities", 1)
    assert "json_1.5.0" in document["gtc"]["version"]
    with pytest.raises(CalibrationError):
        dumps({})


def test_effective_degrees_of_freedom_of_willink_and_hall() -> None:
    """Metrologia 39 (2002) 365: 11.34."""
    parts = [
        (((0.96, -0.34), (-0.34, 0.27)), 5),
        (((0.51, 0.33), (0.33, 0.31)), 3),
        (((0.45, 0.28), (0.28, 1.65)), 6),
    ]
    first, second, third = (ComplexQuantity.of(0j, v, "1", dof=dof) for v, dof in parts)
    total = first + second + third
    assert total.dof == pytest.approx(11.34, abs=0.01)
    assert total.covariance == pytest.approx(np.array([[1.92, 0.27], [0.27, 2.23]]))


def test_magnitude_and_phase() -> None:
    z = ComplexQuantity.of(3 + 4j, [[0.01, 0.0], [0.0, 0.01]], "Ohm")
    assert (z.magnitude().value, z.magnitude().u) == pytest.approx((5.0, 0.1), rel=1e-9)
    assert (z.phase().value, z.phase().u) == pytest.approx((math.atan2(4, 3), 0.02), rel=1e-9)
    assert (z.magnitude().unit, z.phase().unit) == ("Ohm", "rad")
    assert z.real.value == 3.0
    assert z.imaginary.u == pytest.approx(0.1)
    with pytest.raises(CalibrationError, match="use Monte Carlo"):
        ComplexQuantity.of(0j, np.eye(2), "Ohm").magnitude()


def test_products_and_quotients_carry_units_and_correlations() -> None:
    v = ComplexQuantity.of(5 + 1j, np.diag([0.01, 0.02]), "V")
    i = ComplexQuantity.of(0.02 - 0.01j, np.diag([1e-8, 1e-8]), "A")
    z = v / i
    assert z.value == pytest.approx((5 + 1j) / (0.02 - 0.01j))
    assert (z * i - v).covariance == pytest.approx(np.zeros((2, 2)), abs=1e-12)
    with pytest.raises(UnitError):
        v + i


def test_regions_of_complex_quantities() -> None:
    """JCGM 102, 6.5.2: k = 2.45 for 95 % and infinite degrees of freedom."""
    assert ComplexQuantity.of(1j, np.eye(2), "1").coverage_region() == pytest.approx(2.4477, abs=1e-4)
    small = ComplexQuantity.of(1j, np.eye(2), "1", dof=10).coverage_region()
    assert small == pytest.approx(math.sqrt(2 * 10 / 9 * 4.256495), rel=1e-5)


def test_impossible_complex_inputs_are_refused() -> None:
    with pytest.raises(CalibrationError):
        ComplexQuantity.of(1j, [[1.0, 2.0], [2.0, 1.0]], "1")
    with pytest.raises(CalibrationError):
        ComplexQuantity.of(1j, [1.0, 2.0], "1")
    with pytest.raises(UnknownUncertainty):
        ComplexQuantity.of(1j, np.eye(2), "1", dof=0.5)
    with pytest.raises(CalibrationError, match="loses its correlations"):
        pickle.dumps(ComplexQuantity.of(1j, np.eye(2), "1"))
