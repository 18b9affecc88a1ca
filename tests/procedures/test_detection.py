"""The verdict of a detection trial, and the illuminance that its observations carry."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from hil.bench.copying import copy_bench
from hil.run import run_procedure
from hil_calibration.detection_curve import DetectionResult, fit_detection, with_shared_effects
from hil_calibration.stream import Measurements
from hil_procedures.detection.parameters import BLANK, SIGNS, DetectionVsIlluminance
from hil_procedures.detection.results import Told, judge
from hil_procedures.detection.script import plan
from hil_procedures.effects import with_effects, without_rounding_effects

POLICY = {"digits": 2, "rounding": "nearest"}
CRASHES = """
import json, sys

print(json.dumps({"name": "crashes", "version": "1"}), flush=True)
sys.stdin.readline()
"""


def trial(ceiling: float = 1.0) -> DetectionResult:
    """Sixteen signs at eight levels; the average over them reaches 0.9 near 12 lx."""
    random = np.random.default_rng(3)
    levels = np.array([3.0, 4.5, 6.0, 8.0, 11.0, 15.0, 22.0, 60.0])
    x = np.repeat(levels, 32)
    signs = [f"sign {i % 16}" for i in range(len(x))]
    p = ceiling / (1.0 + np.exp(-5.0 * np.log(x / 8.0)))
    hits = random.random(len(x)) < p
    return with_shared_effects(x, hits, signs, 0.005 * x[:, None], ["certificate"])


@pytest.mark.parametrize(("required", "outcome"), [(30.0, "PASS"), (5.0, "FAIL"), (11.5, "INCONCLUSIVE")])
def test_the_bounds_decide(required: float, outcome: str) -> None:
    found = trial()
    assert found.lower is not None
    assert found.upper is not None
    verdict = judge(found, DetectionVsIlluminance(required=required))
    assert verdict.outcome == outcome
    assert f"at most {required:g} lx" in verdict.requirement
    assert "one-sided 95 %" in verdict.rule


def test_a_reader_that_never_gets_there_fails() -> None:
    found = trial(ceiling=0.7)
    told = Told(found, POLICY)
    verdict = judge(found, DetectionVsIlluminance())
    assert (verdict.outcome, told.a) == ("FAIL", "none")
    assert "not reached" in verdict.reason


def test_a_ceiling_that_the_data_do_not_exclude_is_no_failure() -> None:
    """34 of 40 above 8 lx: the ceiling is estimated below 0.9, but not significantly so."""
    x = np.repeat([3.0, 6.0, 9.0, 12.0, 20.0, 40.0], 10)
    read = [0, 2, 9, 8, 9, 8]
    hits = [(i % 10 + 3 * (i // 10)) % 10 < read[i // 10] for i in range(60)]
    found = with_shared_effects(x, hits, [str(i % 10) for i in range(60)], 0.005 * x[:, None], ["certificate"])
    assert found.curve.a is None
    assert found.lower is not None
    assert found.lower < 20.0
    told = Told(found, POLICY)
    assert judge(found, DetectionVsIlluminance()).outcome == "INCONCLUSIVE"
    assert told.lower != "none"


def test_bounds_are_rounded_outwards() -> None:
    found = trial()
    assert found.lower is not None
    assert found.upper is not None
    told = Told(found, POLICY)
    assert float(told.lower) <= found.lower
    assert float(told.upper) >= found.upper


def test_separated_data_decide_nothing() -> None:
    x = np.repeat([3.0, 6.0, 12.0, 24.0], 10)
    curve = fit_detection(x, x > 8.0, [str(i % 5) for i in range(40)])
    found = DetectionResult(curve, (), None, None, None)
    assert judge(found, DetectionVsIlluminance()).outcome == "INCONCLUSIVE"


def test_every_sign_is_shown_at_every_level_in_each_repeat() -> None:
    p = DetectionVsIlluminance(repeats=3, blanks=2)
    planned = plan(p).planned(1)
    assert len(planned) == 3 * len(p.illuminances) * (len(SIGNS) + 2)
    block = planned[: len(planned) // 3]
    shown = {(point.factors["sign"], point.factors["illuminance"]) for point in block}
    assert len(shown) == len(p.illuminances) * (len(SIGNS) + 1)
    assert sum(point.factors["sign"] == BLANK for point in block) == 2 * len(p.illuminances)


def test_rounding_of_single_readings_becomes_independent_and_nothing_is_lost() -> None:
    values = Measurements(
        np.array([10.0, 20.0]),
        np.array([0.03, 0.04]),
        np.array([[0.1, 0.04, 0.0], [0.2, 0.0, 0.03]]),
        ("certificate", "resolution of A at 10.0", "resolution of A at 20.0"),
        "lx",
    )
    folded = without_rounding_effects(values)
    assert folded.effects == ("certificate",)
    assert folded.u_ind == pytest.approx([0.05, 0.05])
    assert folded.u == pytest.approx(values.u)


def test_a_further_effect_is_shared_by_all_values() -> None:
    from hil_calibration.effect import Effect

    values = Measurements(np.array([10.0, 20.0]), np.zeros(2), np.zeros((2, 0)), (), "lx")
    more = with_effects(
        values, [Effect(name="uniformity", kind="relative", half_width=0.01, distribution="rectangular")]
    )
    assert more.shared[:, 0] == pytest.approx(np.array([10.0, 20.0]) * 0.01 / 3**0.5)
    assert more.difference(more).u == pytest.approx([0.0, 0.0])


async def test_a_reader_that_crashes_fails_and_gets_no_blank_right(tmp_path: Path) -> None:
    (tmp_path / "crashes.py").write_text(CRASHES, encoding="utf-8")
    reader = 'driver = "process"\nprogram = "../crashes.py"\noutput = "text"'
    bench = copy_bench("dataset", tmp_path / "bench")
    bench.write_text(bench.read_text(encoding="utf-8").replace('driver = "recogniser"', reader), encoding="utf-8")
    outcome = await run_procedure(
        "detection-vs-illuminance",
        str(bench),
        settings={"signs": "RUYT3,KLEXM", "illuminances": "4,30,60", "repeats": "1", "blanks": "1"},
        seed=None,
        speed=None,
        out=tmp_path / "runs",
        operator="Operator A",
        on_event=lambda event: None,
    )
    told = json.loads((outcome.folder / "results.json").read_text(encoding="utf-8"))
    assert told["verdict"]["outcome"] == "INCONCLUSIVE"
    counts = told["results"]["counts"]
    assert counts["read correctly"] == "0"
    assert counts["faults of the system under test, counted as failures"] == counts["of these: crash"] == "9"
    assert told["results"]["faults_by_kind"] == {"crash": 9}
    assert counts["false calls"] == "none answered"
    assert "<tr><td>domain</td><td>none</td></tr>" in (outcome.folder / "report.html").read_text(encoding="utf-8")
