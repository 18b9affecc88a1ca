"""Examples of the GUM and its supplements, of EA-4/02, QUAM and NIST TN 1900."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from ..complex_quantity import ComplexQuantity
from ..conformity import probability
from ..measurement import distribution as d
from ..measurement import gum
from ..measurement.expression import Expression
from ..montecarlo import coverage_region, propagate
from ..quantity import Quantity
from ..risk import global_risk, guard_band_for_global_risk, normal_prior
from .check import Check, Example

TRIALS = 400_000


def checks() -> Iterator[Check]:
    """All examples of guides."""
    for example in (_end_gauge, _impedance, _additive, _mass, _logarithm, _polar, _budgets, _dof, _risks):
        yield from example()


def _end_gauge() -> Iterator[Check]:
    of = Example("JCGM 100", "H.1")
    inputs: dict[str, d.Distribution] = {
        "ls": d.Normal(value=50000623, standard=25, dof=18),
        "d0": d.Normal(value=215, standard=5.8, dof=24),
        "d1": d.Normal(value=0, standard=3.9, dof=5),
        "d2": d.Normal(value=0, standard=6.7, dof=8),
        "alpha_s": d.Rectangular(lower=9.5e-6, upper=13.5e-6),
        "dalpha": d.Rectangular(lower=-1e-6, upper=1e-6, dof=50),
        "dtheta": d.Rectangular(lower=-0.05, upper=0.05, dof=2),
        "theta_bar": d.Normal(value=-0.1, standard=0.2),
        "delta": d.Arcsine(lower=-0.5, upper=0.5),
    }
    model = Expression("ls + d0 + d1 + d2 - ls * (dalpha * (theta_bar + delta) + alpha_s * dtheta)")
    first = gum.evaluate(model, inputs, coverage=0.99)
    yield of.check("l / nm", 50000838, first.value, 0.5)
    yield of.check("u(l) / nm", 32, first.u, 0.5)
    yield of.check("effective degrees of freedom", 16, math.floor(first.dof), 0)
    yield of.check("U99 / nm", 93, first.U, 0.7)
    yield of.check("u(l) to second order / nm", 34, gum.evaluate(model, inputs, order=2).u, 0.5)
    parts = {line.name: abs(line.contribution) for line in first.budget.lines}
    for name, published, tolerance in (("ls", 25, 0.05), ("d0", 5.8, 0.05), ("d1", 3.9, 0.05), ("d2", 6.7, 0.05)):
        yield of.check(f"contribution of {name} / nm", published, parts[name], tolerance)
    yield of.check("contribution of dalpha / nm", 2.9, parts["dalpha"], 0.05)
    yield of.check("contribution of dtheta / nm", 16.6, parts["dtheta"], 0.05)


def _impedance() -> Iterator[Check]:
    of = Example("JCGM 100", "H.2")
    readings = np.array(
        [
            [5.007, 4.994, 5.005, 4.990, 4.999],
            [19.663e-3, 19.639e-3, 19.640e-3, 19.685e-3, 19.678e-3],
            [1.0456, 1.0438, 1.0468, 1.0428, 1.0433],
        ]
    )
    covariance = np.cov(readings) / readings.shape[1]
    means = readings.mean(axis=1)
    names = ("V", "I", "phi")
    u = np.sqrt(covariance.diagonal())
    inputs = {name: d.Normal(value=float(m), standard=float(s)) for name, m, s in zip(names, means, u, strict=True)}
    r = covariance / np.outer(u, u)
    pairs = {(names[i], names[j]): float(r[i, j]) for i in range(3) for j in range(i)}
    models = {"R": "V / I * cos(phi)", "X": "V / I * sin(phi)", "Z": "V / I"}
    found = {name: gum.evaluate(Expression(text), inputs, correlations=pairs) for name, text in models.items()}
    published = {"R": (127.732, 0.071), "X": (219.847, 0.295), "Z": (254.260, 0.236)}
    for name, (value, standard) in published.items():
        yield of.check(f"{name} / Ohm", value, found[name].value, 5e-4 + 5e-5)
        yield of.check(f"u({name}) / Ohm", standard, found[name].u, 1e-3)
    matrix = gum.joint_correlations(list(found.values()), names, pairs)
    for (i, j), name, value in (((0, 1), "r(R, X)", -0.588), ((1, 2), "r(X, Z)", 0.993), ((0, 2), "r(R, Z)", -0.485)):
        yield of.check(name, value, matrix[i, j], 1e-3)


def _additive() -> Iterator[Check]:
    model, names = "x1 + x2 + x3 + x4", ("x1", "x2", "x3", "x4")
    root = math.sqrt(3)
    cases: tuple[tuple[str, d.Distribution, float], ...] = (
        ("9.2.2", d.Normal(value=0, standard=1), 3.92),
        ("9.2.3", d.Rectangular(lower=-root, upper=root), 3.88),
    )
    for clause, each, end in cases:
        of = Example("JCGM 101", clause)
        drawn = propagate(model, dict.fromkeys(names, each), trials=TRIALS, seed=1)
        yield of.check("u(y)", 2.0, drawn.u, 0.02)
        yield of.check("lower end of 95 %", -end, drawn.interval[0], 0.03)
        yield of.check("upper end of 95 %", end, drawn.interval[1], 0.03)


def _mass() -> Iterator[Check]:
    of = Example("JCGM 101", "9.3")
    inputs: dict[str, d.Distribution] = {
        "m_rc": d.Normal(value=100000, standard=0.05),
        "dm_rc": d.Normal(value=1.234, standard=0.02),
        "a": d.Rectangular(lower=1.1, upper=1.3),
        "rho_w": d.Rectangular(lower=7000, upper=9000),
        "rho_r": d.Rectangular(lower=7950, upper=8050),
    }
    model = "(m_rc + dm_rc) * (1 + (a - 1.2) * (1 / rho_w - 1 / rho_r)) - 100000"
    yield of.check("u by GUM, first order / mg", 0.0539, gum.evaluate(Expression(model), inputs).u, 5e-5)
    yield of.check("u by GUM, second order / mg", 0.0750, gum.evaluate(Expression(model), inputs, order=2).u, 5e-5)
    drawn = propagate(model, inputs, trials=TRIALS, interval="shortest", seed=1)
    yield of.check("value by Monte Carlo / mg", 1.2341, drawn.value, 1e-3)
    yield of.check("u by Monte Carlo / mg", 0.0754, drawn.u, 5e-4)
    yield of.check("lower end, shortest 95 % / mg", 1.0834, drawn.interval[0], 5e-3)
    yield of.check("upper end, shortest 95 % / mg", 1.3825, drawn.interval[1], 5e-3)


def _logarithm() -> Iterator[Check]:
    of = Example("NPL DEM-ES-011", "9.2")
    inputs: dict[str, d.Distribution] = {"x": d.Rectangular(lower=0.1, upper=1.1)}
    first = gum.evaluate(Expression("log(x)"), inputs)
    drawn = propagate("log(x)", inputs, trials=TRIALS, interval="shortest", seed=1)
    yield of.check("value by GUM", -0.511, first.value, 5e-4)
    yield of.check("u by GUM", 0.481, first.u, 5e-4)
    yield of.check("value by Monte Carlo", -0.665, drawn.value, 4e-3)
    yield of.check("u by Monte Carlo", 0.606, drawn.u, 3e-3)
    yield of.check("lower end, shortest 95 %", -1.895, drawn.interval[0], 0.01)
    yield of.check("upper end, shortest 95 %", 0.095, drawn.interval[1], 0.003)


def _polar() -> Iterator[Check]:
    of = Example("JCGM 102", "9.3, table 6")
    inputs: dict[str, d.Distribution] = {
        "re": d.Normal(value=0.001, standard=0.01),
        "im": d.Normal(value=0, standard=0.01),
    }
    model = {"magnitude": "hypot(re, im)", "phase": "arctan2(im, re)"}
    drawn = propagate(model, inputs, trials=TRIALS, seed=1)
    exact = gum.evaluate(Expression(model["phase"]), inputs)
    yield of.check("u of the phase by GUM / rad", 10.0, exact.u, 1e-6)
    yield of.check("magnitude by Monte Carlo", 0.013, drawn.value[0], 5e-4)
    yield of.check("u of the magnitude by Monte Carlo", 0.007, drawn.u[0], 5e-4)
    yield of.check("u of the phase by Monte Carlo / rad", 1.744, drawn.u[1], 5e-3)
    independent = propagate({"a": "re", "b": "im"}, inputs, trials=TRIALS, seed=2)
    region = Example("JCGM 102", "6.5.2")
    yield region.check("k of the 95 % ellipse of two", 2.45, coverage_region(independent, "ellipsoid").k, 0.01)


def _budgets() -> Iterator[Check]:
    of = Example("EA-4/02", "S2")
    mass = {
        "m_s": d.Normal(value=10000.005, standard=0.0225),
        "drift": d.Rectangular(lower=-0.015, upper=0.015),
        "dm": d.Normal(value=0.02, standard=0.0142),
        "centre": d.Rectangular(lower=-0.01, upper=0.01),
        "buoyancy": d.Rectangular(lower=-0.01, upper=0.01),
    }
    found = gum.evaluate(Expression("m_s + drift + dm + centre + buoyancy"), mass)
    yield of.check("m_x / g", 10000.025, found.value, 5e-4)
    yield of.check("u / g", 0.0291, found.u, 1e-4)
    yield of.check("U, k = 2 / g", 0.058, 2 * found.u, 1e-3)
    of = Example("EURACHEM/CITAC QUAM", "A1")
    standard: dict[str, d.Distribution] = {
        "m": d.Normal(value=100.28, standard=0.05),
        "p": d.Rectangular(lower=0.9998, upper=1.0),
        "flask": d.Triangular(lower=-0.1, upper=0.1),
        "repeat": d.Normal(value=0, standard=0.02),
        "temperature": d.Rectangular(lower=-0.084, upper=0.084),
    }
    solution = gum.evaluate(Expression("1000 * m * p / (100 + flask + repeat + temperature)"), standard)
    yield of.check("c / (mg/L)", 1002.7, solution.value, 0.05)
    yield of.check("u / (mg/L)", 0.84, solution.u, 0.005)
    of = Example("NIST TN 1900", "E13")
    inputs: dict[str, d.Distribution] = {
        "l0": d.StudentT(value=1.4999, standard=0.0001, dof=3),
        "t0": d.StudentT(value=288.15, standard=0.02, dof=3),
        "l1": d.StudentT(value=1.5021, standard=0.0002, dof=3),
        "t1": d.StudentT(value=373.10, standard=0.05, dof=3),
    }
    expansion = gum.evaluate(Expression("(l1 - l0) / (l0 * (t1 - t0))"), inputs)
    yield of.check("alpha / (1e-6/K)", 17.266, 1e6 * expansion.value, 1e-3)
    yield of.check("u by GUM / (1e-6/K)", 1.76, 1e6 * expansion.u, 0.01)


def _dof() -> Iterator[Check]:
    total = Quantity.of(0, 0.57, "1", dof=9) + Quantity.of(0, 0.25, "1")
    yield Example("JCGM 100", "G.4.1").check("degrees of freedom of two inputs", 12.8, total.dof, 0.05)
    parts = (
        (((0.96, -0.34), (-0.34, 0.27)), 5),
        (((0.51, 0.33), (0.33, 0.31)), 3),
        (((0.45, 0.28), (0.28, 1.65)), 6),
    )
    first, second, third = (ComplexQuantity.of(0j, v, "1", dof=dof) for v, dof in parts)
    of = Example("Willink and Hall", "Metrologia 39, 365")
    yield of.check("degrees of freedom of a complex sum", 11.34, (first + second + third).dof, 5e-3)


def _risks() -> Iterator[Check]:
    from scipy.stats import gamma

    of = Example("JCGM 106", "9.5.4")
    process = gamma(4, scale=1 / 4)
    risk = global_risk(process, 0.25, upper=2.0)
    yield of.check("non-conforming / %", 4.2, 100 * risk.nonconforming, 0.05)
    yield of.check("consumer's risk, no guard band / %", 0.8, 100 * risk.consumer_risk, 0.05)
    w = guard_band_for_global_risk(process, 0.25, 0.001, upper=2.0)
    yield of.check("acceptance limit for 0.1 % / mm", 1.67, 2.0 - w, 5e-3)
    yield Example("JCGM 106", "7.4").check(
        "P outside 9 to 11, y = 10, u = 0.4", 0.01242, 1 - probability(10, 0.4, 9, 11), 5e-6
    )
    of = Example("Deaver", "How to maintain your confidence, 7")
    deaver = global_risk(normal_prior(0, 1), 0.25, lower=-2, upper=2)
    yield of.check("false accept / %", 0.8, 100 * deaver.consumer_risk, 0.05)
    yield of.check("false reject / %", 1.5, 100 * deaver.producer_risk, 0.05)
