"""How a run ended, shown by what the bench has for it: a lamp, a buzzer."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from hil_drivers.errors import DriverError

from .deadline import within
from .errors import HilError, raised

if TYPE_CHECKING:
    from .bench.opened import Bench


async def show_ending(bench: Bench, status: str, note: Callable[[dict[str, Any]], None]) -> None:
    """Give the signs of ``status``; whatever they meet is told to ``note`` and goes no further.

    A device in whose driver a call hangs is left alone.
    """
    for signal in bench.config.signals.of(status):
        error = await _given(bench, signal.channel, signal.set)
        note({"ending": status, "channel": signal.channel, "set": signal.set, "error": error})


async def _given(bench: Bench, channel: str, value: float) -> str:
    """Command ``channel``; what went wrong, in words."""
    stuck = bench.stuck.get(bench.config.channels[channel].device)
    if stuck is not None and not stuck.done():
        return "its driver hangs"
    deadline = bench.config.signals.deadline
    try:
        await within(deadline, bench.actuator(channel).set(value), clock=bench.clock)
    except TimeoutError:
        return f"not done within {deadline:g} s"
    except (HilError, DriverError) as error:
        return str(error)
    except Exception as error:  # noqa: BLE001 (a bug in a driver of a lamp must not end the run otherwise)
        return raised(error)
    return ""
