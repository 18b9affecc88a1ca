"""Rows of the channel table, out of what the model knows."""

from __future__ import annotations

from .channels import Live
from .model import LinkState, Model
from .reading import ChannelRow, channel_row, result
from .times import Times

SPAN = 60.0
"""Seconds of the trend in a row."""


class Source:
    """The channels of one group, each as a row.

    :param plain: draw in ASCII alone.
    """

    def __init__(self, model: Model, times: Times, *, plain: bool = False) -> None:
        self._model, self._times, self._plain = model, times, plain
        self._trends: dict[str, tuple[tuple[int, int, int], str]] = {}
        self.group = ""
        """Only channels whose name begins with it and a point; all where it is empty."""

    def groups(self) -> list[str]:
        """What names begin with, in their order; first the empty one, for all."""
        return list(dict.fromkeys(["", *(_group(live.facts.name) for live in self._model.channels)]))

    def names(self) -> list[str]:
        """The channels of the group, in the order of the bench."""
        names = [live.facts.name for live in self._model.channels]
        return [name for name in names if not self.group or _group(name) == self.group]

    def row(self, name: str, trend_cells: int) -> ChannelRow:
        """The row of one channel as it is now."""
        live = self._model.channel(name)
        if live is None:
            return ChannelRow(name)
        return channel_row(
            name,
            live.facts.symbol,
            live.value,
            live.u,
            bounds=live.facts.limits,
            status=self._model.status(live, self._times.now()),
            trend=self._trend(live, trend_cells) if trend_cells else "",
        )

    def now_of(self, live: Live) -> float:
        """The time at the right end of a trend, in s of the channel: it stands still while the link is lost."""
        now = self._times.now()
        if self._model.link_state(now) is not LinkState.UP and self._model.link.heard is not None:
            now = self._model.link.heard
        return (live.t or 0.0) + min(max(0.0, now - live.arrived), SPAN)

    def copied(self, name: str) -> str:
        """The value of a channel with its unit and U, in words; its age too where it is not of now."""
        live, now = self._model.channel(name), self._times.now()
        if live is None:
            return ""
        status = self._model.status(live, now)
        old = f", {live.age(now):.0f} s old" if status.old else ""
        return f"{name} = {result(live.value, live.u, live.facts.symbol)}{old}"

    def _trend(self, live: Live, cells: int) -> str:
        """The trend in a row, drawn anew when its time has moved by a column of dots."""
        end = self.now_of(live)
        moment = int(end / SPAN * 2 * cells), min(len(live.past), cells), cells
        known = self._trends.get(live.facts.name)
        if known is None or known[0] != moment:
            known = self._trends[live.facts.name] = moment, self._drawn(live, cells, end)
        return known[1]

    def _drawn(self, live: Live, cells: int, end: float) -> str:
        from .braille import envelope, inline

        samples = live.past.samples(end - SPAN)
        band = envelope(samples, end - SPAN, end, 2 * cells, join=0.05 * SPAN)
        return inline(band, least=4.0 * (live.u or 0.0), plain=self._plain)


def _group(name: str) -> str:
    return name.partition(".")[0] if "." in name else ""
