"""The facts about a run that clients are told."""

from __future__ import annotations

from hil.commanding.commander import RunFacts


def test_the_time_before_the_first_run_has_a_name_that_no_other_process_gives() -> None:
    first, second = RunFacts("b", "b.toml", "", ""), RunFacts("b", "b.toml", "", "")
    assert first.occasion != second.occasion
    first.run = "the run"
    assert first.occasion == "the run"
