"""A bench as configured: its file, equipment register and laboratory, checked against each other."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Literal

from ..ending import ENDINGS
from ..errors import ConfigurationError
from ..suggest import meant, nearest
from .files import Fault, SourceFile
from .laboratory import Laboratory, load_laboratory
from .model import (
    BenchFile,
    BenchSection,
    ChannelSection,
    DeviceSection,
    EffectSection,
    GateSection,
    InterlockSection,
    SafeStateSection,
    SignalsSection,
    SimSection,
    WatchdogSection,
)
from .register import EquipmentRegister, InstrumentEntry, load_register
from .replayed import replay_faults

Provenance = Literal["measured", "simulated", "replayed"]


@dataclass(frozen=True)
class BenchConfig:
    """A checked bench file with the laboratory's files that belong to it.

    ``sha256`` is the hash of the bench file's bytes; relative paths in the file start at its folder.
    """

    path: Path
    sha256: str
    content: BenchFile
    equipment: EquipmentRegister
    laboratory: Laboratory

    @property
    def bench(self) -> BenchSection:
        return self.content.bench

    @property
    def devices(self) -> dict[str, DeviceSection]:
        return self.content.devices

    @property
    def channels(self) -> dict[str, ChannelSection]:
        return self.content.channels

    @property
    def roles(self) -> dict[str, str]:
        return self.content.roles

    @property
    def effects(self) -> dict[str, EffectSection]:
        return self.content.effects

    @property
    def gates(self) -> dict[str, GateSection]:
        return self.content.gates

    @property
    def interlocks(self) -> dict[str, InterlockSection]:
        return self.content.interlocks

    @property
    def watchdog(self) -> WatchdogSection | None:
        return self.content.watchdog

    @property
    def safe_state(self) -> SafeStateSection:
        return self.content.safe_state

    @property
    def signals(self) -> SignalsSection:
        return self.content.signals

    @property
    def sim(self) -> SimSection | None:
        return self.content.sim

    @property
    def name(self) -> str:
        return self.bench.name

    @property
    def provenance(self) -> Provenance:
        """What follows every value of this bench into every document."""
        if self.replays:
            return "replayed"
        return "measured" if self.sim is None else "simulated"

    @property
    def replays(self) -> bool:
        """Whether recordings stand for its equipment: then it has a time of its own, in which nothing is waited for."""
        return self.bench.kind == "dataset"

    @property
    def registers(self) -> dict[str, Path]:
        """The laboratory's files beside the bench file: ``laboratory`` and ``equipment``."""
        return {name: self.path.parent / getattr(self.bench, name) for name in ("laboratory", "equipment")}

    @property
    def ambient_roles(self) -> list[str]:
        """The roles of channels with a period: the conditions of the room, recorded in every run."""
        return [
            role
            for role, target in self.roles.items()
            if target in self.channels and self.channels[target].period is not None
        ]

    def instrument_name(self, channel: str) -> str | None:
        """The register's name of the instrument behind ``channel``, if it or its device names one."""
        section = self.channels[channel]
        return section.instrument or self.devices[section.device].instrument

    def instrument(self, channel: str) -> InstrumentEntry | None:
        """The register's entry of the instrument behind ``channel``, if it or its device names one."""
        name = self.instrument_name(channel)
        return self.equipment.instruments[name] if name else None

    def certificate(self, channel: str) -> Path | None:
        """The file of the channel's calibration certificate."""
        calibration = self.channels[channel].calibration
        return self.path.parent / calibration if calibration else None

    def needed_channels(self, roles: Collection[str] | None = None) -> list[str]:
        """The channels that ``roles``, gates, signals and safety use, in the file's order; all by default.

        :raises ConfigurationError: if the bench has no such role.
        """
        if roles is None:
            return list(self.channels)
        unknown = [
            f'there is no role "{role}"; {nearest(role, self.roles)}' for role in roles if role not in self.roles
        ]
        if unknown:
            raise ConfigurationError("\n".join(f"{self.path}: roles: {sentence}" for sentence in unknown))
        from ..safety.rules import safety_channels

        wanted = {self.roles[role] for role in roles} | safety_channels(self.content)
        wanted |= {gate.channel for gate in self.gates.values()}
        wanted |= {signal.channel for status in ENDINGS for signal in self.signals.of(status)}
        return [name for name in self.channels if name in wanted]

    def needed_devices(self, roles: Collection[str] | None = None) -> list[str]:
        """The devices that ``roles`` and safety use, in the order of the file; all by default."""
        if roles is None:
            return list(self.devices)
        from ..safety.rules import safety_devices

        wanted = {self.channels[name].device for name in self.needed_channels(roles)}
        wanted |= {self.roles[role] for role in roles} | safety_devices(self.content)
        return [name for name in self.devices if name in wanted]


def shipped_benches() -> dict[str, Path]:
    """The bench files that ship with `hil`, by name."""
    return {path.stem: path for path in benches_in(_shipped_folder())}


def is_shipped(path: Path) -> bool:
    """Whether a bench file is one that ships with `hil`."""
    return path.parent == _shipped_folder()


def benches_in(folder: Path) -> list[Path]:
    """The bench files of a folder, in the order of their names."""
    return [path for path in sorted(folder.glob("*.toml")) if _is_bench(path)]


def find_bench(name: str) -> Path:
    """The bench file of a path, of a folder that holds one, or of a shipped bench's name.

    :raises ConfigurationError: if there is neither.
    """
    path = Path(name)
    if path.suffix == ".toml" or path.is_file():
        return path
    inside = benches_in(path) if path.is_dir() else []
    if len(inside) == 1:
        return inside[0]
    if inside:
        names = ", ".join(str(each) for each in inside)
        raise ConfigurationError(f'the folder "{name}" holds {len(inside)} benches', remedy=f"name one of {names}")
    shipped = _shipped_folder() / f"{name}.toml"
    if name == path.name and shipped.is_file() and _is_bench(shipped):
        return shipped
    raise ConfigurationError(
        f'there is no bench "{name}"',
        remedy=f"{nearest(name, [*shipped_benches(), *_beside(path)])} (the path of a bench file will do too)",
    )


def _beside(path: Path) -> list[str]:
    """The folders and files beside ``path`` that are called nearly as it is, and hold a bench."""
    try:
        known = {each.name: each for each in path.parent.iterdir()}
    except OSError:
        return []
    near = [each for name, each in known.items() if meant(path.name, [name])]
    return [str(each) for each in near if _holds_bench(each)]


def _holds_bench(path: Path) -> bool:
    try:
        return bool(benches_in(path)) if path.is_dir() else path.suffix == ".toml" and _is_bench(path)
    except ConfigurationError:
        return False


def load_bench(name: str | Path) -> BenchConfig:
    """Read and check a bench file, its equipment register and its laboratory file.

    :param name: the bench file's path, or the name of a bench that ships with `hil`.
    :raises ConfigurationError: with one sentence for each fault: file, line, key, and what was expected.
    """
    path = find_bench(str(name))
    source = SourceFile.read(path)
    content = source.validated(BenchFile)
    source.refuse(_missing_files(content, path))
    equipment = load_register(path.parent / content.bench.equipment)
    laboratory = load_laboratory(path.parent / content.bench.laboratory)
    source.refuse(_faults(content, equipment))
    return BenchConfig(path, hashlib.sha256(path.read_bytes()).hexdigest(), content, equipment, laboratory)


def _shipped_folder() -> Path:
    return Path(str(files("hil").joinpath("benches")))


def _is_bench(path: Path) -> bool:
    return "bench" in SourceFile.read(path).values


def _missing_files(content: BenchFile, path: Path) -> Iterator[Fault]:
    for key in ("laboratory", "equipment"):
        name = getattr(content.bench, key)
        if not (path.parent / name).is_file():
            yield Fault(("bench", key), f'there is no file "{name}" beside the bench file')


def _faults(content: BenchFile, equipment: EquipmentRegister) -> Iterator[Fault]:
    yield from _device_faults(content, equipment)
    yield from _channel_faults(content, equipment)
    for role, target in content.roles.items():
        if target not in content.channels and target not in content.devices:
            hint = nearest(target, [*content.channels, *content.devices])
            yield Fault(("roles", role), f'there is no channel or device "{target}"; {hint}')
    yield from _effect_faults(content)
    yield from _gate_faults(content)
    yield from _sim_faults(content)
    yield from replay_faults(content)
    from ..safety.checks import safety_faults

    yield from safety_faults(content)


def _device_faults(content: BenchFile, equipment: EquipmentRegister) -> Iterator[Fault]:
    for name, device in content.devices.items():
        if device.instrument is not None:
            key = ("devices", name, "instrument")
            yield from _unknown(key, "instrument in the register", device.instrument, equipment.instruments)
        if device.address.startswith("sim:") and content.sim is None:
            yield Fault(("devices", name, "address"), "a simulated address needs a section [sim]; add it")


def _channel_faults(content: BenchFile, equipment: EquipmentRegister) -> Iterator[Fault]:
    from hil_calibration import unit
    from hil_calibration.errors import UnitError

    for name, channel in content.channels.items():
        yield from _unknown(("channels", name, "device"), "device", channel.device, content.devices)
        if channel.instrument is not None:
            key = ("channels", name, "instrument")
            yield from _unknown(key, "instrument in the register", channel.instrument, equipment.instruments)
        for key_name, stated in (("unit", channel.unit), ("indication_unit", channel.point_unit)):
            try:
                unit.check(stated)
            except UnitError as error:
                yield Fault(("channels", name, key_name), str(error))
                break


def _effect_faults(content: BenchFile) -> Iterator[Fault]:
    for name, effect in content.effects.items():
        yield from _unknown(("effects", name, "channel"), "channel", effect.channel, content.channels)
        if effect.to is not None:
            yield from _unknown(("effects", name, "to"), "device", effect.to, content.devices)


def _gate_faults(content: BenchFile) -> Iterator[Fault]:
    for name, gate in content.gates.items():
        key = ("gates", name, "channel")
        yield from _unknown(key, "channel", gate.channel, content.channels)
        channel = content.channels.get(gate.channel)
        if channel is None:
            continue
        if channel.period is None:
            yield Fault(key, f'nobody reads the channel "{gate.channel}" in the background; give it a period')
        if gate.confidence is not None and channel.calibration is None:
            confidence = ("gates", name, "confidence")
            yield Fault(confidence, f'"{gate.channel}" has no calibration, so its uncertainty is unknown; leave it out')


def _sim_faults(content: BenchFile) -> Iterator[Fault]:
    simulated = [d.address.removeprefix("sim:") for d in content.devices.values() if d.address.startswith("sim:")]
    if content.sim is None:
        return
    for name in content.sim.devices:
        yield from _unknown(("sim", "devices", name), "device with the address", name, simulated)
    for number, fault in enumerate(content.sim.faults):
        name = str(fault.get("device", ""))
        yield from _unknown(("sim", "faults", number, "device"), "device with the address", name, simulated)


def _unknown(key: tuple[str | int, ...], what: str, name: str, valid: Collection[str]) -> Iterator[Fault]:
    if name not in valid:
        yield Fault(key, f'there is no {what} "{name}"; {nearest(name, valid)}')
