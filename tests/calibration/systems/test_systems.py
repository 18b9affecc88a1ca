"""Measures of AI systems: definitions, published examples, independent computations, and what is refused."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from hil_calibration.errors import CalibrationError
from hil_calibration.performance import Sprt
from hil_calibration.systems.annotators import krippendorff_alpha
from hil_calibration.systems.average_precision import average_precision, average_precision_by_scene
from hil_calibration.systems.classification import Confusion, ConfusionMatrix, mcnemar
from hil_calibration.systems.conformal import coverage_by_domain, fewest_values, split_conformal
from hil_calibration.systems.domain import domain_coverage
from hil_calibration.systems.sensitivity import latin_hypercube, sobol_indices
from hil_calibration.systems.sequential import TruncatedSprt, holding
from hil_calibration.systems.stated_probability import stated_probability
from hil_calibration.systems.word_errors import WordErrors, rate_interval, word_errors


def test_measures_of_classification() -> None:
    found = Confusion(tp=45, fp=5, fn=15, tn=935)
    measures = [found.precision(), found.recall(), found.specificity(), found.accuracy(), found.f(), found.mcc()]
    expected = [0.9, 0.75, 0.9946808510638298, 0.98, 0.8181818181818182, 0.8114521842083111]
    assert [each.value for each in measures] == pytest.approx(expected, abs=1e-12)
    assert all(each.low < each.value < each.high for each in measures)
    assert found.recall()[1:3] == pytest.approx(tuple(stats.binomtest(45, 60).proportion_ci(method="exact")))
    assert found.f(2.0).value == pytest.approx(5 * 0.9 * 0.75 / (4 * 0.9 + 0.75))


def test_a_measure_of_nothing_is_not_defined() -> None:
    found = Confusion(tp=0, fp=0, fn=3, tn=5)
    assert math.isnan(found.precision().value)
    assert "not defined" in found.precision().method
    assert math.isnan(found.mcc().value)
    with pytest.raises(CalibrationError):
        Confusion(0, 0, 0, 0)
    with pytest.raises(CalibrationError):
        Confusion(-1, 0, 0, 2)


def test_several_classes() -> None:
    found = ConfusionMatrix.of(list("aabbbc"), list("ababbb"))
    assert found.labels == ("a", "b", "c")
    assert found.accuracy().value == pytest.approx(3 / 6)
    assert found.one_against_rest("b") == Confusion(tp=2, fp=2, fn=1, tn=1)
    assert found.macro_recall().value == pytest.approx((1 / 2 + 2 / 3 + 0) / 3)
    with pytest.raises(CalibrationError, match="no class 'd'"):
        found.one_against_rest("d")


def test_two_systems_on_the_same_items() -> None:
    first = [1] * 30 + [1] * 12 + [0] * 3 + [0] * 5
    second = [1] * 30 + [0] * 12 + [1] * 3 + [0] * 5
    found = mcnemar(first, second)
    assert (found.only_first, found.only_second, found.n) == (12, 3, 50)
    assert found.p_value == pytest.approx(stats.binomtest(3, 15, 0.5).pvalue)
    assert found.mid_p == pytest.approx(found.p_value - stats.binom.pmf(3, 15, 0.5))
    assert found.difference.value == pytest.approx(0.18)
    assert found.difference.low < 0.18 < found.difference.high
    assert mcnemar([1, 0], [1, 0]).p_value == 1.0


def test_average_precision_by_hand() -> None:
    """Recalls 1/4, 2/4, 3/4 at precisions 1, 2/3, 3/5; the fourth object is never found."""
    scores, correct = [0.9, 0.8, 0.7, 0.6, 0.5], [1, 0, 1, 0, 1]
    assert average_precision(scores, correct, 4, "voc-all") == pytest.approx((1 + 2 / 3 + 3 / 5) / 4)
    eleven = (3 * 1 + 3 * 2 / 3 + 2 * 3 / 5) / 11
    assert average_precision(scores, correct, 4, "voc-11") == pytest.approx(eleven)
    hundred = (26 * 1 + 25 * 2 / 3 + 25 * 3 / 5) / 101
    assert average_precision(scores, correct, 4, "coco-101") == pytest.approx(hundred)


@pytest.mark.parametrize("convention", ["voc-11", "voc-all", "coco-101"])
def test_perfect_detections_have_an_average_precision_of_one(convention: str) -> None:
    assert average_precision([3, 2, 1], [1, 1, 1], 3, convention) == pytest.approx(1)  # type: ignore[arg-type]
    assert average_precision([], [], 3, convention) == 0.0  # type: ignore[arg-type]


def test_equal_scores_count_together() -> None:
    assert average_precision([1, 1], [1, 0], 1) == average_precision([1, 1], [0, 1], 1) == pytest.approx(0.5)


def test_scenes_are_drawn_not_objects() -> None:
    generator = np.random.default_rng(1)
    good = generator.random(20) < 0.5
    scenes = np.repeat(np.arange(20), 50)
    correct = np.repeat(good, 50)
    scores = generator.random(1000)
    found = average_precision_by_scene(scores, correct, scenes, dict.fromkeys(range(20), 50))
    alone = average_precision_by_scene(scores, correct, np.arange(1000), dict.fromkeys(range(1000), 1))
    assert found.low < found.value < found.high
    assert found.high - found.low > 2 * (alone.high - alone.low)


@pytest.mark.parametrize(
    ("reference", "hypothesis", "counts"),
    [
        ("lights on", "lights on", (0, 0, 0, 2)),
        ("turn the lights on", "turn lights off", (1, 1, 0, 2)),
        ("a b c", "", (0, 3, 0, 0)),
        ("a", "b c d", (1, 0, 2, 0)),
        ("a b c d", "b c d e", (0, 1, 1, 3)),
    ],
)
def test_word_errors(reference: str, hypothesis: str, counts: tuple[int, int, int, int]) -> None:
    assert word_errors(reference, hypothesis) == WordErrors(*counts)


@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=8), st.lists(st.sampled_from("abc"), max_size=8))
def test_word_errors_are_a_distance(a: list[str], b: list[str]) -> None:
    found = word_errors(a, b)
    edits = found.substitutions + found.deletions + found.insertions
    assert found.reference == len(a)
    assert found.hits + found.substitutions + found.insertions == len(b)
    assert abs(len(a) - len(b)) <= edits <= max(len(a), len(b))
    assert (edits == 0) == (a == b)


def test_the_rate_of_many_utterances_has_an_interval() -> None:
    utterances = [WordErrors(i % 3, 0, 0, 10 - i % 3) for i in range(60)]
    low, high = rate_interval(utterances)
    assert low < sum(utterances[1:], utterances[0]).rate < high
    with pytest.raises(CalibrationError):
        word_errors("", "a")


def test_stated_probabilities() -> None:
    stated = [0.95, 0.9, 0.85, 0.8, 0.7, 0.65, 0.6, 0.55, 0.35, 0.2]
    found = stated_probability(stated, [1, 1, 1, 0, 1, 0, 1, 0, 1, 0], bins=5)
    assert (found.ece, found.mce, found.brier) == pytest.approx((0.245, 0.65, 0.21125), abs=1e-9)
    assert sum(each.count for each in found.bins) == 10
    with pytest.raises(CalibrationError, match="outside 0 to 1"):
        stated_probability([1.2], [1])


def test_split_conformal_half_width() -> None:
    residuals = [0.3, 1.2, 0.7, 2.5, 0.1, 0.9, 1.8, 0.4, 0.6, 1.1, 2.2, 0.2, 1.5, 0.8, 0.5, 1.9, 1.0, 0.35, 2.8]
    found = split_conformal(residuals, 0.9)
    assert (found.k, found.half_width) == (18, 2.5)
    assert split_conformal(residuals[:5], 0.9).half_width == math.inf


@pytest.mark.parametrize("coverage", [0.51, 0.6, 2.0 / 3.0, 0.75, 0.8, 0.9, 0.95, 0.975, 0.99, 0.999])
def test_so_many_values_and_no_fewer_have_a_half_width(coverage: float) -> None:
    least = fewest_values(coverage)
    assert split_conformal(np.ones(least), coverage).half_width == 1.0
    assert least == 1 or split_conformal(np.ones(least - 1), coverage).half_width == math.inf


def test_conformal_intervals_cover_in_the_domain_and_not_outside() -> None:
    generator = np.random.default_rng(2)
    width = split_conformal(generator.normal(0, 1, 400), 0.9).half_width
    residuals = np.concatenate([generator.normal(0, 1, 2000), generator.normal(0, 10, 500)])
    found = coverage_by_domain(residuals, np.full(2500, width), [1] * 2000 + [0] * 500)
    assert found.within is not None
    assert found.outside is not None
    assert found.within.share == pytest.approx(0.9, abs=0.05)
    assert found.outside.high < 0.3
    assert coverage_by_domain([0.1], [1.0], [1]).outside is None


N = math.nan
RATINGS = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, N, N, N],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, N, 3],
    [N, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, N],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, N],
]


@pytest.mark.parametrize(
    ("level", "alpha"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849), ("ratio", 0.797)]
)
def test_krippendorffs_own_example(level: str, alpha: float) -> None:
    """K. Krippendorff, Computing Krippendorff's alpha-reliability (2011), example D (recalled)."""
    assert krippendorff_alpha(RATINGS, level) == pytest.approx(alpha, abs=5e-4)  # type: ignore[arg-type]


def test_agreement_by_chance_is_near_zero_and_perfect_is_one() -> None:
    chance = np.random.default_rng(3).integers(0, 4, (3, 2000)).astype(float)
    assert krippendorff_alpha(chance) == pytest.approx(0, abs=0.03)
    assert krippendorff_alpha([[1, 2, 3], [1, 2, 3]]) == 1.0
    for ratings in ([[1.0, N], [N, 2.0]], [[1.0, 1.0], [1.0, 1.0]], [1.0, 2.0]):
        with pytest.raises(CalibrationError):
            krippendorff_alpha(ratings)


def test_cells_of_a_domain() -> None:
    found = domain_coverage(
        {"lux": [1, 5, 50, 500, 100], "angle": [0, 0, 10, 10, 20]}, {"lux": [0, 10, 100], "angle": [0, 15, 30]}
    )
    assert found.counts.tolist() == [[2, 0], [1, 1]]
    assert (found.share, found.outside) == (0.75, 1)
    assert found.empty() == [{"lux": (0.0, 10.0), "angle": (15.0, 30.0)}]
    with pytest.raises(CalibrationError, match="do not rise"):
        domain_coverage({"lux": [1]}, {"lux": [1, 1]})


def test_sobol_indices_of_ishigami() -> None:
    """Analytic: S = 0.3139, 0.4424, 0; ST = 0.5576, 0.4424, 0.2437 for a = 7, b = 0.1."""

    def ishigami(x: object) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        a, b, c = (x[name] for name in "abc")  # type: ignore[index]
        return np.asarray(np.sin(a) + 7 * np.sin(b) ** 2 + 0.1 * c**4 * np.sin(a))

    found = sobol_indices(ishigami, dict.fromkeys("abc", (-math.pi, math.pi)), n=4096, seed=1)
    assert found.first == pytest.approx([0.3139, 0.4424, 0.0], abs=0.03)
    assert found.total == pytest.approx([0.5576, 0.4424, 0.2437], abs=0.03)
    assert np.all(found.first_interval[:, 0] < found.first_interval[:, 1])
    assert found.evaluations == 4096 * 5


def test_a_latin_hypercube_has_one_point_in_each_slice() -> None:
    points = latin_hypercube({"lux": (0.0, 100.0), "angle": (-30.0, 30.0)}, 20, seed=4)
    assert sorted(int(point["lux"] // 5) for point in points) == list(range(20))
    assert sorted(int((point["angle"] + 30) // 3) for point in points) == list(range(20))
    assert points == latin_hypercube({"lux": (0.0, 100.0), "angle": (-30.0, 30.0)}, 20, seed=4)


def test_the_operating_curve_of_a_truncated_test_agrees_with_a_simulation() -> None:
    plan = TruncatedSprt(Sprt(0.02, 0.10, 0.05, 0.05), 150)
    generator = np.random.default_rng(5)
    for p in (0.02, 0.05, 0.10):
        exact = plan.operation(p)
        runs, accepted, taken = 2000, 0, []
        for _ in range(runs):
            failures = n = 0
            verdict = "continue"
            while verdict == "continue":
                n, failures = n + 1, failures + bool(generator.random() < p)
                verdict = plan.decide(failures, n)
            accepted += verdict == "accept"
            taken.append(n)
        assert exact.accept + exact.reject == pytest.approx(1.0)
        assert accepted / runs == pytest.approx(exact.accept, abs=0.05)
        assert float(np.mean(taken)) == pytest.approx(exact.expected_trials, rel=0.06)
        assert abs(float(np.quantile(taken, 0.9)) - exact.trials_quantile_90) <= 12
    assert plan.operation(0.02).reject < 0.06
    assert plan.operation(0.10).accept < 0.06


@pytest.mark.parametrize(
    ("plan", "last", "producer", "consumer"),
    [
        ((0.02, 0.10, 0.05, 0.05, 150), 6, 0.037892, 0.048688),
        ((0.02, 0.10, 0.10, 0.10, 150), 7, 0.053878, 0.090264),  # Wald's lines alone: 0.1025 without an end
        ((0.02, 0.50, 0.05, 0.05, 40), 6, 0.025514, 0.033464),
    ],
)
def test_a_truncated_test_keeps_to_its_risks(
    plan: tuple[float, float, float, float, int], last: int, producer: float, consumer: float
) -> None:
    p1, p2, alpha, beta, most = plan
    test = holding(p1, p2, alpha, beta, most)
    assert (test.most, test.accepted_at_the_end) == (most, last)
    assert test.operation(p1).reject == pytest.approx(producer, abs=1e-6)
    assert test.operation(p2).accept == pytest.approx(consumer, abs=1e-6)
    assert producer <= alpha
    assert consumer <= beta


def test_the_line_half_way_does_not_keep_to_them() -> None:
    plain = TruncatedSprt(Sprt(0.02, 0.10, 0.05, 0.05), 150)
    assert plain.accepted_at_the_end == 7
    assert plain.operation(0.10).accept == pytest.approx(0.051201, abs=1e-6)


def test_the_operating_curve_is_the_sum_over_all_sequences() -> None:
    """Of a test so short that each of its 2^12 sequences can be gone through."""
    test = holding(0.1, 0.6, 0.2, 0.2, 12)
    for p in (0.1, 0.35, 0.6):
        accept, trials = 0.0, 0.0
        for sequence in itertools.product((0, 1), repeat=12):
            failed = list(itertools.accumulate(sequence))
            n = next(n for n in range(1, 13) if test.decide(failed[n - 1], n) != "continue")
            chance = math.prod(p if each else 1.0 - p for each in sequence)
            accept += chance * (test.decide(failed[n - 1], n) == "accept")
            trials += chance * n
        curve = test.operation(p)
        assert curve.accept == pytest.approx(accept, abs=1e-12)
        assert curve.expected_trials == pytest.approx(trials, abs=1e-10)


def test_an_end_too_early_for_the_risks_names_the_next_that_will_do() -> None:
    with pytest.raises(CalibrationError, match=r"risks 0\.05 and 0\.05 do not hold; give most=117"):
        holding(0.02, 0.10, 0.05, 0.05, 100)
    assert holding(0.02, 0.10, 0.05, 0.05, 117).operation(0.10).accept <= 0.05


def test_a_truncation_before_the_first_acceptance_is_refused() -> None:
    with pytest.raises(CalibrationError, match="35 or more"):
        TruncatedSprt(Sprt(0.02, 0.10, 0.05, 0.05), 30)
    with pytest.raises(CalibrationError, match="stop where the plan says"):
        TruncatedSprt(Sprt(0.02, 0.10, 0.05, 0.05), 40).decide(0, 41)


@pytest.mark.parametrize("shares", [(0.45, 0.05, 0.05, 0.45), (0.1, 0.02, 0.03, 0.85), (0.3, 0.15, 0.05, 0.5)])
def test_intervals_of_f_and_mcc_cover(shares: tuple[float, ...]) -> None:
    """At n = 60, 300 trials: 95 % intervals cover 92 % at the least (binomial scatter of 300 trials allows that)."""
    generator, n = np.random.default_rng(7), 60
    tp, fp, fn, tn = shares
    truth = {
        "f1": 2 * tp / (2 * tp + fp + fn),
        "f2": 5 * tp / (5 * tp + 4 * fn + fp),
        "mcc": (tp * tn - fp * fn) / math.sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)),
    }
    held = dict.fromkeys(truth, 0)
    for counts in generator.multinomial(n, shares, 300).tolist():
        found = Confusion(*counts)
        measures = {"f1": found.f(), "f2": found.f(2.0), "mcc": found.mcc()}
        for name, measure in measures.items():
            held[name] += measure.low <= truth[name] <= measure.high
    assert min(held.values()) >= 276, held


def test_perfect_scores_have_an_interval() -> None:
    perfect = Confusion(20, 0, 0, 20)
    for measure in (perfect.f(), perfect.f(2.0), perfect.mcc()):
        assert measure.value == measure.high == 1.0
        assert measure.low < 0.95
    matrix = ConfusionMatrix.of(["a"] * 10 + ["b"] * 10, ["a"] * 10 + ["b"] * 10)
    assert (matrix.macro_recall().high, matrix.macro_recall().low < 0.95) == (1.0, True)
    scenes = average_precision_by_scene([0.9, 0.8], [1, 1], [0, 1], {0: 1, 1: 1})
    assert scenes.value == 1.0
    assert math.isnan(scenes.low)


def test_right_statements_exceed_by_chance_seldom() -> None:
    generator = np.random.default_rng(3)
    exceeded = 0
    for trial in range(200):
        stated = generator.uniform(0.0, 1.0, 80)
        found = stated_probability(stated, generator.random(80) < stated, seed=trial)
        exceeded += found.ece > found.by_chance
    assert 2 <= exceeded <= 22
