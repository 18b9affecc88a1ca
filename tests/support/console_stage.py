"""A screen made of the console's widgets with values that never change, and pictures of screens as text."""

from __future__ import annotations

import math
import os
from pathlib import Path as File
from typing import Any

import numpy as np
from textual.app import App, ComposeResult
from textual.containers import Horizontal, Vertical
from wcwidth import wcswidth

from hil.console import braille
from hil.console.history import History
from hil.console.palette import LINE, Level, theme
from hil.console.reading import ChannelRow, channel_row, side, status
from hil.console.widgets.channel_table import ChannelTable
from hil.console.widgets.key_bar import SAFE_STOP, Key, KeyBar
from hil.console.widgets.path import GOAL, OBSTACLE, START, Mark, Path
from hil.console.widgets.preview import Preview
from hil.console.widgets.rows import AlarmItem, Head, RunState, sign
from hil.console.widgets.trend import Trend

SCREENS = File(__file__).parents[1] / "hil" / "console" / "screens"
SIZES = [(80, 24), (100, 30), (160, 48)]

VIEWS = ["Over", "Trend", "Queue", "Alarm", "Dev", "Cal", "Cam", "Log"]
KEYS = (
    *(Key(str(at + 1), word, rank=4 + at) for at, word in enumerate(VIEWS)),
    Key("i", "Input(1)", rank=1, urgent=True),
    Key("?", "Help", rank=1),
    Key("^p", "Cmd", rank=1),
    SAFE_STOP,
    Key("space", "Pause", rank=1, row=1),
    Key("a", "Ack", rank=2, row=1),
    Key("n", "Note", rank=3, row=1),
    Key("d", "Detach", rank=3, row=1),
)
STATE = RunState(
    "running",
    bench="LE.IA-2",
    run="0042-detection",
    point=42,
    points=120,
    factors="obstacle/fog rep 2",
    step="settling",
    elapsed=41,
    done=0.58,
    operator="operator1",
    in_command=True,
    estop="CLOSED",
    latency=0.012,
    recorded="1.2 GB",
)
ALARMS = (
    AlarmItem(Level.MEDIUM, sign(Level.MEDIUM, 1), "tc2.T_dut", "41.4>41.0 °C", since=12),
    AlarmItem(Level.LOW, sign(Level.LOW, -1), "lux.E", "744<750", acknowledged=True),
    AlarmItem(Level.STALE, "?STALE", "ptp.offset"),
)


class Bench:
    """Channels whose values only change by `set`, and counts what it was asked for."""

    def __init__(self, count: int = 64, *, plain: bool = False) -> None:
        self.count, self.plain = count, plain
        self.values: dict[str, float] = {f"tc{at}.T": 20 + at / 8 for at in range(count)}
        self.asked: list[str] = []
        self.past = History()
        for at in range(600):
            self.past.add(at / 10, 41 + math.sin(at / 40), 0.15)

    def names(self) -> list[str]:
        return list(self.values)

    def row(self, name: str, trend_cells: int) -> ChannelRow:
        self.asked.append(name)
        at, value, bounds = self.names().index(name), self.values[name], (None, 25.0)
        states = {
            1: status(alarm=Level.MEDIUM, beyond=1),
            2: status(alarm=Level.LOW, beyond=-1, acknowledged=True),
            3: status(late=4.2),
            4: status(flags=64, missing=True),
            5: status(alarm=Level.HIGH),
        }
        band = braille.envelope(self.past.samples(), 0, 60, 2 * trend_cells, join=3)
        return channel_row(
            name,
            "°C",
            None if at == 4 else value,
            0.075 * 10 ** (at % 3),
            bounds=bounds,
            status=states.get(at, status(beyond=side(value, bounds))),
            trend=braille.inline(band, least=0.3, plain=self.plain) if trend_cells else "",
        )


class Stage(App[None]):
    """Every widget, with values that never change."""

    CSS = """
    #middle { height: 1fr; }
    ChannelTable { width: 2fr; }
    #plots { width: 1fr; }
    """

    def __init__(self, *, plain: bool = False, light: bool = False, channels: int = 64) -> None:
        super().__init__()
        self.bench, self.plain, self.light = Bench(channels, plain=plain), plain, light
        self.heard: list[Any] = []

    def compose(self) -> ComposeResult:
        yield Head(plain=self.plain)
        with Horizontal(id="middle"):
            yield ChannelTable(self.bench, plain=self.plain)
            if self.size.width > 90:
                with Vertical(id="plots"):
                    yield Trend("tc2.T 41.41 ± 0.15 °C", plain=self.plain)
                    yield Path("arm x/y", plain=self.plain)
                    yield Preview(plain=self.plain)
        yield KeyBar(KEYS, note="op operator1", plain=self.plain)

    def on_mount(self) -> None:
        for light in (False, True):
            self.register_theme(theme(light=light))
        self.theme = "hil-light" if self.light else "hil-dark"
        for trend in self.query(Trend):
            trend.styles.border = ("ascii" if self.plain else "round", LINE)
        self.query_one(ChannelTable).focus()
        self.call_after_refresh(self.show)

    def show(self) -> None:
        """Give each widget what it shows."""
        self.query_one(Head).show(STATE, ALARMS)
        for trend in self.query(Trend):
            trend.show(self.bench.past.samples(), 60.0, limits=(18.0, 42.0))
        angle = np.linspace(0, 6, 100)
        marks = [Mark(0, 0, START), Mark(0.4, 0, GOAL), Mark(-0.2, 0.2, OBSTACLE, Level.MEDIUM)]
        for path in self.query(Path):
            path.show(np.cos(angle) * angle / 15, np.sin(angle) * angle / 15, marks)
        for preview in self.query(Preview):
            preview.show(np.indices((48, 64)).sum(0).astype(np.uint8) * 2, "cam1 2 fps")

    def on_channel_table_highlighted(self, message: ChannelTable.Highlighted) -> None:
        self.heard.append(("highlighted", message.name))

    def on_channel_table_chosen(self, message: ChannelTable.Chosen) -> None:
        self.heard.append(("chosen", message.name))

    def on_channel_table_pinned(self, message: ChannelTable.Pinned) -> None:
        self.heard.append(("pinned", message.names))


def picture(app: App[Any]) -> list[str]:
    """The rows of the screen as they are on the terminal, without colour."""
    return [strip.text for strip in app.screen._compositor.render_strips()]


def fits(rows: list[str], size: tuple[int, int]) -> None:
    """Every row takes exactly the width of the terminal, in its own opinion too."""
    assert len(rows) == size[1]
    assert {wcswidth(row) for row in rows} == {size[0]}


def expect(name: str, rows: list[str]) -> None:
    """The screen looks as kept in ``screens/<name>.txt``; write what is seen there with ``HIL_NEW_SCREENS=1``."""
    file, seen = SCREENS / f"{name}.txt", "".join(row.rstrip() + "\n" for row in rows)
    if os.environ.get("HIL_NEW_SCREENS"):
        file.write_text(seen, encoding="utf-8")
    assert seen == file.read_text(encoding="utf-8")
