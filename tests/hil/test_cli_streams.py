"""Where stdout goes: a reader who leaves, and a terminal that knows no UTF-8."""

from __future__ import annotations

import os
import subprocess

import pytest

from bench_copy import command

COMMANDS = [
    ("procedures",),
    ("bench", "show", "action-sim"),
    ("bench", "list"),
]


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_a_reader_who_leaves_is_no_verdict_and_no_fault(arguments: tuple[str, ...]) -> None:
    with subprocess.Popen(command(*arguments), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        told = process.stderr.read()
    assert process.returncode == 141
    assert told == b""


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_a_stream_without_utf_8_ends_no_command(arguments: tuple[str, ...], encoding: str) -> None:
    narrow = {**os.environ, "LC_ALL": "C", "PYTHONIOENCODING": encoding}
    done = subprocess.run(command(*arguments), env=narrow, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert len(done.stdout.splitlines()) > 3
