"""The safe state of a bench: ordered actions, each with its deadline, read back, and tried again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hil_drivers.clock import NANOSECONDS
from hil_drivers.errors import DeviceUnreachable, DriverError

from ..deadline import retrieve
from ..errors import HilError

if TYPE_CHECKING:
    from ..bench.model import SafeAction
    from ..bench.opened import Bench

GRACE = 0.5
"""Wall seconds that an action may take to let go of its device once its deadline has passed."""

POLL = 0.05
"""Seconds of bench time between two looks at what is read back."""

Read = Callable[[str], Awaitable[float | None]]
Free = Callable[[str], Awaitable[None]]


@dataclass(frozen=True)
class SafeOutcome:
    """What became of one action of the safe state: ``error`` is empty where it was carried out.

    ``seen`` is what its readback showed, in the unit of ``value``; ``tries`` how often it was commanded;
    ``first_error`` what went wrong at first, whatever came of it later.
    """

    channel: str
    value: float
    error: str = ""
    seen: float | None = None
    tries: int = 1
    first_error: str = ""

    @property
    def ok(self) -> bool:
        return not self.error

    def to_json(self) -> dict[str, Any]:
        """What the record keeps of it."""
        return {
            "channel": self.channel,
            "value": self.value,
            "error": self.error,
            "seen": self.seen,
            "tries": self.tries,
            "first_error": self.first_error,
        }


@dataclass
class _Try:
    """One try of an action: whether its device was free to be commanded, and what was read back so far."""

    commanded: bool = False
    shown: list[float | None] = field(default_factory=list)

    @property
    def seen(self) -> float | None:
        return self.shown[-1] if self.shown else None


class SafeState:
    """Brings a bench to its safe state: in order within a device, devices side by side unless told, past any failure.

    Actions go straight to the devices, past the queue of their other users. One that is done is not done again. None
    meets a call that is still inside the driver of its device.

    :param read: takes one reading of a channel, for what is read back; straight from its device by default.
    :param free: returns once no operation of another user is under way in a device, by its name; at once by default.
    """

    def __init__(self, bench: Bench, read: Read | None = None, free: Free | None = None) -> None:
        self._bench, self._clock = bench, bench.clock
        self._read, self._free = read or self._indicated, free
        self._actions = bench.config.safe_state.actions
        self._outcomes: dict[int, SafeOutcome] = {}
        self._under_way: asyncio.Task[None] | None = None

    def begin(self) -> asyncio.Task[None]:
        """Command what is not done yet, from the next turn of the loop on; the task ends when everything was tried."""
        if self._under_way is None or self._under_way.done():
            left = [
                position
                for position in range(len(self._actions))
                if position not in self._outcomes or not self._outcomes[position].ok
            ]
            tasks: dict[int, asyncio.Task[None]] = {}
            for position in left:
                before = [tasks[other] for other in self._before(position) if other in tasks]
                name = f"safe state of {self._actions[position].channel}"
                tasks[position] = asyncio.create_task(self._make_safe(position, before), name=name)
            self._under_way = asyncio.create_task(self._clock.wait(*tasks.values()), name="safe state")
        return self._under_way

    def _before(self, position: int) -> list[int]:
        """The earlier actions that this one waits for: those of its device, and those that it names."""
        action = self._actions[position]
        return [
            earlier
            for earlier, other in enumerate(self._actions[:position])
            if self._device(other) == self._device(action) or other.channel in action.after
        ]

    async def reach(self) -> list[SafeOutcome]:
        """Carry out every action that is not done yet; the outcomes of all, in their order.

        A caller that is cancelled leaves the actions to go on.
        """
        await self._clock.wait(self.begin())
        return [self._outcomes[position] for position in range(len(self._actions))]

    def _device(self, action: SafeAction) -> str:
        return self._bench.config.channels[action.channel].device

    async def _make_safe(self, position: int, before: list[asyncio.Task[None]]) -> None:
        """Carry out an action once those ``before`` have ended, well or not."""
        await self._clock.wait(*before)
        action = self._actions[position]
        try:
            self._outcomes[position] = await self._retried(action)
        except Exception as error:  # noqa: BLE001 (a bug in one driver must not keep the others from safety)
            told = f"{action.channel}: {type(error).__name__}: {error}"
            self._outcomes[position] = SafeOutcome(action.channel, action.set, told)

    async def _retried(self, action: SafeAction) -> SafeOutcome:
        tries, first = 0, ""
        while True:
            tries += 1
            error, seen = await self._tried(action)
            first = first or error
            if not error or tries > action.retries or self._hangs(action):
                told = f"{error} (at first: {first})" if error and error != first else error
                return SafeOutcome(action.channel, action.set, told, seen, tries, first)
            await self._until_it_may_answer(self._device(action), self._deadline(action))

    def _deadline(self, action: SafeAction) -> float:
        return action.deadline or self._bench.config.safe_state.deadline

    def _hangs(self, action: SafeAction) -> bool:
        """Whether the driver of its device hangs in an action before."""
        stuck = self._bench.stuck.get(self._device(action))
        return stuck is not None and not stuck.done()

    async def _tried(self, action: SafeAction) -> tuple[str, float | None]:
        """The error of one try, empty if it went well, and what was read back."""
        if self._hangs(action):
            return f"{action.channel}: its driver hangs since an action before", None
        trial = _Try()
        task = asyncio.create_task(self._carry_out(action, trial), name=f"{action.channel} = {action.set:g}")
        task.add_done_callback(retrieve)
        try:
            async with asyncio.timeout(self._deadline(action)):
                await self._clock.wait(task)
        except TimeoutError:
            task.cancel()
            await asyncio.wait([task], timeout=GRACE)
            if not task.done():
                self._bench.stuck[self._device(action)] = task
            return self._late(action, trial), trial.seen
        try:
            task.result()
        except (HilError, DriverError) as error:
            return str(error), None
        if action.within is None:
            return "", None
        reached = _is_near(trial.seen, action)
        return "" if reached else self._not_shown(action, trial.seen), trial.seen

    def _late(self, action: SafeAction, trial: _Try) -> str:
        if trial.shown:
            return self._not_shown(action, trial.seen)
        deadline = f"within {self._deadline(action):g} s"
        if trial.commanded:
            return f"{action.channel}: not done {deadline}"
        hangs = f"an operation that was under way in {self._device(action)} did not end {deadline}"
        return f"{action.channel}: not commanded, for {hangs}; look at the device, and keep away from it"

    async def _carry_out(self, action: SafeAction, trial: _Try) -> None:
        """Command, and read back until that shows or the deadline has passed on the bench clock as well."""
        if self._free is not None:
            await self._free(self._device(action))
        trial.commanded = True
        await self._bench.actuator(action.channel).set(action.set)
        last = self._clock.now() + round(self._deadline(action) * NANOSECONDS)
        while action.readback is not None:
            trial.shown.append(await self._read(action.readback))
            if _is_near(trial.seen, action) or self._clock.now() >= last:
                return
            await self._clock.sleep(POLL)

    def _not_shown(self, action: SafeAction, seen: float | None) -> str:
        unit = self._bench.config.channels[action.channel].unit
        shows = "shows nothing" if seen is None else f"shows {seen:.6g} {unit}"
        commanded = f"where {action.set:g} {unit} was commanded; look at the device, and keep away from it"
        return f"{action.channel}: {action.readback} {shows} {commanded}"

    async def _until_it_may_answer(self, device: str, longest: float) -> None:
        """Wait, on the wire clock, until a device that did not answer may be asked again."""
        pause = min(self._bench.device(device).supervisor.status.next_try, longest)
        if pause > 0.0:
            with self._clock.exchange():
                await asyncio.sleep(pause)

    async def _indicated(self, channel: str) -> float | None:
        with suppress(DeviceUnreachable):
            indication = await self._bench.sensor(channel).read()
            return indication.value if indication.usable else None
        return None


def _is_near(seen: float | None, action: SafeAction) -> bool:
    """Whether a readback is within the tolerance of what was commanded."""
    return seen is not None and action.within is not None and abs(seen - action.set) <= action.within
