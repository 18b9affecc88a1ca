"""The detection curve with clustered repeats: known curves, bounds that cover, and what must not get a number."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from hil_calibration.clustered import Likelihood, Parameters, Profile, average, average_inverse, quadrature
from hil_calibration.detection_curve import (
    BOUND,
    CEILING,
    EXTRAPOLATED,
    METHOD,
    OBSERVATIONS,
    SEPARATION,
    SLOPE,
    DetectionCurve,
    fit_detection,
    threshold,
    with_shared_effects,
)
from hil_calibration.errors import FitError
from hil_calibration.jeffreys import Penalised
from hil_calibration.performance import fit_pod

Array = NDArray[np.float64]
Trial = tuple[Array, Array, NDArray[np.int64]]


def simulated(
    seed: int,
    *,
    signs: int = 20,
    levels: int = 10,
    repeats: int = 3,
    a50: float = 8.0,
    b1: float = 4.0,
    sigma: float = 0.8,
    ceiling: float = 0.99,
    false_rate: float = 0.0,
    span: tuple[float, float] = (2.0, 60.0),
) -> Trial:
    """Stimuli, hits and signs of a trial on a known curve."""
    generator = np.random.default_rng(seed)
    sign = np.repeat(np.arange(signs), levels * repeats)
    x = np.tile(np.repeat(np.geomspace(*span, levels), repeats), signs)
    x = x * np.exp(generator.normal(0.0, 0.02, len(x)))
    effect = generator.normal(0.0, sigma, signs)[sign]
    p = false_rate + (ceiling - false_rate) / (1.0 + np.exp(-(effect + b1 * np.log(x / a50))))
    return x, (generator.random(len(x)) < p).astype(float), sign


def true_a90(a50: float = 8.0, b1: float = 4.0, sigma: float = 0.8, ceiling: float = 0.99) -> float:
    return float(a50 * np.exp(average_inverse(0.9 / ceiling, sigma) / b1))


def test_a_full_trial_finds_its_curve() -> None:
    """600 observations: each estimate lies within about three of its standard deviations."""
    fitted = fit_detection(*simulated(1))
    assert fitted.flags == ()
    assert fitted.a is not None
    assert fitted.lower is not None
    assert fitted.upper is not None
    assert fitted.lower < fitted.a < fitted.upper
    assert math.log(fitted.a / true_a90()) == pytest.approx(0.0, abs=0.3)
    assert (fitted.b1, fitted.sigma, fitted.ceiling) == pytest.approx((4.0, 0.8, 0.99), rel=0.5)
    assert (fitted.observations, fitted.signs) == (600, 20)
    assert (fitted.link, fitted.method) == ("logit", METHOD)
    assert 0.0 < fitted.deviance < fitted.slope_significance + fitted.deviance


def test_the_curve_passes_through_a_and_its_band_holds_it() -> None:
    fitted = fit_detection(*simulated(2))
    assert fitted.a is not None
    curve = fitted.curve([fitted.a, 5.0, 50.0])
    assert curve.p[0] == pytest.approx(0.9, abs=1e-6)
    assert (np.diff(curve.p[[1, 0, 2]]) > 0.0).all()
    assert (curve.low < curve.p).all()
    assert (curve.p < curve.high).all()
    assert (curve.high <= 1.0).all()


def test_without_clusters_it_agrees_with_the_plain_curve() -> None:
    """One observation of each sign carries no cluster: the marginal curve is nearly the plain logistic."""
    x, hits, _ = simulated(3, signs=1, repeats=60, sigma=0.0, ceiling=1.0)
    fitted = fit_detection(x, hits, np.arange(len(x)))
    plain = math.exp(fit_pod(np.log(x), hits, 1).a(0.9))
    assert fitted.a == pytest.approx(plain, rel=0.03)


def test_clusters_widen_the_bound() -> None:
    """The same observations, treated as independent, claim too narrow a bound."""
    x, hits, signs = simulated(4, sigma=1.5)
    clustered, plain = fit_detection(x, hits, signs), fit_detection(x, hits, np.arange(len(x)))
    assert clustered.upper is not None
    assert plain.upper is not None
    assert clustered.a is not None
    assert plain.a is not None
    assert math.log(clustered.upper / clustered.a) > 1.2 * math.log(plain.upper / plain.a)


def test_gradients_and_quadrature() -> None:
    x, hits, signs = simulated(5, signs=6, levels=6, repeats=2)
    likelihood = Likelihood(np.log(x) - 2.0, hits, signs, 0.02)
    at = np.array([0.3, 3.0, 0.9, 0.97])
    value, gradient = likelihood(at)
    for i in range(4):
        step = np.zeros(4)
        step[i] = 1e-6
        numeric = (likelihood(at + step)[0] - likelihood(at - step)[0]) / 2e-6
        assert gradient[i] == pytest.approx(numeric, rel=1e-5)
    nodes, log_weights = quadrature()
    assert np.exp(log_weights) @ nodes**2 == pytest.approx(1.0)
    z = np.linspace(-9.0, 9.0, 20001)
    by_sum = sum(
        math.log(
            np.trapezoid(
                np.prod([_chance(x[j], hits[j], at, z) for j in np.flatnonzero(signs == sign)], axis=0)
                * np.exp(-0.5 * z * z)
                / math.sqrt(2.0 * math.pi),
                z,
            )
        )
        for sign in range(6)
    )
    assert value == pytest.approx(by_sum, abs=1e-4)


def _chance(x: float, hit: float, at: Array, z: Array) -> Array:
    p = 0.02 + (at[3] - 0.02) / (1.0 + np.exp(-(at[0] + at[1] * (np.log(x) - 2.0) + at[2] * z)))
    return np.asarray(p if hit else 1.0 - p)


def test_the_profile_holds_its_constraint() -> None:
    x, hits, signs = simulated(6, signs=8, levels=7)
    fitted = fit_detection(x, hits, signs)
    assert fitted.a is not None
    assert fitted.upper is not None
    t = (np.log(x) - fitted.centre) / fitted.scale
    likelihood = Penalised(t, hits, signs, 0.0)
    best, greatest = likelihood.maximum([_start(fitted)])
    profile = Profile(likelihood, 0.9, best, greatest)
    assert profile.drop((math.log(fitted.a) - fitted.centre) / fitted.scale) == pytest.approx(0.0, abs=1e-5)
    assert profile.drop((math.log(fitted.upper) - fitted.centre) / fitted.scale) == pytest.approx(
        threshold(0.95, 8), abs=0.01
    )


def _start(fitted: DetectionCurve) -> Parameters:
    return Parameters(fitted.b0 + fitted.b1 * fitted.centre, fitted.b1 * fitted.scale, fitted.sigma, fitted.ceiling)


def two_summits() -> Trial:
    """A real recogniser before a simulated camera: 20 signs, 8 levels in lx, successes of 2 presentations."""
    levels = (3.08, 4.61, 6.17, 8.21, 11.27, 15.4, 22.55, 61.49)
    read = (
        "00021222 00022222 00022222 00022222 00022222 00000212 00022222 00010011 00022222 00011222 "
        "00122222 00122222 00112222 00122222 00122222 00112222 00022222 00110222 00122222 00222222"
    )
    rows = [
        (levels[i], float(shown < int(count)), sign)
        for sign, counts in enumerate(read.split())
        for i, count in enumerate(counts)
        for shown in range(2)
    ]
    x, hits, signs = zip(*rows, strict=True)
    return np.array(x), np.array(hits), np.array(signs)


@pytest.mark.parametrize("a", [8.5, 9.5, 10.7, 14.2, 16.0, 20.0, 40.0])
def test_the_profile_finds_the_higher_summit(a: float) -> None:
    """Two kinds of curve explain these data; a single climb misses the better one and claims too narrow a bound."""
    x, hits, signs = two_summits()
    fitted = fit_detection(x, hits, signs)
    likelihood = Penalised((np.log(x) - fitted.centre) / fitted.scale, hits, signs, 0.0)
    t = (math.log(a) - fitted.centre) / fitted.scale
    found = Profile(likelihood, 0.9, _start(fitted), -0.5 * fitted.deviance).drop(t)
    generator = np.random.default_rng(1)
    tried = []
    for _ in range(12):
        start = Parameters(0.0, generator.uniform(1.0, 20.0), generator.uniform(0.1, 5.0), generator.uniform(0.9, 1.0))
        tried.append(Profile(likelihood, 0.9, start, -0.5 * fitted.deviance).drop(t))
    assert found <= min(tried) + 1e-4


def test_a_profile_with_two_summits_gives_its_outermost_bounds() -> None:
    fitted = fit_detection(*two_summits())
    assert fitted.a == pytest.approx(12.29, abs=0.05)
    assert fitted.lower == pytest.approx(10.49, abs=0.05)
    assert fitted.upper == pytest.approx(14.93, abs=0.05)
    wider = fit_detection(*two_summits(), confidence=0.99)
    assert wider.lower == pytest.approx(8.77, abs=0.1)
    assert wider.upper is None
    assert wider.flags == (BOUND,)


def test_the_average_and_its_inverse() -> None:
    for spread in (0.0, 0.7, 3.0):
        for share in (0.05, 0.5, 0.9, 0.999):
            eta = average_inverse(share, spread)
            assert float(average(np.array(eta), spread)) == pytest.approx(share, abs=1e-9)
    for share in (1e-12, 1e-6, 0.5, 1.0 - 1e-6, 1.0 - 1e-12):
        for spread in (1e-3, 0.1, 1.0, 5.0, 12.0):
            eta = average_inverse(share, spread)
            rest = float(average(np.array(-eta), spread))
            assert math.log(rest / (1.0 - share)) == pytest.approx(0.0, abs=1e-3)
    z = np.random.default_rng(1).standard_normal(400_000)
    assert float(average(np.array(1.0), 2.0)) == pytest.approx(np.mean(1.0 / (1.0 + np.exp(-1.0 - 2.0 * z))), abs=2e-3)


def test_an_unreachable_level_gets_no_number_but_may_get_a_lower_bound() -> None:
    fitted = fit_detection(*simulated(7, ceiling=0.75))
    assert fitted.a is None
    assert fitted.upper is None
    assert fitted.flags == (CEILING, BOUND)
    assert "levels off at 0.7" in fitted.reason
    assert fitted.lower is not None
    assert fitted.lower > 20.0


def test_separated_data_get_no_number_and_no_curve() -> None:
    x = np.repeat([2.0, 4.0, 8.0, 16.0], 10)
    fitted = fit_detection(x, (x > 5.0).astype(float), np.tile(np.arange(10), 4))
    assert (fitted.a, fitted.lower, fitted.upper) == (None, None, None)
    assert fitted.flags == (SEPARATION,)
    with pytest.raises(FitError, match="separated"):
        fitted.curve([5.0])
    every = fit_detection(x, np.ones_like(x), np.tile(np.arange(10), 4))
    assert every.reason == "every presentation was detected"


def test_a_flat_detection_gets_no_number() -> None:
    fitted = fit_detection(*simulated(8, b1=0.0, sigma=0.3, ceiling=1.0))
    assert (fitted.a, fitted.upper) == (None, None)
    assert fitted.flags == (SLOPE,)


def test_nothing_is_extrapolated() -> None:
    x, hits, signs = simulated(9, a50=70.0, ceiling=1.0, span=(20.0, 80.0))
    fitted = fit_detection(x, hits, signs)
    assert (fitted.a, fitted.upper) == (None, None)
    assert EXTRAPOLATED in fitted.flags or CEILING in fitted.flags
    assert fitted.lower is not None
    assert 70.0 < fitted.lower <= x.max()


def test_a_shared_relative_effect_moves_a_by_itself() -> None:
    """A gain common to all stimuli scales a90 exactly; its bound is combined in quadrature on the log scale."""
    x, hits, signs = simulated(10)
    shared = np.column_stack([0.01 * x, -0.03 * x, 0.0 * x])
    result = with_shared_effects(x, hits, signs, shared, ["gain", "drift", "nothing"])
    plain, a = result.curve, result.curve.a
    assert a is not None
    assert plain.upper is not None
    assert plain.lower is not None
    assert [line.name for line in result.contributions] == [OBSERVATIONS, "gain", "drift", "nothing"]
    assert result.contributions[1].u == pytest.approx(0.01 * a, rel=2e-3)
    assert result.contributions[2].u == pytest.approx(-0.03 * a, rel=2e-3)
    assert result.contributions[3].u == 0.0
    assert result.upper is not None
    expected = a * math.exp(math.hypot(math.log(plain.upper / a), 1.644854 * math.hypot(0.01, 0.03)))
    assert result.upper == pytest.approx(expected, rel=1e-4)
    assert result.lower is not None
    assert result.lower < plain.lower < a
    assert result.u == pytest.approx(math.sqrt(sum(line.u**2 for line in result.contributions)))


def test_a_shared_offset_matters_most_where_it_is_dark() -> None:
    """0.1 lx common to all stimuli moves a90 by about 0.1 lx, whatever its size."""
    x, hits, signs = simulated(11)
    result = with_shared_effects(x, hits, signs, np.full((len(x), 1), 0.1), ["offset"])
    assert result.contributions[1].u == pytest.approx(0.1, abs=0.03)


def test_bounds_without_a_move_outright() -> None:
    x, hits, signs = simulated(7, ceiling=0.75)
    result = with_shared_effects(x, hits, signs, 0.02 * x[:, None], ["gain"])
    assert result.contributions == ()
    assert result.curve.lower is not None
    assert result.lower == pytest.approx(result.curve.lower * math.exp(-1.644854 * 0.02), rel=1e-4)


def test_refuses_bad_input() -> None:
    x, hits, signs = simulated(12, signs=3, levels=4, repeats=1)
    with pytest.raises(FitError, match="positive stimuli"):
        fit_detection(x - 2.5, hits, signs)
    with pytest.raises(FitError, match="positive stimuli"):
        fit_detection(x, hits + 0.5, signs)
    with pytest.raises(FitError, match="shape"):
        fit_detection(x, hits[1:], signs)
    with pytest.raises(FitError, match="one sign only"):
        fit_detection(x, hits, [0] * len(x))
    with pytest.raises(FitError, match="do not go together"):
        fit_detection(x, hits, signs, false_rate=0.95)
    with pytest.raises(FitError, match="not \\(12, 2\\)"):
        with_shared_effects(x, hits, signs, x[:, None], ["a", "b"])
    with pytest.raises(FitError, match="as large as the stimulus"):
        with_shared_effects(x, hits, signs, x[:, None], ["a"])


def coverage(runs: int, **options: Any) -> tuple[int, int]:
    """How many upper and lower bounds hold the truth; a bound that does not exist excludes nothing."""
    truth = true_a90(**{key: options[key] for key in ("a50", "b1", "sigma", "ceiling") if key in options})
    above = below = 0
    for seed in range(runs):
        fitted = fit_detection(*simulated(1000 + seed, **options))
        above += fitted.upper is None or fitted.upper >= truth
        below += fitted.lower is None or fitted.lower <= truth
    return above, below


@pytest.mark.soak
def test_the_bounds_cover() -> None:
    """25 small trials: of 25 bounds at 95 %, fewer than 20 holding has a probability of 0.1 %."""
    above, below = coverage(25, signs=15, levels=7, repeats=2)
    assert above >= 20
    assert below >= 20


@pytest.mark.soak
@pytest.mark.timeout(3000)
@pytest.mark.parametrize(
    "options",
    [{}, {"sigma": 0.0, "ceiling": 1.0}, {"sigma": 1.5, "ceiling": 0.96}, {"b1": 10.0, "sigma": 2.0}],
)
def test_the_bounds_cover_in_many_trials(options: dict[str, float]) -> None:
    """150 full trials: at 95 % nominal, fewer than 135 holding has a probability of 0.5 %."""
    above, below = coverage(150, **options)
    assert above >= 135
    assert below >= 135
