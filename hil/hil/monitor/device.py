"""One device under watch: opened when it can be, tried again when it is lost."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from hil_drivers.device import Device, make_device
from hil_drivers.errors import DriverError
from hil_drivers.indication import Indication
from hil_drivers.transport.supervisor import LinkState, Supervisor

from ..bench.drivers import broken_driver
from ..deadline import within
from ..errors import BenchFault, HilError
from ..exclusive import Exclusive

if TYPE_CHECKING:
    from hil_drivers.clock import Clock
    from hil_drivers.transport.supervisor import LinkStatus

    from ..bench.model import DeviceSection

T = TypeVar("T")

CLOSE_DEADLINE = 5.0
"""Wall seconds that a device may take to disconnect."""


class WatchedDevice:
    """A device that is used by one task at a time, and opened by the first that needs it.

    Whatever its driver raises is an error of this device alone.

    :param address: where it is, with ``sim:`` names resolved.
    :param options: of its driver, with files found.
    :raises DriverError: if its driver cannot be loaded or does not take its options.
    """

    def __init__(
        self, name: str, section: DeviceSection, address: str, clock: Clock, options: Mapping[str, Any]
    ) -> None:
        self.name = name
        self._section, self._clock = section, clock
        self._device: Device | None = None
        self._broken = ""
        self._supervisor = Supervisor(name)
        try:
            self._device = make_device(address, section.driver, name=name, clock=clock, **options)
            self._supervisor = self._device.supervisor
        except DriverError:
            raise
        except Exception as error:  # noqa: BLE001 (what a driver of another package raises)
            self._broken = broken_driver(section.driver, error)
            self._supervisor.failed(self._broken, 0.0)
        self._exclusive = Exclusive(clock, name)
        self._opened = False

    @property
    def status(self) -> LinkStatus:
        """How its link does."""
        return self._supervisor.status

    async def open(self) -> None:
        """Open it, unless it is open.

        :raises DriverError: if it cannot be reached or is another kind of device.
        :raises BenchFault: if that takes longer than the bench file allows, or its driver is broken.
        """
        await self._exclusive.run(partial(self._guarded, self._ensure_open))

    async def read(self, point: str) -> Indication:
        """One indication of ``point``, from a device that is opened first where it has to be.

        :raises DriverError: if it fails.
        :raises BenchFault: if it hangs, or its driver is broken.
        """

        async def opened_and_read() -> Indication:
            device = await self._ensure_open()
            indication = await device.read(point)
            if not isinstance(indication, Indication):
                raise TypeError(f"read returned {type(indication).__name__}, not an Indication")
            return indication

        return await self._exclusive.run(partial(self._guarded, opened_and_read))

    async def close(self) -> None:
        """Close it after the operation under way; what fails in that is over anyway."""
        self._exclusive.close()
        try:
            await within(CLOSE_DEADLINE, self._exclusive.idle(), clock=self._clock)
            if self._device is not None:
                await within(CLOSE_DEADLINE, self._device.close(), clock=self._clock)
        except Exception:  # noqa: BLE001 (whatever its driver raises: it is left)
            return
        finally:
            self._opened = False

    async def _guarded(self, operation: Callable[[], Awaitable[T]]) -> T:
        """``operation``, where whatever else its driver raises becomes a fault of the bench."""
        try:
            done = await operation()
        except (DriverError, HilError):
            raise
        except Exception as error:
            what = broken_driver(self._section.driver, error)
            self._supervisor.failed(what, 0.0)
            raise BenchFault(what, where=self.name) from error
        if self._supervisor.status.state is not LinkState.UP:
            self._supervisor.connected()
        return done

    async def _ensure_open(self) -> Device:
        if self._device is None:
            raise BenchFault(self._broken, where=self.name)
        if self._opened:
            return self._device
        self._supervisor.admit()
        limit = self._section.open_within
        try:
            await within(limit, self._device.open(), clock=self._clock)
        except TimeoutError:
            what = f"did not open within {limit:g} s"
            self._supervisor.failed(what, limit)
            raise BenchFault(what, where=self.name, remedy="check it and its address") from None
        self._opened = True
        return self._device
