"""Coverage factors (GUM annex G)."""

from __future__ import annotations

import math

ENOUGH_DOF = 50.0
"""Effective degrees of freedom from which k = 2 is used for a coverage of about 95 %."""


def coverage_factor(dof: float) -> float:
    """The coverage factor for a coverage probability of about 95 %.

    k = 2 where the effective degrees of freedom are 50 or more; else the factor of Student's t for 95.45 %, the
    degrees of freedom truncated to an integer (GUM G.4.1 note 1, G.6.4; EA-4/02 M:2022, annex E).

    :param dof: effective degrees of freedom, 1 or more, infinite allowed.
    """
    if dof >= ENOUGH_DOF:
        return 2.0
    from scipy.special import stdtrit

    return float(stdtrit(max(1, math.floor(dof)), 0.5 + 0.9545 / 2.0))
