"""The command line's start: quick, lazy, and with one sentence for whatever is wrong."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from click.testing import CliRunner

from hil.cli import __main__ as entry
from hil.cli.root import COMMANDS, cli

HEAVY = {
    *("numpy", "scipy", "pydantic", "cv2", "GTC", "pint", "lxml", "matplotlib", "rich", "textual", "asyncio"),
    *("apsw", "fastapi", "uvicorn", "httpx", "hil_calibration", "hil_drivers"),
}

HELP = 0.150
"""CPU seconds that ``hil --help`` may cost."""


def hil(*args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "hil.cli", *args], capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("argument", ["--help", "--version"])
def test_help_and_version_import_nothing_heavy(argument: str) -> None:
    code = f"import sys; from hil.cli.__main__ import run; code = run(['{argument}']); print(code, *sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    status, *modules = done.stdout.splitlines()[-1].split()
    assert status == "0"
    assert not set(modules) & HEAVY


def least_cpu(*command: str, good: float) -> float:
    """CPU seconds of a command, its interpreter included: the least of up to 20 times, for a machine is shared."""
    least = 60.0
    for _ in range(20):
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        assert process.returncode == 0
        least = min(least, used.ru_utime + used.ru_stime)
        if least <= good:
            break
    return least


def test_help_costs_no_more_than_150_ms_of_cpu() -> None:
    """Most of it is click's own import: where the machine is so slow that it alone takes long, half more than that."""
    least = least_cpu(sys.executable, "-m", "hil.cli", "--help", good=HELP)
    assert least <= max(HELP, 1.5 * least_cpu(sys.executable, "-c", "import click", good=0.0))


def test_the_help_of_no_command_imports_numbers_screen_or_gateway() -> None:
    code = """
import sys, click
from hil.cli.root import cli
def show(command, name, parent):
    context = click.Context(command, info_name=name, parent=parent)
    command.get_help(context)
    for child in command.list_commands(context) if isinstance(command, click.Group) else ():
        show(command.get_command(context, child), child, context)
show(cli, "hil", None)
print(*sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert not set(done.stdout.split()) & {"numpy", "scipy", "textual", "fastapi", "uvicorn", "matplotlib", "pydantic"}


def test_every_command_is_listed_and_can_be_loaded() -> None:
    listed = CliRunner().invoke(cli, ["--help"])
    assert listed.exit_code == 0
    for name in COMMANDS:
        assert name in listed.output
        told = CliRunner().invoke(cli, [name, "--help"])
        assert told.exit_code == 0, told.output


def test_version() -> None:
    assert hil("--version").stdout.startswith("hil, version 0.")


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["benhc"], "there is no command 'benhc'; did you mean 'bench'?"),
        (["bench", "chek"], "there is no command 'chek'; did you mean 'check'?"),
        (["bench", "check", "action-sin"], "did you mean 'action-sim'?"),
        (["bench", "check", "absent.toml"], "absent.toml: cannot be read"),
        (["bench", "check"], "Missing argument 'NAME'"),
        (["procedures", "calibrate-luxmetre"], "did you mean 'calibrate-luxmeter'?"),
        (["run", "calibrate-luxmeter"], "Missing option '--bench'"),
        (["run", "calibrate-luxmeter", "--bench", "action-sim", "--speed", "0"], "--speed"),
        (["run", "calibrate-luxmeter", "--bench", "action-sim", "--set", "x"], "write --set name=value"),
        (["run", "calibrate-luxmeter", "--bench", "action-sim", "--set", "x=1", "--set", "x=2"], "given twice"),
        (["run", "calibrate-luxmeter", "--bench", "action-sim", "--operator", "Operator Z"], "no operator"),
        (["run", "calibrate-luxmeter", "--bench", "action-sim", "--json", "--jsonl"], "exclude each other"),
        (["data", "verify", "absent"], "there is no such folder"),
        (["data", "show", "one", "two"], "unexpected extra argument (two). See `hil data show --help`."),
        (["--nonsense"], "No such option '--nonsense'. See `hil --help`."),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_2(args: list[str], said: str) -> None:
    done = hil(*args)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_a_fault_of_ours_is_one_line_and_exit_code_70(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(**_: object) -> None:
        raise ZeroDivisionError("by hand")

    monkeypatch.setattr(cli, "main", fail)
    assert entry.run([]) == 70
    assert capsys.readouterr().err.count("\n") == 1
    monkeypatch.setenv("HIL_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        entry.run([])


def test_an_interruption_is_exit_code_130(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupt(**_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "main", interrupt)
    assert entry.run([]) == 130
    assert capsys.readouterr().err == "hil: interrupted\n"


def test_completion_knows_the_commands() -> None:
    environment = {"_HIL_COMPLETE": "bash_complete", "COMP_WORDS": "hil be", "COMP_CWORD": "1"}
    done = subprocess.run(
        [sys.executable, "-c", "from hil.cli.__main__ import main; main()"],
        capture_output=True,
        text=True,
        env=environment,
        timeout=60,
    )
    assert done.stdout.split(",")[-1].strip() == "bench"
