"""What drawing costs: the channel table against Textual's DataTable, the trend against its Sparkline.

Each on a screen of 100 x 40 cells without a terminal. Every value in sight changes, then the widget is drawn: CPU time
of this thread for both, the lower decile of many. The targets are ratios to the named peer in the same run, and of 500
channels to 64: milliseconds depend on what else the machine does.
"""

from __future__ import annotations

import asyncio
import math
import sys
import time
from collections.abc import Callable

import numpy as np
from textual.app import App, ComposeResult
from textual.widget import Widget
from textual.widgets import DataTable, Sparkline

from hil.console import braille
from hil.console.history import History, Samples
from hil.console.layout import CHANNELS
from hil.console.palette import theme
from hil.console.reading import ChannelRow, channel_row
from hil.console.widgets.channel_table import ChannelTable
from hil.console.widgets.preview import Preview
from hil.console.widgets.trend import Trend

SIZE, ROUNDS = (100, 40), 60
FASTER_TABLE, FASTER_TREND = 8.0, 4.0
FLAT = 1.3
TEXT = tuple(column for column in CHANNELS if column.key != "trend")


class Bench:
    """``count`` channels whose values all change at each `step`."""

    def __init__(self, count: int) -> None:
        self.listed = [f"tc{at}.T_dut" for at in range(count)]
        self.places = {name: at for at, name in enumerate(self.listed)}
        self.values = [20 + at / 8 for at in range(count)]
        self.past = History()
        for at in range(600):
            self.past.add(at / 10, 41 + math.sin(at / 40), 0.15)

    def names(self) -> list[str]:
        return self.listed

    def row(self, name: str, trend_cells: int) -> ChannelRow:
        value, trend = self.values[self.places[name]], ""
        if trend_cells:
            band = braille.envelope(self.past.samples(), 0, 60, 2 * trend_cells, join=3)
            trend = braille.inline(band, least=0.3)
        return channel_row(name, "°C", value, 0.075, bounds=(18, 1000), trend=trend)

    def step(self) -> None:
        self.values = [value + 0.01 for value in self.values]


class Screen(App[None]):
    """One widget."""

    def __init__(self, shown: Widget) -> None:
        super().__init__()
        self.shown = shown

    def compose(self) -> ComposeResult:
        yield self.shown

    def on_mount(self) -> None:
        self.register_theme(theme())
        self.theme = "hil-dark"


async def cost(shown: Widget, ready: Callable[[], None], step: Callable[[], None]) -> float:
    """Milliseconds of CPU for ``step`` and drawing ``shown``; ``ready`` is called before, once."""
    app, spent = Screen(shown), []
    async with app.run_test(size=SIZE) as pilot:
        ready()
        await pilot.pause()
        for _ in range(ROUNDS):
            begun = time.thread_time()
            step()
            shown.render_lines(shown.size.region)
            spent.append(time.thread_time() - begun)
            await pilot.pause()
    return 1000 * sorted(spent)[ROUNDS // 10]


async def own_table(count: int, *, trends: bool) -> float:
    bench = Bench(count)
    table = ChannelTable(bench, columns=CHANNELS if trends else TEXT)

    def step() -> None:
        bench.step()
        table.changed(bench.listed)

    return await cost(table, table.refill, step)


async def data_table(count: int) -> float:
    bench = Bench(count)
    table: DataTable[str] = DataTable()

    def ready() -> None:
        for column in TEXT:
            table.add_column(column.title, key=column.key, width=column.least)
        for name in bench.listed:
            row = bench.row(name, 0)
            table.add_row(name, row.value, row.unit, row.uncertainty, row.limit, "", key=name)

    def step() -> None:
        bench.step()
        for name in bench.listed[: SIZE[1]]:
            row = bench.row(name, 0)
            table.update_cell(name, "value", row.value)
            table.update_cell(name, "uncertainty", row.uncertainty)

    return await cost(table, ready, step)


def wave(count: int, phase: float) -> Samples:
    line = 41 + np.sin(np.linspace(0, 20, count) + phase)
    return Samples(np.linspace(0, 60, count), line, line, np.full(count, 0.15))


async def own_trend(count: int) -> float:
    trend, phases = Trend("tc0.T_dut"), iter(range(10_000))

    def step() -> None:
        trend.show(wave(count, next(phases) / 10), 60.0, limits=(None, 42.0))

    return await cost(trend, step, step)


async def sparkline(count: int) -> float:
    peer, phases = Sparkline(), iter(range(10_000))
    peer.styles.height = "1fr"

    def step() -> None:
        peer.data = wave(count, next(phases) / 10).low.tolist()

    return await cost(peer, step, step)


async def preview() -> float:
    shown, shades = Preview(), iter(range(10_000))
    ramp = np.add.outer(np.arange(480), np.arange(640))[:, :, None] + np.zeros(3, np.int64)

    def step() -> None:
        shown.show(((ramp + next(shades)) // 5 % 256).astype(np.uint8))

    return await cost(shown, step, step)


def compared(what: str, own: float, peer: str, cost_of_peer: float, target: float) -> bool:
    """Print the ratio; whether it is reached."""
    ratio = cost_of_peer / own
    missed = "" if ratio >= target else "  MISSED"
    print(f"{what:32} {own:6.2f} ms   {peer} {cost_of_peer:6.2f} ms   {ratio:5.1f} x (at least {target:g}){missed}")
    return ratio >= target


async def main() -> int:
    small, large = await own_table(64, trends=False), await own_table(500, trends=False)
    reached = [
        compared("ChannelTable, 64 channels", small, "DataTable", await data_table(64), FASTER_TABLE),
        compared("ChannelTable, 500 channels", large, "DataTable", await data_table(500), FASTER_TABLE),
        compared("Trend, 600 samples", await own_trend(600), "Sparkline", await sparkline(600), FASTER_TREND),
        compared("Trend, 6000 samples", await own_trend(6000), "Sparkline", await sparkline(6000), FASTER_TREND),
        large / small <= FLAT,
    ]
    print(f"{'500 channels to 64':32} {large / small:6.2f} x (at most {FLAT:g}){'' if reached[-1] else '  MISSED'}")
    print(f"{'ChannelTable with inline trends':32} {await own_table(64, trends=True):6.2f} ms")
    print(f"{'Preview, 640 x 480':32} {await preview():6.2f} ms")
    return 0 if all(reached) else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
