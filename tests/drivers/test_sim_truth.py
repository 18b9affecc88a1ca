"""Noise and truth: repeatable, apart by purpose, and distributed as stated."""

from __future__ import annotations

import copy
import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from hil_drivers.sim.model import Distribution, Effect
from hil_drivers.sim.noise import Stream
from hil_drivers.sim.truth import Influences, Truth, draw, sample
from hil_drivers.sim.world_file import WorldFile

SAMPLE: dict[str, Any] = json.loads((Path(__file__).parent / "sim_world.json").read_text())
SEEDS = range(2000)


def file(seed: int = 1, **changes: object) -> WorldFile:
    return WorldFile.model_validate(copy.deepcopy(SAMPLE) | {"seed": seed} | changes)


def drawn(distribution: dict[str, object]) -> NDArray[np.float64]:
    model = Distribution.model_validate(distribution)
    return np.array([sample(model, Stream(seed, "truth", "effect", "x")) for seed in SEEDS])


def test_a_stream_is_a_function_of_seed_names_and_index() -> None:
    again = Stream(7, "noise", "a").normal(12345)
    assert Stream(7, "noise", "a").normal(12345) == again
    others = [Stream(8, "noise", "a"), Stream(7, "noise", "b"), Stream(7, "truth", "a"), Stream(7, "noise", "a", "")]
    assert again not in [stream.normal(12345) for stream in others]
    assert Stream(7, "ab", "c").normal() != Stream(7, "a", "bc").normal()
    assert Stream(1, "1").normal() != Stream(11, "").normal()


def test_scalars_have_the_moments_of_their_distributions() -> None:
    stream = Stream(1, "noise", "moments")
    normal = np.array([stream.normal(i) for i in range(20_000)])
    uniform = np.array([stream.uniform(i) for i in range(20_000)])
    assert abs(normal.mean()) < 4 / math.sqrt(20_000)
    assert abs(normal.std() - 1.0) < 4 / math.sqrt(40_000)
    assert abs(np.corrcoef(normal[1:], normal[:-1])[0, 1]) < 4 / math.sqrt(20_000)
    assert abs(uniform.mean() - 0.5) < 4 / math.sqrt(12 * 20_000)


def test_blocks_of_neighbouring_indices_share_no_values() -> None:
    stream = Stream(1, "noise", "camera")
    first, second = (stream.generator(i).standard_normal(1000) for i in (10, 11))
    assert not set(first) & set(second)
    assert np.array_equal(first, Stream(1, "noise", "camera").generator(10).standard_normal(1000))


@given(seed=st.integers(), names=st.lists(st.text(max_size=8), max_size=3), index=st.integers(-(2**63), 2**63 - 1))
def test_every_uniform_is_inside_the_open_interval(seed: int, names: list[str], index: int) -> None:
    assert all(0.0 < value < 1.0 for value in Stream(seed, *names).uniforms(index))


@pytest.mark.parametrize(
    ("name", "standard_deviation"),
    [("rectangular", 1 / math.sqrt(3)), ("triangular", 1 / math.sqrt(6)), ("arcsine", 1 / math.sqrt(2))],
)
def test_bounded_effects_are_drawn_as_stated(name: str, standard_deviation: float) -> None:
    values = drawn({"distribution": name, "half_width": 0.25}) / 0.25
    assert np.abs(values).max() <= 1.0
    assert abs(values.mean()) < 4 * standard_deviation / math.sqrt(len(SEEDS))
    assert values.std() == pytest.approx(standard_deviation, rel=0.05)


def test_rectangular_is_rectangular_and_normal_is_normal() -> None:
    rectangular = drawn({"distribution": "rectangular", "half_width": 1.0})
    normal = drawn({"distribution": "normal", "u": 1.0})
    for limit in (0.25, 0.5, 0.75):
        assert np.mean(np.abs(rectangular) < limit) == pytest.approx(limit, abs=0.05)
    assert np.mean(np.abs(normal) < 1.0) == pytest.approx(0.683, abs=0.04)
    assert np.mean(np.abs(normal) < 1.96) == pytest.approx(0.95, abs=0.02)


def test_the_order_of_effects_does_not_change_their_truth() -> None:
    effects = SAMPLE["effects"]
    assert draw(file()).effects == draw(file(effects=list(reversed(effects)))).effects
    some = draw(file(effects=effects[:2])).effects
    assert some.items() <= draw(file()).effects.items()


def test_a_fault_does_not_change_the_truth() -> None:
    faulty = file(faults=[{"device": "luxmeter", "kind": "silent", "from": 0, "to": 1}])
    assert draw(faulty) == draw(file())


def test_certificate_points_have_the_stated_covariance() -> None:
    certificate = SAMPLE["devices"]["reference"]["certificates"]["illuminance"]
    knots = np.array([draw(file(seed)).certificates["reference"]["illuminance"] for seed in SEEDS])
    u = np.sqrt(np.diag(certificate["covariance"]))
    assert np.allclose(knots.mean(axis=0), certificate["value"], atol=4 * u.max() / math.sqrt(len(SEEDS)))
    deviations = (knots - certificate["value"]) / u
    assert np.allclose(deviations.std(axis=0), 1.0, atol=0.06)
    assert np.allclose(deviations, deviations[:, :1], atol=1e-6), "fully correlated points move together"


def test_independent_certificate_points_move_apart() -> None:
    world = copy.deepcopy(SAMPLE)
    world["devices"]["reference"]["certificates"]["illuminance"]["covariance"] = np.diag(
        [1e-4, 1e-4, 1e-2, 1.0]
    ).tolist()
    knots = [
        draw(WorldFile.model_validate(world | {"seed": seed})).certificates["reference"]["illuminance"]
        for seed in SEEDS
    ]
    correlation = np.corrcoef(np.array(knots).T)
    assert np.abs(correlation - np.eye(4)).max() < 4 / math.sqrt(len(SEEDS))


def test_two_processes_draw_the_same_truth_bit_for_bit() -> None:
    code = (
        "import json,sys; from hil_drivers.sim.truth import draw; from hil_drivers.sim.world_file import WorldFile;"
        "from dataclasses import asdict; print(json.dumps(asdict(draw(WorldFile.model_validate_json(sys.argv[1])))))"
    )
    command = [sys.executable, "-c", code, json.dumps(SAMPLE)]
    runs = {subprocess.run(command, capture_output=True, check=True, timeout=60).stdout for _ in range(2)}
    assert len(runs) == 1
    assert json.loads(runs.pop())["effects"] == draw(file()).effects


def test_influences_follow_the_sign_convention() -> None:
    kinds = {"relative": 0.01, "absolute": 0.5, "relative-per-kelvin": 0.001}
    effects = [
        Effect.model_validate(
            {"name": k, "device": "m", "kind": k, "distribution": "normal", "u": 1, "reference": 23.0}
        )
        for k in kinds
    ]
    influences = Influences(effects, Truth(effects=kinds), "m", "response")
    value = 100.0 * (1 + 0.01 + 0.001 * (25.0 - 23.0)) + 0.5
    assert influences.forward(100.0, 25.0) == pytest.approx(value, rel=1e-15)
    assert influences.inverse(value, 25.0) == pytest.approx(100.0, rel=1e-15)
    assert Influences(effects, Truth(effects=kinds), "other", "response").forward(3.0, 0.0) == 3.0
    assert Influences(effects, Truth(effects=kinds), "m", "placement").forward(3.0, 0.0) == 3.0
