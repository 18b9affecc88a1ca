"""Proportions, demonstrations, sequential tests, poses and detection against published and cross-checked numbers."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hil_calibration.errors import CalibrationError, FitError
from hil_calibration.performance import (
    Sprt,
    demonstration_size,
    distance_accuracy,
    distance_repeatability,
    fit_pod,
    pose_accuracy,
    pose_components,
    pose_repeatability,
    proportion_interval,
)


# Computed with scipy, statsmodels' proportion_confint agrees.
@pytest.mark.parametrize(
    ("k", "n", "confidence", "exact", "wilson", "jeffreys", "lower", "upper"),
    [
        (
            *(298, 300, 0.95),
            (0.9761265024278264, 0.9991916135872002),
            (0.9760224167496929, 0.998169851642088),
            (0.9787869751298094, 0.9986121354296031),
            *(0.9791637694729753, 0.9988141858890657),
        ),
        (
            *(59, 59, 0.95),
            (0.9393910990496601, 1.0),
            (0.9388706294732116, 1.0),
            (0.9584914327354616, 1.0),
            *(0.9504923901117731, 1.0),
        ),
        (
            *(95, 100, 0.99),
            (0.8648553174643765, 0.9890596664152099),
            (0.8608496970983599, 0.9831516839573993),
            (0.8720425206824621, 0.9867705367343195),
            *(0.8741482693023214, 0.9870310786729768),
        ),
    ],
)
def test_proportion_intervals(
    k: int,
    n: int,
    confidence: float,
    exact: tuple[float, float],
    wilson: tuple[float, float],
    jeffreys: tuple[float, float],
    lower: float,
    upper: float,
) -> None:
    assert proportion_interval(k, n, confidence) == pytest.approx(exact, abs=1e-9)
    assert proportion_interval(k, n, confidence, "wilson") == pytest.approx(wilson, abs=1e-9)
    assert proportion_interval(k, n, confidence, "jeffreys") == pytest.approx(jeffreys, abs=1e-9)
    assert proportion_interval(k, n, confidence, side="lower") == pytest.approx((lower, 1.0), abs=1e-9)
    assert proportion_interval(k, n, confidence, side="upper") == pytest.approx((0.0, upper), abs=1e-9)


@given(st.integers(1, 400), st.data())
@settings(deadline=None)
def test_intervals_hold_the_proportion_and_mirror(n: int, data: st.DataObject) -> None:
    k = data.draw(st.integers(0, n))
    for method in ("clopper-pearson", "wilson", "jeffreys"):
        low, high = proportion_interval(k, n, method=method)
        assert 0.0 <= low <= k / n <= high <= 1.0
        mirrored = proportion_interval(n - k, n, method=method)
        assert (1.0 - high, 1.0 - low) == pytest.approx(mirrored, abs=1e-9)


def test_refuses_what_is_no_count() -> None:
    for k, n in ((3, 2), (-1, 5), (0, 0)):
        with pytest.raises(CalibrationError, match="whole number"):
            proportion_interval(k, n)
    with pytest.raises(CalibrationError, match="between 0 and 1"):
        proportion_interval(1, 2, 95.0)
    with pytest.raises(CalibrationError, match="no such method"):
        proportion_interval(1, 2, method="normal")  # type: ignore[arg-type]
    with pytest.raises(CalibrationError, match="no such side"):
        proportion_interval(1, 2, side="left")  # type: ignore[arg-type]


# 29 and 59 without failure are published (reliability.readthedocs.io); the others computed with scipy.
@pytest.mark.parametrize(
    ("reliability", "confidence", "failures", "n"),
    [
        (0.9, 0.95, 0, 29),
        (0.95, 0.95, 0, 59),
        (0.8, 0.99, 2, 39),
        (0.999, 0.9, 0, 2302),
        (0.95, 0.8, 1, 59),
        (0.95, 0.9, 1, 77),
        (0.99, 0.99, 2, 838),
        (0.999, 0.8, 0, 1609),
        (0.99, 0.8, 1, 299),
        (0.9, 0.9, 2, 52),
        (0.99, 0.8, 0, 161),
        (0.99, 0.99, 0, 459),
        (0.95, 0.95, 2, 124),
        (0.95, 0.9, 2, 105),
        (0.999, 0.99, 0, 4603),
        (0.99, 0.95, 2, 628),
        (0.95, 0.99, 2, 165),
    ],
)
def test_demonstration_sizes(reliability: float, confidence: float, failures: int, n: int) -> None:
    assert demonstration_size(reliability, confidence, failures) == n


def test_a_demonstration_agrees_with_clopper_pearson() -> None:
    """n passes with c failures exactly when the one-sided lower bound reaches the reliability."""
    n = demonstration_size(0.9, 0.9, 3)
    assert proportion_interval(n - 3, n, 0.9, side="lower")[0] >= 0.9
    assert proportion_interval(n - 4, n - 1, 0.9, side="lower")[0] < 0.9


def test_a_demonstration_on_the_very_limit() -> None:
    assert demonstration_size(0.9, 0.19) == 2
    with pytest.raises(CalibrationError):
        demonstration_size(0.9, 0.9, -1)


def test_wald_lines() -> None:
    """A. Wald, Sequential Analysis (1947): lines for p1 = 0.02, p2 = 0.10, both risks 0.05."""
    test = Sprt(0.02, 0.10, 0.05, 0.05)
    assert test.slope == pytest.approx(0.05025258077566183, abs=1e-12)
    assert test.accept_intercept == pytest.approx(1.737546568228599, abs=1e-12)
    assert test.reject_intercept == pytest.approx(1.737546568228599, abs=1e-12)
    assert test.smallest_acceptance == 35
    assert test.decide(0, 34) == "continue"
    assert test.decide(0, 35) == "accept"


def test_a_sequence_stops_at_its_decision() -> None:
    outcome = Sprt(0.02, 0.2, 0.05, 0.05).run([0, 0, 1, 0, 1, 0, 0, 1])
    assert (outcome.decision, outcome.n, outcome.failures) == ("reject", 5, 2)
    assert outcome.llr == pytest.approx(3.996347653998021, abs=1e-9)
    assert Sprt(0.02, 0.2, 0.05, 0.05).run([]).decision == "continue"


def test_a_sequential_test_keeps_its_risks() -> None:
    """3000 sequences at each design point; published: mean 54 and 39 trials against 89 of the fixed plan."""
    test = Sprt(0.02, 0.10, 0.05, 0.05)
    generator = np.random.default_rng(1)
    for p, decision, mean in ((0.02, "accept", 54.0), (0.10, "reject", 39.0)):
        outcomes = [test.run(generator.random(2000) < p) for _ in range(3000)]
        assert np.mean([outcome.decision != decision for outcome in outcomes]) < 0.05
        assert np.mean([outcome.n for outcome in outcomes]) == pytest.approx(mean, rel=0.06)


def test_refuses_what_is_no_sequential_test() -> None:
    with pytest.raises(CalibrationError, match="p1 < p2"):
        Sprt(0.2, 0.1, 0.05, 0.05)
    with pytest.raises(CalibrationError, match="alpha"):
        Sprt(0.1, 0.2, 0.0, 0.05)


DISTANCES = [
    *(300.0538, 300.0595, 300.053, 300.0702, 300.0477, 300.0576, 300.0429, 300.0347, 300.0639, 300.0412),
    *(300.0639, 300.0497, 300.0335, 300.038, 300.0373, 300.0566, 300.0295, 300.0617, 300.0429, 300.0436),
    *(300.0374, 300.0323, 300.0618, 300.0605, 300.0685, 300.0544, 300.0445, 300.0444, 300.0469, 300.0442),
]


def test_distances() -> None:
    """30 cycles of a 300 mm distance, formulae of ISO 9283 as recalled, computed with numpy."""
    assert distance_accuracy(DISTANCES, 300.0) == pytest.approx(0.04920333333330973, abs=1e-9)
    assert distance_repeatability(DISTANCES) == pytest.approx(0.034213471333509465, abs=1e-9)


def test_poses() -> None:
    """Four points on a square of half-diagonal 1 about (1, 2, 3): every distance is 1, so S = 0."""
    points = np.add([[1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0]], [1.0, 2.0, 3.0])
    assert pose_repeatability(points) == pytest.approx(1.0)
    assert pose_accuracy(points, [1.0, 2.0, 5.0]) == pytest.approx(2.0)
    spread = np.array([[0.0, 0.0, 0.0], [0.0, 0.0, 0.0], [3.0, 0.0, 0.0]])
    assert pose_repeatability(spread) == pytest.approx(4.0 / 3.0 + 3.0 * math.sqrt(1.0 / 3.0))
    with pytest.raises(FitError, match="at least 2"):
        pose_repeatability([[0.0, 0.0, 0.0]])
    with pytest.raises(FitError, match="shape"):
        pose_accuracy(points, [1.0, 2.0])


# A real system: a speech detector on synthetic speech in white noise, 24 presentations at each SNR in dB.
SNR = np.repeat(np.arange(-16.0, -2.0), 24)
HITS = np.concatenate([np.arange(24) < k for k in (0, 0, 0, 0, 0, 3, 6, 12, 20, 22, 23, 24, 23, 24)]).astype(float)


def test_pod_probit() -> None:
    """336 presentations, checked against an independent generalised linear model."""
    pod = fit_pod(SNR, HITS, 1, "probit")
    assert pod.intercept == pytest.approx(5.446147915663472, abs=1e-6)
    assert pod.slope == pytest.approx(0.6056657772792846, abs=1e-6)
    expected = [[0.3536300221146839, 0.03777115055393261], [0.03777115055393261, 0.004200278397702789]]
    assert pod.covariance == pytest.approx(np.array(expected), rel=1e-5)
    assert pod.deviance == pytest.approx(139.87372972382408, abs=1e-6)
    assert pod.a(0.5) == pytest.approx(-8.99200205784806, abs=1e-6)
    assert pod.a(0.9) == pytest.approx(-6.876063509526134, abs=1e-6)
    assert pod.u_a(0.9) == pytest.approx(0.29896129910766506, abs=1e-6)
    assert pod.bound(0.9, 0.95, "delta") == pytest.approx(-6.384315932370767, abs=1e-6)
    assert pod.bound(0.9, 0.95, "eta-band") == pytest.approx(-6.304293716414291, abs=1e-6)
    assert pod.bound(0.9, 0.95) == pytest.approx(-6.357261000555565, abs=1e-6)


@pytest.mark.parametrize(
    ("link", "deviance", "delta", "likelihood"),
    [("logit", 137.6, -6.63, -6.58), ("probit", 139.9, -6.38, -6.36), ("cloglog", 159.5, -6.02, -6.06)],
)
def test_the_link_and_the_method_matter(link: str, deviance: float, delta: float, likelihood: float) -> None:
    pod = fit_pod(SNR, HITS, 1, link)  # type: ignore[arg-type]
    assert pod.deviance == pytest.approx(deviance, abs=0.05)
    assert pod.bound(method="delta") == pytest.approx(delta, abs=0.006)
    assert pod.bound() == pytest.approx(likelihood, abs=0.006)
    assert pod.bound(side="lower") < pod.a() < pod.bound()


@pytest.mark.parametrize("link", ["logit", "probit", "cloglog"])
def test_rows_may_be_grouped_and_x_rescaled(link: str) -> None:
    single = fit_pod(SNR, HITS, 1, link)  # type: ignore[arg-type]
    levels = np.unique(SNR)
    counts = [HITS[level == SNR].sum() for level in levels]
    grouped = fit_pod(levels * 1000.0 + 5.0, counts, 24, link)  # type: ignore[arg-type]
    assert grouped.a() == pytest.approx(single.a() * 1000.0 + 5.0, rel=1e-7)
    assert grouped.bound() == pytest.approx(single.bound() * 1000.0 + 5.0, rel=1e-6)
    assert grouped.dof == 12


def test_the_band_of_the_curve_meets_the_eta_band_bound() -> None:
    pod = fit_pod(SNR, HITS, 1, "logit")
    curve = pod.curve([pod.bound(method="eta-band"), pod.a()], confidence=0.90)
    assert curve.low[0] == pytest.approx(0.9, abs=1e-9)
    assert curve.p[1] == pytest.approx(0.9, abs=1e-9)
    assert (curve.low <= curve.p).all()
    assert (curve.p <= curve.high).all()


@pytest.mark.parametrize(
    ("hits", "reason"),
    [
        ([0, 0, 0, 1, 1, 1], "separated"),
        ([1, 1, 1, 0, 0, 0], "separated"),
        ([1, 1, 1, 1, 1, 1], "every presentation was detected"),
        ([0, 0, 0, 0, 0, 0], "no presentation was detected"),
    ],
)
def test_separation_is_refused(hits: list[int], reason: str) -> None:
    with pytest.raises(FitError, match=reason):
        fit_pod([1, 2, 3, 4, 5, 6], hits, 1)


def test_quasi_separation_is_refused() -> None:
    with pytest.raises(FitError, match="separated"):
        fit_pod([1, 2, 3], [0, 1, 2], 2)


def test_the_bound_is_found_where_the_search_passes_near_the_mean_of_the_stimuli() -> None:
    """A line from a point beside the mean of x to the curve at the mean is far too steep to start from."""
    x = [-5.99, -5.0, -4.0, -2.99, -2.03, -1.01, 0.0, 2.0, 4.94]
    pod = fit_pod(x, [0, 0, 4, 9, 12, 10, 12, 12, 12], 12)
    departures = [pod._profile_departure(0.9)(a) for a in np.linspace(pod.a(), 0.5, 60)]
    assert all(later > earlier for earlier, later in pairwise(departures)), "the profile rises to one side"
    assert pod.bound() == pytest.approx(pod.bound(method="delta"), abs=0.2)


def test_without_a_significant_slope_there_is_no_bound() -> None:
    pod = fit_pod([1.0, 2.0, 3.0, 4.0], [4, 6, 5, 6], 10)
    for method in ("likelihood-ratio", "eta-band"):
        with pytest.raises(FitError, match="the bound is infinite"):
            pod.bound(0.9, 0.95, method)


def test_pod_refuses_bad_input() -> None:
    with pytest.raises(FitError, match="shape"):
        fit_pod([1.0, 2.0], [1, 0, 1], 1)
    with pytest.raises(FitError, match="0 <= hits <= n"):
        fit_pod([1.0, 2.0], [1, 3], 2)
    with pytest.raises(CalibrationError, match="x with a number that is not finite"):
        fit_pod([1.0, math.nan], [1, 0], 2)
    with pytest.raises(CalibrationError, match="no such link"):
        fit_pod([1.0, 2.0], [1, 0], 1, "cauchit")  # type: ignore[arg-type]
    pod = fit_pod(SNR, HITS, 1)
    with pytest.raises(CalibrationError, match=r"between 0\.5 and 1"):
        pod.bound(0.9, 0.4)
    with pytest.raises(CalibrationError, match="no such method"):
        pod.bound(0.9, 0.95, "wald")  # type: ignore[arg-type]
    with pytest.raises(CalibrationError, match="not between 0 and 1"):
        pod.a(1.0)


def test_the_bound_covers() -> None:
    """200 fits of a known curve: the 95 % upper bound lies above the truth in all but about 10."""
    generator = np.random.default_rng(5)
    x = np.repeat(np.arange(10.0), 20)
    truth = 5.0 + math.log(9.0) / 1.2
    above = 0
    for _ in range(200):
        hits = generator.random(len(x)) < 1.0 / (1.0 + np.exp(-1.2 * (x - 5.0)))
        above += fit_pod(x, hits, 1).bound() >= truth
    assert 181 <= above <= 198


def test_components_of_a_pose() -> None:
    generator = np.random.default_rng(1)
    attained = generator.normal([1.0, 2.0], [0.1, 0.2], (5000, 2))
    x, y = pose_components(attained, [1.0, 2.1], u_reference=[0.0, 0.05])
    assert x.accuracy == pytest.approx(0.0, abs=0.005)
    assert y.accuracy == pytest.approx(-0.1, abs=0.01)
    assert (x.repeatability, y.repeatability) == pytest.approx((0.3, 0.6), rel=0.03)
    assert y.u_accuracy == pytest.approx(math.hypot(0.2 / math.sqrt(5000), 0.05), rel=0.01)


@pytest.mark.parametrize("scale", [1e-9, 1.0, 1e9])
def test_a_bound_does_not_depend_on_the_unit_of_the_stimulus(scale: float) -> None:
    x, hits = np.array([1.0, 2.0, 3.0, 4.0, 5.0]), [1, 4, 5, 8, 9]
    pod, plain = fit_pod(x * scale, hits, 10), fit_pod(x, hits, 10)
    assert pod.bound(0.9, 0.95) / scale == pytest.approx(plain.bound(0.9, 0.95), rel=1e-7)
