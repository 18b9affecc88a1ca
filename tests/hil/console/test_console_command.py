"""`hil console` where it cannot be used."""

from __future__ import annotations

from pathlib import Path

import pytest

from hil.cli.__main__ import run


def test_without_a_terminal_it_says_what_to_use(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["console", "--connect", "rig:8443"]) == 2
    assert "the console needs a terminal; use hil status and hil watch" in capsys.readouterr().err


def test_options_that_do_not_go_together_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    token = tmp_path / "token"
    token.write_text("x")
    assert run(["console", "--token-file", str(token)]) == 2
    assert "need --connect" in capsys.readouterr().err
    assert run(["console", "--run", "a", "--connect", "b"]) == 2
    assert "name two benches" in capsys.readouterr().err
