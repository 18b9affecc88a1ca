"""The calibration assistant: as found, adjust, as left; each reading with its stability, and noted in the record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from rich.style import Style
from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from ...commanding.verb import Verb
from ..channels import Live
from ..context import Context
from ..dialogs.pick import Pick
from ..layout import Column
from ..palette import Level
from ..reading import result, written
from ..stability import stability
from ..text import pad
from ..widgets.key_bar import Key
from ..widgets.listing import Entry, Listing
from ..widgets.trend import Trend
from ..widgets.words import Rows
from ..wording import clock_of
from .trends import show_trend
from .view import View

STEPS = ("as found", "adjust", "as left")
TOLD = (
    "read the item against the reference before anything is changed",
    "adjust the item now; readings here are for you alone",
    "read it again: this is what its next certificate begins with",
)
TAKEN = (
    Column("clock", "bench time", 10, 10, rank=2),
    Column("step", "step", 8, 8),
    Column("item", "item", 18, 30),
    Column("reference", "reference", 18, 30, rank=1),
    Column("error", "difference", 10, 14),
    Column("state", "was", 8, 8, rank=1),
)


NAME, READING = 18, 20
"""Cells of a channel's name, and of its reading, above the trend."""


@dataclass(frozen=True)
class Taken:
    """A pair of readings that was taken down."""

    wall: int
    step: str
    item: str
    reference: str
    error: str
    was: str


class CalibrationView(View):
    """An item and a reference side by side. What is taken goes into the record of the run as a note.

    The difference has no uncertainty here: both readings may rest on the same effects. The procedure's evaluation of
    the record knows them.
    """

    SCOPED_CSS = False  # the layout is chosen by the width of the screen
    DEFAULT_CSS = """
    CalibrationView #steps { height: 7; }
    CalibrationView #taken { height: 5; min-height: 3; }
    .-wide CalibrationView #taken { height: 12; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "pick('item')", "Item", show=False),
        Binding("r", "pick('reference')", "Reference", show=False),
        Binding("right,l", "step(1)", "Next step", show=False),
        Binding("left,h", "step(-1)", "Step before", show=False),
        Binding("enter", "take", "Take", show=False),
    ]
    KEYS: ClassVar[tuple[Key, ...]] = (
        Key("c", "Item", row=1, rank=5),
        Key("r", "Reference", row=1, rank=5, short="Ref"),
        Key("< >", "Step", row=1, rank=3),
        Key("Enter", "Take", row=1, rank=4),
    )
    can_focus = True

    def __init__(self, context: Context) -> None:
        plain = context.plain
        self.item, self.reference = "", ""
        self.step = 0
        self.taken: list[Taken] = []
        self._rows = Rows(plain=plain, id="steps")
        self._trend = Trend(plain=plain, span=120.0)
        self._list = Listing(TAKEN, empty="nothing taken yet: Enter takes a pair of readings", plain=plain, id="taken")
        self._list.can_focus = False
        super().__init__(context, id="calibration-view")

    def compose(self) -> ComposeResult:
        """Steps, live readings, the trend of the item, what was taken."""
        yield self._rows
        yield self._trend
        yield self._list

    def enter(self) -> None:
        """Keys go to the view itself."""
        self.focus()

    def channel(self) -> str | None:
        """The item."""
        return self.item or None

    def paint(self) -> None:
        """Show what is known now."""
        self._rows.show([self._steps(), [(f" {TOLD[self.step]}", Style())], [], *self._readings()])
        if self.item:
            show_trend(self._trend, self.item, self.context)
        else:
            self._trend.show(None, 0.0, title="no item chosen: c chooses one, r its reference")
        self._list.show([_entry(place, taken) for place, taken in enumerate(self.taken)], at_end=True)

    def _steps(self) -> list[tuple[str, Style]]:
        pieces = [(" ", Style())]
        for place, name in enumerate(STEPS):
            here = place == self.step
            pieces.append((f"{place + 1} {name.upper() if here else name}", Style(bold=here, underline=here)))
            pieces.append(("   ", Style()))
        return pieces

    def _readings(self) -> list[list[tuple[str, Style]]]:
        rows: list[list[tuple[str, Style]]] = []
        for name, live in (("item", self._live(self.item)), ("reference", self._live(self.reference))):
            if live is None:
                rows.append([(f" {name:<10} not chosen", Style())])
                continue
            told = f"{pad(live.facts.name, NAME)} {_short(_result(live)):<{READING}}"
            rows.append([(f" {name:<10} ", Style()), (told, Style(bold=True)), (f" {self._told(live)}", Style())])
        rows.append([(f" {'difference':<10} ", Style()), (self._difference() or "-", Style(bold=True))])
        return rows

    def _told(self, live: Live) -> str:
        status = self.context.model.status(live, self.context.times.now())
        usable = self.context.linked and status.level not in (Level.STALE, Level.BAD)
        return stability(live, self._live(self.reference)).words if usable else status.text or "as last heard"

    def _live(self, name: str) -> Live | None:
        return self.context.model.channel(name) if name else None

    def _difference(self) -> str:
        """Item less reference, where both are in one unit."""
        item, reference = self._live(self.item), self._live(self.reference)
        if item is None or reference is None or item.value is None or reference.value is None:
            return ""
        if item.facts.unit != reference.facts.unit:
            return f"none: {item.facts.symbol} against {reference.facts.symbol}"
        shown = written(item.value - reference.value, max(item.u or 0.0, reference.u or 0.0) or None)
        return f"{shown.value} {item.facts.symbol}".rstrip()

    # Keys

    @work
    async def action_pick(self, part: str) -> None:
        """Choose the item or the reference."""
        names = [live.facts.name for live in self.context.model.channels]
        chosen = await self.app.push_screen_wait(Pick(self.context, f"which channel is the {part}?", names))
        if chosen is not None:
            setattr(self, part, chosen)
            self.paint()

    def action_step(self, by: int) -> None:
        """Go to the next step, or the one before."""
        self.step = max(0, min(self.step + by, len(STEPS) - 1))
        self.paint()

    def action_take(self) -> None:
        """Take both readings down, and note them in the record."""
        item, reference = self._live(self.item), self._live(self.reference)
        if item is None or reference is None:
            self.context.say("choose an item (c) and a reference (r) first", wrong=True)
            return
        if not self.context.linked:
            self.context.say("the link is lost: these readings are not of now", wrong=True)
            return
        stands = (stability(item, reference), stability(reference))
        step, stable = STEPS[self.step], all(each.stable for each in stands)
        known = all(each.part is not None for each in stands)
        was = "✓ stable" if stable else "◇ drifts" if known else "? unsure"
        taken = Taken(self.context.bench_time, step, _result(item), _result(reference), self._difference(), was)
        self.taken.append(taken)
        self.paint()
        state = "both stable" if stable else "NOT STABLE" if known else "STABILITY NOT KNOWN"
        words = f"{step}: item {self.item} = {taken.item}, reference {self.reference} = {taken.reference}"
        self.context.order(Verb.NOTE, reason=f"{words}, difference {taken.error or 'none'}, {state}")


def _result(live: Live) -> str:
    return result(live.value, live.u, live.facts.symbol)


def _short(told: str) -> str:
    """A result for a narrow column; U is that of k = 2 everywhere here."""
    return told.removesuffix(" (k = 2)").replace(" (no uncertainty)", ", no U")


def _entry(place: int, taken: Taken) -> Entry:
    cells = {
        "clock": clock_of(taken.wall)[:8],
        "step": taken.step,
        "item": _short(taken.item),
        "reference": _short(taken.reference),
        "error": taken.error,
        "state": taken.was,
    }
    return Entry(str(place), cells, Level.NORMAL if taken.was == "✓ stable" else Level.MEDIUM)
