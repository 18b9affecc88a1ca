"""What a DCC 3.3.0 lets stand in a field, checked before anything is written (patterns of the DCC and D-SI schemas)."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import date
from itertools import pairwise

from ..errors import CertificateError

DECIMAL = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([Ee][-+]?\d+)?")
UNSIGNED = re.compile(r"\+?(\d+\.?\d*|\.\d+)([Ee][-+]?\d+)?")
COVERAGE_FACTOR = re.compile(r"[1-9]\d*(\.\d*)?")
PROBABILITY = re.compile(r"0\.\d*[1-9]\d*")
SHA256 = re.compile(r"[0-9a-f]{64}")
DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
COUNTRY = re.compile(r"[A-Z]{2}")
RELEASE = re.compile(r"v\d+\.\d+\.\d+")
NOT_A_TEXT = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufdd0-\ufdef\ufff9-\uffff]"
    "|[" + "".join(f"{chr(0x10000 * plane + 0xFFFE)}{chr(0x10000 * plane + 0xFFFF)}" for plane in range(1, 17)) + "]"
)
"""Control characters, line ends, overrides of the writing direction (they turn digits round), no characters at all."""

LONGEST_TEXT, LONGEST_NAME, LONGEST_IDENTIFIER, LONGEST_NUMBER = 20_000, 200, 100, 60
"""Characters of a text, of a name that heads a column or stands in a cell, of an identifier, of a number."""

REF_TYPES = frozenset(
    {
        "basic_acceptanceLimitLower",
        "basic_acceptanceLimitUpper",
        "basic_calibrationValue",
        "basic_conformity",
        "basic_humidityRelative",
        "basic_humidityRelativeMax",
        "basic_humidityRelativeMin",
        "basic_isInCMC",
        "basic_measuredValue",
        "basic_measurementConditions",
        "basic_measurementError",
        "basic_measurementRange",
        "basic_normalUsed",
        "basic_recalibration",
        "basic_referenceValue",
        "basic_temperature",
        "basic_temperatureMax",
        "basic_temperatureMin",
        "basic_toleranceLimitLower",
        "basic_toleranceLimitUpper",
        "basic_uncertainty",
        "basic_validityRange",
        "gp_coefficients",
        "gp_measuringResult1",
        "gp_method",
        "gp_table1",
        "gp_table2",
    }
)
"""Names of roles found in PTB's good-practice certificates and its refType database; no others are written."""


def words(text: str, what: str, *, longest: int = LONGEST_TEXT) -> str:
    """One paragraph that is not blank, has no blank at its ends and no control characters.

    :param longest: characters that it may have.
    """
    if not isinstance(text, str) or not text.strip():
        raise CertificateError(f"the {what} is empty")
    if text != text.strip() or NOT_A_TEXT.search(text):
        raise CertificateError(f"the {what} has blanks at its ends or control characters", where=_shown(text))
    if len(text) > longest:
        raise CertificateError(
            f"the {what} has {len(text)} characters", where=_shown(text), remedy=f"write at most {longest}"
        )
    return text


def name(text: str, what: str) -> str:
    """A text of at most :data:`LONGEST_NAME` characters."""
    return words(text, what, longest=LONGEST_NAME)


def identifier(text: str, what: str) -> str:
    """A text of at most :data:`LONGEST_IDENTIFIER` characters, which stands on every page."""
    return words(text, what, longest=LONGEST_IDENTIFIER)


def _shown(text: str) -> str:
    return repr(text if len(text) <= 40 else f"{text[:40]}…")


def matches(pattern: re.Pattern[str], text: str, what: str) -> str:
    """A text that the pattern matches as a whole."""
    if not pattern.fullmatch(text):
        raise CertificateError(f"not a {what}", where=repr(text))
    return text


def is_number(text: str) -> bool:
    """A decimal number as D-SI writes it, finite."""
    return len(text) <= LONGEST_NUMBER and DECIMAL.fullmatch(text) is not None and math.isfinite(float(text))


def numbers(texts: Sequence[str], where: str) -> None:
    """At least one decimal number, none of them NaN or infinite."""
    if not texts:
        raise CertificateError("no values", where=where)
    for text in texts:
        if not isinstance(text, str) or not is_number(text):
            raise CertificateError(f"{text!r} is not a decimal number", where=where)


def uncertainties(texts: Sequence[str], k: str, where: str) -> None:
    """Positive expanded uncertainties and their coverage factors, at least 1, separated by blanks."""
    for text in texts:
        if not is_number(text) or not UNSIGNED.fullmatch(text) or not float(text) > 0:
            raise CertificateError(f"{text!r} is not an expanded uncertainty", where=where, remedy="give U > 0")
    if not k.split() or not all(COVERAGE_FACTOR.fullmatch(factor) for factor in k.split()):
        raise CertificateError(f"{k!r} is not a coverage factor", where=where, remedy="give k ≥ 1")


def same_length(expected: int, found: tuple[int, str], where: str) -> None:
    """As many of something as there are points."""
    if found[0] != expected:
        raise CertificateError(f"{found[0]} {found[1]}, {expected} expected", where=where)


def ref_type(name: str) -> None:
    """A role that the field knows, or none."""
    if name and name not in REF_TYPES:
        raise CertificateError(
            "an unknown refType", where=repr(name), remedy="take one from PTB's good-practice certificates"
        )


def iso_date(text: str, what: str) -> date:
    """A calendar day, `YYYY-MM-DD`."""
    try:
        return date.fromisoformat(matches(DATE, text, "day"))
    except (ValueError, CertificateError):
        raise CertificateError(f"the {what} is not a date", where=repr(text), remedy="write YYYY-MM-DD") from None


def in_order(days: Sequence[tuple[str, str]], where: str) -> None:
    """Dates with their names, none before the one that precedes it."""
    for (early, first), (late, second) in pairwise(days):
        if iso_date(first, early) > iso_date(second, late):
            raise CertificateError(f"the {early} ({first}) is after the {late} ({second})", where=where)
