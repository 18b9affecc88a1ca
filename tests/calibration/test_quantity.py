"""Uncertain numbers on the worked examples of the guides, and their units and budgets."""

from __future__ import annotations

import math
import pickle
from collections.abc import Callable

import numpy as np
import pytest

from hil_calibration import Budget, Quantity
from hil_calibration.errors import CalibrationError, UnitError, UnknownUncertainty

INF = math.inf


def gauge_block() -> Quantity:
    """GUM H.1, all nine inputs."""
    ls = Quantity.of(50000623, 25, "nm", 18, "ls")
    d = [
        Quantity.of(215, 5.8, "nm", 24, "d0"),
        Quantity.of(0, 3.9, "nm", 5, "d1"),
        Quantity.of(0, 6.7, "nm", 8, "d2"),
    ]
    alpha_s = Quantity.of(11.5e-6, 2e-6 / math.sqrt(3), "1/K", INF, "alpha_s")
    dalpha = Quantity.of(0, 1e-6 / math.sqrt(3), "1/K", 50, "dalpha")
    dtheta = Quantity.of(0, 0.05 / math.sqrt(3), "K", 2, "dtheta")
    theta_bar = Quantity.of(-0.1, 0.2, "K", INF, "theta_bar")
    delta = Quantity.of(0, 0.5 / math.sqrt(2), "K", INF, "Delta")
    return ls + d[0] + d[1] + d[2] - ls * (dalpha * (theta_bar + delta) + alpha_s * dtheta)


def test_gum_h1_gauge_block() -> None:
    length = gauge_block()
    assert length.unit == "nm"
    assert length.value == pytest.approx(50000838, abs=0.5)
    assert length.u == pytest.approx(31.71, abs=0.05)
    assert length.dof == pytest.approx(16.75, abs=0.05)
    expanded = length.expanded(0.99)
    np.testing.assert_allclose(expanded.U, 93, atol=0.7)
    assert expanded.k == pytest.approx(2.92, abs=0.005)  # t for 16 degrees of freedom
    contributions = {line.name: abs(line.contribution) for line in length.budget()}
    printed = {"ls": 25, "dtheta": 16.599, "d2": 6.7, "d0": 5.8, "d1": 3.9, "dalpha": 2.88679}
    for name, contribution in printed.items():
        assert contributions[name] == pytest.approx(contribution, abs=0.005)


def test_ea_4_02_s2_weight() -> None:
    m = [
        Quantity.of(10000.005, 0.045 / 2, "g", INF, "mS"),
        Quantity.of(0, 0.015 / math.sqrt(3), "g", INF, "dmD"),
        Quantity.of(0.02, 0.0142, "g", INF, "dm"),
        Quantity.of(0, 0.01 / math.sqrt(3), "g", INF, "dmC"),
        Quantity.of(0, 0.01 / math.sqrt(3), "g", INF, "dB"),
    ]
    weight = m[0] + m[1] + m[2] + m[3] + m[4]
    assert weight.value == pytest.approx(10000.025, abs=5e-4)
    assert weight.u == pytest.approx(0.0291, abs=1e-4)
    np.testing.assert_allclose(weight.expanded(0.9545).U, 0.058, atol=1e-3)
    index = {line.name: line.percent for line in weight.budget()}
    printed = {"mS": 59.6, "dmD": 8.8, "dm": 23.7, "dmC": 3.9, "dB": 3.9}
    assert index == pytest.approx(printed, abs=0.1)


def test_welch_satterthwaite() -> None:
    # ENGR224, as quoted in suncal: 12.8
    total = Quantity.of(0, 0.57, "V", 9) + Quantity.of(0, 0.25, "V")
    assert total.dof == pytest.approx(12.8, abs=0.1)


def test_correlated_inputs() -> None:
    a, b = Quantity.correlated([10.0, 20.0], [[0.04, -0.03], [-0.03, 0.09]], "lx", ["a", "b"])
    assert (a + b).u == pytest.approx(math.sqrt(0.04 + 0.09 - 0.06))
    assert (a - b).u == pytest.approx(math.sqrt(0.04 + 0.09 + 0.06))
    percent = {line.name: line.percent for line in (a + b).budget()}
    assert percent == pytest.approx({"a": 100 * 0.01 / 0.07, "b": 100 * 0.06 / 0.07})
    assert (a - a).u == 0.0
    exact, *_ = Quantity.correlated([1.0, 2.0], [[0.0, 0.0], [0.0, 1.0]], ["1", "lx"])
    assert exact.u == 0.0
    assert (a * b).dof == INF


def test_units_combine_and_mismatch_is_refused() -> None:
    flux, area = Quantity.of(200.0, 1.0, "lx"), Quantity.of(2.0, 0.01, "m2")
    assert (flux * area).unit == "lx.m2"
    assert (flux / area).unit == "lx.m-2"
    assert (flux / flux).unit == "1"
    assert (flux**2).unit == "lx2"
    assert (1 / flux).unit == "lx-1"
    assert (2 * flux - flux / 2).value == 300.0
    assert ((flux / flux) ** 0.5 + 1).value == 2.0
    assert (1 - flux / flux).value == 0.0
    assert (-flux).value == -200.0
    assert (1 + flux / flux).u == 0.0
    refusals: list[Callable[[], object]] = [
        lambda: flux + area,
        lambda: flux - 1.0,
        lambda: flux**0.5,
        lambda: Quantity.of(1, 1, "lux"),
    ]
    for refused in refusals:
        with pytest.raises(UnitError):
            refused()
    with pytest.raises(UnitError, match=r"\.to\(unit\)"):
        _ = Quantity.of(1, 0.1, "m") + Quantity.of(1, 0.1, "mm")
    assert (Quantity.of(1, 0.1, "m") + Quantity.of(1, 0.1, "mm").to("m")).value == pytest.approx(1.001)


def test_temperatures_in_celsius() -> None:
    hot, cold, rise = Quantity.of(25.0, 0.1, "Cel"), Quantity.of(20.0, 0.1, "Cel"), Quantity.of(2.0, 0.1, "K")
    assert (hot - cold).unit == "K"
    assert (hot + rise).unit == "Cel"
    assert (rise + hot).value == 27.0
    assert (hot - rise).unit == "Cel"
    kelvin = hot.to("K")
    assert (kelvin.value, kelvin.u) == pytest.approx((298.15, 0.1))
    refusals: list[Callable[[], object]] = [
        lambda: hot + cold,
        lambda: hot * cold,
        lambda: rise - hot,
        lambda: hot**2,
        lambda: hot * 2,
    ]
    for refused in refusals:
        with pytest.raises(UnitError):
            refused()


def test_exact_quantities_are_accepted_everywhere() -> None:
    exact = Quantity.of(3.0, 0.0, "lx")
    assert exact.budget() == []
    assert exact.expanded().U == 0.0
    assert exact.dof == INF
    assert (exact + Quantity.of(1.0, 0.1, "lx")).u == pytest.approx(0.1)


def test_coverage() -> None:
    assert Quantity.of(0, 1, "1").expanded().k == pytest.approx(1.959964)
    assert Quantity.of(0, 1, "1", 4).expanded(0.95).k == pytest.approx(2.776445)
    for coverage in (0.0, 1.0, 95):
        with pytest.raises(CalibrationError):
            Quantity.of(0, 1, "1").expanded(coverage)


def test_unknown_is_refused() -> None:
    for value, u, dof in [
        (math.nan, 1, 5),
        (1, math.nan, 5),
        (1, -1, 5),
        (1, math.inf, 5),
        (1, 1, 0.5),
        (1, 1, math.nan),
    ]:
        with pytest.raises(UnknownUncertainty):
            Quantity.of(value, u, "lx", dof)
    for covariance in (np.eye(3), [[1, 2], [2, 1]], [[1, np.nan], [np.nan, 1]]):
        with pytest.raises(CalibrationError):
            Quantity.correlated([1.0, 2.0], covariance, "lx")
    with pytest.raises(CalibrationError):
        _ = 1 / Quantity.of(0.0, 1.0, "lx")
    with pytest.raises(CalibrationError):
        _ = Quantity.of(-1.0, 1.0, "1") ** 0.5


def test_pickling_is_refused() -> None:
    with pytest.raises(CalibrationError, match="correlations"):
        pickle.dumps(Quantity.of(1.0, 0.1, "lx"))


def test_budget_table_and_json() -> None:
    budget = Budget(gauge_block().budget())
    table = budget.table().splitlines()
    assert table[0].split() == ["input", "value", "u", "dof", "distribution", "sensitivity", "contribution", "%"]
    assert table[1].startswith("ls")
    assert len(table) == 10
    lines = budget.to_json()
    assert sum(line["percent"] for line in lines) == pytest.approx(100)
    assert {line["name"]: line["dof"] for line in lines}["alpha_s"] is None
    assert Budget([]).table().startswith("input")


@pytest.mark.parametrize("exponent", [2.0, 400.0, math.nan, math.inf])
def test_a_power_that_is_no_finite_number_is_refused(exponent: float) -> None:
    with pytest.raises(CalibrationError):
        Quantity.of(1e200, 1e190, "V") ** exponent


def test_a_product_that_is_no_finite_number_is_refused() -> None:
    large = Quantity.of(1e200, 1e190, "V")
    with pytest.raises(CalibrationError, match="too large"):
        large * large
