"""What a run may not begin with is refused before anything is written, where it is known without the bench."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from hil.bench import find_bench
from hil.cli import __main__ as entry

OWN = '''
from dataclasses import dataclass

from hil import Design, Parameters, Trial, procedure
from hil.design import AdaptiveDesign
from hil_drivers.capability import Actuator


class Light(Parameters):
    level: float = 10.0
    chooses: bool = True


@procedure("own", version="1", roles={"light": Actuator})
async def own(trial: Trial, p: Light) -> None:
    """Switch a light."""


@dataclass(frozen=True)
class Rule:
    def next(self, observed, seed):
        return None


@own.plan
def plan(p):
    if p.chooses:
        return Design({"level": "lx"}, [{"level": 5.0}, {"level": p.level}])
    return AdaptiveDesign({"level": "lx"}, Rule(), most=3)
'''


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A procedure that does not say what it commands."""
    path = tmp_path / "own.py"
    path.write_text(OWN, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("procedure", "bench", "setting", "told"),
    [
        (
            "success-rate",
            "reader-sim",
            ("illuminance=99999 lx",),
            "success-rate: role 'light': light.illuminance cannot be set to 99999 lx; it takes 0 to 2000 lx",
        ),
        (
            "detection-range",
            "range-sim",
            ("distances=5,25,30",),
            "detection-range: role 'distance_setpoint': rail.distance cannot be set to 25, 30 m; it takes 0.5 to 20 m",
        ),
        (
            "pose-accuracy",
            "arm-sim",
            ("poses=-0.45 -0.13 0.35,-1.2 -0.5 0.4",),
            "role 'robot': pose -1.2 -0.5 0.45 (m): arm: cannot be moved to 1.37568 m from its base; "
            "command a pose within 1.3 m",
        ),
        (
            "calibrate-luxmeter",
            "action-sim",
            ("levels=1,2,5,10,20,9999",),
            "calibrate-luxmeter: role 'light': light.illuminance cannot be set to 9999 lx; it takes 0 to 2000 lx",
        ),
        (
            "repeatability-reproducibility",
            "action-sim",
            ("items=20,50", "sets=luxmeter", "measures=reference"),
            "role 'luxmeter': luxmeter.illuminance is no Actuator; bind it to one in [roles], or name another role",
        ),
    ],
)
def test_what_the_bench_cannot_do_is_refused_before_anything_is_written(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    procedure: str,
    bench: str,
    setting: tuple[str, ...],
    told: str,
) -> None:
    given = [word for each in setting for word in ("--set", each)]
    asked = ("run", procedure, "--bench", bench, "--out", str(tmp_path / "runs"), *given)
    assert entry.run(asked) == 2
    (sentence,) = capsys.readouterr().err.splitlines()
    assert sentence.endswith(told)
    assert not (tmp_path / "runs").exists()
    assert entry.run((*asked, "--dry-run")) == 2
    assert told in capsys.readouterr().out


def test_the_range_of_a_channel_counts_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(find_bench("reader-sim").parent, tmp_path / "bench")
    bench = tmp_path / "bench" / "reader-sim.toml"
    section = '[channels."light.illuminance"]\n'
    text = bench.read_text(encoding="utf-8")
    assert section in text
    bench.write_text(text.replace(section, section + "range = [0.0, 50.0]\n"), encoding="utf-8")
    asked = ("run", "success-rate", "--bench", str(bench), "--out", str(tmp_path / "runs"))
    assert entry.run((*asked, "--set", "illuminance=60 lx")) == 2
    assert "cannot be set to 60 lx; it takes 0 to 50 lx" in capsys.readouterr().err
    assert entry.run((*asked, "--set", "illuminance=50 lx", "--dry-run")) == 0


@pytest.mark.parametrize(
    ("procedure", "bench", "settings", "told"),
    [
        (
            "sweep",
            "climate-sim",
            ("levels=20,40,190", "within=0.4"),
            "actuator': chamber.temperature.setpoint cannot be set to 190",
        ),
        (
            "climatic-characterisation",
            "climate-sim",
            ("temperatures=40,190",),
            "setpoint': chamber.temperature.setpoint cannot be",
        ),
        (
            "climatic-robustness",
            "robustness-sim",
            ("levels=10,190",),
            "setpoint': chamber.temperature.setpoint cannot be set to 190",
        ),
    ],
)
def test_a_chamber_is_told_nothing_beyond_the_range_of_its_channel(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    procedure: str,
    bench: str,
    settings: tuple[str, ...],
    told: str,
) -> None:
    copy = tmp_path / "bench"
    shutil.copytree(find_bench(bench).parent, copy)
    path = copy / f"{bench}.toml"
    section = '[channels."chamber.temperature.setpoint"]\n'
    text = path.read_text(encoding="utf-8")
    assert section in text
    path.write_text(text.replace(section, section + "range = [-40.0, 180.0]\n"), encoding="utf-8")
    given = [word for each in settings for word in ("--set", each)]
    assert entry.run(("run", procedure, "--bench", str(path), "--out", str(tmp_path / "runs"), *given)) == 2
    assert told in capsys.readouterr().err


def test_a_rule_that_chooses_no_point_leaves_no_run(
    own: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ("run", str(own), "--bench", "action-sim", "--out", str(tmp_path / "runs"), "--set", "chooses=false")
    assert entry.run(asked) == 2
    assert "chose no point at all" in capsys.readouterr().err
    assert not (tmp_path / "runs").exists()


def test_a_dry_run_doubts_a_plan_beyond_what_an_actuator_takes(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The procedure does not say what it commands: that the factor is the set point is a guess, and no fault."""
    asked = ("run", str(own), "--bench", "action-sim", "--dry-run", "--set")
    assert entry.run((*asked, "level=5000")) == 0
    shown = capsys.readouterr().out
    assert "Look at the plan: role 'light': light.illuminance cannot be set to 5000 lx; it takes 0 to 2000 lx." in shown
    assert entry.run((*asked, "level=50")) == 0
    assert "Look at the plan" not in capsys.readouterr().out
