"""The declared effects of a bench file as effects of a measurement (type B, GUM 4.3)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from hil_calibration.effect import Effect

    from .config import BenchConfig

ActsOn = Literal["response", "placement", "transfer"]


def channel_effects(config: BenchConfig, channel: str, acts_on: ActsOn) -> tuple[Effect, ...]:
    """The effects declared for ``channel`` that act on its response, its placement or a transfer from it.

    A ``response`` effect is part of every measurement with the channel. A ``placement`` effect is part of a
    comparison by substitution only, a ``transfer`` effect only where the value is used at another place.
    """
    from hil_calibration.effect import Effect

    return tuple(
        Effect(
            name=name,
            kind=effect.kind,
            distribution=effect.distribution,
            u=math.nan if effect.u is None else effect.u,
            half_width=effect.half_width,
            reference=effect.reference,
            source=effect.source,
            dof=math.inf if effect.dof is None else effect.dof,
        )
        for name, effect in config.effects.items()
        if effect.channel == channel and effect.acts_on == acts_on
    )
