"""The widgets on a screen, by the keys an operator presses."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.app import ComposeResult
from textual.screen import ModalScreen
from textual.widgets import Label

from console_stage import ALARMS, KEYS, SIZES, STATE, Stage, expect, fits, picture
from hil.console.palette import Level
from hil.console.widgets.channel_table import ChannelTable
from hil.console.widgets.key_bar import Key, KeyBar
from hil.console.widgets.lines import Lines
from hil.console.widgets.rows import AlarmItem, Head, RunState, sign


@pytest.mark.parametrize("size", SIZES)
async def test_the_screen_looks_as_kept(size: tuple[int, int]) -> None:
    app = Stage()
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        rows = picture(app)
        fits(rows, size)
        expect(f"widgets-{size[0]}x{size[1]}", rows)


async def test_in_ascii_there_is_no_other_symbol() -> None:
    app = Stage(plain=True)
    async with app.run_test(size=(160, 48)) as pilot:
        await pilot.pause()
        rows = picture(app)
        fits(rows, (160, 48))
        assert "".join(rows).isascii()
        expect("widgets-ascii", rows)


async def test_safe_stop_stands_at_any_width() -> None:
    app = Stage()
    async with app.run_test(size=(80, 24)) as pilot:
        for width in range(20, 81, 4):
            await pilot.resize_terminal(width, 24)
            await pilot.pause()
            rows = picture(app)
            fits(rows, (width, 24))
            assert "^x SAFE STOP" in rows[-1]
            assert "● RUN" in rows[0]


async def test_at_eighty_columns_every_key_stands() -> None:
    app = Stage()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        bar = "".join(picture(app)[-2:])
        assert all(key.label in bar for key in KEYS)
        app.query_one(KeyBar).show([Key(f"F{at}", "a long label", rank=at) for at in range(1, 12)], note="op b")
        await pilot.pause()
        rows = picture(app)
        assert "SAFE STOP" in rows[-1]
        assert rows[-2].startswith(" F1 a long label")


async def test_without_colour_states_are_still_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = Stage()
    async with app.run_test(size=(160, 48)) as pilot:
        await pilot.pause()
        colours = {
            colour.triplet
            for strip in app.screen._compositor.render_strips()
            for _, style, _ in strip
            if style
            for colour in (style.color, style.bgcolor)
            if colour and colour.triplet
        }
        assert all(triplet.red == triplet.green == triplet.blue for triplet in colours)
        text = "\n".join(picture(app))
        assert all(word in text for word in ("▲ HI 2", "▼ LO 3✓", "? 4 s", "✗ ERROR", "◆ HIGH 1", "▲HI2", "▼LO3"))


async def test_any_theme_draws_the_same_text() -> None:
    app = Stage(light=True)
    async with app.run_test(size=(160, 48)) as pilot:
        for name in ("hil-light", "hil-dark", "textual-light", "ansi-dark", "nord"):
            app.theme = name
            await pilot.pause()
            expect("widgets-160x48", picture(app))
            for widget in app.query(Lines):
                drawn = {
                    segment.style.bgcolor for segment in widget.render_lines(widget.size.region)[-1] if segment.style
                }
                assert widget.rich_style.bgcolor in drawn, (name, widget)


async def test_only_rows_in_sight_are_asked_for_and_only_changed_ones_are_drawn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app = Stage(channels=500)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        table, bench = app.query_one(ChannelTable), app.bench
        assert table.in_sight() == [f"tc{at}.T" for at in range(19)]
        assert set(bench.asked) == set(table.in_sight())
        drawn: list[int] = []
        monkeypatch.setattr(table, "refresh", lambda *regions: drawn.extend(region.y for region in regions))
        bench.asked.clear()
        table.changed(bench.names())
        assert bench.asked == table.in_sight()
        assert drawn == []
        bench.values["tc7.T"] += 1
        bench.values["tc300.T"] += 1
        table.changed(bench.names())
        assert drawn == [8]


async def test_what_changed_out_of_sight_is_of_now_when_it_comes_into_sight() -> None:
    app = Stage(channels=500)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        table = app.query_one(ChannelTable)
        await pilot.press("end")
        await pilot.pause()
        assert "▶ tc499.T" in picture(app)[-3]
        app.bench.values["tc0.T"] = 77.0
        table.changed(["tc0.T"])
        await pilot.press("home")
        await pilot.pause()
        assert "77.00" in picture(app)[3]


async def test_the_cursor_moves_chooses_and_pins() -> None:
    app = Stage()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        app.heard.clear()
        await pilot.press("down", "j", "enter", "p", "up", "p", "p", "pagedown", "k")
        table = app.query_one(ChannelTable)
        assert app.heard[:3] == [("highlighted", "tc1.T"), ("highlighted", "tc2.T"), ("chosen", "tc2.T")]
        assert [what for what in app.heard if what[0] == "pinned"] == [
            ("pinned", ("tc2.T",)),
            ("pinned", ("tc2.T", "tc1.T")),
            ("pinned", ("tc2.T",)),
        ]
        assert table.current == "tc18.T"
        table.go_to("tc40.T")
        await pilot.pause()
        assert table.current == "tc40.T"
        assert "tc40.T" in table.in_sight()


async def test_the_mouse_moves_the_cursor_and_a_second_click_chooses() -> None:
    app = Stage()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await pilot.click(ChannelTable, offset=(5, 3))
        assert app.query_one(ChannelTable).current == "tc2.T"
        app.heard.clear()
        await pilot.click(ChannelTable, offset=(5, 3))
        assert app.heard == [("chosen", "tc2.T")]
        await pilot.click(ChannelTable, offset=(5, 0))
        assert app.query_one(ChannelTable).current == "tc2.T"


async def test_a_filter_keeps_the_cursor_on_its_channel_where_that_is_shown() -> None:
    app = Stage()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        table = app.query_one(ChannelTable)
        table.go_to("tc12.T")
        table.filter("TC1")
        await pilot.pause()
        assert table.in_sight() == ["tc1.T", *(f"tc{at}.T" for at in range(10, 20))]
        assert table.current == "tc12.T"
        table.filter("nothing has this name")
        await pilot.pause()
        assert table.in_sight() == []
        assert table.current is None
        await pilot.press("down", "enter", "p", "end")
        fits(picture(app), (80, 24))
        table.filter("")
        assert len(table.in_sight()) == 19


async def test_the_screen_follows_the_size_of_the_terminal() -> None:
    app = Stage()
    async with app.run_test(size=(160, 48)) as pilot:
        for size in ((80, 24), (100, 30), (40, 12), (80, 24)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
            rows = picture(app)
            fits(rows, size)
            assert "SAFE STOP" in rows[-1]
            assert "▲HI2" in rows[1]


class Ask(ModalScreen[None]):
    """A modal screen as the console makes them: with both rows of its own."""

    CSS = "Ask { overflow: hidden; }"

    def compose(self) -> ComposeResult:
        yield Head()
        yield Label("question\n" * 40)
        yield KeyBar()

    def on_mount(self) -> None:
        self.call_after_refresh(self.query_one(Head).show, STATE, ALARMS)


async def test_a_modal_screen_covers_neither_the_state_nor_the_alarms_nor_safe_stop() -> None:
    app = Stage()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        before = picture(app)
        await app.push_screen(Ask())
        await pilot.pause()
        rows = picture(app)
        assert rows[:2] == before[:2]
        assert "SAFE STOP" in rows[-1]


@pytest.mark.parametrize("size", SIZES)
async def test_the_state_row_says_first_what_is_wrong(size: tuple[int, int]) -> None:
    app = Stage()
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        head = app.query_one(Head)
        head.show(replace(STATE, silent=4.0, estop="OPEN", provenance="simulated", state="paused", rate=2.0), ALARMS)
        await pilot.pause()
        row = picture(app)[0]
        assert row.startswith(" ‖ PAUSED  LINK LOST 4 s  E-STOP OPEN  SIMULATED")
        assert "ms" not in row
        head.show(RunState(), ())
        await pilot.pause()
        assert picture(app)[0].strip() == "○ IDLE"
        assert picture(app)[1].strip() == "no alarms"


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("count", [1, 2, 5, 40])
async def test_the_alarm_row_counts_what_it_has_no_room_for(size: tuple[int, int], count: int) -> None:
    app = Stage()
    alarms = [
        AlarmItem(Level.HIGH, sign(Level.HIGH, 1), f"channel{at}.temperature", "41.4 > 41.0 °C", since=12)
        for at in range(count)
    ]
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        app.query_one(Head).show(STATE, alarms)
        await pilot.pause()
        row = picture(app)[1]
        fits(picture(app), size)
        shown = row.count("▲HI1")
        assert shown >= 1
        assert "41.4 > 41.0 °C" in row
        assert (f"+{count - shown}" in row) == (count > shown)
        assert "a=ack" in row


async def test_an_alarm_that_nobody_has_acknowledged_blinks_and_no_other_does() -> None:
    app = Stage()
    high = AlarmItem(Level.HIGH, sign(Level.HIGH), "estop")
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        head = app.query_one(Head)
        seen = []
        for alarm in (high, replace(high, acknowledged=True), replace(high, level=Level.MEDIUM)):
            looks = []
            for bright in (True, False):
                head.show(STATE, [alarm], bright=bright)
                await pilot.pause()
                looks.append(list(app.screen._compositor.render_strips()[1]))
            seen.append(looks[0] != looks[1])
        assert seen == [True, False, False]


async def test_text_from_outside_cannot_break_a_row() -> None:
    app = Stage()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        head = app.query_one(Head)
        head.show(replace(STATE, bench="a\x1b[2J\nb", run="\U0001f600"), [AlarmItem(Level.LOW, "▲HI3", "温度" * 40)])
        await pilot.pause()
        rows = picture(app)
        fits(rows, (80, 24))
        assert "\x1b" not in "".join(rows)
        assert "a=ack" in rows[1]
