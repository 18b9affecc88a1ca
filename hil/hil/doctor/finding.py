"""What a check found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "warn", "fail"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: what was looked at, how it is, what was found, and what to do (empty where nothing is).

    ``warn`` is something that some benches need; ``fail`` something without which no run can be trusted.
    """

    what: str
    state: State
    found: str
    remedy: str = ""
