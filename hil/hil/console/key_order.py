"""Keys one after the other: a burst acts as if it had been typed slowly, and typed text is no command."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

from textual.app import App
from textual.dom import DOMNode
from textual.events import Key
from textual.screen import Screen

from .dialogs.dialog import Dialog

PATIENCE = 1.0
"""Seconds after which the next key is handed on, whatever has become of the one before."""

LOOK = 0.01
"""Seconds between two looks at whether a dialog that opens can take keys."""

TEXT, LETTERS = 4, 3
"""So many characters at once, of which so many differ, are text: no hand presses keys like that."""

OPENING = frozenset("in/gocrsH")
"""Keys that open a field, for which what follows is meant; where they open none, it is looked at again."""


class KeyOrder:
    """Hands a key on when all that the one before led to is done: a focus that moves, a dialog that opens.

    Textual gives each key to the widget that has the focus when the key arrives, not when it is its turn: of ``Tab 5``
    in one burst the 5 went into the field before.

    :param hand_on: has the application handle a key.
    :param refused: told of text that came while no field was open for it.
    """

    def __init__(self, app: App[int], hand_on: Callable[[Key], Awaitable[None]], refused: Callable[[], object]) -> None:
        self._app, self._hand_on, self._refused = app, hand_on, refused
        self._waiting: deque[Key] = deque()
        self._turn = 0
        self._busy = False

    @property
    def idle(self) -> bool:
        """Whether every key has acted."""
        return not self._busy

    def take(self, key: Key) -> None:
        """A key was pressed: its turn comes after those before it, and after those that came with it are known."""
        self._waiting.append(key)
        if not self._busy:
            self._busy = True
            self._app.call_later(self._next)

    async def _next(self) -> None:
        self._drop_text()
        if not self._waiting:
            self._busy = False
            return
        self._turn += 1
        first, turn = self._app.focused or self._app.screen, self._turn
        asyncio.get_running_loop().call_later(PATIENCE, self._done, turn)
        await self._hand_on(self._waiting.popleft())
        self._follow(first, turn, 2)

    def _follow(self, node: DOMNode, turn: int, rounds: int, first: DOMNode | None = None) -> None:
        """Pass through the queues of ``node`` and of all around it, behind what the key left there.

        Twice: what a widget says of a key, such as that a field was submitted, comes after the key itself.
        """
        first = first or node
        if isinstance(node, Screen) or node.parent is None:
            again = rounds > 1
            step = (self._follow, first, turn, rounds - 1) if again else (self._settle, turn)
            self._after(node, self._app.call_later, *step)
        else:
            self._after(node, self._follow, node.parent, turn, rounds, first)

    @staticmethod
    def _after(node: DOMNode, step: Callable[..., object], *arguments: object) -> None:
        """Do ``step`` after what waits at ``node``; at once where it takes nothing any more."""
        if not node.call_later(step, *arguments):
            step(*arguments)

    def _settle(self, turn: int) -> None:
        """Wait until the dialog on top, if there is one, can take keys."""
        screen = self._app.screen
        if isinstance(screen, Dialog) and not screen.takes_keys:
            asyncio.get_running_loop().call_later(LOOK, self._settle, turn)
        else:
            self._done(turn)

    def _done(self, turn: int) -> None:
        if turn == self._turn and self._busy:
            self._turn += 1
            self._app.call_later(self._next)

    def _drop_text(self) -> None:
        """Leave out text that nothing is open for: of a scanner, or of a window that has the wrong focus."""
        if len(self._app.screen_stack) > 1 or (self._waiting and self._waiting[0].character in OPENING):
            return
        typed = []
        for key in self._waiting:
            if not key.is_printable:
                break
            typed.append(key.character)
        if len(typed) < TEXT or len(set(typed)) < LETTERS:
            return
        for _ in typed:
            self._waiting.popleft()
        if self._waiting and self._waiting[0].key == "enter":
            self._waiting.popleft()
        self._refused()
