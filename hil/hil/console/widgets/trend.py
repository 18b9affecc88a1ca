"""A trend: the envelope of the samples, a band of U, the limits as dashed lines, and what the axes say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.style import Style

from ..text import clip, pad, width
from .lines import NORMAL, Lines, Pieces

if TYPE_CHECKING:
    from ..history import Samples

Limits = tuple[float | None, float | None]


class Trend(Lines):
    """The last ``span`` seconds of one channel. Its first row is its title, its last the time.

    :param plain: draw in ASCII alone.
    """

    DEFAULT_CSS = "Trend { height: 1fr; min-height: 4; }"

    def __init__(self, title: str = "", *, span: float = 60.0, plain: bool = False, id: str | None = None) -> None:  # noqa: A002
        super().__init__(plain=plain, id=id)
        self.title, self.span = title, span
        self._samples: Samples | None = None
        self._limits: Limits = (None, None)
        self._now = 0.0

    def show(
        self, samples: Samples | None, now: float, *, limits: Limits | None = None, title: str | None = None
    ) -> None:
        """Draw ``samples`` up to ``now`` (s, the time of the samples); ``None`` where there are none."""
        self._samples, self._now, self._limits = samples, now, limits or (None, None)
        self.title = self.title if title is None else title
        self.repaint()

    def paint(self, width: int, height: int) -> Sequence[Pieces]:
        """Title, plot, time axis."""
        heading: Pieces = [(clip(self.said(self.title), width), Style(bold=True))]
        if self._samples is None or height < 3:
            return [heading, [("no samples", self.muted)]]
        from ..plotting import trend

        picture = trend(self._samples, self._now, self.span, self._limits, width, height - 2, plain=self.plain)
        muted = self.muted
        styles = (NORMAL, Style(color=self.inks.limit), muted)
        rows = [[(label, muted), *((text, styles[owner]) for text, owner in runs)] for label, runs in picture.rows]
        axis = _time_axis(self.span, self.said(picture.far), width, picture.margin)
        return [heading, *rows, [(axis, muted)]]


def _time_axis(span: float, far: str, cells: int, margin: int) -> str:
    """``-60 s`` under the first column, ``now`` under the last, between them the limits that are off the scale."""
    start = f"-{span:g} s" if span < 600 else f"-{span / 60:g} min"
    both = f"{start}  {far}"
    start = pad("", margin) + (both if margin + width(both) + 5 <= cells else start)
    return start + pad("now", max(cells - width(start), 0), "right")
