"""Runs checks: one result for each driver and check, and the table of them."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from ..errors import DriverError
from .catalogue import CHECKS
from .conformance import ConformanceError
from .exercise import NotPossible
from .subject import Subject


class Verdict(StrEnum):
    """How a check ended."""

    PASS = "pass"
    FAIL = "FAIL"
    NOT_POSSIBLE = "n/a"


@dataclass(frozen=True, slots=True)
class Result:
    """What a check found: ``note`` says what was done, what is wrong, or why it was not possible.

    ``seconds`` of wall time is how long it took.
    """

    driver: str
    check: str
    verdict: Verdict
    note: str
    seconds: float = 0.0

    def demand(self) -> None:
        """Let a failed check fail the test that runs it.

        :raises ConformanceError: with driver, check, and what is wrong.
        """
        if self.verdict is Verdict.FAIL:
            raise ConformanceError(f"{self.driver}, {self.check}: {self.note}")


@dataclass(frozen=True, slots=True)
class Check:
    """One check by name; ``about`` says what it asks for."""

    name: str
    about: str
    _function: Callable[[Subject], Awaitable[str]]

    def __str__(self) -> str:
        return self.name

    async def run(self, subject: Subject) -> Result:
        """Check a subject. Its peer is started before, and is left running without a fault."""
        begun = time.monotonic()
        await subject.peer.start()
        try:
            verdict, note = await self._judged(subject)
        finally:
            await subject.peer.clear()
            await subject.peer.start()
        return Result(subject.name, self.name, verdict, note, time.monotonic() - begun)

    async def _judged(self, subject: Subject) -> tuple[Verdict, str]:
        try:
            return Verdict.PASS, await self._function(subject)
        except NotPossible as reason:
            return Verdict.NOT_POSSIBLE, str(reason)
        except ConformanceError as error:
            return Verdict.FAIL, str(error)
        except DriverError as error:
            return Verdict.FAIL, f"{type(error).__name__}: {error}"
        except Exception as error:  # noqa: BLE001 (whatever a driver raises is the finding)
            return Verdict.FAIL, f"raised {error!r}"


def checks(*names: str) -> tuple[Check, ...]:
    """All checks, or those named, in the order in which they are best run.

    :raises ValueError: for a name that is none.
    """
    known = {function.__name__: function for function in CHECKS}
    if unknown := sorted(set(names) - set(known)):
        raise ValueError(f"there is no check {unknown[0]!r}; there are {', '.join(known)}")
    chosen = {name: function for name, function in known.items() if not names or name in names}
    return tuple(Check(name, (function.__doc__ or "").strip(), function) for name, function in chosen.items())


async def run_all(subject: Subject, chosen: Sequence[Check] = ()) -> list[Result]:
    """The result of each check of ``chosen``, by default of all, one after the other."""
    return [await check.run(subject) for check in chosen or checks()]


def table(results: Iterable[Result]) -> str:
    """Driver x check as text, and below it a line for each check that failed or was not possible."""
    found = list(results)
    columns = list(dict.fromkeys(result.check for result in found))
    drivers = list(dict.fromkeys(result.driver for result in found))
    cells = {(result.driver, result.check): str(result.verdict) for result in found}
    rows = [["driver", *columns], *([driver, *(cells.get((driver, c), "") for c in columns)] for driver in drivers)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    notes = [f"{r.driver}, {r.check}: {r.note}" for r in found if r.verdict is not Verdict.PASS]
    return "\n".join([*lines, "", *notes] if notes else lines)
