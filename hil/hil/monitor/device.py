"""One device under watch: opened when it can be, tried again when it is lost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from hil_drivers.device import Device, make_device
from hil_drivers.errors import DriverError

from ..deadline import within
from ..errors import BenchFault, HilError
from ..exclusive import Exclusive

if TYPE_CHECKING:
    from hil_drivers.clock import Clock
    from hil_drivers.indication import Indication
    from hil_drivers.transport.supervisor import LinkStatus

    from ..bench.model import DeviceSection

CLOSE_DEADLINE = 5.0
"""Wall seconds that a device may take to disconnect."""


class WatchedDevice:
    """A device that is used by one task at a time, and opened by the first that needs it.

    :param address: where it is, with ``sim:`` names resolved.
    :param options: of its driver, with files found.
    :raises DriverError: if its driver cannot be loaded or does not take its options.
    """

    def __init__(
        self, name: str, section: DeviceSection, address: str, clock: Clock, options: Mapping[str, Any]
    ) -> None:
        self.name = name
        self._section, self._clock = section, clock
        self._device: Device = make_device(address, section.driver, name=name, clock=clock, **options)
        self._exclusive = Exclusive(clock, name)
        self._opened = False

    @property
    def points(self) -> dict[str, Any]:
        """The points it declares; some drivers learn theirs when they are opened."""
        return dict(self._device.points)

    @property
    def status(self) -> LinkStatus:
        """How its link does."""
        return self._device.supervisor.status

    async def open(self) -> None:
        """Open it, unless it is open.

        :raises DriverError: if it cannot be reached or is another kind of device.
        :raises BenchFault: if that takes longer than the bench file allows.
        """
        await self._exclusive.run(self._ensure_open)

    async def read(self, point: str) -> Indication:
        """One indication of ``point``, from a device that is opened first where it has to be.

        :raises DriverError: if it fails.
        :raises BenchFault: if it hangs.
        """

        async def opened_and_read() -> Indication:
            await self._ensure_open()
            return await self._device.read(point)

        return await self._exclusive.run(opened_and_read)

    async def close(self) -> None:
        """Close it after the operation under way; what fails in that is over anyway."""
        self._exclusive.close()
        try:
            await within(CLOSE_DEADLINE, self._exclusive.idle(), clock=self._clock)
            await within(CLOSE_DEADLINE, self._device.close(), clock=self._clock)
        except (TimeoutError, DriverError, HilError):
            return
        finally:
            self._opened = False

    async def _ensure_open(self) -> None:
        if self._opened:
            return
        self._device.supervisor.admit()
        limit = self._section.open_within
        try:
            await within(limit, self._device.open(), clock=self._clock)
        except TimeoutError:
            what = f"did not open within {limit:g} s"
            self._device.supervisor.failed(what, limit)
            raise BenchFault(what, where=self.name, remedy="check it and its address") from None
        self._opened = True
