"""Whatever the arguments of a statistic: a result, or an error of this package; no foreign exception, no warning."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hil_calibration import comparison, conformity, decisions, performance, pose_scatter, precision, risk
from hil_calibration.errors import CalibrationError
from hil_calibration.pod import fit_pod
from hil_calibration.quantity import Quantity
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
from hil_calibration.systems.word_errors import WordErrors, rate_interval, word_errors

LENGTH = Quantity.of(10.0, 0.1, "mm", dof=5)
SPRT = performance.Sprt(0.02, 0.1, 0.05, 0.05)
POSES = [[0.0, 0.0, 0.1], [0.1, 0.0, 0.0], [0.0, 0.1, 0.0]]
GAUGE = (np.arange(12.0).reshape(3, 2, 2) ** 2).tolist()
X, HITS, N = [1.0, 2.0, 3.0, 4.0, 5.0], [1, 4, 5, 8, 9], [10] * 5
NORMAL = risk.normal_prior(0.0, 1.0)

SCALARS = st.one_of(
    st.floats(),
    st.sampled_from([0, 1, -1, 10, 2**70, 0.0, -0.0, 1e-320, 1e300, math.nan, math.inf, None, "", "1", True, 1j]),
)
HOSTILE = st.one_of(
    SCALARS,
    st.lists(SCALARS, max_size=4),
    st.lists(st.lists(SCALARS, max_size=3), max_size=3),
    st.lists(st.floats(), min_size=3, max_size=6),
    st.lists(st.floats(), min_size=5, max_size=5),
    st.lists(st.integers(-1, 12), min_size=5, max_size=5),
    st.dictionaries(st.sampled_from(["a", "b", 0, 1]), st.one_of(SCALARS, st.lists(st.floats(), max_size=3))),
)


def constant(x: dict[str, Any]) -> Any:
    return x["a"]


GOOD: dict[str, tuple[Callable[..., Any], dict[str, Any]]] = {
    "probability": (conformity.probability, {"y": 1.0, "u": 0.1, "lower": 0.5, "upper": 2.0, "dof": 7}),
    "decide": (
        conformity.decide,
        {"y": 1.0, "u": 0.1, "lower": 0.5, "upper": 2.0, "rule": "non-binary", "guard_band": 0.1, "dof": 5},
    ),
    "decide, target": (
        conformity.decide,
        {"y": 1.0, "u": 0.1, "lower": 0.5, "upper": 2.0, "rule": "guarded-rejection", "target_risk": 0.1, "dof": 5},
    ),
    "decide_quantity": (decisions.decide_quantity, {"quantity": LENGTH, "unit": "mm", "upper": 11.0, "rule": "simple"}),
    "guard_band_for_risk": (conformity.guard_band_for_risk, {"u": 0.1, "target_risk": 0.05, "upper": 2.0, "dof": 5}),
    "guard_band_for_rejection": (
        conformity.guard_band_for_rejection,
        {"u": 0.1, "target_risk": 0.05, "lower": 0.0, "upper": 2.0},
    ),
    "decide_bound": (
        decisions.decide_bound,
        {"lower_bound": 1.0, "upper_bound": 2.0, "requirement": 2.5, "side": "at most", "confidence": 0.95},
    ),
    "decide_proportion": (
        decisions.decide_proportion,
        {"k": 5, "n": 9, "requirement": 0.5, "side": "at least", "confidence": 0.9},
    ),
    "decide_void": (decisions.decide_void, {"why": "the lamp failed"}),
    "normal_prior": (risk.normal_prior, {"mean": 0.0, "sd": 1.0}),
    "global_risk": (
        risk.global_risk,
        {"prior": NORMAL, "u": 0.1, "lower": -1.0, "upper": 1.0, "acceptance": (-0.9, 0.9)},
    ),
    "guard_band_for_global_risk": (
        risk.guard_band_for_global_risk,
        {"prior": NORMAL, "u": 0.1, "target": 0.01, "upper": 1.0},
    ),
    "repeatability_reproducibility": (
        precision.repeatability_reproducibility,
        {"groups": [[1.0, 2.0], [3.0, 4.0], [1.0, 5.0]]},
    ),
    "mandel": (precision.mandel, {"groups": [[1.0, 2.0], [3.0, 4.0], [1.0, 5.0]]}),
    "gauge_study": (precision.gauge_study, {"results": GAUGE, "pool": 0.25}),
    "algorithm_a": (precision.algorithm_a, {"values": [1.0, 2.0, 3.0, 9.0], "most_steps": 100}),
    "e_n": (comparison.e_n, {"x1": 1.0, "U1": 0.1, "x2": 1.1, "U2": 0.1, "covariance": 0.001}),
    "zeta": (comparison.zeta, {"x1": 1.0, "u1": 0.1, "x2": 1.1, "u2": 0.1, "covariance": 0.001}),
    "equivalence": (
        comparison.equivalence,
        {"x1": 1.0, "u1": 0.1, "x2": 1.1, "u2": 0.1, "margin": 0.5, "covariance": 0.001, "dof1": 4.0, "dof2": 9.0},
    ),
    "bland_altman": (comparison.bland_altman, {"differences": [1.0, 2.0, 4.0], "confidence": 0.95}),
    "proportion_interval": (
        performance.proportion_interval,
        {"k": 3, "n": 9, "confidence": 0.9, "method": "wilson", "side": "lower"},
    ),
    "demonstration_size": (performance.demonstration_size, {"reliability": 0.9, "confidence": 0.9, "failures": 1}),
    "Sprt": (performance.Sprt, {"p1": 0.02, "p2": 0.1, "alpha": 0.05, "beta": 0.05}),
    "Sprt.decide": (SPRT.decide, {"failures": 1, "n": 5}),
    "Sprt.run": (SPRT.run, {"failed": [0, 1, True]}),
    "TruncatedSprt": (TruncatedSprt, {"sprt": SPRT, "most": 100}),
    "TruncatedSprt.decide": (TruncatedSprt(SPRT, 60).decide, {"failures": 1, "n": 5}),
    "TruncatedSprt.operation": (TruncatedSprt(SPRT, 40).operation, {"p": 0.1}),
    "confidence_sequence": (confidence_sequence, {"successes": 3, "n": 9, "confidence": 0.9}),
    "pose_accuracy": (performance.pose_accuracy, {"points": POSES, "command": [0.0, 0.0, 0.0]}),
    "pose_repeatability": (performance.pose_repeatability, {"points": POSES}),
    "pose_components": (
        performance.pose_components,
        {"attained": POSES, "command": [0.0, 0.0, 0.0], "u_reference": 0.1},
    ),
    "corrected_pose_repeatability": (
        performance.corrected_pose_repeatability,
        {"points": POSES, "u_noise": [0.001, 0.001, 0.001]},
    ),
    "repeatability_of_samples": (
        pose_scatter.repeatability_of_samples,
        {"covariance": [[1.0, 0.1], [0.1, 2.0]], "n": 30},
    ),
    "length_interval": (pose_scatter.length_interval, {"length": 1.0, "u": 0.2, "coverage": 0.95, "dimensions": 3}),
    "distance_accuracy": (performance.distance_accuracy, {"distances": [1.0, 2.0], "command": 1.0}),
    "distance_repeatability": (performance.distance_repeatability, {"distances": [1.0, 2.0]}),
    "fit_pod": (
        fit_pod,
        {"x": X, "hits": HITS, "n": N, "link": "probit", "false_rate": 0.01, "ceiling": 0.99},
    ),
    "Pod.a": (fit_pod(X, HITS, N).a, {"p": 0.9}),
    "Pod.u_a": (fit_pod(X, HITS, N).u_a, {"p": 0.9}),
    "Pod.bound": (fit_pod(X, HITS, N).bound, {"p": 0.9, "confidence": 0.9, "method": "eta-band", "side": "lower"}),
    "Pod.curve": (fit_pod(X, HITS, N).curve, {"x": [1.0, 2.0], "confidence": 0.9}),
    "with_stimulus_uncertainty": (
        with_stimulus_uncertainty,
        {"x": X, "hits": HITS, "n": N, "u_x": 0.1, "seed": 1, "draws": 20},
    ),
    "Confusion": (Confusion, {"tp": 4, "fp": 1, "fn": 2, "tn": 3}),
    "Confusion.f": (Confusion(4, 1, 2, 3).f, {"beta": 2.0, "confidence": 0.9, "seed": 1}),
    "Confusion.mcc": (Confusion(4, 1, 2, 3).mcc, {"confidence": 0.9, "seed": 1}),
    "Confusion.recall": (Confusion(4, 1, 2, 3).recall, {"confidence": 0.9}),
    "ConfusionMatrix.of": (ConfusionMatrix.of, {"reference": ["a", "b"], "said": ["a", "a"]}),
    "ConfusionMatrix.macro_recall": (
        ConfusionMatrix.of(["a", "b"], ["a", "a"]).macro_recall,
        {"confidence": 0.9, "seed": 1},
    ),
    "ConfusionMatrix.one_against_rest": (ConfusionMatrix.of(["a", "b"], ["a", "a"]).one_against_rest, {"label": "a"}),
    "mcnemar": (mcnemar, {"first": [1, 0, 1], "second": [1, 1, 0], "confidence": 0.9}),
    "average_precision": (
        average_precision,
        {"scores": [0.9, 0.8, 0.7], "correct": [1, 0, 1], "objects": 3, "convention": "coco-101"},
    ),
    "average_precision_by_scene": (
        average_precision_by_scene,
        {
            "scores": [0.9, 0.8, 0.7],
            "correct": [1, 0, 1],
            "scenes": [0, 0, 1],
            "objects": {0: 2, 1: 1},
            "convention": "voc-11",
            "confidence": 0.9,
            "replicates": 100,
            "seed": 1,
        },
    ),
    "word_errors": (word_errors, {"reference": "a b", "hypothesis": ["a", "c"]}),
    "WordErrors": (WordErrors, {"substitutions": 1, "deletions": 0, "insertions": 2, "hits": 3}),
    "rate_interval": (
        rate_interval,
        {
            "utterances": [WordErrors(1, 0, 0, 3), WordErrors(0, 0, 0, 4)],
            "confidence": 0.9,
            "replicates": 100,
            "seed": 1,
        },
    ),
    "stated_probability": (stated_probability, {"stated": [0.2, 0.8, 1.0], "right": [0, 1, 1], "bins": 5, "seed": 1}),
    "split_conformal": (split_conformal, {"residuals": [0.1, 0.4, -0.3], "coverage": 0.5}),
    "coverage_by_domain": (
        coverage_by_domain,
        {"residuals": [0.1, 0.4, -0.3], "half_widths": [0.2, 0.2, 0.2], "in_domain": [1, 1, 0]},
    ),
    "krippendorff_alpha": (krippendorff_alpha, {"ratings": [[1.0, 2.0, 3.0], [1.0, 2.0, 2.0]], "level": "ordinal"}),
    "krippendorff_alpha, ratio": (
        krippendorff_alpha,
        {"ratings": [[1.0, 2.0, 3.0], [1.0, 2.0, 2.0]], "level": "ratio"},
    ),
    "domain_coverage": (
        domain_coverage,
        {"trials": {"a": [1.0, 2.0]}, "edges": {"a": [0.0, 1.5, 3.0]}, "enough": 1},
    ),
    "sobol_indices": (
        sobol_indices,
        {"function": constant, "ranges": {"a": (0.0, 1.0), "b": (0.0, 1.0)}, "n": 16, "confidence": 0.9, "seed": 1},
    ),
    "latin_hypercube": (latin_hypercube, {"ranges": {"a": (0.0, 1.0), "b": (0.0, 1.0)}, "n": 4, "seed": 1}),
}


@pytest.mark.parametrize("case", GOOD)
def test_good_input_gives_a_result(case: str) -> None:
    function, arguments = GOOD[case]
    function(**arguments)


@pytest.mark.parametrize("case", GOOD)
@settings(deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_hostile_input_is_answered_or_refused(case: str, data: st.DataObject) -> None:
    function, good = GOOD[case]
    changed = data.draw(st.sets(st.sampled_from(sorted(good)), min_size=1, max_size=2))
    arguments = {**good, **{name: data.draw(HOSTILE, label=name) for name in sorted(changed)}}
    with contextlib.suppress(CalibrationError):
        function(**arguments)
