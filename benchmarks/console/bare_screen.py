"""The least that a screen of Textual costs: a header, a footer, and a log with two lines a second."""

from __future__ import annotations

import os

from textual.app import App, ComposeResult
from textual.widgets import Footer, Header, RichLog


class Bare(App[None]):
    """Nothing but what Textual brings."""

    BINDINGS = [("question_mark", "nothing", "Help")]  # noqa: RUF012 (as Textual has it)

    def compose(self) -> ComposeResult:
        """The three widgets."""
        yield Header(show_clock=True)
        yield RichLog()
        yield Footer()

    def on_mount(self) -> None:
        """Write into the log."""
        self.set_interval(0.5, lambda: self.query_one(RichLog).write(f"observed index={os.times().elapsed:.1f}"))


if __name__ == "__main__":
    Bare().run()
