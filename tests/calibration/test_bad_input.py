"""Wrong arguments of a statistic: one sentence that names the input and the rule, never a warning."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from hil_calibration import comparison, conformity, decisions, performance, pose_scatter, precision, risk
from hil_calibration.errors import CalibrationError
from hil_calibration.pod import fit_pod
from hil_calibration.stimulus_error import with_stimulus_uncertainty
from hil_calibration.systems.annotators import krippendorff_alpha
from hil_calibration.systems.anytime import confidence_sequence
from hil_calibration.systems.average_precision import average_precision, average_precision_by_scene
from hil_calibration.systems.classification import Confusion, ConfusionMatrix, mcnemar
from hil_calibration.systems.conformal import coverage_by_domain, split_conformal
from hil_calibration.systems.domain import domain_coverage
from hil_calibration.systems.sensitivity import latin_hypercube, sobol_indices
from hil_calibration.systems.sequential import TruncatedSprt
from hil_calibration.systems.stated_probability import stated_probability
from hil_calibration.systems.word_errors import rate_interval, word_errors

NAN, INF = math.nan, math.inf
X, HITS, N = [1.0, 2.0, 3.0, 4.0, 5.0], [1, 4, 5, 8, 9], [10] * 5
SPRT = performance.Sprt(0.02, 0.1, 0.05, 0.05)
POSES = [[0.0, 0.0, 0.1], [0.1, 0.0, 0.0], [0.0, 0.1, 0.0]]


def pod(**given: Any) -> Any:
    return fit_pod(**{"x": X, "hits": HITS, "n": N, **given})


BAD: dict[str, Callable[[], Any]] = {
    "probability: u": lambda: conformity.probability(1.0, -0.1, upper=2.0),
    "probability: limit": lambda: conformity.probability(1.0, 0.1, upper=INF),
    "decide: value": lambda: conformity.decide(NAN, 0.1, upper=2.0, rule="simple"),
    "decide: rule": lambda: conformity.decide(1.0, 0.1, upper=2.0, rule="lenient"),  # type: ignore[arg-type]
    "decide: guard": lambda: conformity.decide(1.0, 0.1, upper=2.0, rule="guarded-acceptance", guard_band=NAN),
    "decide: risk": lambda: conformity.decide(1.0, 0.1, upper=2.0, rule="guarded-rejection", target_risk=0.7),
    "decide_bound: bounds": lambda: decisions.decide_bound(2.0, 1.0, requirement=1.5, side="at most", confidence=0.95),
    "decide_bound: side": lambda: decisions.decide_bound(
        1.0,
        2.0,
        requirement=1.5,
        side="below",  # type: ignore[arg-type]
        confidence=0.95,
    ),
    "decide_proportion: k": lambda: decisions.decide_proportion(6, 5, requirement=0.9, side="at least"),
    "decide_proportion: requirement": lambda: decisions.decide_proportion(5, 5, requirement=1.1, side="at least"),
    "decide_void": lambda: decisions.decide_void(" "),
    "global_risk: u": lambda: risk.global_risk(risk.normal_prior(0.0, 1.0), 0.0, upper=1.0),
    "global_risk: limit": lambda: risk.global_risk(risk.normal_prior(0.0, 1.0), 0.1, upper=NAN),
    "guard_band_for_global_risk": lambda: risk.guard_band_for_global_risk(
        risk.normal_prior(0.0, 1.0), 0.1, 1.0, upper=1.0
    ),
    "normal_prior": lambda: risk.normal_prior(0.0, -1.0),
    "repeatability: one group": lambda: precision.repeatability_reproducibility([[1.0, 2.0]]),
    "repeatability: text": lambda: precision.repeatability_reproducibility([["a"], [1.0]]),
    "mandel: constant": lambda: precision.mandel([[0.1 + 0.2, 0.3], [0.3, 0.3], [0.3, 0.3]]),
    "gauge: constant": lambda: precision.gauge_study(np.full((3, 2, 2), 0.1) + np.arange(3)[:, None, None]),
    "gauge: pool": lambda: precision.gauge_study(np.arange(12.0).reshape(3, 2, 2) ** 2, pool=2.0),
    "gauge: ragged": lambda: precision.gauge_study([[[1.0], [2.0, 3.0]]]),
    "algorithm_a: few": lambda: precision.algorithm_a([1.0, 2.0]),
    "algorithm_a: nan": lambda: precision.algorithm_a([1.0, 2.0, NAN]),
    "e_n: U": lambda: comparison.e_n(1.0, NAN, 2.0, 0.1),
    "zeta: covariance": lambda: comparison.zeta(1.0, 0.1, 2.0, 0.1, covariance=0.02),
    "equivalence: dof": lambda: comparison.equivalence(1.0, 0.1, 2.0, 0.1, margin=1.0, dof2=0.5),
    "equivalence: value": lambda: comparison.equivalence(NAN, 0.1, 2.0, 0.1, margin=1.0),
    "equivalence: margin": lambda: comparison.equivalence(1.0, 0.1, 2.0, 0.1, margin=0.0),
    "bland_altman: few": lambda: comparison.bland_altman([1.0, 2.0]),
    "bland_altman: confidence": lambda: comparison.bland_altman([1.0, 2.0, 3.0], confidence=95),
    "proportion: k > n": lambda: performance.proportion_interval(6, 5),
    "proportion: inf": lambda: performance.proportion_interval(1, INF),  # type: ignore[arg-type]
    "proportion: fraction": lambda: performance.proportion_interval(1.5, 5),  # type: ignore[arg-type]
    "proportion: confidence": lambda: performance.proportion_interval(1, 5, NAN),
    "proportion: method": lambda: performance.proportion_interval(1, 5, method="wald"),  # type: ignore[arg-type]
    "demonstration: failures": lambda: performance.demonstration_size(0.9, 0.9, failures=-1),
    "demonstration: reliability": lambda: performance.demonstration_size(1.0, 0.9),
    "sprt: order": lambda: performance.Sprt(0.2, 0.1, 0.05, 0.05),
    "sprt: k > n": lambda: SPRT.decide(4, 3),
    "sprt: inf": lambda: SPRT.decide(0, INF),  # type: ignore[arg-type]
    "truncated: most": lambda: TruncatedSprt(SPRT, 3),
    "truncated: operation": lambda: TruncatedSprt(SPRT, 200).operation(1.5),
    "pose_accuracy: shape": lambda: performance.pose_accuracy(POSES, [0.0, 0.0]),
    "pose_accuracy: text": lambda: performance.pose_accuracy(POSES, ["x", "y", "z"]),
    "pose_repeatability: one": lambda: performance.pose_repeatability(POSES[:1]),
    "pose_components: u": lambda: performance.pose_components(POSES, [0.0] * 3, u_reference=-1.0),
    "corrected repeatability": lambda: performance.corrected_pose_repeatability(POSES, NAN),
    "samples: covariance": lambda: pose_scatter.repeatability_of_samples([[1.0, NAN], [NAN, 1.0]], 30),
    "samples: n": lambda: pose_scatter.repeatability_of_samples([[1.0]], 1),
    "length_interval: u": lambda: pose_scatter.length_interval(1.0, NAN, 0.95),
    "distance_accuracy": lambda: performance.distance_accuracy([], 1.0),
    "distance_repeatability": lambda: performance.distance_repeatability([1.0]),
    "pod: k > n": lambda: pod(hits=[1, 4, 5, 8, 11]),
    "pod: fraction": lambda: pod(hits=[1, 4, 5, 8, 8.5]),
    "pod: nan": lambda: pod(x=[1.0, 2.0, NAN, 4.0, 5.0]),
    "pod: text": lambda: pod(x=["a"] * 5),
    "pod: n": lambda: pod(n=[10, 10]),
    "pod: separated": lambda: pod(hits=[0, 0, 0, 10, 10]),
    "pod: all alike": lambda: pod(hits=[10] * 5),
    "pod: false rate": lambda: pod(false_rate=NAN),
    "pod: bound": lambda: pod().bound(0.9, 0.3),
    "pod: curve": lambda: pod().curve([1.0, 2.0], confidence=1.5),
    "pod: a": lambda: pod().a(1.0),
    "simex: u": lambda: with_stimulus_uncertainty(X, HITS, N, -0.1, seed=1),
    "simex: draws": lambda: with_stimulus_uncertainty(X, HITS, N, 0.1, seed=1, draws=3),
    "confusion: fraction": lambda: Confusion(1.5, 1, 1, 1),  # type: ignore[arg-type]
    "confusion: inf": lambda: Confusion(INF, 1, 1, 1),  # type: ignore[arg-type]
    "confusion: empty": lambda: Confusion(0, 0, 0, 0),
    "confusion: beta": lambda: Confusion(5, 1, 1, 5).f(0.0),
    "confusion: confidence": lambda: Confusion(5, 1, 1, 5).mcc(confidence=1.0),
    "matrix: pairs": lambda: ConfusionMatrix.of(["a"], []),
    "mcnemar: size": lambda: mcnemar([1, 0], [1]),
    "mcnemar: values": lambda: mcnemar([1, 2], [1, 0]),
    "ap: objects": lambda: average_precision([0.5], [True], 0),
    "ap: more than there are": lambda: average_precision_by_scene([0.9, 0.8, 0.7], [1, 1, 0], [0, 0, 1], {0: 1, 1: 5}),
    "ap: replicates": lambda: average_precision_by_scene([0.9, 0.8], [1, 0], [0, 1], {0: 1, 1: 5}, replicates=0),
    "words: none": lambda: word_errors("", "lights"),
    "words: number": lambda: word_errors("lights", 3),  # type: ignore[arg-type]
    "words: alike": lambda: rate_interval([word_errors("a b", "a b")] * 20),
    "stated: range": lambda: stated_probability([1.2], [1]),
    "stated: bins": lambda: stated_probability([0.2], [1], bins=0),
    "conformal: coverage": lambda: split_conformal([1.0, 2.0], 1.5),
    "conformal: empty": lambda: split_conformal([]),
    "coverage: half widths": lambda: coverage_by_domain([1.0], [-1.0], [True]),
    "alpha: constant": lambda: krippendorff_alpha([[1, 1], [1, 1]]),
    "alpha: text": lambda: krippendorff_alpha([["a", "b"]]),
    "domain: enough": lambda: domain_coverage({"a": [1.0]}, {"a": [0.0, 2.0]}, enough=0),
    "domain: edges": lambda: domain_coverage({"a": [1.0]}, {"a": [2.0, 0.0]}),
    "sobol: one factor": lambda: sobol_indices(lambda x: x["a"], {"a": (0.0, 1.0)}, n=64),
    "sobol: constant": lambda: sobol_indices(lambda x: np.ones_like(x["a"]), {"a": (0.0, 1.0), "b": (0.0, 1.0)}, n=64),
    "sobol: nan": lambda: sobol_indices(lambda x: x["a"] * NAN, {"a": (0.0, 1.0), "b": (0.0, 1.0)}, n=64),
    "sobol: n": lambda: sobol_indices(lambda x: x["a"], {"a": (0.0, 1.0), "b": (0.0, 1.0)}, n=100),
    "latin: range": lambda: latin_hypercube({"a": (1.0, 0.0)}, 5, seed=1),
    "latin: n": lambda: latin_hypercube({"a": (0.0, 1.0)}, 0, seed=1),
    "anytime: k > n": lambda: confidence_sequence(6, 5),
    "anytime: confidence": lambda: confidence_sequence(1, 5, 1.0),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_refused_in_a_sentence(case: str) -> None:
    with pytest.raises(CalibrationError) as raised:
        BAD[case]()
    assert len(str(raised.value)) > 10
    assert "\n" not in str(raised.value)
