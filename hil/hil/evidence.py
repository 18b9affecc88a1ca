"""Measurements recomputed from a record: raw indications through the calibration kept beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hil_calibration.errors import UnknownUncertainty
from hil_drivers.indication import UNUSABLE

if TYPE_CHECKING:
    from hil_calibration.calibration import CalibrationRecord
    from hil_calibration.effect import Effect
    from hil_calibration.stream import Measurements

    from .record import Observation, Readings, Record


@dataclass(frozen=True)
class Indications:
    """The usable indications of one window: arrays of shape ``(n,)``, values in the unit of the indication, UTC in ns.

    ``resolution`` is the step of each indication, NaN where the instrument's is unknown.
    """

    channel: str
    values: NDArray[np.float64]
    t: NDArray[np.int64]
    resolution: NDArray[np.float64]


class Evidence:
    """A finished record, read once, for its analysis."""

    def __init__(self, record: Record) -> None:
        self._record = record
        self._readings: dict[str, Readings] = {}
        self._calibrations: dict[str, CalibrationRecord] = {}

    @cached_property
    def run(self) -> dict[str, Any]:
        """The facts about the run."""
        return self._record.run

    @cached_property
    def channels(self) -> dict[str, dict[str, Any]]:
        """What the record keeps of each channel."""
        return self._record.channels

    @cached_property
    def observations(self) -> list[Observation]:
        """What the committed attempts observed."""
        return self._record.observations()

    def role(self, name: str) -> str:
        """The channel or device that played a role."""
        return str(self.run["roles"][name])

    def indications(self, link: Mapping[str, Any]) -> Indications:
        """The usable indications of the window that an observation's ``link`` names."""
        channel = link["channel"]
        if channel not in self._readings:
            self._readings[channel] = self._record.readings(channel)
        found = self._readings[channel]
        inside = (found.t >= link["start"]) & (found.t <= link["end"])
        kept = inside & ((found.flags & int(UNUSABLE)) == 0) & np.isfinite(found.raw)
        t = found.t[kept]
        return Indications(channel, found.raw[kept], t, self._resolution(channel, t))

    def whole_run(self, channel: str) -> dict[str, Any]:
        """The window of all readings of ``channel``."""
        t = self._record.readings(channel).t
        return {"channel": channel, "start": int(t.min()), "end": int(t.max())}

    def calibration(self, channel: str) -> CalibrationRecord:
        """The calibration record of ``channel`` as it was in force.

        :raises UnknownUncertainty: if the channel had none.
        """
        from hil_calibration.calibration import CalibrationRecord

        if channel not in self._calibrations:
            kept = self.channels[channel]["calibration"]
            if kept is None:
                raise UnknownUncertainty("has no calibration", where=channel, remedy="calibrate its instrument first")
            self._calibrations[channel] = CalibrationRecord.from_json(kept)
        return self._calibrations[channel]

    def measurements(
        self,
        link: Mapping[str, Any],
        *,
        u_indication: float = 0.0,
        temperature: float | None = None,
        share_rounding: bool = True,
    ) -> Measurements:
        """The measurements of the window that ``link`` names, with the effects that they share.

        :param u_indication: standard uncertainty of one indication by its noise, in the unit of the indication.
        :param temperature: of the instrument in Cel, for effects that depend on it.
        :param share_rounding: ``False`` for many readings at different indications (a soak, a whole run), whose
            rounding errors are then independent.
        :raises UnknownUncertainty: if the channel has no calibration.
        """
        from hil_calibration.stream import evaluate

        found = self.indications(link)
        known = not np.isnan(found.resolution).any()
        return evaluate(
            self.calibration(link["channel"]),
            found.values,
            u_indication=u_indication,
            resolution=found.resolution if known else None,
            temperature=temperature,
            share_rounding=share_rounding,
        )

    def declared_effects(self, channel: str, acts_on: str) -> list[Effect]:
        """The ``response``, ``placement`` or ``transfer`` effects that the bench declared for ``channel``."""
        from hil_calibration.effect import Effect

        return [Effect.from_json(effect) for effect in self.channels[channel][acts_on]]

    @cached_property
    def _steps(self) -> list[tuple[int, str, float]]:
        return [
            (event.t, event.data["channel"], np.nan if event.data["resolution"] is None else event.data["resolution"])
            for event in self._record.events("resolution")
        ]

    def _resolution(self, channel: str, t: NDArray[np.int64]) -> NDArray[np.float64]:
        found = np.full(len(t), np.nan)
        for since, name, step in self._steps:
            if name == channel:
                found[t >= since] = step
        return found
