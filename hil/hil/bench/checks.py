"""Intermediate checks: what check standards gave, kept beside the register, and whether the charts still hold.

Each line of ``checks.jsonl`` is one check as JSON; ``previous`` is the SHA-256 of the line before it, so that a
line that was changed or taken out shows. Lines are only ever added.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import math
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from ..errors import ConfigurationError, UsageError
from ..suggest import nearest

if TYPE_CHECKING:
    from .config import BenchConfig
    from .register import CheckSection

FILE = "checks.jsonl"
Day: TypeAlias = date


@dataclass(frozen=True)
class RecordedCheck:
    """One check as entered: ``value`` and standard uncertainty ``u`` in ``unit``; ``run`` may be empty."""

    check: str
    date: str
    serial: str
    value: float
    u: float
    unit: str
    provenance: str
    operator: str
    run: str
    previous: str

    @property
    def day(self) -> Day:
        return Day.fromisoformat(self.date)


@dataclass(frozen=True)
class CheckState:
    """How a check standard stands on a day: its latest check, ``None`` if there is none, and what stops a run."""

    name: str
    section: CheckSection
    channels: tuple[str, ...]
    latest: RecordedCheck | None
    faults: tuple[str, ...]


def checks_file(config: BenchConfig) -> Path:
    """Where the checks of the bench's laboratory are kept: beside its equipment register."""
    return (config.path.parent / config.bench.equipment).parent / FILE


def read_checks(path: Path) -> list[RecordedCheck]:
    """The checks in the order in which they were entered; none where there is no file.

    :raises ConfigurationError: if a line is not what was entered.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise ConfigurationError(f"cannot be read: {error.strerror}", where=str(path)) from None
    found: list[RecordedCheck] = []
    previous = ""
    for number, line in enumerate(data.split(b"\n")[:-1], start=1):
        found.append(_parsed(line, previous, f"{path}:{number}"))
        previous = hashlib.sha256(line).hexdigest()
    if data and not data.endswith(b"\n"):
        raise ConfigurationError(
            "its last line is not complete", where=str(path), remedy="take that line out, and enter the check again"
        )
    return found


def enter_check(
    config: BenchConfig, name: str, value: float, u: float, *, on: date, operator: str, run: str = ""
) -> CheckState:
    """Add a check to the file, and judge it.

    :param value: in the unit of the check, :param u: its standard uncertainty above 0.
    :raises UsageError: for an unknown check, a value that is not finite, or a day before that of the last check.
    :raises ConfigurationError: if the file is not what was entered.
    """
    standards = config.equipment.check_standards
    if name not in standards:
        raise UsageError(f"there is no check standard {name!r}", remedy=nearest(name, standards))
    if not math.isfinite(value) or not 0 < u < math.inf:
        raise UsageError(f"the value {value!r} with u = {u!r} is no check", remedy="give finite numbers, u above 0")
    section, path = standards[name], checks_file(config)
    try:
        with path.open("ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            earlier = read_checks(path)
            if last := [check for check in earlier if check.check == name and check.day > on]:
                raise UsageError(
                    f"the last check of {name} was on {last[-1].date}, this one is of {on}", remedy="give its --date"
                )
            data = path.read_bytes()
            previous = hashlib.sha256(data.split(b"\n")[-2]).hexdigest() if data else ""
            serial = config.equipment.instruments[section.instrument].serial
            check = RecordedCheck(
                name, on.isoformat(), serial, value, u, section.unit, config.provenance, operator, run, previous
            )
            file.write(_line(check))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise UsageError(f"cannot be written: {error.strerror}", where=str(path)) from error
    return next(state for state in check_states(config, on) if state.name == name)


def check_states(config: BenchConfig, on: date) -> list[CheckState]:
    """How the check standards of the bench's instruments stand on the day ``on``, in the order of the register.

    :raises ConfigurationError: if the file of checks is not what was entered.
    """
    standards = config.equipment.check_standards
    if not standards:
        return []
    entered = read_checks(checks_file(config))
    return [_state(config, name, section, entered, on) for name, section in standards.items()]


def check_faults(config: BenchConfig, channel: str, on: date) -> Iterator[str]:
    """What the check standards of the instrument behind ``channel`` say against a start on the day ``on``."""
    if not any(_stands_for(config, section, channel) for section in config.equipment.check_standards.values()):
        return
    try:
        states = check_states(config, on)
    except ConfigurationError as error:
        yield f"its checks cannot be trusted: {error}"
        return
    for state in states:
        if channel in state.channels:
            yield from state.faults


def _stands_for(config: BenchConfig, section: CheckSection, channel: str) -> bool:
    from hil_calibration.unit import same

    return config.instrument_name(channel) == section.instrument and same(section.unit, config.channels[channel].unit)


def _state(
    config: BenchConfig, name: str, section: CheckSection, entered: Sequence[RecordedCheck], on: date
) -> CheckState:
    serial = config.equipment.instruments[section.instrument].serial
    own = [
        check
        for check in entered
        if (check.check, check.serial, check.provenance, check.unit) == (name, serial, config.provenance, section.unit)
        and check.day <= on
    ]
    channels = tuple(channel for channel in config.channels if _stands_for(config, section, channel))
    latest = own[-1] if own else None
    faults = tuple(f'check standard "{name}": {fault}' for fault in _faults(section, own, on))
    return CheckState(name, section, channels, latest, faults)


def _faults(section: CheckSection, own: Sequence[RecordedCheck], on: date) -> Iterator[str]:
    if not own:
        yield "no check has been entered; check it, and enter the value with `hil bench check-standard`"
        return
    latest = own[-1]
    broken = [rule for rule in section.chart.broken([check.value for check in own]) if rule in section.rules]
    if broken:
        yield (
            f"its check of {latest.date}, {latest.value:g} {section.unit}, breaks the rule"
            f"{'s' if len(broken) > 1 else ''} {', '.join(broken)}; find out why, and check again"
        )
    if on - latest.day > timedelta(seconds=section.every):
        yield f"its last check was on {latest.date}, one is due every {section.every / 86400:g} d; check it"


def _line(check: RecordedCheck) -> bytes:
    return json.dumps(asdict(check), ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode() + b"\n"


def _parsed(line: bytes, previous: str, where: str) -> RecordedCheck:
    remedy = "put back the file that was kept, or find out who changed it"
    try:
        values: dict[str, Any] = json.loads(line)
        check = RecordedCheck(**{each.name: values.pop(each.name) for each in fields(RecordedCheck)})
        sound = not values and _line(check) == line + b"\n" and math.isfinite(check.value) and bool(check.day)
    except (ValueError, KeyError, TypeError, AttributeError):
        sound = False
    if not sound:
        raise ConfigurationError("is not a check as it was entered", where=where, remedy=remedy)
    if check.previous != previous:
        raise ConfigurationError("does not follow the line before it: one was changed", where=where, remedy=remedy)
    return check
