"""A dataset bench: what its bench file may say, and how the recorded reference values become calibration records."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from ..safety.claims import place
from .files import Fault

if TYPE_CHECKING:
    from hil_calibration.calibration import CalibrationRecord
    from hil_drivers.replay import Reference

    from .config import BenchConfig
    from .model import BenchFile

NODES = 65
"""Nodes of the table that states u against the reference value, at most."""

WITHIN = 0.01
"""By how much, as a fraction, a straight line may be above the u of a recording."""


def replay_faults(content: BenchFile) -> Iterator[Fault]:
    """What a bench file of the kind ``dataset`` says and cannot mean, or another one about lanes."""
    if content.bench.kind != "dataset":
        if content.bench.lanes != 1:
            yield Fault(("bench", "lanes"), "only a dataset bench has lanes: equipment is there once; leave it out")
        for name, device in content.devices.items():
            if device.shared:
                yield Fault(("devices", name, "shared"), "only a dataset bench has lanes that share; leave it out")
        return
    if content.sim is not None:
        yield Fault(("sim",), "a dataset bench replays and simulates nothing; leave it out")
    for name, held in (
        ("interlocks", content.interlocks),
        ("watchdog", content.watchdog),
        ("safe_state", content.safe_state.actions),
        ("signals", content.signals.model_fields_set),
    ):
        if held:
            yield Fault((name,), "a dataset bench moves and commands nothing; leave it out")
    for name, device in content.devices.items():
        if content.bench.lanes != 1 and place(device.address) and not device.shared:
            told = "it is there once; let lanes take turns with shared = true, or set lanes = 1"
            yield Fault(("devices", name, "address"), told)
    for name, section in content.channels.items():
        if section.device in content.devices and content.devices[section.device].shared:
            yield Fault(("channels", name, "device"), "is shared by lanes, so no channel can be read from it")


def replayed_record(config: BenchConfig, channel: str) -> CalibrationRecord | None:
    """What makes a measurement of a recorded reference value; ``None`` where the channel's device holds none.

    The function is the identity. The errors of all values are fully correlated, as the data set declares, so that their
    covariance is u u^T (GUM 5.2.2). Where u is a straight line over the value within 1 %, it is taken as one. Otherwise
    up to 65 different values keep their own u; of more, u is a line between 65 nodes. It is nowhere below that of a
    recording.

    :raises hil_drivers.errors.DriverError: if the data set cannot be read.
    """
    from hil_drivers.device import driver_class

    from .drivers import device_options

    section = config.channels[channel]
    told = getattr(driver_class(config.devices[section.device].driver), "reference", None)
    found: Reference | None = None if told is None else told(device_options(config, section.device), section.point)
    return None if found is None else record_of(found, section.point)


def record_of(found: Reference, quantity: str) -> CalibrationRecord:
    """The record of the reference values ``found`` of ``quantity``."""
    import numpy as np

    from hil_calibration.calibration import CalibrationRecord, Instrument
    from hil_calibration.function import CalibrationFunction, StraightLine, Table

    low, high = (edge(value for value, _ in found.values) for edge in (min, max))
    line = _line(found.values)
    if line is not None and low < high:
        function: CalibrationFunction = StraightLine(0.0, 1.0)
        u = line
    else:
        x, u = _nodes(found.values)
        function, low, high = Table(x, x), x[0], x[-1]
    return CalibrationRecord(
        instrument=Instrument("data set", found.source, found.sha256[:16]),
        quantity=quantity,
        unit=found.unit,
        function=function,
        covariance=np.outer(u, u),
        valid_range=(low, high),
        date=found.date,
        identifier=f"data set {found.source}",
        certificates={"index": found.sha256},
        provenance="simulated" if found.simulated else "measured",
        assumption="reference values fully correlated, as the data set declares",
    )


def _line(values: Sequence[tuple[float, float]]) -> tuple[float, ...] | None:
    """a and b of the line u = a + b x that no u exceeds; ``None`` where it is more than 1 % above one."""
    import numpy as np

    x, u = np.array(values).T
    centred = x - x.mean()
    b = float(centred @ u / (centred @ centred)) if np.any(centred) else 0.0
    a = float(np.max(u - b * x))
    return (a, b) if np.all(a + b * x <= (1.0 + WITHIN) * u) else None


def _nodes(values: Sequence[tuple[float, float]]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Rising values with their u, two at least; of many, some, each with the largest u up to its neighbours."""
    largest: dict[float, float] = {}
    for value, u in values:
        largest[value] = max(u, largest.get(value, 0.0))
    x = sorted(largest)
    if len(x) == 1:
        u = largest[x[0]]
        return (x[0] - u, x[0], x[0] + u), (u, u, u)
    if len(x) <= NODES:
        return tuple(x), tuple(largest[value] for value in x)
    last = len(x) - 1
    places = [round(k * last / (NODES - 1)) for k in range(NODES)]
    bounds = [(places[max(k - 1, 0)], places[min(k + 1, NODES - 1)]) for k in range(NODES)]
    return (
        tuple(x[place] for place in places),
        tuple(max(largest[value] for value in x[low : high + 1]) for low, high in bounds),
    )
