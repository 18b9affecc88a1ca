"""Completion in real shells: what a person gets who presses the tabulator key."""

from __future__ import annotations

import os
import select
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from hil.cli.completion import SHELLS
from hil.cli.root import cli

SCRIPT = """
eval "$(hil completion bash)"
complete -p hil >/dev/null
COMP_WORDS=({words}) COMP_CWORD={last}
_hil_completion hil 2>/dev/null
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


def completed(*words: str, cwd: Path) -> list[str]:
    """What bash offers for the last of ``words``."""
    script = SCRIPT.format(words=" ".join(map(shlex.quote, ("hil", *words))), last=len(words))
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path}
    done = subprocess.run(
        ["bash", "-uc", script], cwd=cwd, env=environment, capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout.split()


@pytest.fixture
def place(tmp_path: Path) -> Path:
    for name in ("one", "two"):
        (tmp_path / "kept" / name).mkdir(parents=True)
        (tmp_path / "kept" / name / "run.db").touch()
    (tmp_path / "hil.toml").write_text('out = "kept"\nbench = "action-sim"\n')
    return tmp_path


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (["cert"], ["certificate"]),
        (["bench", "ch"], ["check", "check-standard"]),
        (["run", "cal"], ["calibrate-luxmeter", "calibrate-virtual-instrument"]),
        (["run", "calibrate-luxmeter", "--ben"], ["--bench"]),
        (["run", "calibrate-luxmeter", "--bench", "act"], ["action-sim"]),
        (["bench", "check", "cl"], ["climate-sim"]),
        (["data", "show", ""], ["last", "two", "one"]),
        (["data", "verify", "o"], ["one"]),
        (["trace", "ref"], ["reference.illuminance"]),
        (["watch", "--bench", "climate-sim", "chamber.humidity.s"], ["chamber.humidity.setpoint"]),
        (["config", ""], ["show", "path"]),
        (["completion", "f"], ["fish"]),
    ],
)
def test_bash_completes(words: list[str], offered: list[str], place: Path) -> None:
    assert completed(*words, cwd=place) == offered


def test_completion_survives_a_file_that_cannot_be_read(place: Path) -> None:
    (place / "hil.toml").write_text("bench = ")
    assert completed("trace", "ref", cwd=place) == []
    assert completed("run", "calibrate-l", cwd=place) == ["calibrate-luxmeter"]


ZSH = "autoload -Uz compinit; compinit -D; "
INTERACTIVE = {
    "bash": (["bash", "--norc", "--noprofile", "-i"], 'eval "$(hil completion bash)"; echo ready-$((40+2))'),
    "zsh": (["zsh", "-f", "-i"], f'{ZSH}eval "$(hil completion zsh)"; echo ready-$((40+2))'),
    "fish": (["fish", "--no-config", "-i"], "hil completion fish | source; echo ready-(math 40+2)"),
}
"""How each shell is started without a person's settings, and made to complete."""


@pytest.mark.parametrize("shell", SHELLS)
def test_a_key_pressed_in_an_interactive_shell(place: Path, shell: str) -> None:
    """The tabulator key itself, on a pseudo-terminal."""
    ours, theirs = os.openpty()
    command, prepared = INTERACTIVE[shell]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "PS1": "", "TERM": "dumb", "INPUTRC": "/dev/null", "HOME": str(place)}
    with subprocess.Popen(
        ["setsid", "-c", *command], cwd=place, env=environment, stdin=theirs, stdout=theirs, stderr=theirs
    ) as running:
        os.close(theirs)
        os.write(ours, f"{prepared}\n".encode())
        try:
            read_until(ours, b"ready-42")
            os.write(ours, b"hil procedures calibrate-l\t")
            read_until(ours, b"uxmeter")
        finally:
            running.kill()
    os.close(ours)


def read_until(descriptor: int, wanted: bytes) -> bytes:
    written = b""
    while wanted not in written:
        assert select.select([descriptor], [], [], 60)[0], f"nothing more came after {written!r}"
        written += os.read(descriptor, 4096)
    return written


@pytest.mark.parametrize("shell", SHELLS)
def test_each_shell_has_a_script(shell: str) -> None:
    script = CliRunner().invoke(cli, ["completion", shell]).output
    assert "_HIL_COMPLETE" in script
    assert f"{shell}_complete" in script


def test_another_shell_is_refused() -> None:
    told = CliRunner().invoke(cli, ["completion", "csh"])
    assert told.exit_code == 2
    assert "'bash', 'zsh', 'fish'" in told.output
