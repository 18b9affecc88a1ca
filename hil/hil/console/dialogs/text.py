"""Dialogs that want some words, or show some."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.style import Style
from textual import events, on
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Input

from ..context import Context
from ..palette import Level, style
from ..widgets.key_bar import SAFE_STOP, Key
from ..widgets.words import Words
from .dialog import CLOSE, ENTER, NEXT, Dialog


class Field:
    """One field of a form: what it wants, what stands in it at first, whether it may stay empty."""

    def __init__(self, label: str, *, value: str = "", needed: bool = True, hint: str = "") -> None:
        self.label, self.value, self.needed, self.hint = label, value, needed, hint

    def fault(self, text: str) -> str:
        """What is wrong with ``text``; nothing where it is right."""
        return f"{self.label}: say something" if self.needed and not text.strip() else ""


class Form(Dialog[list[str]]):
    """Some fields; Enter goes to the next one, and from the last one gives all of them, once they are right."""

    def __init__(self, context: Context, title: str, text: str, fields: Sequence[Field]) -> None:
        super().__init__(context, title)
        self._text, self.fields = text, fields
        self.inputs = [
            Input(field.value, compact=True, placeholder=field.hint, id=f"field-{place}")
            for place, field in enumerate(fields)
        ]
        self.fault = Words(plain=context.plain)

    def content(self) -> list[Widget]:
        """The text, and each field under its label."""
        widgets: list[Widget] = [self.words(self._text)] if self._text else []
        for field, entry in zip(self.fields, self.inputs, strict=True):
            widgets += [self.words(field.label, label=True), entry]
        return [*widgets, self.fault]

    def on_mount(self) -> None:
        """Begin with the first field."""
        self.inputs[0].focus()

    def keys(self) -> tuple[Key, ...]:
        """Enter goes on to the next field, and says so."""
        on_the_way = any(entry.has_focus for entry in self.inputs[:-1])
        return (NEXT if on_the_way else ENTER, CLOSE, SAFE_STOP)

    @on(events.DescendantFocus)
    def _focused(self) -> None:
        self.context.repaint()

    @on(Input.Changed)
    def _typed(self) -> None:
        self.fault.say("")

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        texts = [entry.value.strip() for entry in self.inputs]
        place = self.inputs.index(event.input)
        for at in [place, *range(len(texts))]:
            fault = self.fields[at].fault(texts[at])
            if fault and (at == place or place == len(texts) - 1):
                self.fault.say(fault, style(Level.MEDIUM))
                self.inputs[at].focus()
                return
        if place < len(texts) - 1:
            self.inputs[place + 1].focus()
        else:
            self.leave_with(texts)


class Telling(Dialog[bool]):
    """Words to read; Enter says that they were read."""

    KEYS: ClassVar[tuple[Key, ...]] = (ENTER, CLOSE)
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "read", "OK", show=False),
        Binding("down,j", "scroll_panel(1)", "Down", show=False),
        Binding("up,k", "scroll_panel(-1)", "Up", show=False),
        Binding("pagedown,space", "scroll_panel(10)", "Page down", show=False),
        Binding("pageup", "scroll_panel(-10)", "Page up", show=False),
    ]

    def __init__(self, context: Context, title: str, text: str, *, look: Style | None = None) -> None:
        super().__init__(context, title)
        self.body = Words(text, style=look, plain=context.plain)

    def content(self) -> list[Widget]:
        """The words."""
        return [self.body]

    def keys(self) -> tuple[Key, ...]:
        """How to read on, where there is more than fits."""
        more = self.is_mounted and self.query_one(".panel").max_scroll_y > 0
        return (*self.KEYS, *([Key("PgDn", "More", rank=2)] if more else []), SAFE_STOP)

    def action_read(self) -> None:
        """Close it as read."""
        self.leave_with(True)

    def action_scroll_panel(self, by: int) -> None:
        """Move the words."""
        self.query_one(".panel").scroll_relative(y=by, animate=False)
