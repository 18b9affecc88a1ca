"""What of a run is on record already, where it is resumed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .design import History


@dataclass(frozen=True, slots=True)
class Progress:
    """The points that count, the attempts made, and the bench time in nanoseconds from which to go on.

    :param tried: the latest attempt by point.
    :param systems: by role, the identity of each system under test.
    """

    history: History = field(default_factory=History)
    tried: dict[int, int] = field(default_factory=dict)
    bench_time: int = 0
    systems: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
