"""The refTypes that are known, and where from: PTB's good-practice certificates and its refType database.

Others may be right: the database is larger than what has been read of it. A name that differs from a known one by a
slip is an error, another of PTB's families is doubtful, a laboratory's own family is its own affair.
"""

from __future__ import annotations

import re
from difflib import SequenceMatcher, get_close_matches
from functools import lru_cache

from ..grammar import REF_TYPES
from .finding import Severity

_SAMPLES = frozenset(
    {
        "basic_acceptanceLimitLower",
        "basic_acceptanceLimitUpper",
        "basic_adjustment",
        "basic_calibrationValue",
        "basic_conformity",
        "basic_humidityRelative",
        "basic_humidityRelativeMax",
        "basic_humidityRelativeMin",
        "basic_measuredValue",
        "basic_measurementConditions",
        "basic_measurementDimension",
        "basic_measurementError",
        "basic_measurementRange",
        "basic_measurementRangeMax",
        "basic_measurementRangeMin",
        "basic_measurementRangeScaleInterval",
        "basic_measurementSecondaryCondition",
        "basic_normalUsed",
        "basic_recalibration",
        "basic_referenceValue",
        "basic_standardUsed",
        "basic_temperature",
        "basic_temperatureMax",
        "basic_temperatureMin",
        "basic_toleranceLimitLower",
        "basic_toleranceLimitUpper",
        "basic_uncertainty",
        "basic_validityRange",
        "basic_validityRangeMax",
        "basic_validityRangeMin",
        "basic_validitySecondaryCondition",
        "basic_valueSettlingTime",
        "gp_coefficients",
        "gp_current",
        "gp_dinEn60751",
        "gp_gasTemperature",
        "gp_immersionDepth",
        "gp_measuringResult1",
        "gp_method",
        "gp_relativeGasHumidityAboveWater",
        "gp_resistanceThermometer",
        "gp_table1",
        "gp_table2",
        "gp_temperatureSensor",
        "gp_uncertainty",
        "gp_valueAdjustmentTime",
        "gp_valueFlowVelocity",
    }
)
"""In PTB's good-practice certificates for temperature, resistance and humidity."""

_DATABASE = frozenset(("basic_isInCMC", "basic_nIndexTable", "basic_tableIndex"))
"""In PTB's database, or looked for by PTB's own reader of tables."""

KNOWN = _SAMPLES | _DATABASE | REF_TYPES
_NUMBERED = re.compile(r"[0-9]+$")
_WITHOUT_NUMBER = frozenset(_NUMBERED.sub("", name) for name in KNOWN)
_FAMILIES = ("basic_", "gp_")
_LONGEST = 80


@lru_cache(maxsize=1024)
def judged(name: str) -> tuple[Severity, str] | None:
    """What is to be said of a refType, None for one that is known.

    >>> judged("basic_mesuredValue")
    ('error', "the refType 'basic_mesuredValue' is not known; did you mean 'basic_measuredValue'?")
    """
    if name in KNOWN or _NUMBERED.sub("", name) in _WITHOUT_NUMBER:
        return None
    if len(name) > _LONGEST:
        return "warning", f"a refType of {len(name)} characters"
    near = get_close_matches(name, KNOWN, n=1, cutoff=0.75)
    unknown = f"the refType {name!r} is not known"
    if near and _a_slip(name, near[0]):
        return "error", f"{unknown}; did you mean {near[0]!r}?"
    if not name.startswith(_FAMILIES):
        return "info", f"{unknown}: it is of a family of its own"
    return "warning", f"{unknown} from PTB's certificates" + (f"; the nearest is {near[0]!r}" if near else "")


def _a_slip(name: str, near: str) -> bool:
    """Whether two names differ by case, or by about one letter: Min and Max are no slip."""
    if name.casefold() == near.casefold():
        return True
    return abs(len(name) - len(near)) <= 1 and SequenceMatcher(None, name, near).ratio() > 0.9
