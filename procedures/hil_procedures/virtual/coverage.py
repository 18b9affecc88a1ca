"""What a calibration of a virtual instrument states, beside what is true of all stimuli that could be given."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from hil.coverage.truth import Answer, Stated, StatedInterval
from hil_calibration.coverage import coverage_factor
from hil_calibration.systems.virtual import means_by_subject

from .parameters import CalibrateVirtualInstrument

if TYPE_CHECKING:
    from hil.coverage.stimuli import TrueStimuli

TEST_COVERAGE = 0.95
"""Of the interval of the observed share."""


def answer_of(stimuli: TrueStimuli, found: Mapping[str, Any], p: CalibrateVirtualInstrument) -> Answer:
    """The bias, the share covered in the test, and one value that is new."""
    every, domain, unit = stimuli.population(p.contents), found["domain"], found["unit"]
    means = means_by_subject(every.subject, every.error)
    u_true = float(means.std(ddof=1)) / math.sqrt(len(means))
    error = every.error[every.within(domain)]
    k = coverage_factor(math.inf if found["dof_bias"] is None else found["dof_bias"])
    width, tested = found["conformal"]["half_width"], found["test"]["inside"]
    covered = float(np.mean(np.abs(error - found["bias"]) <= width))
    of_no_subject_before = p.stimuli + p.stimuli % 2
    new = stimuli.new(p.contents, of_no_subject_before, domain)
    value = new.value - found["bias"]
    return Answer(
        {
            "bias": Stated(found["bias"], found["u_bias"], float(means.mean()), unit, k, u_true),
            "share covered in the test": StatedInterval(
                tested["share"], tested["low"], tested["high"], covered, "1", TEST_COVERAGE
            ),
            "a new value, u": Stated(value, found["u"], new.true, unit),
            "a new value, conformal interval": StatedInterval(
                value, value - width, value + width, new.true, unit, found["conformal"]["coverage"]
            ),
        }
    )
