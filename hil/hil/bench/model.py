"""The shape of a bench file: one model for each kind of section. A key that is not named here is refused."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, model_validator

from ..durations import parse_duration
from ..section import Name as Name
from ..section import Section as Section


def _parse_instant(value: object) -> datetime:
    instant = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    if instant.tzinfo is None or not 1970 <= instant.year < 2200:
        raise ValueError("no time zone, or a year that is not from 1970 to 2199")
    return instant.astimezone(UTC)


def _parse_correlation(value: object) -> str | float:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if value in ("full", "independent", "matrix") or (is_number and 0.0 <= float(str(value)) <= 1.0):
        return value if isinstance(value, str) else float(str(value))
    raise ValueError("not an assumption")


Duration = Annotated[float, BeforeValidator(parse_duration)]
Instant = Annotated[datetime, BeforeValidator(_parse_instant)]
PointCorrelation = Annotated[Any, BeforeValidator(_parse_correlation)]


class BenchSection(Section):
    """``[bench]``: what the bench is and which files of the laboratory belong to it."""

    name: Name = Field(description="the bench's name")
    kind: Literal["action", "immersion", "simulation", "dataset"] = Field(
        description='"action", "immersion", "simulation" or "dataset"'
    )
    description: str = Field(default="", description="one line of text")
    laboratory: Name = Field(description='the laboratory file, such as "lab.toml"')
    equipment: Name = Field(description='the equipment register, such as "equipment.toml"')
    patience: Duration = Field(
        default=15.0, description='how long a script waits for a device that is lost to come back, such as "15 s"'
    )
    lanes: Annotated[int, Field(ge=1, le=64)] | Literal["cores"] = Field(
        default=1, description='of a dataset bench: how many points are run at once, a number or "cores"'
    )


class DeviceSection(Section):
    """``[devices.NAME]``: a driver and an address; every other key is an option of the driver."""

    model_config = ConfigDict(extra="allow")

    driver: Name = Field(description="a driver's name, or module:name")
    address: Name = Field(description='an address such as "serial:///dev/ttyUSB0" or "sim:NAME"')
    instrument: Name | None = Field(default=None, description="a name of the equipment register")
    open_within: Duration = Field(default=30.0, description='a duration such as "10 s"')
    record: Literal["digests", "frames"] = Field(
        default="digests",
        description='of a camera\'s pictures, "digests" or "frames": their SHA-256, or themselves too',
    )
    shared: bool = Field(
        default=False,
        description="of a system under test in a dataset bench: lanes take turns at one, else each has its own",
    )

    @property
    def options(self) -> dict[str, Any]:
        """The driver's own options."""
        return dict(self.model_extra or {})


class ChannelSection(Section):
    """``[channels."a.b"]``: a point of a device with its unit, calibration and period."""

    device: Name = Field(description="a name among [devices]")
    point: Name = Field(description="a point of the device's driver")
    unit: Name = Field(description='a UCUM unit such as "lx"')
    indication_unit: Name | None = Field(
        default=None, description='the unit of the point where the calibration leads to another, such as "Ohm"'
    )
    instrument: Name | None = Field(
        default=None, description="a name of the equipment register, where it is not the device (a probe on a scanner)"
    )
    period: Duration | None = Field(default=None, description='a duration such as "10 s"')
    calibration: Name | None = Field(default=None, description="a certificate's file (DCC)")
    point_correlation: PointCorrelation = Field(
        default=None, description='"full", "independent", "matrix" or a number from 0 to 1'
    )
    limits: tuple[float, float] | None = Field(
        default=None, strict=False, description="[lower, upper] in the channel's unit"
    )
    range: tuple[float, float] | None = Field(
        default=None, strict=False, description="[lower, upper]: what may be commanded, in the channel's unit"
    )

    @model_validator(mode="after")
    def _check_limits(self) -> ChannelSection:
        if self.limits is not None and not self.limits[0] < self.limits[1]:
            raise ValueError("the lower limit is not below the upper limit")
        if self.range is not None and not self.range[0] < self.range[1]:
            raise ValueError("the lower end of the range is not below the upper end")
        return self

    @model_validator(mode="after")
    def _check_conversion(self) -> ChannelSection:
        if self.indication_unit not in (None, self.unit) and self.calibration is None:
            raise ValueError(f"no calibration leads from {self.indication_unit} to {self.unit}; give one")
        return self

    @property
    def point_unit(self) -> str:
        """The unit in which the device indicates."""
        return self.indication_unit or self.unit


class EffectSection(Section):
    """``[effects."NAME"]``: an effect that no certificate covers (type B, GUM 4.3).

    A normal distribution states its standard uncertainty ``u``, a bounded one its ``half_width``.
    ``relative`` is a fraction of the value, ``absolute`` is in the channel's unit, ``relative-per-kelvin`` a
    fraction for each kelvin from ``reference`` in degrees Celsius.
    """

    channel: Name = Field(description="a name among [channels]")
    kind: Literal["relative", "absolute", "relative-per-kelvin"] = Field(
        description='"relative", "absolute" or "relative-per-kelvin"'
    )
    acts_on: Literal["response", "placement", "transfer"] = Field(
        default="response", description='"response", "placement" or "transfer"'
    )
    to: Name | None = Field(default=None, description="the device to whose place the value is carried")
    distribution: Literal["normal", "rectangular", "triangular", "arcsine"] = Field(
        description='"normal", "rectangular", "triangular" or "arcsine"'
    )
    u: float | None = Field(default=None, gt=0, description="a standard uncertainty above 0")
    half_width: float | None = Field(default=None, gt=0, description="a half-width above 0")
    reference: float | None = Field(default=None, description="the reference temperature in degrees Celsius")
    dof: float | None = Field(default=None, ge=1, description="degrees of freedom, 1 or more")
    source: Name = Field(description="where the figure comes from")

    @model_validator(mode="after")
    def _check_parameters(self) -> EffectSection:
        wanted, other = ("u", "half_width") if self.distribution == "normal" else ("half_width", "u")
        if getattr(self, wanted) is None:
            raise ValueError(f"{wanted} is missing: a {self.distribution} distribution takes it")
        if getattr(self, other) is not None:
            raise ValueError(f"a {self.distribution} distribution takes {wanted}, and not {other}")
        if self.kind == "relative-per-kelvin" and self.reference is None:
            raise ValueError("reference is missing: the kind relative-per-kelvin takes a temperature in Cel")
        if self.kind != "relative-per-kelvin" and self.reference is not None:
            raise ValueError("reference belongs to the kind relative-per-kelvin, and only to it")
        if (self.acts_on == "transfer") != (self.to is not None):
            raise ValueError('to belongs to acts_on = "transfer", and only to it')
        if self.acts_on != "response" and self.kind != "relative":
            raise ValueError('an effect of placement or transfer has the kind "relative"')
        return self


class GateSection(Section):
    """``[gates.NAME]``: what a channel with a period must measure while anything is observed, in every procedure."""

    channel: Name = Field(description="a name among [channels], of a channel with a period")
    lower: float | None = Field(default=None, description="a value in the channel's unit")
    upper: float | None = Field(default=None, description="a value in the channel's unit")
    filter: Duration | None = Field(
        default=None, description='the time over which readings are averaged before they are judged, such as "1 min"'
    )
    hold_off: Duration | None = Field(
        default=None, description='for how long it may be outside before an attempt is void, such as "30 s"'
    )
    confidence: float | None = Field(
        default=None, gt=0.5, lt=1, description="a probability, to judge with uncertainty; none judges the value alone"
    )

    @model_validator(mode="after")
    def _check_limits(self) -> GateSection:
        if self.lower is None and self.upper is None:
            raise ValueError("lower and upper are missing: give one of them, or both")
        if self.lower is not None and self.upper is not None and not self.lower < self.upper:
            raise ValueError("lower is not below upper")
        return self


class InterlockSection(Section):
    """``[interlocks.NAME]``: a condition that is dangerous, and what follows when it cannot be shown not to hold.

    A condition compares (``> >= < <= ==``) channels, numbers, ``rate(channel, 30 s)`` in units per second, and their
    sums, differences, products and quotients; ``stale(channel)``, ``lost(device)`` and ``interlock(name)`` are
    conditions too. They are joined by ``and``, ``or``, ``not`` and brackets. A name with blanks, or with ``-`` outside
    of a function's brackets, stands in quotes. ``==`` compares values as they are, everything else with uncertainty. A
    channel that is stale, or whose value may not be used, counts as dangerous. One whose uncertainty is unknown is
    refused, unless it is ignored in so many words.
    """

    when: Name = Field(description='a condition over channels such as "chamber.temperature > 85"')
    then: Literal["safe_state", "alarm"] = Field(default="safe_state", description='"safe_state" or "alarm"')
    latch: bool = Field(default=True, description="whether it stays until a person has acknowledged it")
    delay: Duration | None = Field(
        default=None, description='for how long it must hold, such as "2 s"; none by default'
    )
    hysteresis: float = Field(
        default=0.0, ge=0, description="by how much a limit must be left again, in the unit of what is compared"
    )
    confidence: float = Field(
        default=0.95, gt=0.5, lt=1, description="the probability with which it must be shown not to hold"
    )
    uncertainty: Literal["ignored"] | None = Field(
        default=None, description='"ignored", where a channel is compared whose uncertainty is unknown'
    )
    period: Duration = Field(default=1.0, description='how often its channels are read, such as "500 ms"')
    stale_after: Duration | None = Field(
        default=None, description="the age from which a value no longer counts; two periods by default"
    )
    priority: Literal["low", "medium", "high", "safety"] | None = Field(
        default=None, description='"low", "medium", "high" or "safety"; "safety" by default with then = "safe_state"'
    )
    guidance: str = Field(default="", description="what the person who sees the alarm is to do")

    @model_validator(mode="after")
    def _check_age(self) -> InterlockSection:
        if self.stale_after is not None and self.stale_after <= self.period:
            raise ValueError("stale_after is not above period: every value would be stale before the next one")
        return self

    @property
    def oldest(self) -> float:
        """The age in s from which a value no longer counts."""
        return self.stale_after or 2.0 * self.period

    @property
    def urgency(self) -> Literal["low", "medium", "high", "safety"]:
        """The priority of its alarm."""
        return self.priority or ("safety" if self.then == "safe_state" else "medium")


class WatchdogSection(Section):
    """``[watchdog]``: the rig's own watchdog, which nothing but the safety supervisor feeds."""

    device: Name = Field(description="a name among [devices], of a device that has a watchdog")
    every: Duration = Field(default=0.25, description='how often it is fed, such as "250 ms"')


class SafeAction(Section):
    """One action of the safe state: command ``channel`` to ``set``, in the channel's unit."""

    channel: Name = Field(description="a name among [channels]")
    set: float = Field(description="a setpoint in the channel's unit")
    deadline: Duration | None = Field(
        default=None, description="how long one try may take, its reading back too; that of the safe state by default"
    )
    readback: Name | None = Field(default=None, description="a name among [channels]: what shows that it is done")
    within: float | None = Field(default=None, gt=0, description="how far the readback may be from set, in its unit")
    retries: int = Field(default=1, ge=0, le=10, description="how often it is tried again, 0 to 10")
    after: tuple[Name, ...] = Field(
        default=(),
        strict=False,
        description="channels of earlier actions, of other devices, that end before it begins",
    )

    @model_validator(mode="after")
    def _check_readback(self) -> SafeAction:
        if (self.readback is None) != (self.within is None):
            raise ValueError("readback and within belong together: a channel, and how far from set it may be")
        return self


class SafeStateSection(Section):
    """``[safe_state]``: what brings the bench to its safe state, in order.

    The order holds for each device; devices are made safe side by side, so that one that hangs holds up no other. An
    action with ``after`` waits for those that it names. One that fails does not keep the next from being tried.
    """

    deadline: Duration = Field(default=5.0, description='a duration such as "5 s"')
    actions: tuple[SafeAction, ...] = Field(default=(), strict=False)


class Signal(Section):
    """One sign of how a run ended: command ``channel`` to ``set``, in the channel's unit."""

    channel: Name = Field(description="a name among [channels]")
    set: float = Field(description="a setpoint in the channel's unit")


class SignalsSection(Section):
    """``[signals]``: what a lamp or a buzzer shows of a run's end, after the safe state and before devices are closed.

    A sign that cannot be given is on record and changes nothing else.
    """

    deadline: Duration = Field(default=2.0, description='how long one may take, such as "2 s"')
    complete: tuple[Signal, ...] = Field(default=(), strict=False, description="the plan was carried out")
    failed: tuple[Signal, ...] = Field(default=(), strict=False, description="something failed")
    aborted: tuple[Signal, ...] = Field(default=(), strict=False, description="a person ended the run in order")
    stopped: tuple[Signal, ...] = Field(default=(), strict=False, description="a person stopped it at once")
    tripped: tuple[Signal, ...] = Field(default=(), strict=False, description="an interlock ended it")

    def of(self, status: str) -> tuple[Signal, ...]:
        """The signs of one way to end, in their order."""
        found: tuple[Signal, ...] = getattr(self, status)
        return found


class SimSection(Section):
    """``[sim]``: the simulated world behind ``sim:`` addresses; the tables pass through to it."""

    world: Literal["light-room", "robot-hall", "immersion-wall"] = Field(
        description='"light-room", "robot-hall" or "immersion-wall"'
    )
    seed: int = Field(default=1, ge=0, description="a whole number, 0 or more")
    start: Instant = Field(description='a time with its zone such as "2026-06-01T08:00:00Z"')
    room: dict[str, Any] = Field(default={}, description="a table of the room's properties")
    lamp: dict[str, Any] = Field(default={}, description="a table of the lamp's properties")
    devices: dict[str, dict[str, Any]] = Field(default={}, description="a table for each simulated device")
    faults: tuple[dict[str, Any], ...] = Field(default=(), strict=False, description="a list of tables")


class BenchFile(Section):
    """A whole bench file."""

    bench: BenchSection
    devices: dict[str, DeviceSection]
    channels: dict[str, ChannelSection]
    roles: dict[str, Name] = Field(description="a channel or a device")
    effects: dict[str, EffectSection] = Field(default_factory=dict)
    gates: dict[str, GateSection] = Field(default_factory=dict)
    interlocks: dict[str, InterlockSection] = Field(default_factory=dict)
    watchdog: WatchdogSection | None = None
    safe_state: SafeStateSection = SafeStateSection()
    signals: SignalsSection = SignalsSection()
    sim: SimSection | None = None
