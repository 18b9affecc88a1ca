"""What every view and dialog of the console is given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from ..commanding.verb import Verb
from .desk import Desk
from .link import Answer
from .model import LinkState, Model
from .pictures import Seen
from .source import Source
from .state import Alarm
from .times import Times


class Order(Protocol):
    """Sends a command in the background, and says on screen what came of it."""

    def __call__(
        self,
        verb: Verb,
        args: dict[str, Any] | None = None,
        reason: str = "",
        then: Callable[[Answer | None], object] | None = None,
    ) -> None:
        """Send ``verb``; ``then`` is called with the answer, ``None`` where there was none."""


@dataclass
class Context:
    """The bench, the operator's desk, the clocks, and ways to act.

    :param plain: draw in ASCII alone.
    :param order: sends a command.
    :param say: shows a line above the keys; ``wrong`` says that something is.
    :param repaint: paints everything in sight, now.
    :param want_pictures: has the bench send what its cameras see, or not.
    :param view_picture: opens a picture in a viewer of its own, or says where it is kept.
    :param recall: has the past of a channel, so many seconds of it, put before what was seen of it here.
    """

    model: Model
    desk: Desk
    times: Times
    source: Source
    plain: bool
    order: Order
    say: Callable[..., None]
    repaint: Callable[[], object]
    want_pictures: Callable[[bool], object]
    recall: Callable[[str, float], object]
    view_picture: Callable[[Seen | None], object]
    drafts: dict[int, str] = field(default_factory=dict)
    """By the number of its prompt, an answer that was begun."""
    run_draft: list[str] = field(default_factory=list)
    """What was typed of a run for the queue, and was not taken yet: procedure, settings, seed."""

    @property
    def bench_time(self) -> int:
        """The time of the bench, UTC in nanoseconds."""
        return self.model.bench_time(self.times.now(), self.times.wall())

    def time_of(self, alarm: Alarm) -> int:
        """The present time on the clock of ``alarm``, UTC in nanoseconds."""
        return self.times.wall() if alarm.clock == "machine" else self.bench_time

    @property
    def linked(self) -> bool:
        """Whether what is on screen is of now."""
        return self.model.link_state(self.times.now()) is LinkState.UP
