"""The console on a screen, against a real server of the stream: every view, its keys, SAFE STOP, a lost link."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from bench_stream import BEGAN
from console_rig import BEGAN_NS, UNCERTAINTIES, VALUES, alarm, console, item, prompt
from console_stage import SIZES, expect, fits, picture
from hil.console.model import LinkState
from hil.console.screens.main import NAMES
from hil.console.widgets.listing import Listing
from hil.console.widgets.trend import Trend
from hil.ending import STOPPED_BY
from hil.errors import Aborted

HELD_FOR = {"warm": "01:30", "chain": "", "disk": "00:30"}
"""Of alarms: one of this run, one that an earlier run left, one of the service."""

VIEWS = list(enumerate(("overview", "trends", "queue", "alarms", "devices", "calibration", "path", "log"), 1))


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_every_view_looks_as_kept_and_has_safe_stop(tmp_path: Path, size: tuple[int, int]) -> None:
    async with console(tmp_path, size) as rig:
        await rig.bench.delta(
            events=[
                {"kind": "note", "operator": "ada", "reason": "fan cleaned"},
                {"kind": "device lost", "device": "lux", "reason": "no answer"},
            ]
        )
        await rig.measure(65)
        await rig.press("p", "down", "p")
        for number, name in VIEWS:
            await rig.press(str(number))
            rows = picture(rig.app)
            fits(rows, size)
            assert "SAFE STOP" in rows[-1]
            assert rows[0].startswith(" ● RUN")
            assert "too hot" in rows[1]
            expect(f"console-{name}-{size[0]}x{size[1]}", rows)


async def test_in_ascii_nothing_else_is_drawn(tmp_path: Path) -> None:
    async with console(tmp_path, plain=True) as rig:
        await rig.measure(20)
        for number, _ in VIEWS:
            await rig.press(str(number))
            assert rig.text().isascii(), number
        await rig.press("1", "n")
        assert rig.text().isascii()


async def test_safe_stop_is_one_press_from_every_view(tmp_path: Path) -> None:
    async with console(tmp_path) as rig:
        for count, (number, _) in enumerate(VIEWS, 1):
            await rig.press(str(number), "ctrl+x")
            await rig.until(lambda count=count: rig.bench.verbs().count("stop") == count)  # type: ignore[misc]
            await rig.until(lambda: "SAFE STOP accepted" in rig.app._said)
            await rig.tick()
            assert "SAFE STOP accepted" in rig.text()
            assert "emergency stop of the rig" in rig.text()
            await rig.press("escape")


async def test_after_a_lost_link_everything_stays_with_its_age_and_comes_back(tmp_path: Path) -> None:
    async with console(tmp_path) as rig:
        await rig.measure(3)
        app, model = rig.app, rig.app.model
        rig.bench.refusing = True
        await rig.bench.drop()
        await rig.until(lambda: model.link.state is LinkState.LOST)
        await rig.tick()
        await rig.tick(42.0)
        await rig.until(lambda: "LINK LOST 42 s" in rig.text().splitlines()[0])
        await rig.until(lambda: "last heard 42 s ago" in " ".join(rig.text().split()))
        text = rig.text()
        assert "E-STOP" not in text, "nobody knows"
        assert "41.41" in text
        assert "as last heard" in text
        assert "STALE" not in text
        expect("console-link-lost-80x24", picture(app))
        await rig.press("space")
        await rig.tick()
        assert "was not sent" in rig.text()
        rig.bench.refusing = False
        await rig.until(lambda: model.link.state is LinkState.UP)
        await rig.tick()
        assert "LINK LOST" not in rig.text()
        assert rig.bench.verbs() == []


async def test_a_bench_that_was_never_reached_says_why(tmp_path: Path) -> None:
    async with console(tmp_path, refusing=True) as rig:
        await rig.until(lambda: rig.app.model.link.attempts > 0)
        await rig.tick()
        assert "NOT REACHED: " in rig.text()
        assert "LINK LOST" not in rig.text()
        assert "no alarms" not in rig.text()
        assert "no queue" not in rig.text(), "nothing is known of the bench"
        await rig.press("3")
        assert "no bench is reached yet" in rig.text()


async def test_a_stale_channel_has_its_age_and_the_heading_counts_it(tmp_path: Path) -> None:
    async with console(tmp_path) as rig:
        await rig.measure(2)
        t = BEGAN + 60_000
        for _ in range(5):
            rig.clock[0] += 1.0
            t += 1000
            await rig.bench.delta({0: [23.0, 0.06, 0, t, None, None]})
            await rig.until(lambda t=t: rig.app.model.channels[0].t == t / 1000)  # type: ignore[misc]
        await rig.tick()
        lines = rig.text().splitlines()
        assert next(line for line in lines if "psu.I" in line).rstrip().endswith("? 5 s")
        assert "not usable now" in lines[2]
        assert not next(line for line in lines if "tc1.T_amb" in line).rstrip().endswith("s")


async def test_pause_becomes_resume(tmp_path: Path) -> None:
    async with console(tmp_path, operator="ada") as rig:
        await rig.press("space")
        request = await rig.asked("pause")
        assert (request["operator"], request["expect"]) == ("ada", "20260927T1_soak")
        assert "space Pause" in rig.text()
        await rig.change(state="paused")
        assert "space Resume" in rig.text()
        await rig.press("space")
        await rig.asked("resume")


async def test_what_the_bench_refuses_is_said(tmp_path: Path) -> None:
    async with console(tmp_path) as rig:
        rig.bench.answer = lambda request: {
            "status": "refused",
            "what": "ben is in command",
            "where": "lease",
            "remedy": "ask ben",
        }
        await rig.press("space")
        await rig.asked("pause")
        await rig.until(lambda: "ben is in command" in rig.app._said)
        await rig.tick()
        assert "pause: refused: lease: ben is in command; ask ben" in rig.text()


async def test_acknowledge_takes_the_worst_or_the_one_under_the_cursor(tmp_path: Path) -> None:
    async with console(tmp_path) as rig:
        await rig.change(alarms=[alarm("low", "low"), alarm("worst", "safety"), alarm("high")])
        await rig.press("a")
        assert (await rig.asked("ack"))["args"] == {"alarm": "worst"}
        await rig.press("4", "down", "a")
        await rig.until(lambda: len(rig.bench.commands) == 2)
        assert rig.bench.commands[-1]["args"] == {"alarm": "high"}
        await rig.press("A")
        await rig.until(lambda: len(rig.bench.commands) == 5)
        assert [each["args"]["alarm"] for each in rig.bench.commands[-3:]] == ["worst", "high", "low"]


async def test_an_alarm_tells_by_which_clock_it_is_held(tmp_path: Path) -> None:
    second, in_june = 10**9, BEGAN_NS - 100 * 86_400 * 10**9
    alarms = [
        alarm("warm", raised=in_june - 90 * second),
        alarm("chain", raised=in_june + 600 * second),
        alarm("disk", raised=BEGAN_NS - 30 * second, clock="machine"),
    ]
    async with console(tmp_path) as rig:
        rows = [[value, u, 0, in_june // 10**6, None, None] for value, u in zip(VALUES, UNCERTAINTIES, strict=True)]
        await rig.bench.delta(dict(enumerate(rows)))
        await rig.change(provenance="simulated", alarms=alarms)
        await rig.press("4")
        for name, held in HELD_FOR.items():
            assert re.search(rf"{name} +UNACK +{held} *{name[:3]}", rig.text())
            listing = rig.app.main.view.query_one("#waiting", Listing)
            listing.go_to(name)
            await rig.tick()
            assert f"UTC, {'the machine' if name == 'disk' else 'bench time'}" in rig.text()


async def test_an_alarm_that_nobody_knows_blinks(tmp_path: Path) -> None:
    async with console(tmp_path) as rig:
        styles = set()
        for _ in range(2):
            await rig.tick(1.0)
            strip = rig.app.screen._compositor.render_strips()[1]
            styles.add(next(segment.style for segment in strip if "too hot" in segment.text))
        assert len(styles) == 2


async def test_the_table_is_filtered_and_grouped_and_pins_trends(tmp_path: Path) -> None:
    async with console(tmp_path) as rig:
        await rig.measure(5)
        await rig.press("slash", *"psu", "enter")
        assert "tc1.T_amb" not in rig.text()
        assert "psu.I" in rig.text()
        await rig.press("p", "2")
        assert "psu.U 12.00" in rig.text()
        assert "tc1.T_amb" not in rig.text()
        await rig.press("1", "g")
        assert "group tc1 (0 of 7)  only with 'psu': Esc shows all" in rig.text()
        await rig.press("escape")
        assert "group tc1 (1 of 7)" in rig.text()
        assert "only with" not in rig.text()


async def test_a_trend_is_longer_or_shorter_frozen_and_alone(tmp_path: Path) -> None:
    async with console(tmp_path) as rig:
        await rig.measure(5)
        await rig.press("2", "plus")
        assert "-300 s" in rig.text()
        await rig.press("minus", "minus")
        assert "-30 s" in rig.text()
        await rig.press("z")
        assert "picture frozen" in rig.text()
        trend = rig.app.main.trends.trends[0]
        frozen = trend._now
        await rig.measure(5)
        assert trend._now == frozen
        assert rig.app.model.channels[0].t == (BEGAN + 10_000) / 1000
        await rig.press("z")
        assert trend._now == frozen + 5
        await rig.press("M")
        assert sum(trend.display for trend in rig.app.main.trends.query(Trend)) == 1


async def test_a_value_is_copied_with_unit_and_u(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    async with console(tmp_path) as rig:
        await rig.press("down", "y")
        kept = tmp_path / "state" / "hil" / "copied.txt"
        assert kept.read_text() == "tc2.T_dut = (41.41 ± 0.15) °C (k = 2)\n"
        assert rig.app.clipboard == "tc2.T_dut = (41.41 ± 0.15) °C (k = 2)"
        assert "copied tc2.T_dut" in rig.text()


async def test_the_queue_is_edited_while_it_works(tmp_path: Path) -> None:
    async with console(tmp_path) as rig:
        await rig.press("3", "end", "K")
        assert (await rig.asked("queue-move"))["args"] == {"item": "e", "position": 0, "revision": 4}
        await rig.press("x")
        assert (await rig.asked("queue-remove"))["args"] == {"item": "e", "revision": 4}
        await rig.press("S")
        await rig.asked("hold")
        await rig.press("o", *"ghost", "enter", *"x", "enter")
        assert "x is not written as name=value" in rig.text()
        await rig.press("backspace", *"hours=2 s", "enter", *"7", "enter")
        assert (await rig.asked("queue-add"))["args"] == {
            "procedure": "ghost", "settings": {"hours": "2 s"}, "seed": 7, "revision": 4,
        }  # fmt: skip


async def test_a_run_that_does_not_fit_is_refused_before_it_is_sent(tmp_path: Path) -> None:
    async with console(tmp_path) as rig:
        await rig.change(bench_file=str(files("hil") / "benches" / "climate-sim.toml"))
        await rig.press("3", "o", *"soak", "enter", *"warmth=5", "enter", "enter")
        await rig.until(lambda: "not added" in rig.app._said)
        await rig.tick()
        assert "not added: soak: there is no parameter 'warmth'" in rig.text()
        assert "queue-add" not in rig.bench.verbs()
        await rig.press("o")
        assert "warmth=5" in rig.text(), "what was typed is not lost"
        assert "Enter Next" in rig.text()
        await rig.press("enter", *"hours=1", "enter")
        assert "Enter OK" in rig.text()
        await rig.change(bench_file="")
        rig.bench.answer = lambda request: {"status": "refused", "what": "no", "remedy": "ask with hil lease request"}
        await rig.press("enter")
        await rig.asked("queue-add")
        await rig.until(lambda: "refused" in rig.app._said)
        await rig.tick()
        assert "refused: no; ask with L" in rig.text()
        rig.bench.answer = lambda request: {"status": "accepted"}
        await rig.press("o", "enter", "enter", "enter")
        await rig.until(lambda: "queue-add: accepted" in rig.app._said)
        await rig.press("o")
        assert "hours=1" not in rig.text()


async def test_who_does_not_command_is_told_before_anything_is_typed(tmp_path: Path) -> None:
    async with console(tmp_path, operator="ada") as rig:
        await rig.change(lease={"epoch": 7, "holder": "ben"})
        for keys in (("3", "o"), ("escape", "i")):
            await rig.change(prompts=[prompt(1, "Serial number of the item?")])
            await rig.press(*keys)
            assert "ben is in command: what is sent from here is refused." in rig.text()
        await rig.change(lease=None)
        assert "is refused" not in rig.text()


async def test_a_run_that_a_person_ended_is_not_shown_as_failed(tmp_path: Path) -> None:
    stopped = str(Aborted(f"{STOPPED_BY} ada: smoke"))
    items = [item("a", "sweep", "stopped", "ada", error=stopped), item("b", "soak", "failed", "ada", error="no answer")]
    async with console(tmp_path) as rig:
        await rig.change(queue={"revision": 1, "working": False, "items": items})
        await rig.press("3")
        rows = [line for line in rig.text().splitlines() if "sweep" in line or "soak " in line]
        assert any("■ sweep" in row and "stopped" in row and "failed" not in row for row in rows)
        assert any("✗ soak" in row and "failed" in row for row in rows)


async def test_command_is_taken_renewed_and_released(tmp_path: Path) -> None:
    async with console(tmp_path, operator="ada") as rig:
        rig.bench.answer = lambda request: {"status": "accepted", "lease": "secret", "epoch": 7}
        await rig.press("L")
        await rig.asked("lease-take")
        await rig.change(lease={"epoch": 7, "holder": "ada", "client": "console", "since": BEGAN_NS, "rest": 30.0})
        assert rig.app.desk.in_command
        assert "L Release" in rig.text()
        await rig.tick(5.0)
        assert (await rig.asked("lease-renew"))["lease"] == "secret"
        assert len([verb for verb in rig.bench.verbs() if verb == "lease-renew"]) == 1
        await rig.press("space")
        assert "lease" not in await rig.asked("pause")
        await rig.change(lease={"epoch": 7, "holder": "ada", "requested_by": "ben"})
        await rig.tick(20.0)
        assert "ben asks for command" in rig.text()
        await rig.press("L")
        assert (await rig.asked("lease-offer"))["args"] == {"to": "ben"}
        await rig.change(lease={"epoch": 8, "holder": "ben"})
        assert not rig.app.desk.in_command
        await rig.press("L")
        await rig.asked("lease-request")


async def test_the_stages_of_a_calibration_are_taken_with_their_stability(tmp_path: Path) -> None:
    async with console(tmp_path) as rig:
        await rig.measure(65)
        await rig.press("6", "enter")
        assert "choose an item" in rig.text()
        await rig.press("c", *"dut", "enter", "r", *"amb", "enter")
        assert "✓ STABLE" in rig.text()
        await rig.press("enter")
        reason = (await rig.asked("note"))["reason"]
        assert reason.startswith("as found: item tc2.T_dut = (41.")
        assert reason.endswith("both stable")
        await rig.measure(60, by=0.01)
        assert "◇ DRIFTS" in rig.text()
        await rig.press("right", "right", "enter")
        await rig.until(lambda: len(rig.bench.commands) == 2)
        assert rig.bench.commands[-1]["reason"].startswith("as left: ")
        assert rig.bench.commands[-1]["reason"].endswith("NOT STABLE")
        await rig.tick()
        expect("console-calibration-taken-80x24", picture(rig.app))


async def test_the_log_is_searched_and_its_level_chosen(tmp_path: Path) -> None:
    async with console(tmp_path) as rig:
        events: list[dict[str, Any]] = [{"kind": "note", "reason": f"line {number}"} for number in range(30)]
        await rig.bench.delta(
            events=[*events, {"kind": "device lost", "device": "lux"}, {"kind": "committed", "batch": 1}]
        )
        await rig.until(lambda: rig.app.model.number == 32)
        await rig.press("8")
        assert "INFO and above: 31 lines" in rig.text()
        await rig.press("slash", *"line 7", "enter")
        assert "line 7" in rig.text()
        assert "line 8" not in rig.text()
        await rig.press("escape", "l")
        assert "WARN and above: 1 lines" in rig.text()


async def test_colours_change_with_t(tmp_path: Path) -> None:
    async with console(tmp_path) as rig:
        seen = [rig.app.theme]
        for _ in range(3):
            await rig.press("t")
            seen.append(rig.app.theme)
        assert seen == ["hil-dark", "hil-light", "ansi-dark", "hil-dark"]


async def test_every_command_is_in_the_palette_by_name(tmp_path: Path) -> None:
    async with console(tmp_path) as rig:
        await rig.press("ctrl+p", *"pause now")
        await rig.pilot.pause(0.3)
        assert "SAFE STOP" in rig.text().splitlines()[-1]
        assert "too hot" in rig.text().splitlines()[1]
        await rig.press("enter")
        await rig.asked("pause-now")
        assert len(rig.app.orders()) >= 16 + len(NAMES)


async def test_d_detaches_and_the_bench_hears_nothing(tmp_path: Path) -> None:
    async with console(tmp_path) as rig:
        await rig.pilot.press("d")
        assert rig.app.return_value == 0
        assert rig.bench.verbs() == []


async def test_q_leaves_at_once_where_this_console_does_not_command(tmp_path: Path) -> None:
    async with console(tmp_path) as rig:
        await rig.pilot.press("q")
        await rig.until(lambda: rig.app.return_value == 0)


async def test_a_terminal_that_does_not_keep_up_gets_fewer_pictures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with console(tmp_path) as rig:
        monkeypatch.setattr(rig.app, "_waiting_writes", lambda: 20)
        for hertz in (5.0, 2.0, 1.0):
            rig.clock[0] += 1.0
            rig.app.beat()
            await rig.until(lambda hertz=hertz: rig.bench.rates[-1] == hertz)  # type: ignore[misc]
        await rig.tick()
        assert "1 Hz" in rig.text()
        monkeypatch.setattr(rig.app, "_waiting_writes", lambda: 0)
        rig.clock[0] += 6.0
        rig.app.beat()
        await rig.until(lambda: rig.bench.rates[-1] == 2.0)


async def test_a_prompt_shows_in_the_keys_until_it_is_answered(tmp_path: Path) -> None:
    async with console(tmp_path, operator="ada") as rig:
        await rig.change(lease={"epoch": 1, "holder": "ben"}, prompts=[prompt(1, "Serial number?")])
        await rig.tick(5.0)
        assert "i Input(1)" in rig.text()
        assert "Serial number?" not in rig.text()
