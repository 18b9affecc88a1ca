"""Render the data sets of the benches ``voice`` (utterances by rule in white noise, at eight levels, from a seed) and
``voice-sim`` (the same utterances without noise).

Usage: ``python scripts/make_sample_speech.py FOLDER`` for the one, with ``--clean`` behind it for the other. The same
seed, numpy and scipy give the same sounds.
"""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hil_drivers.data_set import About, Quantity
from hil_drivers.data_set_writer import DataSetWriter
from hil_drivers.sim.noise import Stream
from hil_drivers.sound import read_wave, wave_bytes
from hil_drivers.virtual.speech import RATE, Speaker, Utterance, utterance
from hil_procedures.voice.parameters import BLANK, VoiceDetectionVsSnr

SEED = 20260601
DURATION = 1.28
LEAD = 0.4
SPEECH = 10.0 ** (-26.0 / 20.0)
"""Rms of the active speech, of full scale: -26 dB, the same in all recordings; the noise is what varies."""
CLEAN = 0.1
"""The same of a sound without noise: none of their peaks is cut."""
WIDTH = 1
"""Bytes of a sample. Their rounding is part of the noise, and of the reference value."""
U_SNR = 0.002
"""Relative standard uncertainty of a ratio of powers (0.01 dB): counted from the samples of the file, and rounded."""
U_TIME = 0.5 / RATE


def recorded(clean: NDArray[np.float64], level: float, rng: np.random.Generator) -> bytes:
    """``clean`` in white noise, as a file.

    :param level: of the speech that there is, or that there would be, over the noise, in dB.
    """
    noise = SPEECH * 10.0 ** (-level / 20.0) * rng.standard_normal(len(clean))
    return wave_bytes(clean + noise, RATE, width=WIDTH)


def ratio(data: bytes, clean: NDArray[np.float64], active: NDArray[np.bool_]) -> float:
    """Power of the speech to that of all else in the file, over the samples with speech."""
    sound, _ = read_wave(data)
    return SPEECH**2 / float(np.mean(np.square(sound - clean)[active]))


def spoken(name: str) -> Utterance:
    """The utterance called ``name``, each by a speaker of its own."""
    rng = Stream(SEED, "sample", "speech", name).generator()
    return utterance(rng, Speaker.drawn(rng), lead=LEAD, duration=DURATION)


def main(folder: Path) -> None:
    """Render it into ``folder``."""
    p = VoiceDetectionVsSnr()
    about = About(
        name="speech-like sounds",
        date=date(2026, 6, 1),
        origin="rendered",
        index="index.csv",
        description="Synthetic speech in white noise, made by rule by this project: it says nothing about real speech",
        licence="Apache-2.0",
    )
    quantities = {
        "snr": Quantity(unit="1", correlation="full", match=0.1),
        "onset": Quantity(unit="s", correlation="full"),
        "end": Quantity(unit="s", correlation="full"),
    }
    made, index = DataSetWriter(folder, about, quantities), 0
    silence = Utterance(np.zeros(round(DURATION * RATE)), np.ones(round(DURATION * RATE), dtype=bool))
    for level in p.levels:
        for content in [*p.utterances, *[BLANK] * p.blanks]:
            index += 1
            said = silence if content == BLANK else spoken(content)
            clean = SPEECH * said.sound
            data = recorded(clean, level, Stream(SEED, "sample", "noise").generator(index))
            snr = ratio(data, clean, said.active)
            onset = DURATION if content == BLANK else said.onset
            made.add(
                f"sounds/{index:04d}.wav",
                data,
                content=content,
                subject=content,
                references={
                    "snr": (snr, U_SNR * snr),
                    "onset": (onset, U_TIME),
                    "end": (DURATION if content == BLANK else said.end, U_TIME),
                },
            )
    made.close()


def clean(folder: Path) -> None:
    """Render the utterances without noise into ``folder``."""
    about = About(
        name="speech-like sounds without noise",
        date=date(2026, 6, 1),
        origin="rendered",
        index="index.csv",
        description="Synthetic speech, made by rule by this project: it says nothing about real speech",
        licence="Apache-2.0",
    )
    made = DataSetWriter(folder, about, {})
    for number, content in enumerate(VoiceDetectionVsSnr().utterances, 1):
        data = wave_bytes(CLEAN * spoken(content).sound, RATE)
        made.add(f"sounds/{number:02d}.wav", data, content=content, subject=content, references={})
    made.close()


if __name__ == "__main__":
    (clean if "--clean" in sys.argv[2:] else main)(Path(sys.argv[1]))
