"""The readings of one channel over a window, as analyses use them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hil.evidence import Evidence, Indications
from hil_calibration.errors import UnknownUncertainty
from hil_calibration.stream import Measurements

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Series:
    """``n`` readings: times in s, values in the channel's unit, ``step`` the resolution of the indication in its unit.

    ``measured`` carries the effects of the calibration, and rounding errors independent of each other; ``None`` for a
    channel that has none.
    """

    t: Array
    value: Array
    step: float
    measured: Measurements | None = None

    @property
    def mean(self) -> float:
        """The mean of the values."""
        return float(self.value.mean())

    @property
    def s(self) -> float:
        """The experimental standard deviation of one reading (GUM 4.2.2)."""
        return float(self.value.std(ddof=1))

    @property
    def largest_departure(self) -> float:
        """By how much one reading departs from the mean, at most."""
        return float(np.abs(self.value - self.mean).max())

    def at(self, t: Array) -> Array:
        """The values at other times, on straight lines between the readings."""
        return np.interp(t, self.t, self.value)

    @property
    def shared(self) -> Measurements:
        """The measurements with the effects that they share alone: no noise, no rounding of single readings.

        :raises UnknownUncertainty: for a channel without a calibration.
        """
        if self.measured is None:
            raise UnknownUncertainty("has no calibration", remedy="calibrate its instrument first")
        plain = self.measured
        return Measurements(plain.value, np.zeros(len(plain)), plain.shared, plain.effects, plain.unit, plain.dof)

    @property
    def rounding(self) -> float:
        """The standard uncertainty of one reading by its resolution, in the channel's unit; the largest of them."""
        return 0.0 if self.measured is None else float(self.measured.u_ind.max())


def indicated(evidence: Evidence, link: Mapping[str, Any], origin: int = 0) -> Series:
    """The indications of a window.

    :param origin: of the times, UTC in ns.
    """
    found = evidence.indications(link)
    return Series(_seconds(found, origin), found.values, _step(found))


def measured(
    evidence: Evidence, link: Mapping[str, Any], origin: int = 0, *, temperature: float | None = None
) -> Series:
    """The measurements of a window, whose noise is left to their scatter.

    :param origin: of the times, UTC in ns.
    :param temperature: of the instrument in Cel, for effects that depend on it.
    """
    found = evidence.indications(link)
    values = evidence.measurements(link, temperature=temperature, share_rounding=False)
    return Series(_seconds(found, origin), values.value, _step(found), values)


def instruments(evidence: Evidence, *roles: str) -> tuple[str, ...]:
    """The channels in these roles whose instruments have a certificate, each once."""
    channels = dict.fromkeys(evidence.role(role) for role in roles)
    return tuple(name for name in channels if evidence.channels[name]["calibration"] is not None)


def identified(evidence: Evidence, role: str, called: str) -> tuple[tuple[str, str], ...]:
    """A row of a report that tells which instrument is in a role; none where the register does not know it."""
    known = evidence.channels[evidence.role(role)]["instrument"]
    if known is None:
        return ()
    told = (known["description"]["en"], known["manufacturer"], known["model"], known["serial"])
    return ((called, ", ".join(told)),)


def room_temperature(evidence: Evidence) -> float:
    """The mean of the role ``temperature`` over the run, in Cel."""
    conditions = evidence.whole_run(evidence.role("temperature"))
    return float(evidence.measurements(conditions, share_rounding=False).value.mean())


def distributions(evidence: Evidence, *channels: str) -> dict[str, str]:
    """The distribution of each effect of the channels' calibrations, by name."""
    return {effect.name: effect.distribution for one in channels for effect in evidence.calibration(one).effects}


def _seconds(found: Indications, origin: int) -> Array:
    return np.asarray((found.t - origin) * 1e-9, dtype=np.float64)


def _step(found: Indications) -> float:
    return float(np.nan_to_num(found.resolution).max())
