"""A question of a script is answered by typing, where the run was begun."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from bench_copy import command
from hil.record import open_run

SCRIPT = '''
from hil import Design, Parameters, Record, Results, Trial, procedure


class Ask(Parameters):
    """None."""


@procedure("ask", version="1", roles={})
async def ask(trial: Trial, p: Ask) -> None:
    """Ask twice."""
    await trial.ask("Is the room dark?", "yes/no")
    await trial.ask("How far?", "number", unit="m")
    async for point in trial.points():
        pass


@ask.plan
def plan(p: Ask) -> Design:
    """One point."""
    return Design(factors={"n": None}, points=[{"n": 1}])


@ask.analysis
def analyse(record: Record, p: Ask) -> Results:
    """Nothing."""
    return Results((), {})
'''


class Terminal:
    """A command at a terminal of its own."""

    def __init__(self, *arguments: str, cwd: Path) -> None:
        self._ours, theirs = os.openpty()
        self.running = subprocess.Popen(
            ["setsid", "--ctty", *command(*arguments)], cwd=cwd, stdin=theirs, stdout=theirs, stderr=theirs
        )
        os.close(theirs)
        self.shown = b""

    def until(self, words: bytes = b"") -> None:
        """Read until ``words`` are shown that were not before; to the end by default."""
        begin = len(self.shown)
        while not words or words not in self.shown[begin:]:
            try:
                piece = os.read(self._ours, 65536)
            except OSError:
                piece = b""
            if not piece:
                assert not words, self.shown.decode()
                return
            self.shown += piece

    def type(self, line: str) -> None:
        """Type a line."""
        os.write(self._ours, f"{line}\n".encode())

    def end(self) -> int:
        """Wait for its end."""
        self.until()
        os.close(self._ours)
        return self.running.wait()


def test_questions_are_answered_by_typing(tmp_path: Path) -> None:
    (tmp_path / "ask.py").write_text(SCRIPT, encoding="utf-8")
    terminal = Terminal("run", "ask.py", "--bench", "slab-emulator", cwd=tmp_path)
    terminal.until(b"answer: ")
    terminal.type("maybe")
    terminal.until(b"'maybe' is neither yes nor no")
    terminal.type("")
    terminal.type("yes")
    terminal.until(b"answer: ")
    terminal.type("150 cm")
    assert terminal.end() == 0
    assert b"prompt 1: yes (by " in terminal.shown
    (run,) = (tmp_path / "runs").iterdir()
    answers = [event.data for event in open_run(run).events("answer")]
    assert [each["answer"] for each in answers] == [True, 1.5]
