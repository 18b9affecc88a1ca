"""Making a bench safe while no run is under way: after a run that was cut off, and where a stop asks for it."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hil_drivers.clock import WallClock

from ..execution import unbroken
from .words import in_words

if TYPE_CHECKING:
    from ..bench.config import BenchConfig


class Safe:
    """Brings one bench to its safe state, to the end of it, also where the service is ended meanwhile.

    :param runs: the folder of its runs.
    :param tell: told what became of it.
    :param wake: called when it is wanted.
    """

    def __init__(
        self,
        config: BenchConfig,
        runs: Path,
        tell: Callable[[str, dict[str, Any]], object],
        wake: Callable[[], object],
    ) -> None:
        self._config, self._runs, self._tell, self._wake = config, runs, tell, wake
        self._seed = None if config.sim is None else config.sim.seed
        self.wanted = False

    def want(self) -> None:
        """It is to be made safe, as soon as its devices are free."""
        self.wanted = True
        self._wake()

    async def recover(self) -> None:
        """Make it safe where a run was cut off; nothing goes on by itself."""
        from ..safety.recovery import recover

        await self._unbroken(recover(self._config, self._runs, seed=self._seed, publish=self._tell))

    async def make(self) -> None:
        """Make it safe."""
        self.wanted = False
        await self._unbroken(self._make())

    async def _make(self) -> None:
        from ..safety.recovery import bring_to_safe_state

        outcomes, faults = await bring_to_safe_state(self._config, self._seed)
        for fault in faults:
            self._tell("safe state failed", {"error": fault})
        self._tell("safe state", {"reached": sum(each.ok for each in outcomes), "of": len(outcomes)})

    async def _unbroken(self, work: Coroutine[Any, Any, object]) -> None:
        await unbroken(self._told(work), WallClock())

    async def _told(self, work: Coroutine[Any, Any, object]) -> None:
        try:
            await work
        except Exception as error:  # noqa: BLE001 (whatever it is, the service goes on, and people are told)
            self._tell("safe state failed", {"error": in_words(error)})
