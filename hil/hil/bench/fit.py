"""Fit to start: whether the calibration of each channel may be used for a run (design, section 4)."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from hil_calibration.errors import CalibrationError

from ..errors import NotFit
from .checks import check_faults
from .effects import channel_effects
from .replayed import replayed_record
from .world import world_name

if TYPE_CHECKING:
    from hil_calibration.calibration import CalibrationRecord
    from hil_calibration.certificate.dependence import Dependence
    from hil_calibration.certificate.document import DccDocument
    from hil_calibration.effect import Effect

    from .config import BenchConfig
    from .register import InstrumentEntry


_EXCUSE = 'or have it begun by --deviation "why" --authorised-by NAME, and nothing that comes of it is traceable'


@dataclass(frozen=True)
class Fitness:
    """What the calibration of one channel is, and what stops a run from using it.

    ``record`` is ``None`` where the channel has no calibration, or none that can be read. ``faults`` holds
    one sentence for each thing that stops a run. A channel without calibration has no fault: its uncertainty
    is unknown, and a procedure that measures with it is refused. Of the faults, ``excusable`` are those that a run may
    begin with nevertheless, by a deviation that is authorised: a calibration that is overdue, a check that failed.
    """

    channel: str
    unit: str
    entry: InstrumentEntry | None
    certificate: Path | None
    record: CalibrationRecord | None
    faults: tuple[str, ...]
    excusable: tuple[str, ...] = ()


def start_date(config: BenchConfig) -> date:
    """The day on which a run of this bench would start: the simulated one, or today (UTC)."""
    return (config.sim.start if config.sim else datetime.now(UTC)).date()


def assess(config: BenchConfig, channel: str, *, on: date | None = None, seed: int | None = None) -> Fitness:
    """Read the calibration of ``channel`` and check that it applies to its instrument on the day ``on``.

    :param seed: of the simulated world that the run will have; the bench file's by default.
    """
    from hil_calibration.calibration import Instrument
    from hil_calibration.certificate import reader

    section, entry, path = config.channels[channel], config.instrument(channel), config.certificate(channel)
    if path is None:
        replayed = replayed_record(config, channel)
        if replayed is not None:
            replayed = _with_effects(replayed, channel_effects(config, channel, "response"))
        return Fitness(channel, section.unit, entry, None, replayed, ())
    if entry is None:
        fault = (
            f"nothing says which instrument {section.device} is, so no certificate can be matched; "
            f"add instrument to [devices.{section.device}]"
        )
        return Fitness(channel, section.unit, None, path, None, (fault,))
    record = None
    day = on or start_date(config)
    excusable = (*due_faults(entry, day), *check_faults(config, channel, day))
    faults = [*excusable, *altered_faults(config, entry, path)]
    try:
        document = reader.read(path)
        record = reader.calibration_record(
            document,
            unit=section.unit,
            instrument=Instrument(entry.manufacturer, entry.model, entry.serial),
            point_correlation=section.point_correlation,
            indication_unit=section.point_unit,
        )
    except CalibrationError as error:
        faults.append(str(error))
    else:
        faults += _provenance_faults(document, config, seed)
        record = _with_effects(record, channel_effects(config, channel, "response"))
    return Fitness(channel, section.unit, entry, path, record, tuple(faults), excusable)


def fit_to_start(
    config: BenchConfig,
    channels: Collection[str],
    *,
    calibrated: Collection[str] = (),
    seed: int | None = None,
    excused: bool = False,
) -> dict[str, CalibrationRecord]:
    """The calibration records of ``channels``, each with the channel's response effects.

    :param channels: the channels a run uses; those without a calibration are left out of the answer.
    :param calibrated: those of them that must have a calibration.
    :param seed: of the simulated world that the run will have; the bench file's by default.
    :param excused: what is excusable does not stop it.
    :raises NotFit: with one sentence for each thing that stops the run.
    """
    found = [assess(config, channel, seed=seed) for channel in channels]
    faults = [
        f"{config.path}: {fitness.channel}: {fault}"
        for fitness in found
        for fault in fitness.faults
        if not (excused and fault in fitness.excusable)
    ]
    faults += [
        f"{config.path}: {fitness.channel}: has no calibration, so its uncertainty is unknown; "
        "enter its certificate with `hil bench enter`"
        for fitness in found
        if fitness.channel in calibrated and fitness.certificate is None and fitness.record is None
    ]
    if faults:
        excusable = sum(len(fitness.excusable) for fitness in found) == len(faults)
        raise NotFit("\n".join(faults), remedy=_EXCUSE if excusable else "")
    return {fitness.channel: fitness.record for fitness in found if fitness.record is not None}


def excusable_faults(config: BenchConfig, channels: Collection[str], *, seed: int | None = None) -> list[str]:
    """What only an authorised deviation lets a run begin with, one sentence each."""
    found = [assess(config, channel, seed=seed) for channel in channels]
    return [f"{fitness.channel}: {fault}" for fitness in found for fault in fitness.excusable]


def expanded_in_the_middle(record: CalibrationRecord) -> str:
    """``U at value unit``, k = 2, in the middle of the range and at the reference temperature."""
    from hil_calibration.rounding import report
    from hil_calibration.stream import evaluate
    from hil_calibration.unit import symbol

    references = [effect.reference for effect in record.effects if effect.reference is not None]
    middle = (record.valid_range[0] + record.valid_range[1]) / 2
    measured = evaluate(record, middle, temperature=references[0] if references else None)
    reported = report(float(measured.value[0]), 2 * float(measured.u[0]))
    unit = symbol(record.unit)
    return f"{reported.U} {unit} at {reported.value} {unit}"


def correlation_dependence(config: BenchConfig, channel: str) -> tuple[Dependence, ...]:
    """How much results of ``channel`` depend on its declared ``point_correlation``; empty where none is assumed.

    :raises CalibrationError: if its certificate makes no calibration.
    """
    from hil_calibration.calibration import Instrument
    from hil_calibration.certificate import reader
    from hil_calibration.certificate.dependence import dependence

    section, entry, path = config.channels[channel], config.instrument(channel), config.certificate(channel)
    if path is None or entry is None or section.point_correlation in (None, "matrix"):
        return ()
    return dependence(
        reader.read(path),
        unit=section.unit,
        instrument=Instrument(entry.manufacturer, entry.model, entry.serial),
        indication_unit=section.point_unit,
    )


def item_faults(config: BenchConfig, channel: str) -> Iterator[str]:
    """What keeps the instrument behind ``channel`` from being calibrated."""
    if config.instrument(channel) is None:
        device = config.channels[channel].device
        yield f"{channel}: nothing says which instrument {device} is; add instrument to [devices.{device}]"


def _with_effects(record: CalibrationRecord, declared: Iterable[Effect]) -> CalibrationRecord:
    """Add the declared effects that the record does not carry already: effects of one name are one effect."""
    carried = {effect.name for effect in record.effects}
    added = tuple(effect for effect in declared if effect.name not in carried)
    return replace(record, effects=record.effects + added)


def _provenance_faults(document: DccDocument, config: BenchConfig, seed: int | None) -> Iterator[str]:
    """Whether a certificate of a simulation is used where values would pass for measured; those replayed never do."""
    if not document.simulated or config.replays:
        return
    if config.sim is None:
        yield f"certificate {document.identifier} comes from a simulated bench; a real bench cannot use it"
    elif document.world and document.world != (world := world_name(config, seed)):
        yield (
            f"certificate {document.identifier} is of an instrument in another simulated world "
            f"({document.world}, not {world}); calibrate it in this one, or run with that seed"
        )


def altered_faults(config: BenchConfig, entry: InstrumentEntry, path: Path) -> Iterator[str]:
    """Whether the certificate in use is the file that the register accepted, where it lists it."""
    folder = (config.path.parent / config.bench.equipment).parent
    stated = [each.sha256 for each in entry.certificates if (folder / each.file).resolve() == path.resolve()]
    if stated and path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() not in stated:
        yield f"the file {path.name} is not the one that the register accepted: its SHA-256 differs; find out why"


def due_faults(entry: InstrumentEntry, on: date) -> Iterator[str]:
    """Whether an instrument may still be used on the day ``on``."""
    if entry.due is None:
        yield f"the register has no due date for serial {entry.serial}; add due to its entry"
    elif entry.due < on:
        yield f"its calibration was due on {entry.due}, the run starts on {on}; calibrate it, then renew due"
