"""Voice detection on a listener whose curve is known: what a run states against the truth, and what is compared."""

from __future__ import annotations

import math
from typing import Any

import pytest

from hil.bench import load_bench
from hil.coverage.truth import true_world
from hil.errors import UsageError
from hil_procedures.shares import BESIDE, share
from hil_procedures.voice.parameters import VoiceDetectionVsSnr
from hil_procedures.voice.script import conditions, truth

BENCH = "listener-sim"
A90 = -1.27
"""dB, of the curve that the bench states."""


def found(**unrounded: Any) -> dict[str, Any]:
    return {"unrounded": unrounded, "reason": ""}


def test_the_truth_is_where_the_curve_of_the_bench_reaches_nine_in_ten() -> None:
    world = true_world(load_bench(BENCH), 3)
    answer = truth(world, found(a90=-1.0, u=0.5), VoiceDetectionVsSnr(required=-1.5))
    (stated,) = answer.measurands.values()
    assert (stated.value, stated.u, stated.unit) == (-1.0, 0.5, "dB")
    assert stated.true == pytest.approx(A90, abs=0.01)
    assert world.share(10.0 ** (stated.true / 10.0)) == pytest.approx(0.9, abs=1e-6)
    assert answer.conforms is False
    good = truth(world, found(a90=-1.0, u=0.5), VoiceDetectionVsSnr(required=-1.0))
    assert (good.conforms, good.acceptable) == (True, True)
    assert good.producer_risk == pytest.approx(0.05)


LEVELS = [
    {"planned": -2.0, "measured": -1.9, "heard": 3, "played": 8, "slope": 0.5, "relative_effects": {"level": 0.02}},
    {"planned": 0.0, "measured": None, "heard": 0, "played": 0, "slope": None, "relative_effects": {}},
    {"planned": 3.0, "measured": 3.0, "heard": 8, "played": 8, "slope": None, "relative_effects": {}},
]


def test_what_is_compared_is_a90_and_the_share_heard_at_each_ratio() -> None:
    told = {**found(a90=-1.0, u=0.5), "budget": [{"name": "certificate 1", "u": 0.3}, {"name": "likelihood", "u": 0.4}]}
    compared = conditions({**told, "levels": LEVELS}, VoiceDetectionVsSnr())
    one = compared["a90"]["nine utterances in ten"]
    assert (one.value, one.u, one.unit) == (-1.0, 0.5, "dB")
    assert math.hypot(*one.parts.values()) == pytest.approx(one.u)
    shares = compared["share heard"]
    assert list(shares) == ["-2 dB", "3 dB"], "an empty cell has no share"
    assert shares["3 dB"] == share(8, 8)
    assert shares["-2 dB"].parts["level"] == pytest.approx(0.5 * 0.02)
    assert shares["-2 dB"].parts[BESIDE] == pytest.approx(0.5 * math.log(10.0**0.01))


def test_a_run_without_a90_has_shares_alone() -> None:
    compared = conditions({**found(a90=None, u=None), "levels": LEVELS}, VoiceDetectionVsSnr())
    assert compared["a90"] == {}
    assert compared["share heard"]
    with pytest.raises(UsageError, match="no system under test whose curve is known"):
        true_world(load_bench("voice-sim"), 1).stimulus(0.9)
