"""Compile a bench file into the file of its simulated world, so that drivers need no calibration code."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from ..errors import ConfigurationError
from .drivers import device_options
from .effects import channel_effects

if TYPE_CHECKING:
    from hil_calibration.calibration import CalibrationRecord
    from hil_calibration.effect import Effect

    from .config import BenchConfig
    from .model import SimSection

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CERTIFICATE_POINTS = 5
"""How many points stand for a calibration function that is not a table."""

_CONVERSION_POINTS = 17
"""The same where it leads to another unit, hence is curved."""


def compile_world(
    config: BenchConfig,
    records: Mapping[str, CalibrationRecord],
    *,
    devices: Collection[str] | None = None,
    seed: int | None = None,
    speed: float | None = None,
    begin: int = 0,
) -> dict[str, Any]:
    """The world behind the ``sim:`` addresses of a bench, as ``python -m hil_drivers.sim`` reads it.

    The world draws its truth from what the bench declares: the calibration ``records`` of channels with their
    covariance, and every effect. A device with a ``prior`` in ``[sim]`` is drawn from that instead: it is the same
    instrument before and after its calibration, whose certificate only estimates it.

    :param records: channel -> calibration record with its response effects.
    :param devices: the devices to simulate, with those in which others may stand and those that belong to the room;
        all that have a ``sim:`` address by default.
    :param seed: the seed of all draws; the bench file's by default.
    :param speed: bench seconds for each wall second; ``None`` for lockstep.
    :param begin: the bench time in nanoseconds at which a paced world begins, where a run is resumed.
    :raises ConfigurationError: if the bench has no ``[sim]``, or its world contradicts itself.
    """
    sim = config.sim
    if sim is None:
        raise _error(config, "the bench is not simulated", "add a section [sim]")
    records = {
        channel: record
        for channel, record in records.items()
        if "prior" not in sim.devices.get(simulated_name(config, config.channels[channel].device) or "", {})
    }
    names = {
        device: name
        for device in config.devices
        if (devices is None or device in devices or _is_needed(config, device))
        and (name := simulated_name(config, device)) is not None
    }
    world = {
        "seed": sim.seed if seed is None else seed,
        "mode": "lockstep" if speed is None else "paced",
        "speed": 1.0 if speed is None else speed,
        "begin": begin,
        "start_utc": start_utc(sim),
        "scene": sim.world,
        "room": dict(sim.room),
        "lamp": _lamp(config, sim, names),
        "devices": {name: _device(config, sim, device, records) for device, name in names.items()},
        "effects": list(_effects(config, names, records)),
        "faults": [dict(fault) for fault in sim.faults if fault.get("device") in names.values()],
    }
    _check(config, world)
    return world


def world_name(config: BenchConfig, seed: int | None = None) -> str:
    """Which simulated world a bench has: its kind and the seed of its truth; empty for a real bench."""
    if config.sim is None:
        return ""
    return f"{config.sim.world}, seed {config.sim.seed if seed is None else seed}"


def start_utc(sim: SimSection) -> int:
    """The UTC time of bench time 0, in nanoseconds since the POSIX epoch."""
    return (sim.start - _EPOCH) // timedelta(microseconds=1) * 1000


def simulated_name(config: BenchConfig, device: str) -> str | None:
    """The NAME of a device's address ``sim:NAME``; ``None`` for any other address."""
    scheme, _, name = config.devices[device].address.partition(":")
    return name if scheme == "sim" else None


def _is_needed(config: BenchConfig, device: str) -> bool:
    """Whether other devices can stand in it, or the world is none without it."""
    from hil_drivers.sim.devices import KINDS

    kind = KINDS.get(config.devices[device].driver)
    return kind is not None and (kind.encloses or kind.built_in)


def _lamp(config: BenchConfig, sim: SimSection, names: Mapping[str, str]) -> dict[str, Any] | None:
    for device, name in names.items():
        section = config.devices[device]
        if section.driver == "artnet":
            return {"device": name, **sim.lamp}
    return None


def _device(
    config: BenchConfig, sim: SimSection, device: str, records: Mapping[str, CalibrationRecord]
) -> dict[str, Any]:
    from hil_drivers.sim.devices import KINDS

    section = config.devices[device]
    kind = KINDS.get(section.driver)
    if kind is None:
        raise _error(
            config,
            f'{device}: the driver "{section.driver}" has no simulated counterpart',
            f"use a real address, or one of the drivers {', '.join(sorted(KINDS))}",
        )
    options = device_options(config, device)
    shared = {key: options[key] for key in kind.shared if key in options}
    certificates = {
        config.channels[channel].point: _estimate(record)
        for channel, record in records.items()
        if config.channels[channel].device == device
    }
    stated = sim.devices.get(section.address.removeprefix("sim:"), {})
    return {"kind": section.driver, **shared, **stated, "certificates": certificates}


def _estimate(record: CalibrationRecord) -> dict[str, Any]:
    """A calibration as points: indications, values there, and the covariance of these values (GUM 5.2.2)."""
    import numpy as np

    from hil_calibration.function import Table

    if isinstance(record.function, Table):
        indication = np.asarray(record.function.x)
    else:
        count = _CERTIFICATE_POINTS if record.indication_unit == record.unit else _CONVERSION_POINTS
        indication = np.linspace(record.valid_range[0], record.valid_range[1], count)
    spread = record.function.jacobian(indication) @ record.factor
    return {
        "indication": indication.tolist(),
        "value": record.function.value(indication).tolist(),
        "covariance": (spread @ spread.T).tolist(),
    }


def _effects(
    config: BenchConfig, names: Mapping[str, str], records: Mapping[str, CalibrationRecord]
) -> Iterator[dict[str, Any]]:
    """The effects of the world; a transfer to another device's place is a placement of that device."""
    for channel, section in config.channels.items():
        if section.device in names:
            place = {"device": names[section.device], "point": section.point}
            record = records.get(channel)
            response = record.effects if record else channel_effects(config, channel, "response")
            for effect in response:
                yield place | {"acts_on": "response"} | _drawn(effect)
            for effect in channel_effects(config, channel, "placement"):
                yield place | {"acts_on": "placement"} | _drawn(effect)
        for effect in channel_effects(config, channel, "transfer"):
            to = names.get(config.effects[effect.name].to or "")
            if to is not None:
                yield {"device": to, "acts_on": "placement"} | _drawn(effect)


def _drawn(effect: Effect) -> dict[str, Any]:
    stated = effect.to_json()
    return {key: value for key, value in stated.items() if key != "dof" and value is not None}


def _check(config: BenchConfig, world: dict[str, Any]) -> None:
    from pydantic import ValidationError

    from hil_drivers.sim.world_file import WorldFile

    try:
        WorldFile.model_validate(world)
    except ValidationError as error:
        faults = [
            f"{'.'.join(map(str, item['loc'])) or 'the world'}: {item['msg'].removeprefix('Value error, ')}"
            for item in error.errors(include_url=False)
        ]
        raise _error(config, f"the simulated world cannot be made: {'; '.join(faults)}", "correct [sim]") from None


def _error(config: BenchConfig, what: str, remedy: str) -> ConfigurationError:
    return ConfigurationError(what, where=str(config.path), remedy=remedy)
