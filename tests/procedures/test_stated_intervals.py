"""Of every procedure whose truth is known: what it states holds, in worlds drawn anew."""

from __future__ import annotations

import pytest

from hil.coverage.judgement import judge
from hil.coverage.runs import Asked, carry_out, checked

TRIED = {
    "calibrate-virtual-instrument": ("heart-rate", 24, 24, (0.4, 5.0)),
    "climatic-robustness": ("robustness-sim", 24, 24, (0.4, 1.5)),
    "detection-range": ("range-sim", 20, 17, (0.4, 1.7)),
    "detection-vs-illuminance": ("reader-sim", 24, 22, (0.5, 1.6)),
    "docking": ("simulation", 20, 20, (0.5, 1.6)),
    "obstacle-stop": ("simulation", 20, 20, (0.5, 1.6)),
    "pose-accuracy": ("arm-sim", 24, 24, (0.3, 1.5)),
    "repeatability-reproducibility": ("range-sim", 24, 24, (0.5, 1.6)),
    "screening": ("slab-emulator", 24, 24, (0.1, 1.6)),
    "voice-detection-vs-snr": ("listener-sim", 24, 22, (0.5, 1.6)),
}
"""By procedure: its bench, how many worlds, how many of them at least let it come to a result (a curve fitted to few
trials may have no slope), and between what the root mean square of error/u must lie. Single errors of the model of
heart rate are far from normal; intervals of indices are wide where the points fill the ranges evenly."""


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("procedure", list(TRIED))
def test_the_stated_intervals_hold_the_truth(procedure: str, capsys: pytest.CaptureFixture[str]) -> None:
    bench, worlds, least, (narrow, wide) = TRIED[procedure]
    asked = checked(Asked(procedure, bench, {}, "Operator A"))
    outcomes = carry_out(asked, range(1, 1 + worlds), 2, lambda _: None)
    answers = [outcome.answer for outcome in outcomes if outcome.answer is not None]
    assert len(answers) >= least, [outcome.error for outcome in outcomes if outcome.error]
    for one in judge(answers):
        with capsys.disabled():
            print(f"\n{one.measurand}: {one.inside} of {one.runs} inside U, spread {one.spread:.2f}")  # noqa: T201
        assert not one.under_covers
        assert narrow < one.spread < wide
