"""The console in a real terminal, on a bench in service: what an operator sees, and that nothing ends with it."""

from __future__ import annotations

import re
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

import pytest
from wcwidth import wcswidth

from bench_copy import command
from in_service import in_service
from tmux import Terminal, terminal

pytestmark = pytest.mark.timeout(300)

CONSOLE = command("console")


def fits(text: str, columns: int, rows: int) -> None:
    """No row is wider than the terminal, and the bottom one has SAFE STOP."""
    lines = text.split("\n")
    assert len(lines) == rows
    assert all(wcswidth(line) <= columns for line in lines), text
    assert "SAFE STOP" in lines[-1], text


def shows(number: str, rows: int, text: str) -> bool:
    """Whether the view of a number is on a screen of so many rows, painted to its end."""
    lines = text.split("\n")
    return len(lines) == rows and "SAFE STOP" in lines[-1] and re.search(rf"{number} [A-Z]+\b", lines[-2]) is not None


async def attached(console: Terminal) -> str:
    return await console.until(lambda text: "action-sim" in text and "SAFE STOP" in text)


@pytest.mark.soak
async def test_every_view_at_two_sizes_has_safe_stop_and_fits(tmp_path: Path) -> None:
    async with in_service(tmp_path) as bench, terminal(tmp_path, CONSOLE) as console:
        await attached(console)
        await bench.until(lambda state: state["state"] == "idle")
        for columns, rows in ((80, 24), (160, 48), (80, 24)):
            await console.resize(columns, rows)
            for number in "12345678":
                await console.press(number)
                text = await console.until(partial(shows, number, rows))
                fits(text, columns, rows)


async def test_a_run_is_answered_noted_and_stopped_from_the_console(tmp_path: Path) -> None:
    async with in_service(tmp_path) as bench, terminal(tmp_path, CONSOLE) as console:
        await attached(console)
        await bench.add()
        async with bench.in_command() as lease:
            await bench.ask("start", lease=lease)
            await bench.ask("lease-release", lease=lease)
        text = await console.until(lambda text: "OPERATOR INPUT 1/1" in text and "from 0 to 100 lx" in text)
        fits(text, 80, 24)
        assert "how bright is it?" in text
        await console.press("1", "0", "1", "Enter")
        await console.until(lambda text: "101 is too large" in text)
        await console.press("BSpace", "BSpace", "BSpace")
        await console.until(lambda text: "101" not in text)
        await console.press(*"2,5e1", "Enter")
        await bench.until(lambda state: state["prompts"] and state["prompts"][0]["prompt"] == 2)
        await console.until(lambda text: "OPERATOR INPUT" in text and "2/4" in text and "5e1" not in text)
        await console.press("Escape")
        await console.until(lambda text: "i Input(1)" in text)
        await console.press("n")
        await console.until(lambda text: "It goes into the record" in text)
        await console.press(*"fan", "Enter")
        await console.until(lambda text: "note: accepted" in text)
        await console.press("C-x")
        text = await console.until(lambda text: "SAFE STOP accepted by the bench itself" in text)
        fits(text, 80, 24)
        await bench.until(lambda state: state["state"] == "idle")
        await console.press("Enter", "8")
        await console.until(lambda text: re.search(r"stop +by Operator A: SAFE STOP at the console", text))


async def test_closing_the_terminal_ends_the_console_and_not_the_bench(tmp_path: Path) -> None:
    async with in_service(tmp_path) as bench:
        async with terminal(tmp_path, CONSOLE) as console:
            await attached(console)
        await bench.until(lambda state: state["state"] == "idle")
        async with terminal(tmp_path, CONSOLE) as console:
            text = await attached(console)
            fits(text, 80, 24)
            await console.press("d")
            await console.until(lambda text: "ended 0" in text)
        assert bench.process.returncode is None


@pytest.mark.soak
async def test_a_bench_that_dies_and_comes_back_is_shown_as_lost_and_found_again(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        bench = await stack.enter_async_context(in_service(tmp_path))
        console = await stack.enter_async_context(terminal(tmp_path, CONSOLE))
        await attached(console)
        bench.process.kill()
        text = await console.until(lambda text: "LINK LOST" in text)
        fits(text, 80, 24)
        assert "action-sim" in text
        assert "as last heard" in text
        await bench.process.wait()
        await stack.enter_async_context(in_service(tmp_path))
        await console.until(lambda text: "LINK LOST" not in text and "action-sim" in text)
        await console.press("8")
        await console.until(lambda text: "the bench has started anew" in text)


async def test_where_no_bench_is_the_command_says_so(tmp_path: Path) -> None:
    async with terminal(tmp_path, CONSOLE, HIL_RUNTIME_DIR=str(tmp_path)) as console:
        text = await console.until(lambda text: "ended" in text)
        assert "no run is under way" in text
        assert "ended 69" in text
