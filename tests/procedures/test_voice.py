"""Voice detection against signal-to-noise ratio: its arithmetic on draws of a known curve, and runs of real systems."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hil.bench.config import shipped_benches
from hil.errors import NotFit
from hil.record import open_run
from hil.run import RunOutcome, run_procedure
from hil_calibration.clustered import LARGEST_SPREAD
from hil_calibration.stream import Measurements
from hil_drivers.data_set import load
from hil_drivers.sound import read_wave
from hil_procedures.curve_report import spread_notes
from hil_procedures.voice.curve import Located, levels, located, misfit, others
from hil_procedures.voice.heard import calls_before, is_hit
from hil_procedures.voice.parameters import BLANK, UTTERANCES, VoiceDetectionVsSnr
from hil_procedures.voice.results import judge
from hil_procedures.voice.script import plan, ratio
from hil_procedures.voice.session import Calls, Session

A50, SLOPE = -3.0, 1.6
"""Of the known curve: half of all are heard at -3 dB, and the logit rises by 1.6 for each dB."""
A90 = A50 + np.log(9.0) / SLOPE


def session(seed: int = 1, utterances: int = 40, at: tuple[float, ...] = (-6, -5, -4, -3, -2, -1, 0, 2)) -> Session:
    """Draws of the known curve, with a relative uncertainty of 1 % that all ratios share."""
    random = np.random.default_rng(seed)
    nominal = np.repeat(np.array(at, dtype=np.float64), utterances)
    measured = nominal + random.normal(0.0, 0.1, nominal.size)
    p = 1.0 / (1.0 + np.exp(-SLOPE * (measured - A50)))
    snr = 10.0 ** (measured / 10.0)
    return Session(
        snr=Measurements(snr, np.zeros(nominal.size), 0.01 * snr[:, None], ("reference",), "1"),
        nominal=nominal,
        hits=random.random(nominal.size) < p,
        utterances=tuple(f"u{i}" for _ in at for i in range(utterances)),
        latency=np.full(nominal.size, 0.03),
        inference=np.zeros(0),
        faults=(),
        blanks=0,
        calls=Calls(0, 0, 0, 0),
    )


@pytest.fixture(scope="module")
def found() -> Located:
    return located(session(), 0.95)


def test_an_effect_keeps_its_sense_for_what_two_benches_share(found: Located) -> None:
    drawn = session()
    other = located(replace(drawn, snr=replace(drawn.snr, shared=-drawn.snr.shared)), 0.95)
    assert dict(other.parts)["reference"] == pytest.approx(-dict(found.parts)["reference"])


def test_the_ratio_is_found_in_decibels_and_by_each_link(found: Located) -> None:
    drawn = session()
    assert found.a90 is not None
    assert found.u is not None
    assert found.lower is not None
    assert found.upper is not None
    assert found.lower < A90 < found.upper
    assert abs(found.a90 - A90) < 2.5 * found.u
    assert found.lower < found.a90 < found.upper
    assert dict(found.parts)["reference"] == pytest.approx(10.0 * np.log10(1.01), rel=0.02), "a shared 1 % shifts it"
    cells = levels(drawn, VoiceDetectionVsSnr().levels)
    by_link = {one.link: one for one in others(cells, 0.95)}
    assert set(by_link) == {"logit", "probit", "cloglog"}
    logit = by_link["logit"]
    assert logit.a90 == pytest.approx(found.a90, abs=0.25)
    assert logit.bounds is not None
    assert logit.bounds[0] < A90 < logit.bounds[1]
    assert logit.dof == 5, "of the planned levels seven were played"
    value = misfit(drawn, found.fit)
    assert value is not None
    assert value > 0.01


@pytest.mark.soak
def test_the_upper_bound_covers() -> None:
    """Of 60 trials the 95 % upper bound lies above the truth in 52 or more (fewer has a chance of 0.6 %)."""
    above = 0
    for seed in range(60):
        bound = located(session(seed, utterances=12), 0.95).upper
        above += bound is None or bound >= A90
    assert above >= 52


def test_an_empty_cell_is_shown_as_one() -> None:
    cells = levels(session(at=(-6.0, -4.0, -2.0, 0.0)), (-6.0, -5.0, -4.0, -2.0, 0.0))
    assert [(level, played) for level, _, _, played in cells] == [(-6, 40), (-5, 0), (-4, 40), (-2, 40), (0, 40)]
    assert cells[1][1] is None


def test_separated_data_decide_nothing_and_say_so() -> None:
    drawn = session()
    sharp = Session(**{**vars(drawn), "hits": drawn.nominal > -3.5})
    found = located(sharp, 0.95)
    assert (found.a90, found.upper, misfit(sharp, found.fit)) == (None, None, None)
    assert "separated" in found.reason
    assert all(one.a90 is None and "separated" in one.reason for one in others(levels(sharp, (-6, -4, -2, 2)), 0.95))
    verdict = judge(found, VoiceDetectionVsSnr())
    assert verdict.outcome == "INCONCLUSIVE"
    assert "separated" in verdict.reason


def test_a_threshold_of_each_utterance_that_is_sharp_is_told(found: Located) -> None:
    drawn = session(utterances=20)
    own = {name: -4.5 + 0.1 * number for number, name in enumerate(dict.fromkeys(drawn.utterances))}
    heard = [n > own[u] for n, u in zip(drawn.nominal, drawn.utterances, strict=True)]
    sharp = Session(**{**vars(drawn), "hits": np.array(heard)})
    assert located(sharp, 0.95).a90 == pytest.approx(-4.5 + 0.1 * 0.9 * 19, abs=0.6), "nine tenths lie below"
    assert "sharp" in spread_notes(replace(found.fit.curve, sigma=LARGEST_SPREAD), "utterances")[0]
    assert spread_notes(found.fit.curve, "utterances") == ()


@pytest.mark.parametrize(("required", "outcome"), [(2.0, "PASS"), (-4.0, "FAIL"), (float(A90), "INCONCLUSIVE")])
def test_the_bounds_decide(found: Located, required: float, outcome: str) -> None:
    assert judge(found, VoiceDetectionVsSnr(required=required)).outcome == outcome


def test_a_hit_overlaps_the_speech_and_a_false_call_comes_before() -> None:
    assert is_hit([[0.3, 0.41]], 0.4, 1.0)
    assert not is_hit([[0.3, 0.4], [1.0, 1.2]], 0.4, 1.0)
    assert not is_hit([], 0.4, 1.0)
    assert calls_before([[0.064, 0.128], [0.4, 0.5]], 0.4) == (2, 12)
    assert calls_before([], 1.28) == (0, 40)
    assert calls_before([[0.0, 9.0]], 0.0) == (0, 0)


def test_everything_is_played_once_in_each_repeat_in_random_order() -> None:
    p = VoiceDetectionVsSnr(repeats=3, blanks=2)
    planned = [point.factors for point in plan(p).planned(1)]
    size = len(p.levels) * (len(UTTERANCES) + 2)
    assert len(planned) == 3 * size
    blocks = [[(one["utterance"], one["snr"]) for one in planned[i : i + size]] for i in range(0, 3 * size, size)]
    assert sorted(blocks[0]) == sorted(blocks[1]) == sorted(blocks[2])
    assert blocks[0] != blocks[1] != sorted(blocks[1])
    assert blocks[0].count((BLANK, ratio(-6.0))) == 2
    assert [one.factors for one in plan(p).planned(1)] == planned
    assert [one.factors for one in plan(p).planned(2)] != planned


@pytest.mark.parametrize("wrong", [{"utterances": ("a", "a")}, {"utterances": ("a", "")}, {"levels": (1, 1, 2)}])
def test_what_cannot_be_run_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="twice"):
        VoiceDetectionVsSnr(**wrong)


@pytest.mark.soak
def test_the_shipped_sounds_are_those_of_the_script(tmp_path: Path) -> None:
    """To the rounding of a sample, which another processor may do the other way now and then."""
    script = Path(__file__).resolve().parents[2] / "scripts" / "make_sample_speech.py"
    subprocess.run([sys.executable, str(script), str(tmp_path / "speech")], check=True)
    made, shipped = load(tmp_path / "speech"), load(shipped_benches()["voice"].parent / "speech")
    assert len(made.entries) == len(shipped.entries) == 136
    for one, other in zip(made.entries, shipped.entries, strict=True):
        assert (one.content, one.recording.file) == (other.content, other.recording.file)
        for name, (value, u) in one.references.items():
            assert abs(value - other.references[name][0]) <= u
        ours, theirs = (read_wave(data.read(each.recording))[0] for data, each in ((made, one), (shipped, other)))
        assert np.abs(ours - theirs).max() <= 1.0 / 128.0


@pytest.mark.soak
def test_the_shipped_utterances_are_those_of_the_script(tmp_path: Path) -> None:
    """Of the bench in a room: without noise, to the rounding of a sample."""
    script = Path(__file__).resolve().parents[2] / "scripts" / "make_sample_speech.py"
    subprocess.run([sys.executable, str(script), str(tmp_path / "utterances"), "--clean"], check=True)
    made, shipped = load(tmp_path / "utterances"), load(shipped_benches()["voice-sim"].parent / "utterances")
    assert [one.content for one in made.entries] == [one.content for one in shipped.entries] == list(UTTERANCES)
    for one, other in zip(made.entries, shipped.entries, strict=True):
        ours, theirs = (read_wave(data.read(each.recording))[0] for data, each in ((made, one), (shipped, other)))
        assert np.abs(ours - theirs).max() <= 1.0 / 32768.0


async def run(bench: str, out: Path, settings: dict[str, str]) -> RunOutcome:
    return await run_procedure(
        "voice-detection-vs-snr",
        bench,
        settings=settings,
        seed=1,
        speed=None,
        out=out,
        operator="Operator A",
        on_event=lambda _: None,
    )


def bench_with(folder: Path, detector: str) -> Path:
    """The shipped bench with another system under test."""
    shipped = shipped_benches()["voice"]
    for name in ("lab.toml", "equipment.toml"):
        shutil.copy(shipped.parent / name, folder / name)
    (folder / "speech").symlink_to(shipped.parent / "speech")
    text = shipped.read_text(encoding="utf-8").replace('driver = "voice"', detector).replace("threshold = 0.5\n", "")
    path = folder / "bench.toml"
    path.write_text(text, encoding="utf-8")
    return path


async def test_the_published_model_is_tried_on_the_shipped_sounds(tmp_path: Path) -> None:
    settings = {"utterances": ",".join(UTTERANCES[:5]), "levels": "-5,-3,-2,3"}
    outcome = await run("voice", tmp_path, settings)
    assert outcome.status == "complete"
    told = json.loads((outcome.folder / "results.json").read_text(encoding="utf-8"))["results"]
    heard = [level["heard"] for level in told["levels"]]
    assert heard[0] <= 2
    assert heard[-1] == 5
    assert told["false_calls"]["windows"] == 20 * 12 + 4 * 40
    assert told["faults"] == 0
    (told_of,) = open_run(outcome.folder).events("system")
    assert len(told_of.data["digests"]["silero_vad.onnx"]) == 64
    assert told_of.data["settings"]["threshold"] == 0.5
    assert "says nothing about real speech" in (outcome.folder / "report.html").read_text(encoding="utf-8")


async def test_a_level_that_was_not_recorded_is_named_before_the_run(tmp_path: Path) -> None:
    bench = bench_with(tmp_path, 'driver = "process"\nprogram = "speaks.py"')
    (tmp_path / "speaks.py").write_text(TALKER, encoding="utf-8")
    with pytest.raises(NotFit, match=r"holds no recordings of content 'utterance \d+' at snr 0\.001 ± 10 %"):
        await run(str(bench), tmp_path / "runs", {"levels": "-30,0,3"})
    assert not (tmp_path / "runs").exists()


TALKER = """
import json, sys
print(json.dumps({"name": "talker", "version": "1"}), flush=True)
for line in sys.stdin:
    asked = json.loads(line)
    loud = max(map(abs, asked["values"]["sound"])) > 0.4
    print(json.dumps({"id": asked["id"], "output": "yes" if loud else [[0.0, 2.0]]}), flush=True)
"""


async def test_nonsense_is_a_fault_of_the_system_and_calls_in_noise_are_counted(tmp_path: Path) -> None:
    """The sounds do not say where they come from: no word is said of synthetic speech, and none of real speech."""
    bench = bench_with(tmp_path, 'driver = "process"\nprogram = "speaks.py"')
    (tmp_path / "speech").unlink()
    described = shutil.copytree(shipped_benches()["voice"].parent / "speech", tmp_path / "speech") / "dataset.toml"
    described.write_text(described.read_text("utf-8").replace('origin = "rendered"\n', ""), "utf-8")
    (tmp_path / "speaks.py").write_text(TALKER, encoding="utf-8")
    settings = {"utterances": ",".join(UTTERANCES[:3]), "levels": "-6,0,3"}
    outcome = await run(str(bench), tmp_path / "runs", settings)
    told = json.loads((outcome.folder / "results.json").read_text(encoding="utf-8"))["results"]
    assert 0 < told["faults"] < 12
    assert told["faults_by_kind"] == {"wrong shape": told["faults"]}
    assert sum(level["heard"] for level in told["levels"]) < 9
    calls = told["false_calls"]
    assert calls["calling"] == calls["sounds"] == 12 - told["faults"]
    assert calls["called"] == calls["windows"]
    page = (outcome.folder / "report.html").read_text(encoding="utf-8")
    assert "Voice detection against signal-to-noise ratio (origin of recordings not stated)" in page
    assert "says nothing about real speech" in page


async def test_the_published_model_hears_the_room_of_the_immersion_bench_the_same_each_time(tmp_path: Path) -> None:
    settings = {"utterances": ",".join(UTTERANCES[:2]), "levels": "-9,0,9"}
    first, again = [await run("voice-sim", tmp_path / name, settings) for name in ("one", "two")]
    assert first.status == again.status == "complete"
    told = json.loads((first.folder / "results.json").read_text(encoding="utf-8"))["results"]
    heard = [level["heard"] for level in told["levels"]]
    assert (heard[0], heard[-1]) == (0, 2)
    for level in told["levels"]:
        assert level["measured"] == pytest.approx(level["planned"], abs=0.3)
        assert level["measured"] != level["planned"], "it is measured, not repeated"
    assert told["false_calls"]["sounds"] == 9
    assert told["faults"] == 0
    records = [open_run(one.folder) for one in (first, again)]
    seen = [
        [
            (one.t, {k: v for k, v in one.data.items() if k not in ("latency", "details")})
            for one in record.observations()
        ]
        for record in records
    ]
    assert seen[0] == seen[1]
    details = [[one.data["details"]["probabilities"] for one in record.observations()] for record in records]
    assert details[0] == details[1], "the same samples reached the model"
    readings = [record.readings("microphone.snr").raw.tolist() for record in records]
    assert readings[0] == readings[1]
    assert "says nothing about real speech" in (first.folder / "report.html").read_text(encoding="utf-8")
