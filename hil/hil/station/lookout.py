"""What a service looks at each second: room on the disk, what has latched in runs before, whether its bench file is
still the one that it read.
"""

from __future__ import annotations

import asyncio
import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import HilError
from ..safety.alarms import Alarms, Priority
from ..safety.latch import Latch
from .disk import Disk
from .notifier import NOTIFICATION

if TYPE_CHECKING:
    from ..bench.config import BenchConfig

LOOK = 1.0
"""Wall seconds between two looks."""

LEAST_FREE = 1e9
"""Bytes free on the disk below which that is an alarm."""

ALARMS: dict[str, tuple[Priority, str]] = {
    "bench": (
        "medium",
        "end the service and start it again: until then it watches, and makes safe, the bench as it was; runs do not",
    ),
    "disk": ("high", "make room on the disk of the runs, or the run ends"),
    "latches": ("high", "look at the rig: what has latched in runs before cannot be read"),
    NOTIFICATION: (
        "medium",
        "nobody elsewhere may know of alarms: look at notify.toml, the mail server, the network",
    ),
    "watch": ("low", "look at the bench file and the devices; a run tries again by itself"),
}
"""Those of the service itself, and what the person who sees one is to do."""


def declare(alarms: Alarms) -> None:
    """Declare the alarms of the service."""
    for name, (priority, guidance) in ALARMS.items():
        alarms.add(name, priority, guidance, Latch(latching=name == NOTIFICATION))


class Lookout:
    """Looks, beside the loop: a disk may be slow.

    :param runs: the folder of the runs.
    :param latches: looks at what has latched; raises `hil.errors.HilError` where that cannot be read.
    :param keep: writes once more what ``disk`` has not taken.
    """

    def __init__(
        self,
        config: BenchConfig,
        runs: Path,
        disk: Disk,
        alarms: Alarms,
        *,
        latches: Callable[[], object],
        keep: Callable[[], object],
    ) -> None:
        self._config, self._runs, self._disk, self._alarms = config, runs, disk, alarms
        self._latches, self._keep_again = latches, keep
        self.free: int | None = None
        """Bytes free on the disk of the runs, to 0.1 GB, where that is known."""

    async def keep(self) -> None:
        """Look each second, until this is cancelled."""
        while True:
            self.free = await asyncio.to_thread(_free, self._runs)
            self._told("disk", self._short_of_disk())
            self._told("bench", await asyncio.to_thread(self._changed))
            self._told("latches", await asyncio.to_thread(self._unreadable))
            if self._disk.failure is not None:
                self._keep_again()
            await asyncio.sleep(LOOK)

    def _told(self, alarm: str, reason: str) -> None:
        if reason:
            self._alarms.raise_(alarm, reason)
        else:
            self._alarms.gone(alarm)

    def _short_of_disk(self) -> str:
        if self._disk.failure is not None:
            return str(self._disk.failure)
        short = self.free is not None and self.free < LEAST_FREE
        return f"{(self.free or 0) / 1e9:.1f} GB are free for runs" if short else ""

    def _changed(self) -> str:
        try:
            found = hashlib.sha256(self._config.path.read_bytes()).hexdigest()
        except OSError as error:
            return f"{self._config.path} cannot be read any more ({error.strerror})"
        return "" if found == self._config.sha256 else f"{self._config.path} has changed since the service began"

    def _unreadable(self) -> str:
        try:
            self._latches()
        except (HilError, OSError) as error:
            return str(error)
        return ""


def _free(folder: Path) -> int | None:
    try:
        return round(shutil.disk_usage(folder).free / 1e8) * 100_000_000
    except OSError:
        return None
