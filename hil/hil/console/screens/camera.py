"""The path of what moves, and the picture of a camera where there is one."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal

from ..channels import Live
from ..context import Context
from ..pictures import PROMPT, Seen
from ..widgets.key_bar import Key
from ..widgets.path import HERE, START, Mark, Path
from ..widgets.preview import Preview
from ..wording import clock_of
from .view import View

if TYPE_CHECKING:
    from ..history import Floats

NO_PICTURE = "no picture: no camera of the bench has taken one in this run"


NOISE = 20.0
"""Standard uncertainties of a place that a path is wide and high at least."""


class CameraView(View):
    """A path in the plane, of two channels of one device whose names end in x and y; and a camera's picture."""

    SCOPED_CSS = False  # the layout is chosen by the width of the screen
    DEFAULT_CSS = """
    CameraView { padding: 0 1; }
    CameraView #preview { display: none; }
    CameraView.-seen #preview, .-wide CameraView #preview { display: block; width: 1fr; }
    CameraView #plane { width: 1fr; }
    CameraView.-blank #plane { display: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right,down,l,j", "next", "Next", show=False),
        Binding("v", "view", "Viewer", show=False),
    ]
    KEYS: ClassVar[tuple[Key, ...]] = (Key(">", "Next", row=1, rank=5), Key("v", "View", row=1, rank=6))
    can_focus = True

    def __init__(self, context: Context) -> None:
        self._path = Path(plain=context.plain, id="plane")
        self._seen: Seen | None = None
        self._preview = Preview(NO_PICTURE, plain=context.plain, id="preview")
        self._which = 0
        super().__init__(context, id="camera-view")

    def compose(self) -> ComposeResult:
        """The path, and the picture beside it."""
        with Horizontal():
            yield self._path
            yield self._preview

    def enter(self) -> None:
        """Keys go to the view itself, and pictures are wanted."""
        self.focus()
        self.context.want_pictures(True)

    def leave(self) -> None:
        """Pictures are of no use any more."""
        self.context.want_pictures(False)

    def paint(self) -> None:
        """Show what is known now."""
        self._paint_picture()
        pairs = paths(self.context.model.channels)
        if not pairs:
            self._path.title = "no path: this bench has no two channels whose names end in x and y"
            self._path.repaint()
            return
        x, y = pairs[self._which % len(pairs)]
        across, along = _points(x, y)
        title = f"{x.facts.name[:-1]}x/y [{x.facts.symbol}]"
        marks = []
        if len(across):
            marks = [Mark(across[0], along[0], START), Mark(across[-1], along[-1], HERE)]
        self._path.unit = x.facts.symbol
        self._path.show(across, along, marks, title=title, least=NOISE * max(x.u or 0.0, y.u or 0.0))

    def _paint_picture(self) -> None:
        seen_by = self.context.model.pictures
        pictures = {name: each for name, each in seen_by.items() if not name.startswith(PROMPT)}
        self.set_class(bool(pictures), "-seen")
        self.set_class(bool(pictures) and not paths(self.context.model.channels), "-blank")
        if not pictures:
            self._seen = None
            self._preview.show(None, NO_PICTURE)
            return
        self._seen = seen = list(pictures.values())[self._which % len(pictures)]
        self._preview.show(seen.image, f"{seen.camera}  {clock_of(seen.t * 1_000_000)[:8]}")

    def action_view(self) -> None:
        """Open the picture in a viewer of its own."""
        self.context.view_picture(self._seen)

    def action_next(self) -> None:
        """Show the next path."""
        self._which += 1
        self.paint()


def paths(channels: list[Live]) -> list[tuple[Live, Live]]:
    """The pairs of channels that are places in a plane: ``arm.x`` and ``arm.y``."""
    known = {live.facts.name: live for live in channels}
    pairs = ((live, known.get(name[:-1] + "y")) for name, live in known.items() if name.endswith((".x", "_x")))
    return [(x, y) for x, y in pairs if y is not None and x.facts.unit == y.facts.unit]


def _points(x: Live, y: Live) -> tuple[Floats, Floats]:
    """The places in the order of time, each y at the time of its x."""
    import numpy as np

    t, low, high, _ = x.past.samples()
    across = (low + high) / 2
    other, lower, upper, _ = y.past.samples()
    if not len(t) or not len(other):
        return np.empty(0), np.empty(0)
    along = np.interp(t, other, (lower + upper) / 2)
    known = np.isfinite(across) & np.isfinite(along)
    return across[known], along[known]
