"""Fit to start: whether the calibration of each channel may be used for a run (design, section 4)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from hil_calibration.errors import CalibrationError

from ..errors import NotFit
from .effects import channel_effects
from .register import InstrumentEntry

if TYPE_CHECKING:
    from hil_calibration.calibration import CalibrationRecord
    from hil_calibration.effect import Effect

    from .config import BenchConfig
    from .model import ChannelSection

SIMULATED_PREFIX = "SIM-"
"""What the number of a certificate from a simulated bench begins with."""


@dataclass(frozen=True)
class Fitness:
    """What the calibration of one channel is, and what stops a run from using it.

    ``record`` is ``None`` where the channel has no calibration, or none that can be read. ``faults`` holds
    one sentence for each thing that stops a run. A channel without calibration has no fault: its uncertainty
    is unknown, and a procedure that measures with it is refused.
    """

    channel: str
    unit: str
    entry: InstrumentEntry | None
    certificate: Path | None
    record: CalibrationRecord | None
    faults: tuple[str, ...]


def start_date(config: BenchConfig) -> date:
    """The day on which a run of this bench would start: the simulated one, or today (UTC)."""
    return (config.sim.start if config.sim else datetime.now(UTC)).date()


def assess(config: BenchConfig, channel: str, *, on: date | None = None) -> Fitness:
    """Read the calibration of ``channel`` and check that it applies to its instrument on the day ``on``."""
    section, entry, path = config.channels[channel], config.instrument(channel), config.certificate(channel)
    if path is None:
        return Fitness(channel, section.unit, entry, None, None, ())
    if entry is None:
        fault = (
            f"nothing says which instrument {section.device} is, so no certificate can be matched; "
            f"add instrument to [devices.{section.device}]"
        )
        return Fitness(channel, section.unit, None, path, None, (fault,))
    record = None
    faults = list(_due_faults(entry, on or start_date(config)))
    try:
        record = _read(path, section, entry)
    except CalibrationError as error:
        faults.append(str(error))
    else:
        faults += _provenance_faults(record, config)
        record = _with_effects(record, channel_effects(config, channel, "response"))
    return Fitness(channel, section.unit, entry, path, record, tuple(faults))


def fit_to_start(
    config: BenchConfig, channels: Collection[str], *, calibrated: Collection[str] = ()
) -> dict[str, CalibrationRecord]:
    """The calibration records of ``channels``, each with the channel's response effects.

    :param channels: the channels a run uses; those without a calibration are left out of the answer.
    :param calibrated: those of them that must have a calibration.
    :raises NotFit: with one sentence for each thing that stops the run.
    """
    found = [assess(config, channel) for channel in channels]
    faults = [f"{config.path}: {fitness.channel}: {fault}" for fitness in found for fault in fitness.faults]
    faults += [
        f"{config.path}: {fitness.channel}: has no calibration, so its uncertainty is unknown; "
        "give it a certificate with calibration and point_correlation"
        for fitness in found
        if fitness.channel in calibrated and fitness.certificate is None
    ]
    if faults:
        raise NotFit("\n".join(faults))
    return {fitness.channel: fitness.record for fitness in found if fitness.record is not None}


def _read(path: Path, section: ChannelSection, entry: InstrumentEntry) -> CalibrationRecord:
    from hil_calibration.calibration import Instrument
    from hil_calibration.certificate import reader

    return reader.calibration_record(
        reader.read(path),
        unit=section.unit,
        instrument=Instrument(entry.manufacturer, entry.model, entry.serial),
        point_correlation=section.point_correlation,
    )


def _with_effects(record: CalibrationRecord, declared: Iterable[Effect]) -> CalibrationRecord:
    """Add the declared effects that the record does not carry already: effects of one name are one effect."""
    carried = {effect.name for effect in record.effects}
    added = tuple(effect for effect in declared if effect.name not in carried)
    return replace(record, effects=record.effects + added)


def _provenance_faults(record: CalibrationRecord, config: BenchConfig) -> Iterator[str]:
    simulated = record.provenance == "simulated" or record.identifier.startswith(SIMULATED_PREFIX)
    if simulated and config.sim is None:
        yield f"certificate {record.identifier} comes from a simulated bench; a real bench cannot use it"


def _due_faults(entry: InstrumentEntry, on: date) -> Iterator[str]:
    if entry.due is None:
        yield f"the register has no due date for serial {entry.serial}; add due to its entry"
    elif entry.due < on:
        yield f"its calibration was due on {entry.due}, the run starts on {on}; calibrate it, then renew due"
