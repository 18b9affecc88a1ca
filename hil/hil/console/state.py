"""What a bench says of itself, typed: the ``run`` of a frame of the stream."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

PRIORITIES = ("safety", "high", "medium", "low")
"""Of alarms, the most urgent first."""


@dataclass(frozen=True)
class Point:
    """The point under way; ``units`` are the UCUM units of the factors that have one."""

    index: int = 0
    attempt: int = 1
    factors: dict[str, Any] = field(default_factory=dict)
    units: dict[str, Any] = field(default_factory=dict)
    step: str = ""


@dataclass(frozen=True)
class PromptPicture:
    """The picture of a question, in pixels; the stream brings it as that of a camera."""

    width: int = 0
    height: int = 0


@dataclass(frozen=True)
class Prompt:
    """A question that waits for an answer; ``asked`` is UTC in nanoseconds, ``limit`` in s."""

    prompt: int = 0
    text: str = ""
    wants: str = "text"
    unit: str = ""
    lower: float | None = None
    upper: float | None = None
    choices: tuple[str, ...] = ()
    asked: int | None = None
    limit: float | None = None
    picture: PromptPicture | None = None


@dataclass(frozen=True)
class Alarm:
    """An alarm that is not clear. Times are UTC in nanoseconds, of the bench or of the machine (``clock``)."""

    alarm: str = ""
    state: str = "active"
    priority: str = "high"
    reason: str = ""
    guidance: str = ""
    raised: int | None = None
    acknowledged_by: str = ""
    acknowledged: int | None = None
    shelved_until: int | None = None
    shelved_by: str = ""
    shelved_for: str = ""
    clock: str = "bench"

    @property
    def urgency(self) -> int:
        """0 for the most urgent; a priority of another name counts as it."""
        return PRIORITIES.index(self.priority) if self.priority in PRIORITIES else 0


@dataclass(frozen=True)
class Interlock:
    """One interlock; ``is_estop`` marks the chain of the emergency stop, an input of the bench.

    ``tripped`` is ``None`` while nobody looks at it.
    """

    name: str = ""
    when: str = ""
    tripped: bool | None = None
    is_estop: bool = False


@dataclass(frozen=True)
class Device:
    """One device; ``due`` is the day on which its calibration ends, as YYYY-MM-DD."""

    name: str = ""
    driver: str = ""
    instrument: str = ""
    serial: str = ""
    state: str = ""
    error: str = ""
    due: str = ""


@dataclass(frozen=True)
class Lease:
    """Who is in command; ``rest`` is in s."""

    epoch: int = 0
    holder: str = ""
    client: str = ""
    since: int | None = None
    rest: float | None = None
    requested_by: str = ""
    offered_to: str = ""


@dataclass(frozen=True)
class Item:
    """One entry of the queue."""

    id: str = ""
    procedure: str = ""
    settings: dict[str, Any] = field(default_factory=dict)
    seed: int | None = None
    operator: str = ""
    status: str = "waiting"
    verdict: str = ""
    run: str = ""
    error: str = ""


@dataclass(frozen=True)
class Queue:
    """The queue of a service; edits name its ``revision``."""

    revision: int = 0
    working: bool = False
    items: tuple[Item, ...] = ()


@dataclass(frozen=True)
class Handover:
    """What the operator before has left for the next."""

    text: str = ""
    by: str = ""
    at: int | None = None
    read_by: tuple[str, ...] = ()


@dataclass(frozen=True)
class Disk:
    """Room for records, in bytes."""

    free: int | None = None


@dataclass(frozen=True)
class Run:
    """The bench, and the run under way."""

    bench: str = ""
    bench_file: str = ""
    kind: str = ""
    provenance: str = ""
    boot: str = ""
    number: int = 0
    service: bool = False
    procedure: str = ""
    operator: str = ""
    run: str = ""
    folder: str = ""
    pid: int | None = None
    state: str = ""
    begun: int | None = None
    count: int | None = None
    done: int = 0
    left: int | None = None
    waiting_until: int | None = None
    point: Point | None = None
    prompts: tuple[Prompt, ...] = ()
    alarms: tuple[Alarm, ...] = ()
    interlocks: tuple[Interlock, ...] = ()
    devices: tuple[Device, ...] = ()
    lease: Lease | None = None
    queue: Queue | None = None
    handover: Handover | None = None
    disk: Disk | None = None
    recorded: int | None = None

    @cached_property
    def lost(self) -> frozenset[str]:
        """The devices that cannot be reached: their values are not of now, however new they look."""
        return frozenset(device.name for device in self.devices if device.state == "lost")

    @property
    def under_way(self) -> bool:
        """Whether a run has begun and has not ended."""
        return self.state not in ("", "idle")

    @property
    def part_done(self) -> float | None:
        """The part of the plan that is committed, 0 to 1; ``None`` where the plan has no end."""
        total = self.count if self.count is not None else None if self.left is None else self.left + self.done
        return min(1.0, self.done / total) if total else None
