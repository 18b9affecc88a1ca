"""How much noise may there be before a voice detector misses a voice?"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from hil import Design, Point, Record, Results, Trial, procedure
from hil.comparing.results import Compared
from hil.coverage.truth import Answer, Stated, TrueWorld
from hil.errors import UsageError
from hil.scripts import Command
from hil_drivers.capability import Actuator, Scene, Sensor, Source, SystemUnderTest

from ..shares import level, share
from .heard import is_hit, understood
from .parameters import BLANK, LEVEL, VoiceDetectionVsSnr


@procedure(
    "voice-detection-vs-snr",
    version="2",
    roles={
        "scene": Scene,
        "snr_setpoint": Actuator,
        "snr": Sensor,
        "onset": Sensor,
        "end": Sensor,
        "source": Source,
        "detector": SystemUnderTest,
    },
)
async def voice_detection(trial: Trial, p: VoiceDetectionVsSnr) -> None:
    """Find the signal-to-noise ratio at which a voice detector hears nine utterances in ten."""
    share = 10.0 ** (p.tolerance / 10.0) - 1.0
    async for point in trial.points():
        await trial.role("scene", Scene).show(point.utterance)
        await trial.role("snr_setpoint", Actuator).set(point.snr)
        await respond(trial, point, share * point.snr)


async def respond(trial: Trial, point: Point, tolerance: float) -> None:
    """Let the system under test hear one sound, and keep what it said beside the label."""
    sound = await trial.role("source", Source).take()
    onset = (await trial.measure(trial.role("onset", Sensor))).value
    end = (await trial.measure(trial.role("end", Sensor))).value
    async with point.valid(trial.role("snr", Sensor), point.snr, tolerance=tolerance):
        response = await trial.role("detector", SystemUnderTest).respond(sound)
        fault = response.fault or ("" if understood(response.output) else "wrong shape")
        spoken = point.utterance != BLANK
        point.observe(
            utterance=point.utterance,
            subject=sound.subject,
            snr=point.snr,
            onset=onset,
            end=end,
            hit=spoken and not fault and is_hit(response.output, onset, end),
            heard=[] if fault else response.output,
            latency=response.latency,
            fault=fault,
            details=response.details,
        )


@voice_detection.plan
def plan(p: VoiceDetectionVsSnr) -> Design:
    """Every utterance and the blanks at every ratio, in random order within each repeat, which is a block."""
    said = [*p.utterances, *[BLANK] * p.blanks]
    points = [{"utterance": one, "snr": ratio(level)} for level in p.levels for one in said]
    return Design({"utterance": None, "snr": "1"}, points, repeats=p.repeats, order="random")


def ratio(level: float) -> float:
    """The ratio of powers that a level in dB stands for, to six digits."""
    return float(f"{10.0 ** (level / 10.0):.6g}")


@voice_detection.commands
def commands(p: VoiceDetectionVsSnr) -> list[Command]:
    """Every ratio."""
    return [("snr_setpoint", ratio(level)) for level in p.levels]


@voice_detection.analysis
def analyse(record: Record, p: VoiceDetectionVsSnr) -> Results:
    """The detection curve against the measured ratio, where it reaches 90 % with its bounds, and the verdict."""
    from .results import results

    return results(record, p)


@voice_detection.truth(levels="-6,-4.5,-3,-2,-1,0,2,4,7", blanks="0", required="-1.3")
def truth(world: TrueWorld, found: Mapping[str, Any], p: VoiceDetectionVsSnr) -> Answer:
    """The ratio at which the curve of a synthetic listener reaches 90 %, in the mean over utterances."""
    true, (a90, u) = 10.0 * math.log10(world.stimulus(LEVEL)), _a90(found)
    conforms, risk = true <= p.required, 1.0 - p.confidence
    return Answer({"a90": Stated(a90, u, true, "dB")}, conforms, risk, acceptable=conforms, producer_risk=risk)


@voice_detection.conditions
def conditions(found: Mapping[str, Any], p: VoiceDetectionVsSnr) -> Mapping[str, Mapping[str, Compared]]:
    """The ratio at which nine utterances in ten are heard, where the run states one; the share heard at each."""
    a90, u = found["unrounded"]["a90"], found["unrounded"]["u"]
    stated = a90 is not None and u is not None
    one = level(a90, "dB", found["budget"], among=len(p.utterances), confidence=p.confidence) if stated else None
    return {
        "a90": {} if one is None else {"nine utterances in ten": one},
        "share heard": {
            f"{each['planned']:g} dB": share(
                each["heard"],
                each["played"],
                slope=each["slope"],
                effects=each["relative_effects"],
                away=(each["measured"] - each["planned"]) * math.log(10.0) / 10.0,
            )
            for each in found["levels"]
            if each["played"]
        },
    }


def _a90(found: Mapping[str, Any]) -> tuple[float, float]:
    """What a run states of the ratio in dB, and its standard uncertainty.

    :raises UsageError: if it states none.
    """
    stated = found["unrounded"]
    if stated["a90"] is None or stated["u"] is None:
        raise UsageError(f"states no a90: {found['reason'] or 'a bound is missing'}", where="voice-detection-vs-snr")
    return stated["a90"], stated["u"]
