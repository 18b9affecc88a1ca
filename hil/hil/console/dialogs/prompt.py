"""A prompt of the bench: what it asks, a field for the answer, and whether that is one before it is sent."""

from __future__ import annotations

from typing import ClassVar

from rich.style import Style
from textual import events, on
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Input

from ...commanding.verb import Verb
from ..answers import Checked, check
from ..context import Context
from ..layout import Column
from ..link import Answer
from ..palette import Level, style
from ..pictures import PROMPT, Seen
from ..state import Prompt
from ..summary import waited
from ..widgets.key_bar import SAFE_STOP, Key
from ..widgets.listing import Entry, Listing
from ..widgets.preview import Preview
from ..widgets.words import Words
from .dialog import LATER, Dialog

WAITING = "its picture has not come yet"
LOWEST, HIGHEST, AROUND, TOLD = 4, 24, 17, 3
"""Rows of a picture, of what stands around it, and of the words that somebody else is in command."""

CHOICES = (Column("key", "", 2, 2), Column("text", "", 10, 400))


class PromptDialog(Dialog[bool]):
    """Asks one prompt. Esc leaves it open at the bench; so does an answer that the bench refuses."""

    DEFAULT_CSS = "PromptDialog Listing { height: auto; max-height: 9; min-height: 1; margin-bottom: 1; }"
    KEYS: ClassVar[tuple[Key, ...]] = (Key("Enter", "Send", rank=1), LATER)
    COMMANDS_BENCH = True
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f9,Y", "at_once('yes')", "Yes", show=False),
        Binding("f10,N", "at_once('no')", "No", show=False),
        Binding("f7,v", "view", "Viewer", show=False),
    ]

    def __init__(self, context: Context, prompt: Prompt) -> None:
        super().__init__(context, "")
        self.prompt = prompt
        self.symbol = _symbol(prompt)
        self.field = Input(context.drafts.get(prompt.prompt, ""), compact=True, id="answer")
        self.choices = Listing(CHOICES, heads=False, plain=context.plain)
        self.verdict = Words(plain=context.plain)
        self.preview = Preview(WAITING, plain=context.plain, id="picture")
        self._sent = False

    def keys(self) -> tuple[Key, ...]:
        """What there is for this kind of question."""
        sends, later = self.KEYS
        at_once = (Key("F9", "Yes", rank=2), Key("F10", "No", rank=2)) if self.prompt.wants == "yes/no" else ()
        viewer = (Key("F7", "Viewer", rank=3),) if self.prompt.picture is not None else ()
        return (sends, later, *at_once, *viewer, SAFE_STOP)

    @property
    def listed(self) -> tuple[str, ...]:
        """The answers that there are, where there are only some."""
        return ("yes", "no") if self.prompt.wants == "yes/no" else self.prompt.choices

    def content(self) -> list[Widget]:
        """The question, its picture, the field or the list, and the verdict."""
        asked = self.words(self.prompt.text or "(no text)")
        shown = [self.preview] if self.prompt.picture is not None else []
        return [asked, *shown, self.choices if self.listed else self.field, self.verdict]

    def on_mount(self) -> None:
        """The field has the focus from the start: scanners type fast."""
        if self.listed:
            self.choices.show(
                [Entry(each, {"key": _key(place, each), "text": each}) for place, each in enumerate(self.listed)]
            )
            self.choices.styles.height = min(len(self.listed), 9)
            self.choices.focus()
        else:
            self.field.focus()
        if self.prompt.picture is not None:
            around = AROUND + (TOLD if self.context.desk.another_commands else 0)
            self.preview.styles.height = min(HIGHEST, max(LOWEST, self.app.size.height - around))
            self.context.want_pictures(True)
        self._judge()
        self.paint()

    def on_unmount(self) -> None:
        """Its picture is of no use any more."""
        if self.prompt.picture is not None:
            self.context.want_pictures(False)

    @property
    def _seen(self) -> Seen | None:
        return self.context.model.pictures.get(f"{PROMPT}{self.prompt.prompt}")

    def action_at_once(self, answer: str) -> None:
        """Yes or no, with one key."""
        if answer in self.listed and self.prompt.wants == "yes/no":
            self.choices.go_to(answer)
            self._send()

    def action_view(self) -> None:
        """Open the picture of the question in a viewer of its own."""
        if self.prompt.picture is not None:
            self.context.view_picture(self._seen)

    def _paint_picture(self) -> None:
        seen = self._seen
        if seen is not None and self.prompt.picture is not None:
            facts = self.prompt.picture
            self.preview.show(seen.image, f"{facts.width} x {facts.height} pixels, here {seen.width} x {seen.height}")

    def paint(self) -> None:
        """How long it waits; it closes where somebody else has answered."""
        super().paint()
        model = self.context.model
        open_prompts = [each.prompt for each in model.run.prompts]
        if self.prompt.prompt not in open_prompts:
            if model.known and self.context.linked and self.is_current:
                self.context.drafts.pop(self.prompt.prompt, None)
                self.context.say(f"prompt {self.prompt.prompt} is closed: {self._how()}")
                self.leave_with(True)
            return
        self._paint_picture()
        place = open_prompts.index(self.prompt.prompt) + 1
        step = f" · {model.run.point.step}" if model.run.point is not None and model.run.point.step else ""
        waits = waited(model, self.prompt.prompt, self.context.times.wall())
        lost = "" if self.context.linked else " · LINK LOST, nothing can be sent"
        self.heading.say(
            f"OPERATOR INPUT {place}/{len(open_prompts)}{step} · waiting {waits}{lost}".rstrip(), Style(bold=True)
        )

    def _how(self) -> str:
        """How the prompt was closed, by the last word of it in the log."""
        number = f"prompt {self.prompt.prompt}: "
        for line in reversed(self.context.model.log):
            if line.kind == "answer" and line.text.startswith(number):
                return f"answered {line.text.removeprefix(number)}"
        return "answered elsewhere, or withdrawn"

    def _checked(self) -> Checked:
        given = (self.choices.current or "") if self.listed else self.field.value
        return check(self.prompt, given, self.symbol)

    def _judge(self) -> None:
        checked = self._checked()
        if checked.fault:
            empty = not self.listed and not self.field.value.strip()
            self.verdict.say(checked.fault, Style() if empty else style(Level.MEDIUM))
        else:
            self.verdict.say(f"Enter sends: {checked.words}")

    @on(Input.Changed)
    def _typed(self) -> None:
        self.context.drafts[self.prompt.prompt] = self.field.value
        self._judge()

    @on(Listing.Highlighted)
    def _moved(self) -> None:
        self._judge()

    def on_key(self, event: events.Key) -> None:
        """A digit chooses from a list, y and n say yes and no; none of them sends."""
        if not self.listed or event.character is None:
            return
        for place, each in enumerate(self.listed):
            if event.character == _key(place, each):
                self.choices.go_to(each)
                event.stop()

    @on(Input.Submitted)
    @on(Listing.Chosen)
    def _send(self) -> None:
        checked = self._checked()
        if checked.fault or self._sent:
            self._judge()
            return
        self._sent = True
        self.verdict.say("sent, waiting for the bench")
        args = {"prompt": self.prompt.prompt, "value": checked.value}
        self.context.order(Verb.ANSWER, args, then=self._answered)

    def _answered(self, answer: Answer | None) -> None:
        """What the bench says: a refusal leaves the dialog open."""
        self._sent = False
        if not self.is_attached:
            return
        if answer is None:
            self.verdict.say("whether it has arrived is not known: look at the log", style(Level.MEDIUM))
        elif answer.accepted:
            self.context.drafts.pop(self.prompt.prompt, None)
            if self.is_current:
                self.leave_with(True)
        else:
            self.verdict.say(answer.words, style(Level.MEDIUM))


def _key(place: int, each: str) -> str:
    return each[0] if each in ("yes", "no") else str(place + 1)


def _symbol(prompt: Prompt) -> str:
    from hil_calibration.errors import CalibrationError
    from hil_calibration.unit import symbol

    try:
        return symbol(prompt.unit) if prompt.unit not in ("", "1") else ""
    except CalibrationError:
        return prompt.unit
