"""How often the console paints: less where its terminal does not take what it writes."""

from __future__ import annotations

STEPS = (10.0, 5.0, 2.0, 1.0)
"""Pictures per second."""

DEEP = 6
"""Writes that wait for the terminal, of 30 that make the writer wait: above it, the pace goes down."""

HOLD = 1.0
"""Seconds between two steps down at least: one large picture is no slow terminal."""

CALM = 3.0
"""Seconds without a write that waits before the pace goes up again."""


class Pace:
    """Steps down soon, and up again after a calm time."""

    def __init__(self) -> None:
        self._step, self._changed, self._lowered = 0, 0.0, -HOLD

    @property
    def hertz(self) -> float:
        """Pictures per second now."""
        return STEPS[self._step]

    def feel(self, waiting: int, now: float) -> bool:
        """Take in how many writes wait; whether the pace has changed."""
        before = self._step
        if waiting > DEEP:
            self._changed = now
            if now - self._lowered >= HOLD:
                self._step, self._lowered = min(self._step + 1, len(STEPS) - 1), now
        elif waiting:
            self._changed = now
        elif self._step and now - self._changed > CALM:
            self._step -= 1
            self._changed = now
        return self._step != before
