"""Fault x driver: what the operator sees of each fault that a simulator can have."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from hil_drivers.device import Device
from hil_drivers.errors import DeviceError, DeviceUnreachable
from hil_drivers.indication import Flag
from hil_drivers.testing import ConformanceError, Operation, Subject, looks_good
from subjects import SUBJECTS, Elsewhere, MakeSubject

AT_ONCE = 6
HARMLESS = frozenset(("late", "split", "merged"))
"""Faults of a link that a driver makes good: the values stay right."""

WRONG = "wrong"
"""A value that looks good and is not."""

SETTLING = 0.05
OPENINGS = 4
"""How often a device is opened at most: on a busy machine a peer may take long to come back."""
AFTER_OVERDUE = 1.0
"""Seconds of wall time after which the last overdue answer has come, into the void."""

PAGE_HEAD = """# What the operator sees of each fault

<!-- Made by scripts/make_fault_matrix.py. Do not edit by hand. -->

Every simulated device can have faults by name: from a bench file (`[[sim.faults]]`: `device`, `kind`, `from`, `to`),
from the simulator's own command line (`python -m hil_drivers.sim WORLD.json --fault DEVICE:KIND:from=S:to=S`; `hil run`
takes none, so that a run's faults stand in its bench file) and from tests (`peer.inject(KIND)`). This is what its
driver makes of each. A value that may be used is shown as *right*, and was: no fault yields a number that looks good
and is wrong. *Unseen* means that nothing on the wire tells it: a validity gate, a second instrument or an intermediate
check must. The sentence is an example, without the device's name and the remedy.
"""


@dataclass(frozen=True)
class Seen:
    """What a fault of a driver's peer looks like: ``outcome`` by kind, and one sentence."""

    driver: str
    fault: str
    outcome: str
    sentence: str


async def matrix(drivers: Sequence[str] = ()) -> list[Seen]:
    """Of the drivers named, by default of all that have a peer, sorted by fault and driver."""
    limit = asyncio.Semaphore(AT_ONCE)

    async def one(name: str, made: MakeSubject) -> list[Seen]:
        async with limit, made() as subject:
            return [await _seen(name, subject, fault) for fault in sorted(subject.peer.faults)]

    chosen = {name: made for name, made in SUBJECTS.items() if not drivers or name in drivers}
    rows = await asyncio.gather(*(one(n, m) for n, m in chosen.items() if not isinstance(m, Elsewhere)))
    return sorted((seen for row in rows for seen in row), key=lambda seen: (seen.fault, seen.driver))


async def _seen(name: str, subject: Subject, fault: str) -> Seen:
    await subject.peer.start()
    device = subject.make()
    await _opened(device)
    try:
        operations = [one for one in subject.operations() if not one.commands] or subject.operations()
        for operation in operations:
            await operation(device)
        await (subject.peer.stop() if fault == "dropped" else subject.peer.inject(fault))
        await device.clock.sleep(SETTLING)
        outcomes = [await _outcome(operation, device) for operation in operations]
    finally:
        await device.close()
        await subject.peer.clear()
        if fault == "overdue":
            await asyncio.sleep(AFTER_OVERDUE)
        await subject.peer.start()
    if fault in subject.unseen:
        return Seen(name, fault, "unseen", subject.unseen[fault])
    kinds = sorted({kind for kind, _ in outcomes} - ({"right"} if any(k != "right" for k, _ in outcomes) else set()))
    sentence = next((text for _, text in outcomes if text), "")
    return Seen(name, fault, ", ".join(kinds), sentence)


async def _opened(device: Device) -> None:
    """Open it once its peer, which may just have been started again, is there."""
    for _ in range(OPENINGS - 1):
        with suppress(DeviceUnreachable):
            await device.open()
            return
    await device.open()


async def _outcome(operation: Operation, device: Device) -> tuple[str, str]:
    try:
        outcome = await operation.run(device)
        if looks_good(outcome):
            await operation.judge(device, outcome)
            return "right", ""
    except ConformanceError as error:
        return WRONG, str(error)
    except DeviceError as error:
        return type(error).__name__, _plain(error.what, device)
    flags: Flag = getattr(outcome, "flags", Flag.GOOD)
    return f"flag {'|'.join(flag.name or '' for flag in flags)}", ""


def _plain(text: str, device: Device) -> str:
    """A sentence without what differs from run to run."""
    text = re.sub(r"127\.0\.0\.1:\d+", "HOST:PORT", text.replace(device.address, "ADDRESS"))
    text = re.sub(r"in full, it sent .*", "in full, it sent '…'", text)
    return re.sub(r"b?'[^']*'|b?\"[^\"]*\"", "'…'", text)


def page(found: Iterable[Seen]) -> str:
    """The reference page."""
    rows = [f"| `{s.fault}` | `{s.driver}` | {_cell(s.outcome)} | {_cell(s.sentence)} |" for s in found]
    return "\n".join([PAGE_HEAD, "| fault | driver | seen as | in words |", "|---|---|---|---|", *rows, ""])


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def stated(text: str) -> set[tuple[str, str, str]]:
    """Fault, driver and outcome of each row of the page."""
    rows = re.findall(r"^\| `([^`]+)` \| `([^`]+)` \| (.*?) \| ", text, re.MULTILINE)
    return {(fault, driver, broad(outcome.replace("\\|", "|"))) for fault, driver, outcome in rows}


def broad(outcome: str) -> str:
    """An outcome with one word for every error: which one random bytes give is a matter of chance."""
    kinds = {"an error" if kind.startswith(("Device", "Remote")) else kind for kind in outcome.split(", ")}
    return ", ".join(sorted(kinds))
