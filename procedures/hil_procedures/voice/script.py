"""How much noise may there be before a voice detector misses a voice?"""

from __future__ import annotations

from hil import Design, Point, Record, Results, Trial, procedure
from hil_drivers.capability import Actuator, Scene, Sensor, Source, SystemUnderTest

from .heard import is_hit, understood
from .parameters import BLANK, VoiceDetectionVsSnr


@procedure(
    "voice-detection-vs-snr",
    version="1",
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


@voice_detection.analysis
def analyse(record: Record, p: VoiceDetectionVsSnr) -> Results:
    """The detection curve against the measured ratio, where it reaches 90 % with its bounds, and the verdict."""
    from .results import results

    return results(record, p)
