"""An audio analyser with two loudspeakers and a measurement microphone in the room."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from ..model import Distribution, Model, Positive
from .base import LINK_FAULTS, SimDevice

Level = Annotated[float, Field(ge=-40, le=140)]
Corner = Annotated[float, Field(gt=0, le=2000)]
Distance = Annotated[float, Field(ge=0.1, le=30)]


class Loudspeaker(Model):
    """A loudspeaker at ``distance`` in m from the microphone.

    ``sensitivity`` is the rms sound pressure in Pa at 1 m for an rms of full scale, ``high_pass`` the corner in Hz of
    its high pass of second order, ``noise_floor`` its own noise at 1 m in dB.
    """

    distance: Distance = 1.5
    sensitivity: Positive = 2.0
    high_pass: Corner = 60.0
    noise_floor: Level = 20.0


class Microphone(Model):
    """The measurement microphone with its amplifier: ``full_scale`` is the sound pressure in Pa that fills the range of
    its samples, ``high_pass`` as a loudspeaker's, ``noise_floor`` its own noise in dB."""

    full_scale: Positive = 0.7
    high_pass: Corner = 20.0
    noise_floor: Level = 22.0


class AudioAnalyserDevice(SimDevice):
    """Sound in a free field: lengths in m, pressures in Pa, levels in dB of the rms pressure over 20 µPa.

    ``ambient`` is the level of white noise in the room while nothing plays. ``tolerance``, in dB, is drawn by the seed
    for each loudspeaker: by how much it is louder than stated, after both were adjusted with the analyser itself. The
    fault ``muted`` silences the loudspeaker of speech.
    """

    faults: ClassVar[frozenset[str]] = LINK_FAULTS | frozenset(("muted",))
    only_one: ClassVar[bool] = True

    kind: Literal["audio-analyser"]
    rate: Annotated[int, Field(ge=8000, le=48000)] = 16_000
    speech: Loudspeaker = Loudspeaker()
    noise: Loudspeaker = Loudspeaker(distance=2.0)
    microphone: Microphone = Microphone()
    ambient: Level = 30.0
    tolerance: Distribution = Distribution(distribution="normal", u=0.02)

    def responses(self) -> tuple[str, ...]:
        return ("snr",)
