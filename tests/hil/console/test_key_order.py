"""Keys in one burst: each acts where the one before has led to, and text that nothing is open for does nothing."""

from __future__ import annotations

from pathlib import Path

from textual.events import Key
from textual.keys import _character_to_key

from console_rig import Rig, console, prompt
from hil.console.dialogs.add_run import AddRun
from hil.console.dialogs.text import Form


async def burst(rig: Rig, *keys: str) -> None:
    """Press keys without a pause, and wait until the last has acted."""
    for key in keys:
        printable = len(key) == 1
        rig.app.post_message(Key(_character_to_key(key) if printable else key, key if printable else None))
    await rig.until(lambda: rig.app.keys.idle)
    await rig.tick()


async def test_what_follows_tab_or_enter_goes_into_the_next_field(tmp_path: Path) -> None:
    async with console(tmp_path) as rig:
        await burst(rig, "3", "o", "x", "tab", *"n=5", "enter", "7")
        form = rig.app.screen
        assert isinstance(form, AddRun)
        assert [entry.value for entry in form.inputs] == ["x", "n=5", "7"]


async def test_a_key_after_the_number_of_a_view_is_for_that_view(tmp_path: Path) -> None:
    async with console(tmp_path) as rig:
        await burst(rig, "6", "c", *"dut", "enter", "r", *"amb", "enter")
        assert "tc2.T_dut" in rig.text()
        assert "tc1.T_amb" in rig.text()
        assert "not chosen" not in rig.text()


async def test_no_letter_is_lost_while_a_dialog_opens(tmp_path: Path) -> None:
    async with console(tmp_path) as rig:
        await burst(rig, "n", *"fan cleaned", "enter")
        assert (await rig.asked("note"))["reason"] == "fan cleaned"
        await rig.change(prompts=[prompt(1, "how warm?", "number", lower=0.0, upper=200.0)])
        await burst(rig, "i", *"101", "enter")
        assert (await rig.asked("answer"))["args"] == {"prompt": 1, "value": "101"}


async def test_text_that_nothing_is_open_for_does_nothing(tmp_path: Path) -> None:
    async with console(tmp_path) as rig:
        await burst(rig, *"S:Lot-0815 adx", "enter")
        assert rig.bench.commands == []
        assert rig.app.screen is rig.app.main
        assert "typed text is no command" in rig.text()
        await burst(rig, *"jjjjjj")
        await burst(rig, "n")
        assert isinstance(rig.app.screen, Form)


async def test_safe_stop_waits_for_no_other_key(tmp_path: Path) -> None:
    async with console(tmp_path) as rig:
        for key in (*"3oxyz", "tab"):
            rig.app.post_message(Key(key, key if len(key) == 1 else None))
        await rig.pilot.press("ctrl+x")
        assert (await rig.asked("stop"))["verb"] == "stop"
