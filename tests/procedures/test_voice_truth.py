"""Voice detection on a listener whose curve is known: what a run states against the truth, and what is compared."""

from __future__ import annotations

import math
from typing import Any

import pytest

from hil.bench import load_bench
from hil.coverage.truth import true_world
from hil.errors import UsageError
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
    assert truth(world, found(a90=-1.0, u=0.5), VoiceDetectionVsSnr(required=-1.0)).conforms is True


def test_what_is_compared_is_a90_with_what_its_uncertainty_is_made_of() -> None:
    told = {**found(a90=-1.0, u=0.5), "budget": [{"name": "certificate 1", "u": 0.3}, {"name": "likelihood", "u": 0.4}]}
    one = conditions(told, VoiceDetectionVsSnr())["a90"]["nine utterances in ten"]
    assert (one.value, one.u, one.unit) == (-1.0, 0.5, "dB")
    assert math.hypot(*one.parts.values()) == pytest.approx(one.u)


def test_a_run_without_a90_states_nothing() -> None:
    with pytest.raises(UsageError, match="states no a90"):
        conditions(found(a90=None, u=None), VoiceDetectionVsSnr())
    with pytest.raises(UsageError, match="no system under test whose curve is known"):
        true_world(load_bench("voice-sim"), 1).stimulus(0.9)
