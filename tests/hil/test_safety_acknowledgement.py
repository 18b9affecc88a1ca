"""A person is told what to type where an interlock has latched, and it works as it stands."""

from __future__ import annotations

import shlex
from pathlib import Path

from bench_copy import copy_bench
from hil.bench.config import find_bench, load_bench
from hil.safety.acknowledgement import acknowledgement
from hil.safety.trip import Trip


def test_a_bench_of_ones_own_is_named_by_its_file(tmp_path: Path) -> None:
    """The name within the file finds nothing: ``--bench`` takes a path, or the name of a bench that ships."""
    config = load_bench(copy_bench(tmp_path / "my rig"))
    typed = shlex.split(acknowledgement("estop", config, Path("runs")))
    assert typed[:4] == ["hil", "ack", "estop", "--bench"]
    assert find_bench(typed[4]) == config.path


def test_a_bench_that_ships_is_named_as_it_is_given() -> None:
    assert acknowledgement("estop", load_bench("action-sim"), Path("runs")) == "hil ack estop --bench action-sim"


def test_another_folder_of_runs_is_named(tmp_path: Path) -> None:
    assert shlex.split(acknowledgement("estop", load_bench("action-sim"), tmp_path))[-2:] == ["--out", str(tmp_path)]


def test_only_what_latches_is_to_be_acknowledged() -> None:
    assert str(Trip("hot", "31 Cel", 0).error()).endswith("; find out why, and remove the cause")
    latched = Trip("hot", "31 Cel", 0, "let it cool", acknowledgement="hil ack hot --bench b.toml")
    assert str(latched.error()).endswith("; let it cool; then acknowledge it with `hil ack hot --bench b.toml`")
