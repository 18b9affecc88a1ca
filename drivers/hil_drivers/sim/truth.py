"""The truth of one seed: every effect drawn from its stated distribution, by name and never by loop order."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from itertools import pairwise

from .devices.scene_server import SceneServerDevice
from .devices.t10a import LuxmeterDevice
from .devices.video import VideoDevice
from .model import Certificate, Distribution, Effect
from .noise import Stream
from .world_file import WorldFile, WorldFileError


@dataclass(frozen=True)
class Truth:
    """The truth table of one seed.

    ``effects`` by effect name; ``priors`` by device, then ``gain``, ``offset``, ``nonlinearity`` and
    ``phase``; ``certificates`` by device and point, the true values at the certificate's indications;
    ``lamp_gain`` relative to the nominal luminaire; ``walls`` by device: ``tolerance``, ``rate``, the ``phase`` of the
    refresh from 0 to 1, and the ``mounting x``, ``y`` and ``z`` of cameras in degrees; ``clocks`` by device, in s.
    """

    effects: dict[str, float] = field(default_factory=dict)
    priors: dict[str, dict[str, float]] = field(default_factory=dict)
    certificates: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    lamp_gain: float = 1.0
    walls: dict[str, dict[str, float]] = field(default_factory=dict)
    clocks: dict[str, float] = field(default_factory=dict)


def draw(file: WorldFile) -> Truth:
    """Draw the truth that belongs to ``file.seed``.

    :raises WorldFileError: if a certificate's covariance is not positive semi-definite, or is so wide that
        the drawn calibration function does not increase.
    """
    truth = Truth(lamp_gain=_lamp_gain(file))
    for effect in file.effects:
        truth.effects[effect.name] = sample(effect, Stream(file.seed, "truth", "effect", effect.name))
    for name, device in file.devices.items():
        if isinstance(device, LuxmeterDevice) and device.prior is not None:
            parts = {key: getattr(device.prior, key) for key in ("gain", "offset", "nonlinearity")}
            truth.priors[name] = {
                key: sample(part, Stream(file.seed, "truth", "prior", name, key)) for key, part in parts.items()
            }
            phase = Stream(file.seed, "truth", "prior", name, "phase").uniform()
            truth.priors[name]["phase"] = 2.0 * math.pi * phase
        if isinstance(device, SceneServerDevice):
            truth.walls[name] = _wall(device, file.seed, name)
        if isinstance(device, VideoDevice):
            truth.clocks[name] = sample(device.clock, Stream(file.seed, "truth", "stamps", name))
        for point, certificate in device.certificates.items():
            drawn = _knots(certificate, Stream(file.seed, "truth", "certificate", name, point), name)
            truth.certificates.setdefault(name, {})[point] = drawn
    return truth


def sample(distribution: Distribution, stream: Stream) -> float:
    """One value of ``distribution``: rectangular as rectangular, normal as normal."""
    first, second = stream.uniforms()
    if distribution.distribution == "normal":
        return (distribution.u or 0.0) * stream.normal()
    a = distribution.half_width or 0.0
    if distribution.distribution == "triangular":
        return a * (first + second - 1.0)
    if distribution.distribution == "arcsine":
        return a * math.sin(math.pi * (first - 0.5))
    return a * (2.0 * first - 1.0)


def _wall(device: SceneServerDevice, seed: int, name: str) -> dict[str, float]:
    parts = {"tolerance": device.tolerance, "rate": device.rate}
    parts |= {f"mounting {axis}": device.mounting for axis in "xyz"}
    drawn = {key: sample(part, Stream(seed, "truth", "wall", name, key)) for key, part in parts.items()}
    return drawn | {"phase": Stream(seed, "truth", "wall", name, "phase").uniform()}


def _lamp_gain(file: WorldFile) -> float:
    """What the luminaires give of their nominal light: their tolerance, and the hours that they have burnt."""
    if file.lamp is None:
        return 1.0
    deviation = file.lamp.tolerance * (2.0 * Stream(file.seed, "truth", "lamp", "gain").uniform() - 1.0)
    hours = file.lamp.hours * Stream(file.seed, "truth", "lamp", "hours").uniform()
    return (1.0 + deviation) * math.exp(-file.lamp.ageing * hours)


def _knots(certificate: Certificate, stream: Stream, device: str) -> list[float]:
    """True values at the knots: estimate + S z, S the symmetric square root of a covariance of any rank."""
    import numpy as np

    covariance = np.array(certificate.covariance)
    values, vectors = np.linalg.eigh((covariance + covariance.T) / 2.0)
    tolerance = 1e-9 * float(np.max(np.abs(covariance)))
    if not np.allclose(covariance, covariance.T, rtol=1e-9, atol=tolerance) or values[0] < -tolerance:
        raise WorldFileError(
            "the covariance of the certificate is not symmetric and positive semi-definite",
            where=f"devices.{device}.certificates",
            remedy="give a covariance matrix",
        )
    z = np.array([stream.normal(i) for i in range(len(values))])
    root = vectors * np.sqrt(np.clip(values, 0.0, None)) @ vectors.T
    drawn: list[float] = (np.array(certificate.value) + root @ z).tolist()
    if any(b <= a for a, b in pairwise(drawn)):
        raise WorldFileError(
            "the truth drawn from the certificate does not increase with the indication",
            where=f"devices.{device}.certificates",
            remedy="give points farther apart than their uncertainties",
        )
    return drawn


class Influences:
    """The drawn effects that act on one point of one device.

    :param point: the quantity; an effect that names no point acts on it too.
    """

    def __init__(self, effects: list[Effect], truth: Truth, device: str, acts_on: str, point: str = "") -> None:
        mine = [
            (effect, truth.effects[effect.name])
            for effect in effects
            if effect.device == device and effect.acts_on == acts_on and effect.point in (None, point)
        ]
        self._relative = sum(value for effect, value in mine if effect.kind == "relative")
        self._absolute = sum(value for effect, value in mine if effect.kind == "absolute")
        self._per_kelvin = [
            (value, effect.reference or 0.0) for effect, value in mine if effect.kind == "relative-per-kelvin"
        ]

    def _factor(self, temperature: float) -> float:
        return 1.0 + self._relative + sum(a * (temperature - t) for a, t in self._per_kelvin)

    def forward(self, value: float, temperature: float) -> float:
        """What the place sees, where the plane has ``value``: value (1 + relative) + absolute."""
        return value * self._factor(temperature) + self._absolute

    def inverse(self, value: float, temperature: float) -> float:
        """The f(indication) of an instrument that senses ``value`` = f(indication) (1 + relative) + absolute."""
        return (value - self._absolute) / self._factor(temperature)
