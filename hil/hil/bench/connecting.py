"""The devices of a bench: where they are, opened side by side, and closed again."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from typing import TYPE_CHECKING, Any

from hil_drivers.device import Device, load_driver, open_device
from hil_drivers.errors import DriverError

from ..deadline import within
from ..errors import ConfigurationError, HilError
from ..safety.claims import claim
from ..suggest import nearest
from .drivers import broken_driver, device_options
from .world import simulated_name

if TYPE_CHECKING:
    from hil_drivers.clock import Clock
    from hil_drivers.sim.client import Simulation

    from .config import BenchConfig

Stuck = dict[str, asyncio.Task[Any]]
"""By device, an operation that has not ended in its time."""

CLOSE_DEADLINE = 5.0
"""Wall seconds that a device may take to disconnect."""


async def open_devices(
    config: BenchConfig,
    names: Sequence[str],
    clock: Clock,
    world: Simulation | None,
    stack: AsyncExitStack,
    stuck: Stuck,
) -> tuple[dict[str, Device], list[str]]:
    """The devices that answered, in their order, and a sentence for each that did not; ``stack`` closes them.

    :param stuck: what is in there when ``stack`` is left is not closed, until it has ended.
    """
    opened: dict[str, Device] = {}
    failures: list[str] = []
    for name in names:
        load_driver(config.devices[name].driver)
    stack.enter_context(claim({name: device_address(config, name, world) for name in real_devices(config, names)}))

    async def connect(name: str) -> None:
        section = config.devices[name]
        try:
            address = device_address(config, name, world)
            opening = open_device(address, section.driver, name=name, clock=clock, **device_options(config, name))
            opened[name] = await within(section.open_within, opening, clock=clock)
        except TimeoutError:
            awaits = load_driver(section.driver).awaits
            missing = f": {awaits} did not come" if awaits else ""
            failures.append(f"{name}: did not open within {section.open_within:g} s{missing}; check it and its address")
        except (DriverError, HilError) as error:
            failures.append(str(error))
        except Exception as error:  # noqa: BLE001 (what a driver of another package raises)
            failures.append(f"{name}: {broken_driver(section.driver, error)}")

    stack.push_async_callback(_close_devices, opened, clock, stuck)
    await _all(clock, [connect(name) for name in names])
    return {name: opened[name] for name in names if name in opened}, sorted(failures)


def real_devices(config: BenchConfig, names: Collection[str]) -> list[str]:
    """Those of ``names`` that no simulation stands for."""
    return [name for name in names if simulated_name(config, name) is None]


async def _close_devices(opened: Mapping[str, Device], clock: Clock, stuck: Stuck) -> None:
    """Close them, but those in which a call still hangs: what a library does with both at once, nobody knows."""

    async def disconnect(device: Device) -> None:
        with suppress(TimeoutError, DriverError):
            await within(CLOSE_DEADLINE, device.close(), clock=clock)

    hanging = {name for name, task in stuck.items() if not task.done()}
    await _all(clock, [disconnect(device) for name, device in opened.items() if name not in hanging])


async def _all(clock: Clock, work: Sequence[Coroutine[Any, Any, None]]) -> None:
    """Run ``work`` side by side; if this is cancelled or one of them breaks, end the others first."""
    tasks = [asyncio.create_task(coroutine) for coroutine in work]
    try:
        await clock.wait(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result


def device_address(config: BenchConfig, device: str, world: Simulation | None) -> str:
    """Where ``device`` is: a ``sim:`` name as what the simulation serves it at.

    :raises ConfigurationError: if the simulation has no such device.
    """
    name = simulated_name(config, device)
    if name is None or world is None:
        return config.devices[device].address
    if name not in world.addresses:
        raise ConfigurationError(
            f'there is no simulated device "{name}"', where=device, remedy=nearest(name, world.addresses)
        )
    return world.addresses[name]
