"""What stands for equipment by recordings: what the engine must know of it, and what it must know of the trial."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol, runtime_checkable

from .capability import Values

MORE = "record more, or plan what the data set holds"
"""What to do where recordings lack."""


@dataclass(frozen=True, slots=True)
class Recording:
    """One file of a data set: its ``number`` in the index, counted from 1, its name, and the SHA-256 of its bytes."""

    number: int
    file: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Reference:
    """What the recordings say of one quantity.

    :param values: by recording that counts, the reference value and its standard uncertainty, both in ``unit``.
    :param simulated: whether the values come from a simulation, or nothing says that they do not.
    :param source: the data set, its date, and the SHA-256 of its index.
    """

    unit: str
    values: tuple[tuple[float, float], ...]
    simulated: bool
    source: str
    date: date
    sha256: str


@runtime_checkable
class Replay(Protocol):
    """A device that replays recordings.

    ``on_use`` is told of each recording that is given out as a stimulus, before it is; ``reuse`` says whether a
    recording may be given out at several points of a plan: the result then holds for the recordings, not for others.
    """

    on_use: Callable[[Recording], None] | None
    reuse: bool

    @property
    def facts(self) -> dict[str, Any]:
        """What the record keeps of the data set: its name, origin, the hash of its index, what does not count."""
        ...

    def present(self, occasion: int) -> None:
        """What follows is presentation ``occasion`` of its condition, counted from 0: another takes other recordings.

        An attempt that is repeated is the same presentation, and takes the same recordings.
        """
        ...

    def lacking(self, factors: Mapping[str, Any], occasion: int) -> str:
        """What the data set lacks for a point with these factors, in words; empty where nothing is known to lack."""
        ...


@runtime_checkable
class ForeseenSource(Protocol):
    """A source that tells, before it is open, what it will give."""

    def foreseen(self, content: str, occasion: int) -> Values | None:
        """The stimulus of presentation ``occasion`` of a content, counted from 0; ``None`` where there is none."""
        ...


@runtime_checkable
class ForeseenDomain(Protocol):
    """A model that tells, before it is open, what lies in its domain."""

    def takes(self, stimulus: Values) -> bool:
        """Whether it has a value for a stimulus, inside the domain."""
        ...
