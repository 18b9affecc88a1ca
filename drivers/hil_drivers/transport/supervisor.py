"""What is known of the link to one device, and when it is worth trying again.

Every link reports its exchanges to the device's supervisor, which keeps counts, logs a change of state once,
and is the device's circuit breaker: after a second failure in a row further exchanges fail at once until a
back-off has passed, so that a dead device costs the others on its bus little. The back-off doubles from 0.1 s:
up to 1 s where a failure is told at once (a refused connection, a port that is gone), up to 5 s where it costs
a time-out. All times are on the wire clock.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from enum import StrEnum

from ..errors import DeviceUnreachable, RemoteProtocolError

FIRST_DELAY = 0.1
LONGEST_DELAY_TOLD = 1.0
LONGEST_DELAY_SILENT = 5.0
SLOW = 0.5
"""Seconds from which a failure counts as one that costs a time-out."""

WITHOUT_GAPS = 60.0
"""Seconds without a missed value after which the next one is told again."""

_LATENCIES = 100

log = logging.getLogger("hil_drivers.link")


class LinkState(StrEnum):
    """Whether the device answers."""

    CLOSED = "closed"
    UP = "up"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class LinkStatus:
    """One look at a link. Counts are since the device was made; ``seconds`` is how long ``state`` has held.

    ``missed`` values are known to have been sent but never came; ``skipped`` are ticks of our own sampling that passed
    while a reading was under way. ``latency`` is the median of the latest exchanges in s, ``None`` where there was
    none; ``next_try`` the seconds until an exchange is tried again, 0 where it would be now.
    """

    state: LinkState
    seconds: float
    exchanges: int
    unanswered: int
    garbled: int
    losses: int
    missed: int
    skipped: int
    latency: float | None
    last_error: str
    next_try: float


class Supervisor:
    """The supervision of one device's link.

    :param name: the device's name, used in errors and in the log.
    :param now: the wire clock, in seconds.
    """

    def __init__(self, name: str, *, now: Callable[[], float] = time.monotonic) -> None:
        self.name, self.wire_time = name, now
        self.on_change: Callable[[LinkStatus], None] | None = None
        self._state, self._since = LinkState.CLOSED, now()
        self._exchanges = self._unanswered = self._garbled = self._losses = self._missed = self._skipped = 0
        self._latencies: deque[float] = deque(maxlen=_LATENCIES)
        self._last_error = ""
        self._in_a_row = 0
        self._first_error, self._failing_since = "", 0.0
        self._retry_at = 0.0
        self._lost_since: float | None = None
        self._gap_at: float | None = None

    @property
    def failures(self) -> int:
        """How often in a row it could not be reached, or did not answer."""
        return self._in_a_row

    @property
    def state(self) -> LinkState:
        """Whether the device answers, by its latest exchange."""
        return self._state

    @property
    def status(self) -> LinkStatus:
        """The link as it is now."""
        from statistics import median

        return LinkStatus(
            self._state,
            self.wire_time() - self._since,
            self._exchanges,
            self._unanswered,
            self._garbled,
            self._losses,
            self._missed,
            self._skipped,
            median(self._latencies) if self._latencies else None,
            self._last_error,
            max(0.0, self._retry_at - self.wire_time()),
        )

    @contextmanager
    def opening(self) -> Iterator[None]:
        """Hold while a connection is made that was asked for: it is tried at once.

        The connection to a device that did not answer before shows nothing: it is up once it has answered.
        """
        begun = self.wire_time()
        try:
            yield
        except DeviceUnreachable as error:
            self.failed(error.what, self.wire_time() - begun)
            raise
        if self._lost_since is None:
            self.connected()

    def exchange(self, *, answered: bool = True) -> AbstractContextManager[None]:
        """Hold during one exchange with the device.

        :param answered: whether its end shows that the device is there; not so where something is only sent.
        :raises DeviceUnreachable: at once, while it is too early to try again.
        """
        return _Exchange(self, answered)

    def ended(self, error: BaseException | None, seconds: float, *, answered: bool) -> None:
        """An exchange of ``seconds`` ended with ``error``, or well."""
        if error is None:
            if answered:
                self.answered(seconds)
        elif isinstance(error, DeviceUnreachable):
            self._unanswered += 1
            self.failed(error.what, seconds)
        elif isinstance(error, RemoteProtocolError):
            self._garbled += 1
            self._last_error = error.what

    def admit(self) -> None:
        """Refuse what it is too early to try.

        :raises DeviceUnreachable: with the reasons of the latest failure and the first, and when the next try is.
        """
        wait = self._retry_at - self.wire_time()
        if wait > 0:
            lasted = self.wire_time() - self._failing_since
            raise DeviceUnreachable(
                f"{self._last_error} ({self._in_a_row} times in a row, "
                f"the first {lasted:.1f} s ago{self._other_first}; tried again in {wait:.1f} s)",
                where=self.name,
                remedy="check that it is switched on and connected",
            )

    @property
    def _other_first(self) -> str:
        """What failed first, where that was something else than what failed last."""
        return "" if self._first_error == self._last_error else f": {self._first_error}"

    def connected(self) -> None:
        """The device was reached."""
        self._in_a_row, self._retry_at = 0, 0.0
        if self._state is not LinkState.UP:
            self._change(LinkState.UP)

    def answered(self, seconds: float) -> None:
        """An exchange ended well after ``seconds``."""
        self._exchanges += 1
        self._latencies.append(seconds)
        self.connected()

    def failed(self, what: str, seconds: float) -> None:
        """The device could not be reached, or did not answer; that took ``seconds``."""
        self._in_a_row += 1
        self._last_error = what
        if self._in_a_row == 1:
            self._first_error, self._failing_since = what, self.wire_time()
        if self._in_a_row > 1:
            longest = LONGEST_DELAY_SILENT if seconds >= SLOW else LONGEST_DELAY_TOLD
            self._retry_at = self.wire_time() + min(longest, FIRST_DELAY * 2.0 ** min(self._in_a_row - 2, 20))
        if self._state is not LinkState.DOWN:
            self._losses += self._state is LinkState.UP
            self._change(LinkState.DOWN)

    def missed(self, count: int = 1) -> None:
        """``count`` more values that the device is known to have sent never came; the first of a spell are told."""
        self._missed += count
        if self._gap_at is None or self.wire_time() - self._gap_at > WITHOUT_GAPS:
            log.warning("%s: %d of its messages did not come; further ones are counted", self.name, count)
        self._gap_at = self.wire_time()

    def skipped(self, count: int = 1) -> None:
        """``count`` more readings that were due were not asked for, because one before took too long."""
        self._skipped += count

    def closed(self) -> None:
        """The link was closed on purpose. A device that did not answer before is still tried no more often."""
        if self._state is not LinkState.CLOSED:
            self._change(LinkState.CLOSED)

    def _change(self, state: LinkState) -> None:
        self._state, self._since = state, self.wire_time()
        if state is LinkState.DOWN and self._lost_since is None:
            self._lost_since = self._since
            log.warning("%s: %s", self.name, self._last_error)
        elif state is LinkState.UP and self._lost_since is not None:
            log.warning("%s: answers again after %.1f s", self.name, self._since - self._lost_since)
            self._lost_since = None
        if self.on_change is not None:
            self.on_change(self.status)


class _Exchange(AbstractContextManager[None]):
    """One exchange under supervision; a class, because it is on the way of every query."""

    __slots__ = ("_answered", "_begun", "_supervisor")

    def __init__(self, supervisor: Supervisor, answered: bool) -> None:
        self._supervisor, self._answered = supervisor, answered

    def __enter__(self) -> None:
        self._supervisor.admit()
        self._begun = self._supervisor.wire_time()

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        seconds = self._supervisor.wire_time() - self._begun
        self._supervisor.ended(error, seconds, answered=self._answered)
