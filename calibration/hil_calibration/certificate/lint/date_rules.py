"""Rules on the dates of a certificate (ISO/IEC 17025:2017, 7.8.2.1 h, i, j)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from itertools import pairwise

from .. import namespace
from .finding import Fault
from .registry import rule
from .subject import Subject, text

_NAMES = {
    "receiptDate": "receipt",
    "beginPerformanceDate": "beginning of the calibration",
    "endPerformanceDate": "end of the calibration",
    "issueDate": "issue",
}
_DATE = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(Z|[+-][0-9]{2}:[0-9]{2})?")
_FIRST_WITH_ISSUE = (3, 2)


@rule("date")
def date_form(subject: Subject) -> Iterator[Fault]:
    """A date is a day of the calendar."""
    for name in _NAMES:
        element = None if subject.core is None else subject.core.find(f"dcc:{name}", namespace.MAP)
        if element is not None and _day(subject, name) is None:
            yield Fault(element, f"the day of the {_NAMES[name]} is {(element.text or '')[:40]!r}, no date")
    for name in ("beginPerformanceDate", "endPerformanceDate"):
        if not text(subject.core, f"dcc:{name}"):
            yield Fault(subject.core, f"no day of the {_NAMES[name]}")


@rule("date-order", clause="ISO/IEC 17025:2017, 7.8.2.1 h to j")
def date_order(subject: Subject) -> Iterator[Fault]:
    """Receipt, beginning, end and issue follow each other."""
    given = [(name, day) for name in _NAMES if (day := _day(subject, name))]
    for (early, first), (late, second) in pairwise(given):
        if first > second:
            element = None if subject.core is None else subject.core.find(f"dcc:{late}", namespace.MAP)
            yield Fault(element, f"the {_NAMES[late]} ({second}) is before the {_NAMES[early]} ({first})")


@rule("issue-date", clause="ISO/IEC 17025:2017, 7.8.2.1 j")
def issue_date(subject: Subject) -> Iterator[Fault]:
    """The certificate states the day of its issue, which the DCC has a place for since 3.2."""
    if text(subject.core, "dcc:issueDate"):
        return
    if subject.version >= _FIRST_WITH_ISSUE:
        yield Fault(subject.core, "no date of issue")
    else:
        yield Fault(subject.core, "no date of issue; this version of the DCC has no place for it", "info")


def _day(subject: Subject, name: str) -> date | None:
    found = _DATE.fullmatch(text(subject.core, f"dcc:{name}"))
    try:
        return date.fromisoformat(found[1]) if found else None
    except ValueError:
        return None
