"""A system under test whose response curve is known."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from ..model import NotNegative, Positive
from .base import LINK_FAULTS, SimDevice

Share = Annotated[float, Field(ge=0, le=1)]


class SyntheticDevice(SimDevice):
    """A reader of the sign panel that is right with a stated probability, and knows nothing of what it is shown but
    that.

    With x the stimulus in its unit and s an effect of the text shown, normal with the standard deviation ``between``,
    it gives the right answer with the probability ``ceiling`` F(z + ``slope`` ln(x / ``a50``) + s), where F is the
    inverse of the ``link`` and F(z) = 1/2. Otherwise, and where nothing is shown, it reads something that is not there
    with the probability ``false_rate``, and else nothing. ``slope`` is per unit of ln x, and negative where more of the
    stimulus makes it harder. ``camera`` names the camera whose pictures it is given; the only one by default.

    The stimulus is the ``illuminance`` at the sign in lx, or the ``distance`` of the target on its rail in m. At the
    bearing b of the target, ``a50`` is smaller by the part ``rear`` (1 - cos b) / 2 of it: by ``rear`` behind. Or it is
    ``snr``, the ratio of the powers of speech and noise in the last record of an audio analyser: then it is a listener,
    s belongs to the sound, and the answer says when a voice is heard.
    """

    faults: ClassVar[frozenset[str]] = LINK_FAULTS

    kind: Literal["synthetic"]
    stimulus: Literal["illuminance", "distance", "snr"] = "illuminance"
    a50: Positive = 9.0
    slope: Annotated[float, Field(ge=-50, le=50)] = 4.0
    ceiling: Annotated[float, Field(gt=0, le=1)] = 1.0
    false_rate: Share = 0.0
    link: Literal["logit", "probit", "cloglog"] = "logit"
    between: NotNegative = 0.0
    camera: str = ""
    rear: Annotated[float, Field(ge=0, lt=1)] = 0.0

    @model_validator(mode="after")
    def _depends_on_its_stimulus(self) -> SyntheticDevice:
        if self.slope == 0.0:
            raise ValueError("slope is 0: it would not depend on the stimulus")
        return self
