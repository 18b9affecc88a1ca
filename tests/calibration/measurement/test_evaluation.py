"""Measurement models on published numbers, by GUM and Monte Carlo, and what a model file must not say."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hil_calibration.errors import CalibrationError, UnitError, UnknownCorrelation, UnknownUncertainty
from hil_calibration.measurement import distribution as d
from hil_calibration.measurement import gum
from hil_calibration.measurement.evaluation import Result, Validation, evaluate
from hil_calibration.measurement.expression import Expression
from hil_calibration.measurement.model_file import load, parse
from hil_calibration.measurement.unit_algebra import unit_of
from hil_calibration.montecarlo import Correlations, coverage_region, propagate, tolerance

MODELS = Path(__file__).parents[3] / "docs" / "models"


def by_method(text: str) -> dict[str, Result]:
    return {result.method: result for result in evaluate(parse(text)).results}


def test_end_gauge_calibration() -> None:
    """JCGM 100, H.1: u = 32 nm, 16 effective degrees of freedom, U99 = 93 nm; second order 34 nm."""
    found = {result.method: result for result in evaluate(load(MODELS / "gum-h1.toml")).results}
    first = found["gum"]
    assert (first.value, first.unit) == (50000838, "nm")
    assert first.u == pytest.approx(31.66, abs=0.01)
    assert first.dof == pytest.approx(16.75, abs=0.05)
    assert first.k * first.u == pytest.approx(93, abs=0.7)
    assert found["gum2"].u == pytest.approx(33.9, abs=0.15)
    assert first.budget is not None
    parts = {line.name: abs(line.contribution) for line in first.budget.lines}
    expected = {"ls": 25, "dtheta": 16.599, "d2": 6.7, "d0": 5.8, "d1": 3.9, "dalpha": 2.887, "alpha_s": 0}
    assert {name: parts[name] for name in expected} == pytest.approx(expected, abs=0.005)


def test_mass_calibration_is_reported_by_monte_carlo() -> None:
    """JCGM 101, 9.3: GUM 0.0539, second order 0.0750; Monte Carlo 0.0754, shortest 95 % interval [1.0834, 1.3825]."""
    found = {result.method: result for result in evaluate(load(MODELS / "mass-calibration.toml")).results}
    assert found["gum"].u == pytest.approx(0.0539, abs=5e-5)
    assert found["gum2"].u == pytest.approx(0.0750, abs=5e-5)
    drawn = found["montecarlo"]
    assert drawn.u == pytest.approx(0.0754, abs=3e-4)
    assert drawn.interval == pytest.approx((1.0834, 1.3825), abs=3e-3)
    assert [method for method, result in found.items() if result.reported] == ["montecarlo"]
    assert drawn.validation is not None
    assert not drawn.validation.holds


@pytest.mark.parametrize(
    ("text", "gum_interval", "drawn_interval"),
    [
        ("normal", (-3.92, 3.92), (-3.92, 3.92)),
        ("rectangular", (-3.92, 3.92), (-3.88, 3.88)),
    ],
)
def test_additive_models(text: str, gum_interval: tuple[float, float], drawn_interval: tuple[float, float]) -> None:
    """JCGM 101, 9.2.2 and 9.2.3: four inputs of u = 1 each; y = 0, u = 2."""
    each = {"normal": "value = 0\nu = 1", "rectangular": f"value = 0\nhalf_width = {math.sqrt(3)}"}[text]
    inputs = "".join(f'[inputs.x{i}]\ndistribution = "{text}"\n{each}\n' for i in range(4))
    found = by_method(f'measurand = "y"\nmodel = "x0 + x1 + x2 + x3"\n{inputs}[options]\nseed = 4\ntrials = 1000000\n')
    assert found["gum"].u == pytest.approx(2.0)
    assert found["gum"].interval == pytest.approx(gum_interval, abs=0.005)
    assert found["montecarlo"].u == pytest.approx(2.0, abs=0.01)
    assert found["montecarlo"].interval == pytest.approx(drawn_interval, abs=0.02)


@pytest.mark.parametrize(
    "each",
    [
        d.Normal(value=3, standard=2),
        d.Normal(value=3, standard=2, dof=9),
        d.StudentT(value=3, standard=2, dof=12),
        d.Rectangular(lower=-1, upper=4),
        d.Triangular(lower=-1, upper=4),
        d.Trapezoidal(lower=-1, upper=4, beta=0.4),
        d.Arcsine(lower=-1, upper=4),
        d.Curvilinear(lower=-1, upper=4, inexactness=0.9),
        d.Exponential(value=2.5),
        d.Gamma(shape=4.5, scale=0.5),
        d.Beta(alpha=2, beta=5, lower=1, upper=3),
        d.samples([1.0, 1.2, 0.9, 1.1, 1.3, 1.05, 0.98, 1.02]),
        d.Constant(value=2.0),
    ],
    ids=lambda each: f"{each.name} {each.dof:g}",
)
def test_samples_have_the_mean_and_u_of_their_distribution(each: d.Distribution) -> None:
    drawn = each.sample(np.random.default_rng(5), 400_000)
    spread = each.u * (math.sqrt(each.dof / (each.dof - 2)) if math.isfinite(each.dof) else 1.0)
    assert drawn.mean() == pytest.approx(each.estimate, abs=5 * spread / math.sqrt(400_000) + 1e-12)
    assert drawn.std() == pytest.approx(spread, rel=0.02)


def test_every_distribution_of_a_model_file_is_tested_above() -> None:
    assert len(d.KINDS) == 12


@settings(max_examples=20)
@given(
    slopes=st.lists(st.floats(0.2, 5).flatmap(lambda a: st.sampled_from([a, -a])), min_size=2, max_size=4),
    r=st.floats(-0.9, 0.9),
    seed=st.integers(0, 1000),
)
def test_for_a_linear_model_gum_equals_monte_carlo(slopes: list[float], r: float, seed: int) -> None:
    names = [f"x{i}" for i in range(len(slopes))]
    text = " + ".join(f"({a!r}) * {name}" for a, name in zip(slopes, names, strict=True))
    inputs = {name: d.Normal(value=1.0, standard=0.5) for name in names}
    pairs: Correlations = {("x0", "x1"): r}
    ours = gum.evaluate(Expression(text), inputs, correlations=pairs)
    drawn = propagate(text, inputs, trials=100_000, seed=seed, correlations=pairs)
    assert drawn.value == pytest.approx(ours.value, abs=6 * ours.u / math.sqrt(100_000))
    assert drawn.u == pytest.approx(ours.u, rel=0.02)


@given(shift=st.floats(-1e3, 1e3))
def test_a_shift_of_origin_changes_no_u(shift: float) -> None:
    moved = {"x": d.Normal(value=2 + shift, standard=0.1), "y": d.Rectangular(lower=1, upper=2)}
    still = {"x": d.Normal(value=2, standard=0.1), "y": d.Rectangular(lower=1, upper=2)}
    ours = gum.evaluate(Expression(f"(x - ({shift!r})) * y"), moved)
    assert ours.u == pytest.approx(gum.evaluate(Expression("x * y"), still).u, rel=1e-6)


def test_a_changed_unit_changes_no_result() -> None:
    text = 'measurand = "y"\nmodel = "x * t"\n{}[options]\nmethod = "gum"\n'
    normal = '[inputs.{}]\ndistribution = "normal"\nvalue = {}\nu = {}\nunit = "{}"\n'
    metres = normal.format("x", 2, 0.1, "m") + normal.format("t", 3, 0.2, "s")
    millimetres = normal.format("x", 2000, 100, "mm") + normal.format("t", 3, 0.2, "s")
    a, b = by_method(text.format(metres))["gum"], by_method(text.format(millimetres))["gum"]
    assert (a.unit, b.unit) == ("m.s", "mm.s")
    assert (b.value / 1000, b.u / 1000) == pytest.approx((a.value, a.u))


def test_second_order_agrees_with_monte_carlo_where_first_order_is_zero() -> None:
    inputs = {"x": d.Normal(value=0, standard=0.3), "y": d.Normal(value=0, standard=0.2)}
    ours = gum.evaluate(Expression("x * y"), inputs, order=2)
    assert gum.evaluate(Expression("x * y"), inputs).u == 0.0
    assert ours.u == pytest.approx(0.06)
    assert propagate("x * y", inputs, trials=400_000, seed=2).u == pytest.approx(0.06, rel=0.01)


def test_adaptive_runs_end_when_stable_and_say_how_many() -> None:
    found = propagate("x", {"x": d.Normal(value=0, standard=1)}, seed=3, digits=1)
    assert found.stable
    assert found.trials % 10_000 == 0
    assert found.interval == pytest.approx((-1.96, 1.96), abs=0.1)
    assert propagate("x", {"x": d.Normal(value=0, standard=1)}, seed=3, digits=1).u == found.u


@pytest.mark.parametrize(
    ("u", "digits", "expected"), [(0.0753, 2, 0.0005), (2.0, 2, 0.05), (2.0, 1, 0.5), (9.97, 2, 0.5), (0.0, 2, 0.0)]
)
def test_the_tolerance_is_half_the_last_digit_of_u(u: float, digits: int, expected: float) -> None:
    """JCGM 101, 7.9.2, with its examples' form."""
    assert tolerance(u, digits) == pytest.approx(expected)


def test_several_measurands_have_their_correlation_by_both_ways() -> None:
    """JCGM 102, 6.2 and 7.6: y1 = a + b, y2 = a - b has r = (u_a^2 - u_b^2) / (u_a^2 + u_b^2)."""
    text = (
        'measurand = ["y1", "y2"]\nmodel = {y1 = "a + b", y2 = "a - b"}\n'
        '[inputs.a]\ndistribution = "normal"\nvalue = 1\nu = 2\n[inputs.b]\ndistribution = "normal"\nvalue = 1\nu = 1\n'
        "[options]\ntrials = 400000\nseed = 6\n"
    )
    found = evaluate(parse(text))
    assert found.correlations["gum"][0, 1] == pytest.approx(0.6)
    assert found.correlations["montecarlo"][0, 1] == pytest.approx(0.6, abs=0.005)
    document = json.loads(json.dumps(found.to_json(), allow_nan=False))
    assert document["correlations"]["gum"]["matrix"][0][1] == pytest.approx(0.6)


def test_coverage_regions_of_two_normal_measurands() -> None:
    """JCGM 102, 6.5.2 and 6.5.3: k_p = 2.45 for the ellipse; for independent ones 2.24 for the rectangle."""
    inputs = {"a": d.Normal(value=0, standard=2), "b": d.Normal(value=0, standard=1)}
    drawn = propagate({"y1": "a", "y2": "b"}, inputs, trials=400_000, seed=7)
    assert coverage_region(drawn, "ellipsoid").k == pytest.approx(2.4477, abs=0.01)
    assert coverage_region(drawn, "rectangle").k == pytest.approx(2.2365, abs=0.01)
    with pytest.raises(CalibrationError, match="singular"):
        coverage_region(propagate({"y1": "a", "y2": "2 * a"}, inputs, trials=10_000, seed=7))


def test_t_intervals_from_five_readings_cover_95_percent() -> None:
    generator, held, runs = np.random.default_rng(8), 0, 4000
    for _ in range(runs):
        readings = generator.normal(10.0, 0.3, 5)
        found = gum.evaluate(Expression("x"), {"x": d.samples(readings.tolist())})
        held += found.interval[0] <= 10.0 <= found.interval[1]
    assert held / runs == pytest.approx(0.95, abs=4 * math.sqrt(0.95 * 0.05 / runs))


@pytest.mark.parametrize(
    ("r", "told"),
    [
        ({("x", "z"): 0.5}, "'z', which is no input"),
        ({("x", "y"): 1.5}, "r = 1.5"),
        ({("x", "x"): 0.5}, "between 'x' and 'x'"),
        ({("x", "y"): 0.9, ("y", "w"): 0.9, ("x", "w"): -0.9}, "cannot hold together"),
    ],
)
def test_correlations_that_cannot_be_are_refused(r: Correlations, told: str) -> None:
    inputs = {name: d.Normal(value=0, standard=1) for name in "xyw"}
    for attempt in (
        lambda: gum.evaluate(Expression("x + y + w"), inputs, correlations=r),
        lambda: propagate("x + y + w", inputs, trials=10_000, correlations=r),
    ):
        with pytest.raises(UnknownCorrelation, match=told):
            attempt()


def test_correlated_inputs_without_a_method_are_refused() -> None:
    pair: Correlations = {("x", "y"): 0.5}
    flat: dict[str, d.Distribution] = {"x": d.Rectangular(lower=0, upper=1), "y": d.Normal(value=0, standard=1)}
    with pytest.raises(UnknownCorrelation, match="not normal"):
        propagate("x + y", flat, trials=10_000, correlations=pair)
    finite = {"x": d.Normal(value=0, standard=1, dof=5), "y": d.Normal(value=0, standard=1)}
    with pytest.raises(UnknownCorrelation, match="5 degrees of freedom"):
        gum.evaluate(Expression("x + y"), finite, correlations=pair)
    with pytest.raises(UnknownCorrelation, match="second-order"):
        gum.evaluate(Expression("x + y"), {"x": finite["y"], "y": finite["y"]}, correlations=pair, order=2)


def test_a_model_that_leaves_its_domain_is_refused() -> None:
    inputs = {"x": d.Normal(value=0.5, standard=1)}
    with pytest.raises(UnknownUncertainty, match="no finite value for some draws"):
        propagate("log(x)", inputs, trials=10_000, seed=1)
    with pytest.raises(UnknownUncertainty, match="no finite value at the estimates"):
        gum.evaluate(Expression("1 / (x - 0.5)"), inputs)
    with pytest.raises(UnknownUncertainty, match="3 samples have no standard uncertainty"):
        propagate("x", {"x": d.samples([1.0, 2.0, 3.0])}, trials=10_000)


GOOD = 'measurand = "y"\nmodel = "x"\n[inputs.x]\ndistribution = "normal"\nvalue = 1\nu = 0.1\n'


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("u = 0.1", "u = -0.1", "inputs.x: u -0.1; give a finite standard uncertainty of 0 or more"),
        ("u = 0.1", "u = nan", "inputs.x.u: is nan"),
        ("u = 0.1", "u = '0.1'", "inputs.x.u: is missing or no number"),
        ("u = 0.1", "u = true", "inputs.x.u: is missing or no number"),
        ("u = 0.1", "u = 0.1\ndof = 0.5", "inputs.x: dof 0.5"),
        ("u = 0.1", "U = 0.1", "does not state its uncertainty"),
        ("u = 0.1", "U = 0.1\nk = 0", "does not state its uncertainty"),
        ("u = 0.1", "U = 0.1\ncoverage = 1.2", "coverage probability 1.2"),
        ("u = 0.1", "u = 0.1\nuu = 2", "inputs.x.uu: unknown key; did you mean 'u'?"),
        ("value = 1", "", "inputs.x.value: is missing"),
        ("normal", "nromal", "'nromal' is no distribution; did you mean 'normal'?"),
        ("u = 0.1", 'u = 0.1\nunit = "kgg"', "inputs.x.unit: unknown unit 'kgg'"),
        ('model = "x"', 'model = "z"', "names 'z', which is no input; use x"),
        ('model = "x"', 'model = "foo(x)"', "the function foo"),
        ("[inputs.x]", "[options]\ncoverage = 1.0\n[inputs.x]", "options.coverage: is 1"),
        ("[inputs.x]", "[options]\ntrials = 10\n[inputs.x]", "options.trials: 10; give a whole number from 10000"),
        ("[inputs.x]", '[options]\nmethod = "bayes"\n[inputs.x]', "options.method"),
        ("[inputs.x]", '[[correlations]]\nbetween = ["x", "w"]\nr = 0\n[inputs.x]', "'w' is no input"),
        ("measurand", "measurant", "measurant: unknown key; did you mean 'measurand'?"),
        ('"y"', '"sin"', "'sin' cannot be a name"),
        ("u = 0.1", "u = ", "is no TOML"),
    ],
)
def test_a_fault_of_a_model_file_is_told_in_one_sentence(old: str, new: str, told: str) -> None:
    with pytest.raises(CalibrationError) as raised:
        evaluate(parse(GOOD.replace(old, new, 1), where="model.toml"))
    assert told in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("kind", "keys", "u"),
    [
        ("rectangular", "lower = 0\nupper = 2", 1 / math.sqrt(3)),
        ("triangular", "value = 1\nhalf_width = 1", 1 / math.sqrt(6)),
        ("arcsine", "lower = 0\nupper = 2", 1 / math.sqrt(2)),
        ("trapezoidal", "lower = 0\nupper = 2\nbeta = 0.5", math.sqrt(1.25 / 6)),
        ("curvilinear", "lower = 0\nupper = 2\ninexactness = 0.3", math.sqrt(1 / 3 + 0.01)),
        ("exponential", "value = 1", 1.0),
        ("gamma", "shape = 4\nscale = 0.25", 0.5),
        ("beta", "alpha = 1\nbeta = 1\nlower = 0\nupper = 2", 1 / math.sqrt(3)),
        ("t", "value = 1\nscale = 0.2\ndof = 8", 0.2),
        ("samples", "samples = [0.9, 1.0, 1.1, 1.0]", math.sqrt(0.02 / 3) / 2),
        ("normal", "value = 1\nU = 0.2\nk = 2", 0.1),
        ("normal", "value = 1\nU = 0.2\ncoverage = 0.95\ndof = 4", 0.2 / 2.7764451),
        ("constant", "value = 1", 0.0),
    ],
)
def test_each_distribution_of_a_file_has_its_u(kind: str, keys: str, u: float) -> None:
    text = f'measurand = "y"\nmodel = "x"\n[inputs.x]\ndistribution = "{kind}"\n{keys}\n[options]\nmethod = "gum"\n'
    found = by_method(text)["gum"]
    assert (found.value, found.u) == pytest.approx((1.0, u))


@given(text=st.text(max_size=200))
def test_any_text_is_a_model_or_refused(text: str) -> None:
    with pytest.raises(CalibrationError):
        parse(text)


@given(
    document=st.recursive(
        st.none() | st.booleans() | st.floats() | st.text("xyu", max_size=3),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["x", "u", "value"]), inner, max_size=3)
        ),
        max_leaves=8,
    )
)
def test_any_value_of_an_input_is_taken_or_refused(document: Any) -> None:
    from hil_calibration.measurement.model_file import _Parser

    stated = {"measurand": "y", "model": "x", "inputs": {"x": document}}
    with pytest.raises(CalibrationError):
        _Parser("model").model(stated)


def test_sums_of_unlike_units_are_refused() -> None:
    text = GOOD.replace("u = 0.1", 'u = 0.1\nunit = "m"').replace('"x"', '"x + w"', 1)
    with pytest.raises(UnitError, match=r"m \+ s"):
        evaluate(parse(text + '[inputs.w]\ndistribution = "constant"\nvalue = 1\nunit = "s"\n'))
    with pytest.raises(UnitError, match="sin of something in m"):
        evaluate(parse(GOOD.replace("u = 0.1", 'u = 0.1\nunit = "m"').replace('"x"', '"sin(x)"', 1)))


@pytest.mark.parametrize(
    ("model", "units", "expected"),
    [
        ("m * g / (p * (1 + lam * dt))", {"m": "kg", "g": "m/s2", "p": "m2", "lam": "K-1", "dt": "K"}, "kg.m-1.s-2"),
        ("sqrt(a**2 + b**2)", {"a": "m", "b": "m"}, "m"),
        ("hypot(a, b)", {"a": "m", "b": "m"}, "m"),
        ("arctan2(a, b)", {"a": "m", "b": "m"}, "1"),
        ("t - t0", {"t": "Cel", "t0": "Cel"}, "K"),
        ("t + dt", {"t": "Cel", "dt": "K"}, "Cel"),
        ("exp(a / b)", {"a": "V", "b": "V"}, "1"),
        ("2 * pi", {}, "1"),
        ("a / 2 + b", {"a": "m", "b": ""}, ""),
    ],
)
def test_the_unit_of_a_model(model: str, units: dict[str, str], expected: str) -> None:
    from hil_calibration import unit

    found = unit_of(Expression(model), units)
    assert found == expected or unit.same(found, expected)


NEAR = """measurand = "y"
model = "a * b"
[inputs.a]
distribution = "normal"
value = 10
u = 0.3
[inputs.b]
distribution = "normal"
value = 5
u = 0.1
[options]
"""


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_no_seed_decides_whether_gum_is_validated(seed: int) -> None:
    """The ends differ by 0.04 of a tolerance of 0.05: trials are added until that is known."""
    found = by_method(f"{NEAR}seed = {seed}\n")
    check = found["gum"].validation
    assert check is not None
    assert check.holds is True
    assert check.low + 2.0 * check.u_low <= check.tolerance
    assert found["gum"].reported


@pytest.mark.parametrize(
    ("low", "u_low", "high", "u_high", "holds"),
    [
        (0.3, 0.05, 0.3, 0.05, True),
        (0.3, 0.15, 0.3, 0.05, None),
        (0.3, 0.15, 0.9, 0.05, False),
        (0.55, 0.05, 0.3, 0.05, None),
        (0.3, math.inf, 0.3, math.inf, None),
    ],
)
def test_a_validation_is_decided_or_not(
    low: float, u_low: float, high: float, u_high: float, holds: bool | None
) -> None:
    assert Validation("gum", low, high, 0.5, u_low, u_high).holds is holds


def test_few_trials_decide_nothing_near_the_tolerance() -> None:
    found = by_method(f"{NEAR}seed = 1\ntrials = 10000\n")
    check = found["gum"].validation
    assert check is not None
    assert check.holds is None
    assert [method for method, result in found.items() if result.reported] == ["montecarlo"]


@pytest.mark.parametrize(
    ("model", "unit"), [("sin(a) + b", "deg"), ("exp(a) * b", "kg"), ("(a + c) / b", "kg"), ("b ** log(a)", "m")]
)
def test_an_input_without_a_unit_hides_no_mismatch_of_others(model: str, unit: str) -> None:
    with pytest.raises(UnitError, match=unit):
        unit_of(Expression(model, where="y"), {"a": unit, "b": "", "c": "s"})


@pytest.mark.parametrize("model", ["a + b", "a * b - 1", "1 / b", "a ** b", "sin(b)", "hypot(a, b)", "a / b + c"])
def test_a_model_with_an_input_without_a_unit_has_none(model: str) -> None:
    assert unit_of(Expression(model, where="y"), {"a": "m", "b": "", "c": "s"}) == ""


@pytest.mark.parametrize("coverage", [0.999999, 1 - 1e-12])
def test_a_coverage_that_needs_more_trials_than_there_are_is_refused(coverage: float) -> None:
    with pytest.raises(CalibrationError, match="needs blocks of"):
        propagate("a", {"a": d.Normal(value=1.0, standard=1.0)}, coverage=coverage, trials="adaptive", seed=1)


@pytest.mark.parametrize(
    "make",
    [
        lambda: d.Normal(value=1.0, standard=1e300),
        lambda: d.Rectangular(lower=-1e308, upper=1e308),
        lambda: d.Gamma(shape=1e308, scale=1e308),
        lambda: d.samples([1e308, -1e308, 1e308, 1.0]),
        lambda: gum.evaluate(Expression("a * 1e200", where="y"), {"a": d.Normal(value=1.0, standard=1.0)}),
    ],
    ids=["u", "limits", "shape", "samples", "model"],
)
def test_numbers_without_a_finite_square_are_refused(make: Callable[[], object]) -> None:
    with pytest.raises(UnknownUncertainty):
        make()
