"""The world file: a JSON document that says everything about one simulated bench, and its validation."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from ..errors import DriverError

FAULTS: dict[str, frozenset[str]] = {
    "t10a": frozenset(("silent", "late", "split", "checksum", "garbage", "nan", "low-battery", "over-range", "frozen")),
    "hmp": frozenset(("silent", "late", "split", "garbage", "nan", "frozen")),
    "artnet": frozenset(("silent",)),
    "sign-panel": frozenset(("silent", "late", "split", "garbage", "frozen")),
    "carriage": frozenset(("silent", "late", "split", "garbage", "frozen")),
    "camera": frozenset(("silent", "late", "split", "garbage", "frozen")),
}
"""The faults that each kind of device can have."""

EFFECTS: dict[tuple[str, str], tuple[str | None, ...]] = {
    ("t10a", "response"): (None, "illuminance"),
    ("t10a", "placement"): (None, "illuminance"),
    ("sign-panel", "placement"): (None, "illuminance"),
    ("hmp", "response"): ("temperature", "humidity"),
}
"""The points on which effects can act, by kind of device and kind of action."""

Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]


class WorldFileError(DriverError):
    """A world file that cannot be read or contradicts itself."""


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Distribution(_Model):
    """A distribution with mean 0: ``normal`` with ``u``, or a bounded one with ``half_width``."""

    distribution: Literal["normal", "rectangular", "triangular", "arcsine"]
    u: NotNegative | None = None
    half_width: NotNegative | None = None

    @model_validator(mode="after")
    def _has_its_width(self) -> Distribution:
        wanted = "u" if self.distribution == "normal" else "half_width"
        if getattr(self, wanted) is None:
            raise ValueError(f"a {self.distribution} distribution needs {wanted!r}")
        return self


class Effect(Distribution):
    """A declared effect whose truth is drawn by its name.

    ``response`` acts on the instrument, ``placement`` on what the place sees. ``point`` says which
    quantity of a device with several.
    """

    name: str = Field(min_length=1)
    device: str
    acts_on: Literal["response", "placement"] = "response"
    kind: Literal["relative", "absolute", "relative-per-kelvin"]
    reference: float | None = None
    point: str | None = None
    source: str = ""

    @model_validator(mode="after")
    def _has_its_reference(self) -> Effect:
        if self.kind == "relative-per-kelvin" and self.reference is None:
            raise ValueError("an effect of kind 'relative-per-kelvin' needs 'reference', a temperature in Cel")
        return self


class Certificate(_Model):
    """Calibration points of an instrument: ``value`` = f(``indication``), with the covariance of the values."""

    indication: list[float] = Field(min_length=1)
    value: list[float] = Field(min_length=1)
    covariance: list[list[float]]

    @model_validator(mode="after")
    def _has_one_shape(self) -> Certificate:
        n = len(self.indication)
        if len(self.value) != n or len(self.covariance) != n or any(len(r) != n for r in self.covariance):
            raise ValueError(f"needs {n} values and a covariance of {n} rows and columns, one per indication")
        for name, knots in (("indication", self.indication), ("value", self.value)):
            if any(b <= a for a, b in pairwise(knots)):
                raise ValueError(f"{name!r} must increase from point to point")
        return self


class Prior(_Model):
    """What is known of an instrument before its calibration: gain (relative), offset (in its unit),
    nonlinearity (relative)."""

    gain: Distribution
    offset: Distribution
    nonlinearity: Distribution


class Room(_Model):
    """The room: temperatures in Cel, period in s, relative humidity in %, illuminance without the lamp in lx."""

    temperature: float = 23.4
    temperature_swing: NotNegative = 0.3
    swing_period: Positive = 3600.0
    humidity: Annotated[float, Field(gt=0, le=100)] = 45.0
    dark_illuminance: NotNegative = 0.02


class Luminaire(_Model):
    """One luminaire: ``intensity`` towards the plane in cd, ``distance`` in m, ``angle`` to the plane's normal in
    degrees, ``radius`` of its disc in m."""

    intensity: Positive = 4225.0
    distance: Positive = 2.0
    angle: Annotated[float, Field(ge=-89, le=89)] = 0.0
    radius: NotNegative = 0.1


class Lamp(_Model):
    """The luminaires of one dimmer: tolerances and drifts relative, per K from 23 Cel, per h, or in s.

    ``hours`` is the most that they may have burnt before; ``stray`` the part of their light that comes by the walls.
    """

    device: str
    luminaires: tuple[Luminaire, ...] = Field(default=(Luminaire(angle=-20.0), Luminaire(angle=20.0)), min_length=1)
    ageing: NotNegative = 7.1e-6
    hours: NotNegative = 2000.0
    tolerance: Annotated[float, Field(ge=0, lt=1)] = 0.05
    warm_up: float = 0.03
    warm_up_time: Positive = 720.0
    temperature_coefficient: float = -0.002
    stray: NotNegative = 0.01


class ArtnetDevice(_Model):
    """A dimmer: 16 bit at ``channel`` (coarse, from 1) and the next one (fine)."""

    kind: Literal["artnet"]
    universe: int = Field(default=0, ge=0, le=32767)
    channel: int = Field(default=1, ge=1, le=511)


class T10aDevice(_Model):
    """A luxmeter; ``noise`` is the relative standard deviation of one 0.5 s reading."""

    kind: Literal["t10a"]
    head: int = Field(default=0, ge=0, le=29)
    carriage_position: int = Field(default=0, ge=0)
    noise: NotNegative = 0.001
    certificate: Certificate | None = None
    prior: Prior | None = None

    @model_validator(mode="after")
    def _has_one_origin(self) -> T10aDevice:
        if (self.certificate is None) == (self.prior is None):
            raise ValueError("needs either 'certificate' or 'prior'")
        return self


class ClimateCertificates(_Model):
    """The certificates of a climate probe."""

    temperature: Certificate | None = None
    humidity: Certificate | None = None


class HmpDevice(_Model):
    """A climate probe; noise as standard deviations of one reading, in K and % RH."""

    kind: Literal["hmp"]
    device_id: int = Field(default=240, ge=1, le=247)
    certificate: ClimateCertificates = ClimateCertificates()
    noise_temperature: NotNegative = 0.005
    noise_humidity: NotNegative = 0.03


class PanelDevice(_Model):
    """A panel that shows a line of text."""

    kind: Literal["sign-panel"]


class CarriageDevice(_Model):
    """A carriage that brings one head at a time to the plane; ``travel_time`` in s."""

    kind: Literal["carriage"]
    travel_time: Positive = 1.0


class CameraDevice(_Model):
    """A monochrome camera that looks at the panel: exposure in s, lengths on the sensor in micrometres,
    noise in electrons, ``gain`` in digital numbers of 12 bit per electron; blur (standard deviation) and text
    height in pixels; reflectances of the sign's ground and of its text. PRNU is relative, DSNU in digital
    numbers."""

    kind: Literal["camera"]
    width: int = Field(default=320, ge=16, le=4096, multiple_of=2)
    height: int = Field(default=96, ge=16, le=4096, multiple_of=2)
    exposure: Annotated[float, Field(gt=0, le=10)] = 0.01
    f_number: Positive = 2.8
    codec: Literal["y4m", "mjpeg"] = "y4m"
    quality: int = Field(default=90, ge=1, le=100)
    transmission: Annotated[float, Field(gt=0, le=1)] = 0.9
    pixel_pitch: Positive = 1.4
    quantum_efficiency: Annotated[float, Field(gt=0, le=1)] = 0.5
    photons_per_lux_second: Positive = 8430.0
    dark_current: NotNegative = 5.0
    read_noise: NotNegative = 8.0
    full_well: Positive = 4000.0
    gain: Positive = 4.0
    offset: NotNegative = 200.0
    prnu: NotNegative = 0.01
    dsnu: NotNegative = 0.5
    gamma: Positive = 2.2
    blur: NotNegative = 1.5
    text_height: Positive = 44.0
    ground_reflectance: Annotated[float, Field(gt=0, le=1)] = 0.6
    text_reflectance: Annotated[float, Field(gt=0, le=1)] = 0.2


Device = Annotated[
    ArtnetDevice | T10aDevice | HmpDevice | PanelDevice | CarriageDevice | CameraDevice,
    Field(discriminator="kind"),
]


class Fault(_Model):
    """One fault of one device between two bench times in s; ``delay`` of a late reply is wall time in s."""

    device: str
    kind: str
    start: NotNegative = Field(default=0.0, alias="from")
    end: NotNegative = Field(default=1e9, alias="to")
    delay: NotNegative = 0.5


class WorldFile(_Model):
    """A whole world. ``orphan_after`` is wall time in s without a control connection."""

    seed: int
    mode: Literal["lockstep", "paced"] = "lockstep"
    speed: Positive = 1.0
    start_utc: int = 0
    orphan_after: Positive = 30.0
    room: Room = Room()
    lamp: Lamp | None = None
    devices: dict[Name, Device]
    effects: list[Effect] = []
    faults: list[Fault] = []

    @model_validator(mode="after")
    def _is_consistent(self) -> WorldFile:
        for message in self._contradictions():
            raise ValueError(message)
        return self

    def _contradictions(self) -> Iterator[str]:
        if self.lamp is not None and not isinstance(self.devices.get(self.lamp.device), ArtnetDevice):
            yield f"lamp.device {self.lamp.device!r} is not a device of kind 'artnet'"
        for kind in ("sign-panel", "carriage"):
            if sum(device.kind == kind for device in self.devices.values()) > 1:
                yield f"there can be one device of kind {kind!r} only"
        yield from self._effect_contradictions()
        for fault in self.faults:
            device = self.devices.get(fault.device)
            if device is None:
                yield f"fault {fault.kind!r}: there is no device {fault.device!r}"
            elif fault.kind not in FAULTS[device.kind]:
                known = ", ".join(sorted(FAULTS[device.kind]))
                yield f"{fault.device!r} has no fault {fault.kind!r}, only {known}"

    def _effect_contradictions(self) -> Iterator[str]:
        drawn: dict[str, tuple[str, float | None, float | None]] = {}
        for effect in self.effects:
            device = self.devices.get(effect.device)
            if device is None:
                yield f"effect {effect.name!r}: there is no device {effect.device!r}"
            else:
                points = EFFECTS.get((device.kind, effect.acts_on), ())
                if effect.point not in points:
                    allowed = ", ".join(point for point in points if point) or "none"
                    yield (
                        f"effect {effect.name!r}: {effect.acts_on} of {effect.device!r} has no point "
                        f"{effect.point!r}; points are {allowed}"
                    )
            distribution = (effect.distribution, effect.u, effect.half_width)
            if drawn.setdefault(effect.name, distribution) != distribution:
                yield f"effect {effect.name!r} is declared twice with different distributions"


def load(path: Path) -> WorldFile:
    """Read and check a world file.

    :raises WorldFileError: naming the file, the key and what was expected, in one sentence.
    """
    try:
        text = path.read_bytes()
    except OSError as error:
        raise WorldFileError(
            f"cannot read the world file: {error.strerror}", where=str(path), remedy="name a readable JSON file"
        ) from None
    try:
        return WorldFile.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(str(part) for part in first["loc"])
        message = first["msg"].removeprefix("Value error, ").rstrip(".")
        raise WorldFileError(
            f"{key}: {message}" if key else message, where=str(path), remedy="correct the world file"
        ) from None
