"""A calibration of a virtual instrument that its analysis would refuse is refused before the run, and no other."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binom

from hil.bench import load_bench
from hil.bench.drivers import made
from hil.errors import UsageError
from hil.run import RunOutcome, run_procedure
from hil_calibration.errors import CalibrationError
from hil_calibration.systems.virtual import Trials, calibrate
from hil_drivers.replay import ForeseenSource
from hil_procedures.virtual.beforehand import by_chance, refusal
from hil_procedures.virtual.parameters import CalibrateVirtualInstrument
from slabs import make_slabs

Parameters = CalibrateVirtualInstrument


def devices(bench: str) -> Mapping[str, object]:
    config = load_bench(bench)
    known = {name: made(config, name) for name in config.devices}
    return {role: known[config.roles[role]] for role in ("scene", "source", "model")}


def refused_afterwards(of: Mapping[str, object], p: Parameters) -> str:
    """What the analysis says of the very stimuli, answered by the model of the bench."""
    source, model = of["source"], of["model"]
    assert isinstance(source, ForeseenSource)
    given = [source.foreseen(content, n) for content in p.contents for n in range(p.stimuli)]
    stimuli = [one for one in given if one is not None]
    answers = [model._model.estimate(one.values) for one in stimuli]  # type: ignore[attr-defined]
    domain = dict(model._domain)  # type: ignore[attr-defined]
    value = np.array([answer.value for answer in answers])
    features = {name: np.array([answer.features[name] for answer in answers]) for name in domain}
    inside = np.array([model.covers(answer) for answer in answers])  # type: ignore[attr-defined]
    trials = Trials(value, value + 1.0, tuple(one.subject for one in stimuli), features, inside)
    try:
        calibrate(trials, domain, u_reference=0.1, coverage=p.coverage, share=p.share, salt=p.salt)
    except CalibrationError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("bench", ["heart-rate", "slab-emulator", "slabs"])
def test_what_is_refused_before_is_what_the_analysis_would_refuse(bench: str, tmp_path: Path) -> None:
    """Two stimuli of each subject, and one, and one on a data set: over many splits, about as many as it takes."""
    of = devices(bench if bench != "slabs" else str(make_slabs(tmp_path / "bench", "rendered", count=40)))
    source, told = of["source"], set[bool]()
    source.foreseen = cache(source.foreseen)  # type: ignore[attr-defined]
    for stimuli in (20, 40):
        for salt in range(4):
            for share, coverage in ((0.5, 0.9), (0.85, 0.9), (0.5, 0.95)):
                p = Parameters(contents=("inside",), stimuli=stimuli, share=share, coverage=coverage, salt=str(salt))
                before, after = refusal(of, p), refused_afterwards(of, p)
                assert bool(before) == bool(after), (before, after)
                told.add(bool(before))
    assert told == {False, True}


def test_stimuli_outside_the_domain_do_not_count() -> None:
    """Of heart-rate, 40 of each kind are 20 subjects inside, of which 8 calibrate; those outside are none."""
    of = devices("heart-rate")
    assert refusal(of, Parameters(stimuli=40)) == (
        "8 subjects in the domain would calibrate and some would test, where 10 and 1 are needed: "
        "take more stimuli or contents, or another share"
    )
    assert "0 subjects in the domain would calibrate and none" in refusal(of, Parameters(contents=("outside",)))
    assert refusal(of, Parameters(stimuli=60)) == ""
    assert refusal(of, Parameters()) == ""


def test_a_model_that_does_not_tell_its_domain_is_given_all_of_them() -> None:
    of = {**devices("heart-rate"), "model": object()}
    assert refusal(of, Parameters(stimuli=40)) == "", "20 subjects of each kind"
    assert refusal(of, Parameters(contents=("inside",), stimuli=40)).startswith("8 subjects would calibrate and some")


def test_too_few_values_for_an_interval_are_told() -> None:
    of = devices("slab-emulator")
    told = refusal(of, Parameters(contents=("inside",), stimuli=60, coverage=0.99))
    assert "values in the domain would calibrate, where an interval that covers 99 % needs 99:" in told


@pytest.mark.parametrize("stimuli", [20, 21, 22, 40])
def test_of_subjects_that_nobody_knows_the_chance_is_told(stimuli: int) -> None:
    p = Parameters(contents=("inside",), stimuli=stimuli, share=0.45)
    drawn = binom(stimuli, 0.45).pmf(np.arange(stimuli + 1))
    chance = float(drawn[10:stimuli].sum())
    told = by_chance(p)
    assert (told == "") == (chance >= 0.5)
    if told:
        assert f"of {stimuli} subjects at most, 10 or more would calibrate" in told
        assert f"with a probability of {100 * chance:.2g} % (binomial, a share of 0.45 calibrates)" in told
    assert refusal({"scene": object(), "source": object(), "model": None}, p) == told


async def carry_out(place: Path, bench: str, **settings: str) -> RunOutcome:
    return await run_procedure(
        "calibrate-virtual-instrument",
        bench,
        settings=settings,
        seed=None,
        speed=None,
        out=place / "runs",
        operator="Operator A",
        on_event=lambda event: None,
        documents=False,
    )


async def test_a_run_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"^calibrate-virtual-instrument: 8 subjects in the domain would calibrate"):
        await carry_out(tmp_path, "heart-rate", stimuli="40")
    assert not (tmp_path / "runs").exists()


async def test_fewer_stimuli_than_before_are_enough_of_one_subject_each(tmp_path: Path) -> None:
    done = await carry_out(tmp_path, "slab-emulator", contents="inside", stimuli="30")
    assert done.status == "complete", done.error
    assert done.results["results"]["subjects"]["made"] >= 10
