"""The vectorised path against GTC object by object, against Monte Carlo, and against the traps of correlation."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from importlib import import_module
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from hil_calibration import CalibrationRecord, Effect, Instrument, Measurements, Polynomial, Quantity, StraightLine
from hil_calibration.errors import CalibrationError, OutOfRange, UnitError, UnknownUncertainty
from hil_calibration.stream import concatenate, evaluate, quantities

U = np.array([2e-3, 1e-3, 2e-5, 3e-7])
CORRELATION = np.array([[1, -0.6, 0.4, -0.3], [-0.6, 1, -0.8, 0.6], [0.4, -0.8, 1, -0.9], [-0.3, 0.6, -0.9, 1]])
DRIFT = Effect(name="drift", kind="relative", distribution="rectangular", half_width=0.003)
OFFSET = Effect(name="stray light", kind="absolute", u=0.02, dof=12)
THERMAL = Effect(name="temperature", kind="relative-per-kelvin", u=0.0005, reference=23.0)

CUBIC = CalibrationRecord(
    instrument=Instrument("Example Instruments", "Luxmeter", "SN0001"),
    quantity="illuminance",
    unit="lx",
    function=Polynomial((0.02, 1.013, -2e-4, 3e-6)),
    covariance=CORRELATION * np.outer(U, U),
    effects=(DRIFT, OFFSET, THERMAL),
    valid_range=(0.0, 1000.0),
    date=date(2026, 1, 15),
    identifier="EL-2026-0001",
)
LINE = replace(
    CUBIC,
    instrument=Instrument("Example Instruments", "Luxmeter", "SN0002"),
    function=StraightLine(0.1, 0.98),
    covariance=np.array([[0.01, -1e-4], [-1e-4, 2e-6]]),
    effects=(DRIFT,),
    identifier="EL-2026-0002",
)
PERFECT = replace(LINE, covariance=np.zeros((2, 2)), effects=(), identifier="EL-2026-0003")
X = np.array([1.0, 20.0, 55.5, 90.0])
TEMPERATURE = np.array([22.0, 23.5, 24.0, 25.0])
NOISE = np.array([0.01, 0.02, 0.03, 0.05])


def gtc_readings(record: CalibrationRecord, shared: dict[str, Any], x: NDArray[np.float64]) -> list[Any]:
    """The same readings by GTC, one uncertain number for every input of the measurement model."""
    gtc: Any = import_module("GTC")
    c = [q.number for q in Quantity.correlated(record.function.coefficients, record.covariance, "1")]
    for effect in record.effects:
        shared.setdefault(effect.name, gtc.ureal(0.0, effect.u))
    readings = []
    for i, reading in enumerate(x.tolist()):
        indication = gtc.ureal(reading, float(NOISE[i]))
        value = sum((c[k] * indication**k for k in range(1, len(c))), c[0])
        relative = sum(
            shared[e.name] * (1 if e.kind == "relative" else float(TEMPERATURE[i]) - 23.0)
            for e in record.effects
            if e.kind != "absolute"
        )
        absolute = sum(shared[e.name] for e in record.effects if e.kind == "absolute")
        readings.append(value * (1 + relative) + absolute)
    return readings


def test_values_means_and_differences_agree_with_gtc() -> None:
    shared: dict[str, Any] = {}
    cubic, line = gtc_readings(CUBIC, shared, X), gtc_readings(LINE, shared, X)
    ours = evaluate(CUBIC, X, u_indication=NOISE, temperature=TEMPERATURE)
    other = evaluate(LINE, X, u_indication=NOISE)
    np.testing.assert_allclose(ours.value, [g.x for g in cubic], rtol=1e-12)
    np.testing.assert_allclose(ours.u, [g.u for g in cubic], rtol=1e-9)
    weights = [1.0, 2.0, 3.0, 4.0]
    mean = sum(w / 10 * g for w, g in zip(weights, cubic, strict=True))
    assert ours.mean(weights).value[0] == pytest.approx(mean.x, rel=1e-12)
    assert ours.mean(weights).u[0] == pytest.approx(mean.u, rel=1e-9)
    differences = [a - b for a, b in zip(cubic, line, strict=True)]
    np.testing.assert_allclose(ours.difference(other).u, [d.u for d in differences], rtol=1e-9)
    np.testing.assert_allclose(ours.difference(other).value, [d.x for d in differences], rtol=1e-9)
    whole = sum(differences) / 4
    assert ours.difference(other).mean().u[0] == pytest.approx(whole.u, rel=1e-9)


def test_the_mean_agrees_with_monte_carlo() -> None:
    rng, trials = np.random.default_rng(1), 200_000
    c = CUBIC.function.coefficients + rng.normal(size=(trials, 4)) @ CUBIC.factor.T
    x = X + rng.normal(size=(trials, 4)) * NOISE
    drift = rng.uniform(-0.003, 0.003, trials)
    thermal, offset = rng.normal(0, THERMAL.u, trials), rng.normal(0, OFFSET.u, trials)
    value = sum(c[:, k, None] * x**k for k in range(4))
    relative = drift[:, None] + thermal[:, None] * (TEMPERATURE - 23.0)
    drawn = (value * (1 + relative) + offset[:, None]).mean(axis=1)
    ours = evaluate(CUBIC, X, u_indication=NOISE, temperature=TEMPERATURE).mean()
    assert ours.value[0] == pytest.approx(drawn.mean(), abs=5 * drawn.std() / math.sqrt(trials))
    assert ours.u[0] == pytest.approx(drawn.std(), rel=0.01)


def test_the_mean_of_a_million_readings_keeps_the_shared_part() -> None:
    # Measured trap: u = 0.0707 shared; as if independent 0.000108, 650 times too small.
    record = replace(LINE, effects=(), covariance=np.array([[0.005, 0.0], [0.0, 0.0]]))
    block = evaluate(record, np.full(1_000_000, 20.0), u_indication=0.08)
    assert block.mean().u[0] == pytest.approx(math.sqrt(0.005 + (0.98 * 0.08) ** 2 / 1e6), rel=1e-9)
    naive = float(np.linalg.norm(block.u)) / len(block)
    assert block.mean().u[0] / naive > 650


def test_a_shared_effect_cancels_in_the_difference_of_two_instruments() -> None:
    first = replace(PERFECT, function=StraightLine(0.0, 1.0), effects=(DRIFT,))
    second = replace(first, instrument=Instrument("Example Instruments", "Luxmeter", "SN0009"), identifier="EL-9")
    a, b = evaluate(first, [100.0]), evaluate(second, [100.0])
    assert a.u[0] == pytest.approx(100 * DRIFT.u)
    assert a.difference(b).u[0] == pytest.approx(0.0, abs=1e-15)
    apart = replace(second, effects=(replace(DRIFT, name="another drift"),))
    assert a.difference(evaluate(apart, [100.0])).u[0] == pytest.approx(math.sqrt(2) * a.u[0])


def test_concatenated_blocks_stay_correlated() -> None:
    a, b = evaluate(LINE, [10.0, 20.0]), evaluate(CUBIC, [10.0], temperature=24.0)
    joined = concatenate([a, b])
    covariance = joined.covariance()
    np.testing.assert_allclose(np.sqrt(covariance.diagonal()), joined.u)
    assert covariance[0, 2] == pytest.approx(a.value[0] * b.value[0] * DRIFT.u**2)
    assert joined.dof[joined.effects.index("stray light")] == 12


def test_quantities_keep_correlation_and_degrees_of_freedom() -> None:
    gtc: Any = import_module("GTC")
    a = evaluate(CUBIC, X, u_indication=NOISE, temperature=TEMPERATURE)
    b = evaluate(LINE, X, u_indication=NOISE)
    first, second = quantities(a, b)
    np.testing.assert_allclose([q.u for q in first], a.u, rtol=1e-12)
    assert (first[0] - second[0]).u == pytest.approx(a.difference(b).u[0], rel=1e-12)
    expected = concatenate([a, b]).covariance()[1, 6]
    assert gtc.get_covariance(first[1].number, second[2].number) == pytest.approx(expected, rel=1e-9)
    assert math.isfinite(first[0].dof)
    names = {line.name for line in first[0].budget()}
    assert {"drift", "stray light", "temperature", "independent part"} <= names
    assert len(a.quantities()) == 4


def test_resolution_is_shared_by_equal_indications_without_noise() -> None:
    steady = evaluate(PERFECT, [100.0] * 5, resolution=0.1)
    step = 0.98 * 0.1 / math.sqrt(12)
    assert steady.mean().u[0] == pytest.approx(step)
    assert steady.effects == ("resolution of Luxmeter SN0002, illuminance at 100.0",)
    apart = evaluate(PERFECT, [100.0, 100.1], resolution=0.1)
    assert apart.mean().u[0] == pytest.approx(step / math.sqrt(2))
    joined = concatenate([steady, evaluate(PERFECT, [100.0], resolution=0.1)])
    assert joined.mean().u[0] == pytest.approx(step)


def test_resolution_is_independent_where_the_noise_exceeds_it() -> None:
    noisy = evaluate(PERFECT, [100.0] * 4, u_indication=0.05, resolution=0.1)
    assert noisy.effects == ()
    assert noisy.mean().u[0] == pytest.approx(0.98 * math.sqrt(0.05**2 + 0.1**2 / 12) / 2)


def test_jitter_of_the_time_stamp_is_independent() -> None:
    block = evaluate(PERFECT, [10.0, 10.0], u_indication=0.3 / 0.98, slope_time=[0.4, 0.0])
    np.testing.assert_allclose(block.u, [0.5, 0.3])


def test_a_falling_slope_gives_positive_uncertainties() -> None:
    falling = evaluate(replace(PERFECT, function=StraightLine(5.0, -2.0)), [10.0], u_indication=0.1)
    assert falling.u_ind[0] == pytest.approx(0.2)


def test_temperatures_differ_by_kelvins() -> None:
    probe = replace(PERFECT, unit="Cel", quantity="temperature")
    assert evaluate(probe, [21.0]).difference(evaluate(probe, [20.0])).unit == "K"


def test_what_cannot_be_measured_is_refused() -> None:
    with pytest.raises(OutOfRange, match=r"1000\.5"):
        evaluate(LINE, [10.0, 1000.5])
    for unknown in (math.nan, math.inf, -0.1):
        with pytest.raises(UnknownUncertainty):
            evaluate(LINE, [10.0], u_indication=unknown)
    with pytest.raises(UnknownUncertainty, match="temperature"):
        evaluate(CUBIC, [10.0])
    with pytest.raises(UnknownUncertainty, match="temperature"):
        evaluate(CUBIC, [10.0], temperature=math.nan)
    with pytest.raises(CalibrationError, match="temperatures"):
        evaluate(CUBIC, [10.0], temperature=[20.0, 21.0])
    with pytest.raises(UnknownUncertainty, match="resolution"):
        evaluate(LINE, [10.0], resolution=math.nan)
    with pytest.raises(CalibrationError, match="shape"):
        evaluate(LINE, [10.0, 20.0], u_indication=[0.1, 0.1, 0.1])
    with pytest.raises(CalibrationError, match="one dimension"):
        evaluate(LINE, [[10.0]])
    block = evaluate(LINE, [10.0, 20.0])
    with pytest.raises(UnitError):
        block.difference(evaluate(replace(LINE, unit="cd"), [10.0]))
    with pytest.raises(CalibrationError, match="difference of 2 and 3"):
        block.difference(evaluate(LINE, [10.0, 20.0, 30.0]))
    with pytest.raises(CalibrationError, match="no mean"):
        block.mean([1.0, -1.0])
    with pytest.raises(CalibrationError, match="nothing"):
        concatenate([])
    with pytest.raises(CalibrationError, match="degrees of freedom"):
        concatenate([block, evaluate(replace(LINE, effects=(replace(DRIFT, dof=3),)), [10.0])])


def test_malformed_measurements_are_refused() -> None:
    one = np.ones(1)
    with pytest.raises(CalibrationError, match="m names"):
        Measurements(one, one, np.ones((1, 2)), ("a",), "lx")
    with pytest.raises(CalibrationError, match="twice"):
        Measurements(one, one, np.ones((1, 2)), ("a", "a"), "lx")


def test_an_empty_block_is_a_block() -> None:
    assert len(evaluate(LINE, [])) == 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"value": [1.0, math.nan]}, "values or contributions that are not finite"),
        ({"shared": [[1.0], [math.inf]]}, "values or contributions that are not finite"),
        ({"u_ind": [0.1, -0.1]}, "u_ind is not a finite number >= 0"),
        ({"u_ind": [0.1, math.nan]}, "u_ind is not a finite number >= 0"),
        ({"dof": (0.5,)}, "fewer than 1 degree of freedom"),
        ({"unit": "foo"}, "unknown unit 'foo'"),
    ],
)
def test_measurements_that_cannot_be_are_refused(change: dict[str, object], message: str) -> None:
    parts: dict[str, object] = {"value": [1.0, 2.0], "u_ind": [0.1, 0.1], "shared": [[1.0], [1.0]]} | change
    value, u_ind, shared = (np.array(parts[name], dtype=float) for name in ("value", "u_ind", "shared"))
    with pytest.raises(CalibrationError, match=message):
        Measurements(value, u_ind, shared, ("a",), str(parts.get("unit", "lx")), parts.get("dof", ()))  # type: ignore[arg-type]


def test_words_and_overflow_are_refused_without_a_warning() -> None:
    block = evaluate(LINE, [10.0, 20.0, 30.0], u_indication=0.1)
    attempts: tuple[Callable[[], object], ...] = (
        lambda: evaluate(LINE, "a"),
        lambda: evaluate(LINE, [1j]),
        lambda: evaluate(LINE, [1.0], u_indication="a"),
        lambda: block.mean([[1, 2], [3]]),
        lambda: block.mean([1e308] * 3),
        lambda: block.combination([1e308] * 3),
        lambda: replace(LINE, covariance=[[1, 0], [0]]),  # type: ignore[arg-type]
    )
    for refused in attempts:
        with pytest.raises(CalibrationError):
            refused()


def test_too_many_shared_rounding_errors_are_refused_before_they_fill_the_memory() -> None:
    many = np.linspace(0.0, 1000.0, 10_000)
    with pytest.raises(CalibrationError, match="10000 readings at 10000 different indications"):
        evaluate(LINE, many, resolution=0.1)
    assert len(evaluate(LINE, many, resolution=0.1, u_indication=0.1)) == 10_000
    apart = evaluate(LINE, many, resolution=0.1, share_rounding=False)
    np.testing.assert_allclose(apart.u_ind, 0.98 * 0.1 / math.sqrt(12))
    assert not any(name.startswith("resolution of") for name in apart.effects)
