"""Examples of fits: GUM H.3, ISO/TS 28037, ISO 6143, NIST StRD, IEC 60751."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from ..function_cvd import CallendarVanDusen
from ..regression import linear_model, polynomial, straight_line
from .check import Check, Example


def checks() -> Iterator[Check]:
    """All examples of fits."""
    lines = (_thermometer, _equal_weights, _both_coordinates, _covariance_of_y, _full_covariance)
    for example in (*lines, _gas_analysis, _york, _load_cell, _through_the_origin):
        yield from example()
    yield from _reference_data()
    yield from _resistance()


def _thermometer() -> Iterator[Check]:
    of = Example("JCGM 100", "H.3")
    t = [21.521, 22.012, 22.512, 23.003, 23.507, 23.999, 24.513, 25.002, 25.503, 26.010, 26.511]
    b = [-0.171, -0.169, -0.166, -0.159, -0.164, -0.165, -0.156, -0.157, -0.159, -0.161, -0.160]
    line = straight_line(np.array(t) - 20, b)
    at_30 = line.value_at(10.0)
    yield of.check("y1 / Cel", -0.1712, line.a, 5e-5)
    yield of.check("u(y1) / Cel", 0.0029, line.u_a, 5e-5)
    yield of.check("y2", 0.00218, line.b, 5e-6)
    yield of.check("u(y2)", 0.00067, line.u_b, 5e-6)
    yield of.check("r(y1, y2)", -0.930, line.cov / (line.u_a * line.u_b), 5e-4)
    yield of.check("b(30 Cel) / Cel", -0.1494, at_30.value, 5e-5)
    yield of.check("u(b(30 Cel)) / Cel", 0.0041, at_30.u, 5e-5)


def _equal_weights() -> Iterator[Check]:
    of = Example("ISO/TS 28037", "6.3")
    line = straight_line([1, 2, 3, 4, 5, 6], [3.3, 5.6, 7.1, 9.3, 10.7, 12.1], u_y=0.5)
    yield of.check("a", 1.867, line.a, 5e-4)
    yield of.check("u(a)", 0.465, line.u_a, 5e-4)
    yield of.check("b", 1.757, line.b, 5e-4)
    yield of.check("u(b)", 0.120, line.u_b, 5e-4)
    yield of.check("cov(a, b)", -0.050, line.cov, 5e-4)
    yield of.check("chi2", 1.665, line.chi2, 5e-4)
    inverse = Example("ISO/TS 28037", "11.1")
    yield inverse.check("x at y = 10.5", 4.913, line.solve(10.5, 0.5).value, 5e-4)
    yield inverse.check("u(x) at y = 10.5", 0.322, line.solve(10.5, 0.5).u, 5e-4)


def _both_coordinates() -> Iterator[Check]:
    of = Example("ISO/TS 28037", "7.4")
    x, y = [1.2, 1.9, 2.9, 4.0, 4.7, 5.9], [3.4, 4.4, 7.2, 8.5, 10.8, 13.5]
    line = straight_line(x, y, u_x=0.2, u_y=[0.2, 0.2, 0.2, 0.4, 0.4, 0.4])
    yield of.check("a", 0.5788, line.a, 5e-5)
    yield of.check("u(a)", 0.4764, line.u_a, 5e-5)
    yield of.check("b", 2.1597, line.b, 5e-5)
    yield of.check("u(b)", 0.1355, line.u_b, 5e-5)
    yield of.check("cov(a, b)", -0.0577, line.cov, 5e-5)
    yield of.check("chi2", 2.743, line.chi2, 5e-4)


def _covariance_of_y() -> Iterator[Check]:
    of = Example("ISO/TS 28037", "9")
    y = [1.3, 4.1, 6.9, 7.5, 10.2, 12.0, 14.5, 17.1, 19.5, 21.0]
    covariance = np.zeros((20, 20))
    covariance[10:15, 10:15] = 1 + np.eye(5)
    covariance[15:, 15:] = 4 + np.eye(5)
    line = straight_line(np.arange(1.0, 11.0), y, covariance=covariance)
    yield of.check("a", -0.6456, line.a, 5e-5)
    yield of.check("u(a)", 1.2726, line.u_a, 5e-5)
    yield of.check("b", 2.2014, line.b, 5e-5)
    yield of.check("u(b)", 0.2015, line.u_b, 5e-5)
    yield of.check("chi2", 2.07395, line.chi2, 5e-6)


def _full_covariance() -> Iterator[Check]:
    of = Example("ISO/TS 28037", "10, table 25")
    x = [50.4, 99.0, 149.9, 200.4, 248.5, 299.7, 349.1]
    y = [52.3, 97.8, 149.7, 200.1, 250.4, 300.9, 349.2]
    u_x = np.array(
        [
            [0.50, 0.00, 0.25, 0.00, 0.25, 0.00, 0.25],
            [0.00, 1.25, 1.00, 0.00, 0.00, 1.00, 1.00],
            [0.25, 1.00, 1.50, 0.00, 0.25, 1.00, 1.25],
            [0.00, 0.00, 0.00, 1.25, 1.00, 1.00, 1.00],
            [0.25, 0.00, 0.25, 1.00, 1.50, 1.00, 1.25],
            [0.00, 1.00, 1.00, 1.00, 1.00, 2.25, 2.00],
            [0.25, 1.00, 1.25, 1.00, 1.25, 2.00, 2.50],
        ]
    )
    zero = np.zeros((7, 7))
    line = straight_line(x, y, covariance=np.block([[u_x, zero], [zero, np.ones((7, 7)) + 4 * np.eye(7)]]))
    yield of.check("a", 0.3424, line.a, 5e-5)
    yield of.check("u(a)", 2.0569, line.u_a, 5e-5)
    yield of.check("b", 1.0012, line.b, 5e-5)
    yield of.check("u(b)", 0.0090, line.u_b, 5e-5)
    yield of.check("cov(a, b)", -0.0129, line.cov, 5e-5)
    yield of.check("chi2", 1.772, line.chi2, 5e-4)


def _gas_analysis() -> Iterator[Check]:
    of = Example("ISO 6143", "B.2.1")
    x, y = np.array([4.5, 18.75, 50.0]), np.array([0.1969, 0.7874, 2.0228])
    found = polynomial(y, x, 1, u_x=0.02 * y, u_y=0.01 * x)
    yield of.check("b0", -0.35747, found.coefficients[0], 1e-5)
    yield of.check("b1", 24.612, found.coefficients[1], 1e-3)
    yield of.check("u(b0)", 0.15716, found.u[0], 5e-5)
    yield of.check("u(b1)", 0.48048, found.u[1], 2e-4)
    estimate = found.value_at(0.6, 0.012)
    yield of.check("x at y = 0.6", 14.409, estimate.value, 1e-3)
    yield of.check("u(x) at y = 0.6", 0.35599, estimate.u, 5e-5)


def _york() -> Iterator[Check]:
    of = Example("Pearson and York", "Neri 1989")
    x = [0, 0.9, 1.8, 2.6, 3.3, 4.4, 5.2, 6.1, 6.5, 7.4]
    y = [5.9, 5.4, 4.4, 4.6, 3.5, 3.7, 2.8, 2.8, 2.4, 1.5]
    w_x = np.array([1000, 1000, 500, 800, 200, 80, 60, 20, 1.8, 1])
    w_y = np.array([1, 1.8, 4, 8, 20, 20, 70, 70, 100, 500])
    line = straight_line(x, y, u_x=1 / np.sqrt(w_x), u_y=1 / np.sqrt(w_y))
    yield of.check("a", 5.47991022, line.a, 1e-7)
    yield of.check("b", -0.480533407, line.b, 1e-8)


def _load_cell() -> Iterator[Check]:
    of = Example("NIST StRD", "Pontius")
    y = [
        *(0.11019, 0.21956, 0.32949, 0.43899, 0.54803, 0.65694, 0.76562, 0.87487, 0.98292, 1.09146, 1.20001, 1.30822),
        *(1.41599, 1.52399, 1.63194, 1.73947, 1.84646, 1.95392, 2.06128, 2.16844, 0.11052, 0.22018, 0.32939, 0.43886),
        *(0.54798, 0.65739, 0.76596, 0.87474, 0.98300, 1.09150, 1.20004, 1.30818, 1.41613, 1.52408, 1.63159, 1.73965),
        *(1.84696, 1.95445, 2.06177, 2.16829),
    ]
    curve = polynomial(np.tile(np.arange(1.0, 21.0) * 150000, 2), y, 2)
    certified = (0.673565789473684e-03, 0.732059160401003e-06, -0.316081871345029e-14)
    for k, coefficient in enumerate(curve.coefficients.tolist()):
        yield of.relative(f"b{k}", certified[k], coefficient, 1e-10)
    yield of.relative("sd of b2", 0.486652849992036e-16, curve.u[2], 1e-10)


def _through_the_origin() -> Iterator[Check]:
    of = Example("NIST StRD", "NoInt1")
    line = linear_model(np.arange(60.0, 71.0)[:, None], np.arange(130.0, 141.0))
    yield of.relative("b1", 2.07438016528926, line.coefficients[0], 1e-13)
    yield of.relative("sd of b1", 0.165289256198347e-01, line.u[0], 1e-12)


def _reference_data() -> Iterator[Check]:
    of = Example("NIST StRD", "Norris")
    x = [
        *(0.2, 337.4, 118.2, 884.6, 10.1, 226.5, 666.3, 996.3, 448.6, 777.0, 558.2, 0.4, 0.6, 775.5, 666.9, 338.0),
        *(447.5, 11.6, 556.0, 228.1, 995.8, 887.6, 120.2, 0.3, 0.3, 556.8, 339.1, 887.2, 999.0, 779.0, 11.1, 118.3),
        *(229.2, 669.1, 448.9, 0.5),
    ]
    y = [
        *(0.1, 338.8, 118.1, 888.0, 9.2, 228.1, 668.5, 998.5, 449.1, 778.9, 559.2, 0.3, 0.1, 778.1, 668.8, 339.3),
        *(448.9, 10.8, 557.7, 228.3, 998.0, 888.8, 119.6, 0.3, 0.6, 557.6, 339.3, 888.0, 998.5, 778.9, 10.2, 117.6),
        *(228.9, 668.4, 449.2, 0.2),
    ]
    line = straight_line(x, y)
    yield of.relative("b0", -0.262323073774029, line.a, 1e-10)
    yield of.relative("b1", 1.00211681802045, line.b, 1e-10)
    yield of.relative("sd of b0", 0.232818234301152, line.u_a, 1e-10)
    yield of.relative("residual sum of squares", 26.6173985294224, line.chi2, 1e-10)
    of = Example("NIST StRD", "Wampler3")
    powers = np.arange(21.0)
    noisy = [
        *(760, -2042, 2111, -1684, 3888, 1858, 11379, 17560, 39287, 64382, 113159, 175108, 273291, 400186, 581243),
        *(811568, 1121004, 1506550, 2002767, 2611612, 3369180),
    ]
    wampler = polynomial(powers, noisy, 5)
    for k, coefficient in enumerate(wampler.coefficients.tolist()):
        yield of.relative(f"b{k}", 1.0, coefficient, 1e-7)
    yield of.relative("residual standard deviation", 2360.14502379268, math.sqrt(wampler.chi2 / wampler.dof), 1e-9)


def _resistance() -> Iterator[Check]:
    of = Example("IEC 60751", "4.2, table 1")
    function = CallendarVanDusen(100.0, 3.9083e-3, -5.775e-7, -4.183e-12)
    for temperature, resistance in ((-100.0, 60.26), (0.0, 100.0), (100.0, 138.51), (850.0, 390.48)):
        computed = float(np.asarray(function.inverse(np.array([temperature])))[0])
        yield of.check(f"R({temperature:g} Cel) / Ohm", resistance, computed, 5e-3)
