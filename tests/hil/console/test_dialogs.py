"""Dialogs of the console: prompts of every kind, forms, and SAFE STOP from within each of them."""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from textual.widgets import Input

from console_rig import BEGAN_NS, Rig, alarm, console, prompt
from console_stage import SIZES, expect, fits, picture
from hil.console.dialogs.dialog import Dialog
from hil.console.dialogs.prompt import PromptDialog

Opening = Callable[[Rig], Awaitable[None]]

NUMBER = prompt(1, "Read the level of the bath.", "number", unit="Cel", lower=18.0, upper=28.0)


def keys(*pressed: str) -> Opening:
    async def open_(rig: Rig) -> None:
        await rig.press(*pressed)

    return open_


def asking(asked: dict[str, Any]) -> Opening:
    async def open_(rig: Rig) -> None:
        await rig.change(prompts=[asked])
        assert isinstance(rig.app.screen, PromptDialog), "nobody types: it opens by itself"

    return open_


async def shelving(rig: Rig) -> None:
    await rig.change(alarms=[alarm("hot")])
    await rig.press("4", "s")


async def handing_over(rig: Rig) -> None:
    await rig.change(
        handover={"text": "The lamp of rig 2 flickers.\nDo not run sweeps.", "by": "ben", "at": BEGAN_NS, "read_by": []}
    )
    await rig.tick(5.0)


async def leaving(rig: Rig) -> None:
    rig.bench.answer = lambda request: {"status": "accepted", "lease": "secret", "epoch": 7}
    await rig.press("L")
    await rig.asked("lease-take")
    await rig.change(lease={"epoch": 7, "holder": "ada"})
    await rig.press("q")


async def aborting(rig: Rig) -> None:
    rig.app.action_abort()
    await rig.tick()


DIALOGS: dict[str, Opening] = {
    "prompt-number": asking(NUMBER),
    "prompt-text": asking(prompt(1, "Serial number of the item?")),
    "prompt-choice": asking(prompt(1, "Which lamp is in?", "choice", choices=["halogen", "LED", "none"])),
    "prompt-yes-no": asking(prompt(1, "Is the cover closed?", "yes/no")),
    "prompt-picture": asking(prompt(1, "A picture of the set-up.", "picture")),
    "note": keys("n"),
    "shelve": shelving,
    "add-run": keys("3", "o"),
    "detail": keys("enter"),
    "pick": keys("6", "c"),
    "help": keys("question_mark"),
    "handover-read": handing_over,
    "handover-write": keys("H"),
    "leave": leaving,
    "stop": keys("ctrl+x"),
    "abort": aborting,
}


@pytest.mark.parametrize("name", DIALOGS)
async def test_a_dialog_leaves_the_rows_on_top_and_safe_stop_in_sight_and_it_works(tmp_path: Path, name: str) -> None:
    async with console(tmp_path, operator="ada") as rig:
        before = picture(rig.app)[0]
        await DIALOGS[name](rig)
        await rig.until(lambda: isinstance(rig.app.screen, Dialog))
        await rig.tick()
        rows = picture(rig.app)
        fits(rows, (80, 24))
        expect(f"dialog-{name}-80x24", rows)
        assert rows[0].split()[:3] == before.split()[:3]
        assert "UNACK" in rows[1]
        assert "SAFE STOP" in rows[-1]
        assert "E-STOP" in rows[0]
        stops = rig.bench.verbs().count("stop")
        await rig.press("ctrl+x")
        await rig.until(lambda: rig.bench.verbs().count("stop") == stops + 1)
        await rig.until(lambda: "SAFE STOP accepted" in rig.app._said)
        await rig.tick()
        assert "SAFE STOP accepted" in rig.text()


@pytest.mark.parametrize("size", SIZES[1:], ids=lambda size: f"{size[0]}x{size[1]}")
async def test_a_prompt_fits_wider_screens_too(tmp_path: Path, size: tuple[int, int]) -> None:
    async with console(tmp_path, size) as rig:
        await asking(NUMBER)(rig)
        rows = picture(rig.app)
        fits(rows, size)
        expect(f"dialog-prompt-number-{size[0]}x{size[1]}", rows)


async def test_safe_stop_is_in_sight_and_works_in_the_palette(tmp_path: Path) -> None:
    async with console(tmp_path) as rig:
        await rig.press("ctrl+p")
        await rig.pilot.pause(0.3)
        rows = picture(rig.app)
        assert "SAFE STOP" in rows[-1]
        assert "too hot" in rows[1]
        await rig.press("ctrl+x")
        await rig.asked("stop")


@pytest.mark.parametrize(
    ("typed", "sent"),
    [("20,5", "20.5"), ("2.1e1", "2.1e1"), ("20.5 °C", "20.5"), ("293 K", "293 K"), ("+19", "+19")],
)
async def test_a_number_is_taken_as_people_write_it(tmp_path: Path, typed: str, sent: str) -> None:
    async with console(tmp_path, operator="ada") as rig:
        await asking(NUMBER)(rig)
        rig.app.screen.query_one(Input).insert_text_at_cursor(typed)
        await rig.tick()
        assert "Enter sends" in rig.text()
        await rig.press("enter")
        request = await rig.asked("answer")
        assert request["args"] == {"prompt": 1, "value": sent}
        assert request["operator"] == "ada"
        await rig.until(lambda: not isinstance(rig.app.screen, PromptDialog))


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("17,9", "17.9 is too small: a number from 18 to 28 °C"),
        ("twenty", "twenty is no number"),
        ("", "a number from 18 to 28 °C"),
    ],
)
async def test_what_is_no_answer_is_told_before_it_is_sent_and_is_not_sent(
    tmp_path: Path, typed: str, told: str
) -> None:
    async with console(tmp_path) as rig:
        await asking(NUMBER)(rig)
        await rig.press(*typed, "enter")
        assert told in rig.text()
        assert isinstance(rig.app.screen, PromptDialog)
        assert rig.bench.verbs() == []


@pytest.mark.parametrize(
    ("asked", "pressed", "sent"),
    [
        (prompt(1, "Serial?"), ["A", "9", "space", "q"], "A9 q"),
        (prompt(1, "Lamp?", "choice", choices=["halogen", "LED"]), ["2"], "LED"),
        (prompt(1, "Lamp?", "choice", choices=["halogen", "LED"]), ["down", "up"], "halogen"),
        (prompt(1, "Closed?", "yes/no"), ["n"], "no"),
        (prompt(1, "Closed?", "yes/no"), ["n", "y"], "yes"),
        (prompt(1, "Picture?", "picture"), list("/tmp/a.png"), "/tmp/a.png"),
    ],
)
async def test_each_kind_of_prompt_is_answered(
    tmp_path: Path, asked: dict[str, Any], pressed: list[str], sent: str
) -> None:
    async with console(tmp_path) as rig:
        await asking(asked)(rig)
        await rig.press(*["slash" if key == "/" else "full_stop" if key == "." else key for key in pressed], "enter")
        assert (await rig.asked("answer"))["args"] == {"prompt": 1, "value": sent}


@pytest.mark.parametrize(("key", "sent"), [("f9", "yes"), ("f10", "no"), ("Y", "yes"), ("N", "no")])
async def test_yes_and_no_are_one_key_each(tmp_path: Path, key: str, sent: str) -> None:
    async with console(tmp_path) as rig:
        await asking(prompt(1, "Is the mark inside the circle?", "yes/no"))(rig)
        await rig.press(key)
        assert (await rig.asked("answer"))["args"] == {"prompt": 1, "value": sent}


async def test_a_prompt_shows_its_picture_for_as_long_as_it_is_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bright = np.zeros((60, 80, 3), np.uint8)
    bright[20:40, 30:50] = 255
    asked = prompt(1, "Is the mark inside the circle?", "yes/no", picture={"width": 640, "height": 480, "sha256": "ab"})
    async with console(tmp_path) as rig:
        coded = base64.b64encode(bright.tobytes()).decode()
        rig.bench.pictures = [{"camera": "prompt 1", "t": 1, "width": 80, "height": 60, "rgb": coded}]
        await asking(asked)(rig)
        await rig.until(lambda: "prompt 1" in rig.app.model.pictures)
        await rig.tick()
        rows = picture(rig.app)
        fits(rows, (80, 24))
        expect("dialog-prompt-with-picture-80x24", rows)
        assert any("640 x 480 pixels, here 80 x 60" in row for row in rows)
        monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
        monkeypatch.delenv("DISPLAY", raising=False)
        monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
        await rig.press("f7")
        assert "no display here; the picture is kept in" in rig.text()
        with Image.open(tmp_path / "hil" / "picture.png") as kept:
            assert np.array_equal(np.asarray(kept), bright)
        await rig.press("y", "enter")
        await rig.change(prompts=[])
        await rig.until(lambda: rig.bench.wanted == [True, False])


async def test_escape_means_later_and_keeps_what_was_typed(tmp_path: Path) -> None:
    async with console(tmp_path) as rig:
        await asking(NUMBER)(rig)
        await rig.press(*"21", "escape")
        assert "i Input(1)" in rig.text()
        await rig.tick(10.0)
        assert not isinstance(rig.app.screen, PromptDialog), "it does not come back by itself"
        await rig.press("i")
        assert "Enter sends: 21 °C" in rig.text()


async def test_a_prompt_opens_by_itself_once_nobody_types(tmp_path: Path) -> None:
    async with console(tmp_path) as rig:
        await rig.press("down")
        await rig.change(prompts=[NUMBER])
        assert not isinstance(rig.app.screen, PromptDialog)
        await rig.tick(2.0)
        assert isinstance(rig.app.screen, PromptDialog)
        assert "waiting 00:02 of 05:00" in rig.text()


async def test_an_answer_that_the_bench_refuses_leaves_the_prompt_open(tmp_path: Path) -> None:
    async with console(tmp_path) as rig:
        rig.bench.answer = lambda request: {
            "status": "refused",
            "what": "it is too cold",
            "where": "answer",
            "remedy": "wait",
        }
        await asking(NUMBER)(rig)
        await rig.press(*"20", "enter")
        await rig.asked("answer")
        await rig.until(lambda: "too cold" in rig.app._said)
        await rig.tick()
        assert "refused: answer: it is too cold; wait" in rig.text()
        assert isinstance(rig.app.screen, PromptDialog)
        await rig.press("enter")
        await rig.until(lambda: len(rig.bench.commands) == 2)


async def test_of_two_consoles_one_answers_and_the_other_is_told_by_whom(tmp_path: Path) -> None:
    async with console(tmp_path, operator="ada") as rig:
        await asking(NUMBER)(rig)
        await rig.press(*"21")
        answered = {"kind": "answer", "prompt": 1, "operator": "ben", "answer": 20.0}
        await rig.bench.delta(events=[answered], run={"prompts": []})
        await rig.until(lambda: rig.app.model.number == 1)
        await rig.tick()
        await rig.until(lambda: not isinstance(rig.app.screen, PromptDialog))
        await rig.tick()
        assert "prompt 1 is closed: answered 20 (ben)" in rig.text()
        assert rig.bench.verbs() == []


async def test_while_the_link_is_lost_a_prompt_stays_and_says_so(tmp_path: Path) -> None:
    async with console(tmp_path) as rig:
        await asking(NUMBER)(rig)
        rig.bench.refusing = True
        await rig.bench.drop()
        await rig.until(lambda: rig.app.model.link.state == "lost")
        await rig.tick(9.0)
        assert "nothing can be sent" in rig.text()
        await rig.press(*"21", "enter")
        await rig.tick()
        assert "was not sent" in rig.text()
        assert isinstance(rig.app.screen, PromptDialog)


async def test_a_note_goes_into_the_record(tmp_path: Path) -> None:
    async with console(tmp_path) as rig:
        await rig.press("n", "enter")
        assert "note: say something" in rig.text()
        await rig.press(*"fan", "enter")
        assert (await rig.asked("note"))["reason"] == "fan"


async def test_an_alarm_is_shelved_for_a_time_and_a_reason(tmp_path: Path) -> None:
    async with console(tmp_path) as rig:
        await shelving(rig)
        await rig.press(*["backspace"] * 6, *"soon", "enter")
        assert "a time is written as" in rig.text()
        await rig.press(*["backspace"] * 4, *"2 min", "enter", *"known", "enter")
        request = await rig.asked("shelve")
        assert (request["args"], request["reason"]) == ({"alarm": "hot", "seconds": 120.0}, "known")


async def test_an_alarm_of_priority_safety_is_not_shelved(tmp_path: Path) -> None:
    async with console(tmp_path) as rig:
        await rig.change(alarms=[alarm("trip", "safety")])
        await rig.press("4", "s")
        assert "never hidden" in rig.text()


async def test_a_note_of_the_shift_before_is_read_before_command_is_taken(tmp_path: Path) -> None:
    async with console(tmp_path, operator="ada") as rig:
        await handing_over(rig)
        assert "The lamp of rig 2 flickers." in rig.text()
        await rig.press("escape")
        await rig.tick(15.0)
        assert "a note of the shift before is not read: H" in rig.text()
        await rig.press("L", "escape")
        assert rig.bench.verbs() == [], "nobody takes command unread"
        await rig.press("L", "enter")
        await rig.asked("lease-take")
        assert rig.bench.verbs() == ["handover-read", "lease-take"]


@pytest.mark.parametrize(("pressed", "verbs"), [("d", []), ("r", ["lease-release"]), ("s", ["stop"])])
async def test_whoever_commands_is_asked_what_to_leave(tmp_path: Path, pressed: str, verbs: list[str]) -> None:
    async with console(tmp_path, operator="ada") as rig:
        await leaving(rig)
        await rig.until(lambda: isinstance(rig.app.screen, Dialog))
        await rig.pilot.press(pressed)
        await rig.until(lambda: rig.app.return_value == 0)
        assert rig.bench.verbs()[1:] == verbs


async def test_a_safe_stop_that_nobody_confirms_says_what_to_do(tmp_path: Path) -> None:
    async with console(tmp_path) as rig:
        rig.bench.refusing = True
        await rig.bench.drop()
        await rig.until(lambda: rig.app.model.link.state == "lost")
        await rig.press("ctrl+x")
        await rig.until(lambda: isinstance(rig.app.screen, Dialog))
        await rig.tick()
        assert "SAFE STOP NOT CONFIRMED: use the E-stop of the rig." in rig.text()
        assert "Ctrl-X sends it again" in " ".join(rig.text().split())
        rig.bench.refusing = False
        await rig.until(lambda: rig.app.model.link.state == "up")
        await rig.press("ctrl+x")
        await rig.asked("stop")
        await rig.until(lambda: "SAFE STOP accepted" in rig.app._said)
        await rig.tick()
        assert "NOT CONFIRMED" not in rig.text()
