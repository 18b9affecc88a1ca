"""The clocks of the console, given to it so that a test has its own."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Times:
    """``now`` in monotonic seconds, ``wall`` in UTC nanoseconds."""

    now: Callable[[], float] = time.monotonic
    wall: Callable[[], int] = time.time_ns
