"""A locked plan: followed, or departed from with a reason that goes on record."""

from __future__ import annotations

import json
from pathlib import Path

from bench_copy import SHORT, copy_bench, hil
from hil.record import open_run

RUN = ("run", "calibrate-luxmeter", "--bench", "bench/action-sim.toml", "--out", "runs", *SHORT)


def test_a_run_follows_its_locked_plan_or_says_why_not(tmp_path: Path) -> None:
    copy_bench(tmp_path / "bench")
    locked = hil(*RUN, "--lock-plan", "plan.json", cwd=tmp_path)
    assert locked.returncode == 0, locked.stderr
    assert "SHA-256" in locked.stdout
    assert not (tmp_path / "runs").exists()
    again = hil(*RUN, "--lock-plan", "plan.json", cwd=tmp_path)
    assert again.returncode == 2
    assert "is there already" in again.stderr

    followed = hil(*RUN, "--plan", "plan.json", "--out", "followed", cwd=tmp_path)
    assert followed.returncode == 0, followed.stderr
    (folder,) = (tmp_path / "followed").iterdir()
    plan = open_run(folder).run["plan"]
    assert (plan["sha256"], plan["locked"]) == (json.loads((tmp_path / "plan.json").read_text())["sha256"], True)

    other = (*RUN[:-1], "levels=5,10,20,50,100,300")
    refused = hil(*other, "--plan", "plan.json", cwd=tmp_path)
    assert refused.returncode == 2
    assert "parameters.levels 6 is 200.0 in the locked plan, 300.0 now" in refused.stderr
    foreseen = hil(*other, "--plan", "plan.json", "--dry-run", cwd=tmp_path)
    assert foreseen.returncode == 2
    assert "parameters.levels 6 is 200.0 in the locked plan, 300.0 now" in foreseen.stdout
    assert not (tmp_path / "runs").exists()

    departed = hil(*other, "--plan", "plan.json", "--deviation", "the lamp gives more now", cwd=tmp_path)
    assert departed.returncode == 0, departed.stderr
    (folder,) = (tmp_path / "runs").iterdir()
    (amendment,) = open_run(folder).table("amend")
    assert (amendment["target"], amendment["why"]) == ("run locked plan", "the lamp gives more now")

    nothing = hil(*RUN, "--plan", "plan.json", "--deviation", "why not", cwd=tmp_path)
    assert nothing.returncode == 2
    assert "is the one that was locked" in nothing.stderr
    both = hil(*RUN, "--plan", "plan.json", "--resume", folder, cwd=tmp_path)
    assert both.returncode == 2
