"""What ``hil bench check`` finds and shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from ..bench.drivers import check_drivers, declared_points
from ..bench.fit import Fitness, assess, expanded_in_the_middle, item_faults, start_date
from ..bench.world import compile_world
from ..errors import ConfigurationError
from ..safety.start import interlock_rows, start_faults
from .output import show_table

if TYPE_CHECKING:
    from pathlib import Path

    from ..bench.checks import CheckState
    from ..bench.config import BenchConfig
    from ..scripts import Procedure


@dataclass(frozen=True)
class Check:
    """Each channel with its calibration, and one sentence for each thing that would stop a run."""

    config: BenchConfig
    channels: tuple[Fitness, ...]
    faults: tuple[str, ...]
    check_standards: tuple[CheckState, ...] = ()

    @classmethod
    def of(
        cls,
        config: BenchConfig,
        procedure: str | Procedure | None,
        *,
        seed: int | None = None,
        runs: Path | None = None,
    ) -> Check:
        """Check the whole bench, or what ``procedure`` uses of it.

        :param runs: where its runs are: what has latched in one of them stops a start.
        :raises UsageError: if there is no such procedure, or the bench lacks one of its roles.
        """
        roles, items, measuring = _needs(config, procedure)
        names = config.needed_channels(roles)
        exempt = {config.roles[role] for role in items}
        must = {config.roles[role] for role in measuring}
        channels = tuple(assess(config, name, seed=seed) for name in names)
        faults = _driver_faults(config, config.needed_devices(roles), names)
        for fitness in channels:
            if fitness.channel not in exempt:
                faults += [f"{fitness.channel}: {fault}" for fault in fitness.faults]
            if fitness.channel in must and fitness.certificate is None and fitness.record is None:
                faults.append(
                    f"{fitness.channel}: has no calibration, so its uncertainty is unknown; "
                    "enter its certificate with `hil bench enter`"
                )
        faults += [fault for name in sorted(exempt) for fault in item_faults(config, name)]
        faults += start_faults(config, config.needed_devices(roles), runs)
        return cls(config, channels, tuple(faults or _world_faults(config, channels)), _standards(config, names))

    def to_json(self) -> dict[str, Any]:
        """The whole check as one document."""
        return {
            "bench": self.config.name,
            "start": start_date(self.config).isoformat(),
            "fit": not self.faults,
            "faults": list(self.faults),
            "channels": [_described(self.config, fitness) for fitness in self.channels],
            "check_standards": [_standing(state) for state in self.check_standards],
            "interlocks": interlock_rows(self.config),
        }

    def show(self) -> None:
        """The channels as a table, then what would stop a run."""
        described = [_described(self.config, fitness) for fitness in self.channels]
        keys = ["channel", "instrument", "serial", "certificate", "due", "U"]
        show_table([*keys, "state"], [[*(row[key] for key in keys), row["state"]] for row in described])
        click.echo()
        if self.check_standards:
            standing = [_standing(state) for state in self.check_standards]
            show_table(["check standard", *list(standing[0])[1:]], [list(row.values()) for row in standing])
            click.echo()
        if rows := interlock_rows(self.config):
            show_table(list(rows[0]), [list(row.values()) for row in rows])
            click.echo()
        if not self.faults:
            click.echo(f"{self.config.name} is fit to start on {start_date(self.config)}.")
            return
        click.echo(f"{self.config.name} is not fit to start:")
        for fault in self.faults:
            click.echo(f"  {fault}")


def _needs(config: BenchConfig, procedure: str | Procedure | None) -> tuple[list[str] | None, list[str], list[str]]:
    """The roles a procedure uses, those under calibration, and those that must be calibrated."""
    if procedure is None:
        return None, [], []
    from hil_drivers.capability import Sensor

    from ..scripts import find

    found = find(procedure) if isinstance(procedure, str) else procedure
    measuring = [role for role, kind in found.roles.items() if kind is Sensor and role not in found.items]
    return [*found.roles, *config.ambient_roles], sorted(found.items), measuring


def _standards(config: BenchConfig, channels: list[str]) -> tuple[CheckState, ...]:
    """The check standards of ``channels``; none where their file cannot be trusted, which is a fault of its own."""
    from ..bench.checks import check_states

    try:
        states = check_states(config, start_date(config))
    except ConfigurationError:
        return ()
    return tuple(state for state in states if set(state.channels) & set(channels))


def _standing(state: CheckState) -> dict[str, str]:
    from hil_calibration.unit import symbol

    chart, unit, latest = state.section.chart, symbol(state.section.unit), state.latest
    return {
        "name": state.name,
        "channels": ", ".join(state.channels),
        "last": latest.date if latest else "",
        "value": f"{latest.value:g} {unit}" if latest else "",
        "action limits": f"{chart.action_limits[0]:.6g} to {chart.action_limits[1]:.6g} {unit}",
        "state": "not fit" if state.faults else "holds",
    }


def _world_faults(config: BenchConfig, channels: tuple[Fitness, ...]) -> list[str]:
    """What keeps the simulated world behind the bench from being made."""
    if config.sim is None:
        return []
    records = {fitness.channel: fitness.record for fitness in channels if fitness.record is not None}
    devices = {config.channels[fitness.channel].device for fitness in channels}
    try:
        compile_world(config, records, devices=devices)
    except ConfigurationError as error:
        return str(error).splitlines()
    return []


def _driver_faults(config: BenchConfig, devices: list[str], channels: list[str]) -> list[str]:
    try:
        check_drivers(config, devices, channels)
    except ConfigurationError as error:
        return str(error).splitlines()
    return []


def _described(config: BenchConfig, fitness: Fitness) -> dict[str, str]:
    entry, record = fitness.entry, fitness.record
    state = "fit" if record is not None else "takes setpoints" if _sets(config, fitness.channel) else "no calibration"
    return {
        "channel": fitness.channel,
        "instrument": f"{entry.manufacturer} {entry.model}" if entry else "",
        "serial": entry.serial if entry else "",
        "certificate": (record.identifier if record else "")
        or (fitness.certificate.name if fitness.certificate else ""),
        "due": entry.due.isoformat() if entry and entry.due and fitness.certificate else "",
        "U": expanded_in_the_middle(record) if record else "",
        "state": "not fit" if fitness.faults else state,
    }


def _sets(config: BenchConfig, channel: str) -> bool:
    """Whether a channel is commanded: it needs no calibration, for a setpoint is no measurement."""
    from hil_drivers.errors import DriverError

    section = config.channels[channel]
    try:
        point = declared_points(config, section.device).get(section.point)
    except DriverError:
        return False
    return point is not None and point.writable
