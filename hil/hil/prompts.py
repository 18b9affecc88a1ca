"""Questions of a script to the people at the bench.

A prompt is open until its first valid answer, wherever that comes from; an answer that is not valid leaves it open.
Its time limit is on the wire clock and stands still while the run is paused.
"""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import math
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from hil_drivers.clock import Clock

from .clock import hold
from .errors import BenchFault, ProcedureFault, UsageError
from .pausing import PauseState, Pausing
from .pictures import Taken
from .suggest import nearest

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Kind = Literal["text", "number", "choice", "yes/no", "picture"]

YES, NO = frozenset({"yes", "y", "true"}), frozenset({"no", "n", "false"})

LARGEST_PICTURE = 64 * 2**20
"""Bytes of a file that may be given as a picture."""

TICK = 0.1
"""Wall seconds between two looks at the time limit of a prompt."""


@dataclass(frozen=True)
class Question:
    """What is asked.

    :param text: one sentence for a person.
    :param kind: of answer: ``picture`` is the path of a file, whose SHA-256 goes on record.
    :param unit: of a number, a UCUM string; an answer may name another unit of the same quantity.
    :param lower: the least number that is an answer.
    :param upper: the largest.
    :param choices: of a ``choice``.
    :param picture: shown beside it: uint8, shape (height, width) or (height, width, 3), blue first.
    :raises ProcedureFault: if it cannot be answered.
    """

    text: str
    kind: Kind = "text"
    unit: str = "1"
    lower: float = -math.inf
    upper: float = math.inf
    choices: tuple[str, ...] = ()
    picture: NDArray[np.uint8] | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        if not self.text.strip():
            raise ProcedureFault("a prompt asks nothing", where="prompt", remedy="give it a text")
        if (self.kind == "choice") != bool(self.choices):
            raise ProcedureFault("choices belong to a prompt of the kind choice, and only to it", where=self.text)
        if not self.lower <= self.upper:
            raise ProcedureFault(f"no number lies in {self.lower:g} to {self.upper:g}", where=self.text)
        picture = self.picture
        if picture is not None and not (picture.dtype == "uint8" and picture.size and picture.shape[2:] in ((), (3,))):
            raise ProcedureFault(
                f"{picture.dtype} of shape {picture.shape} is no picture",
                where=self.text,
                remedy="give uint8 of shape (height, width) or (height, width, 3)",
            )

    @property
    def in_unit(self) -> dict[str, str]:
        """The unit of an answer, where it has one."""
        return {"unit": self.unit} if self.kind == "number" and self.unit != "1" else {}

    def parse(self, answer: str) -> Any:
        """What ``answer`` means: text, a float in ``unit``, a choice, a bool, or for a picture its path and SHA-256.

        :raises UsageError: if it is no answer to this.
        """
        given = answer.strip()
        if not given:
            raise UsageError("is empty", where="answer", remedy="say something")
        if self.kind == "number":
            return self._number(given)
        if self.kind == "choice" and given not in self.choices:
            raise UsageError(f"{given!r} is none of the choices", where="answer", remedy=nearest(given, self.choices))
        if self.kind == "yes/no":
            if given.lower() not in YES | NO:
                raise UsageError(f"{given!r} is neither yes nor no", where="answer", remedy="answer yes or no")
            return given.lower() in YES
        return self._picture(given) if self.kind == "picture" else given

    def _number(self, given: str) -> float:
        from hil_calibration.errors import CalibrationError
        from hil_calibration.unit import parse_value

        try:
            number = parse_value(given, unit=self.unit)
        except CalibrationError as error:
            raise UsageError(error.what, where="answer", remedy=f"give a number in {self.unit}") from None
        if not self.lower <= number <= self.upper:
            limits = f"{self.lower:g} to {self.upper:g} {self.unit}"
            raise UsageError(f"{number:g} is outside {limits}", where="answer", remedy="look again")
        return number

    def _picture(self, given: str) -> dict[str, str]:
        try:
            path = Path(given)
            if not path.is_file() or path.stat().st_size > LARGEST_PICTURE:
                fault = f"is no file of at most {LARGEST_PICTURE // 2**20} MiB"
                raise UsageError(fault, where=given, remedy="give the path of a picture")
            content = path.read_bytes()
        except (OSError, ValueError) as error:
            raise UsageError("cannot be read", where=given, remedy="give the path of a picture") from error
        if not content.startswith((b"\x89PNG", b"\xff\xd8\xff")):
            raise UsageError("is neither PNG nor JPEG", where=given, remedy="give a picture")
        return {"file": Path(given).name, "sha256": hashlib.sha256(content).hexdigest()}

    @cached_property
    def _pictured(self) -> dict[str, Any] | None:
        if self.picture is None:
            return None
        height, width = self.picture.shape[:2]
        return {"width": width, "height": height, "sha256": hashlib.sha256(self.picture.tobytes()).hexdigest()}

    def to_json(self) -> dict[str, Any]:
        """What a screen needs to ask it."""
        asked: dict[str, Any] = {"text": self.text, "wants": self.kind}
        if self.kind == "number":
            limits = {"lower": self.lower, "upper": self.upper}
            asked |= {"unit": self.unit, **{key: value for key, value in limits.items() if math.isfinite(value)}}
        if self._pictured is not None:
            asked["picture"] = self._pictured
        return asked | ({"choices": list(self.choices)} if self.choices else {})


@dataclass
class Prompt:
    """A question that waits since ``asked`` (UTC in ns): ``number`` is unique in the run."""

    number: int
    question: Question
    limit: float | None
    answered: asyncio.Future[Any] = field(repr=False)
    asked: int = field(default_factory=time.time_ns)

    def to_json(self) -> dict[str, Any]:
        """What a screen needs to ask it."""
        return {"prompt": self.number, "asked": self.asked, "limit": self.limit, **self.question.to_json()}


@dataclass
class Pictured:
    """The picture of an open prompt, for screens that show what cameras take."""

    taken: Taken | None


class Prompts:
    """The open questions of one run.

    :param note: puts what was asked and answered on record, and tells it.
    :param durable: returns once that is on disk.
    :param numbers: those of the questions, where others ask in the same run.
    """

    def __init__(
        self,
        clock: Clock,
        pausing: Pausing,
        note: Callable[[str, dict[str, Any]], object],
        *,
        durable: Callable[[], Awaitable[object]] | None = None,
        wire: Callable[[], float] = time.monotonic,
        numbers: Iterator[int] | None = None,
    ) -> None:
        self._numbers = numbers or itertools.count(1)
        self._clock, self._pausing, self._note, self._durable, self._wire = clock, pausing, note, durable, wire
        self._open: dict[int, Prompt] = {}
        self._closed: dict[int, str] = {}
        self.pictures: dict[str, Pictured] = {}
        """Those of the open prompts, as "prompt 3"."""

    @property
    def open(self) -> dict[int, Prompt]:
        """By number, what waits for an answer."""
        return dict(self._open)

    async def ask(self, question: Question, *, limit: float | None = None, default: Any = None) -> Any:
        """Ask, and wait for the answer.

        :param limit: wall seconds that the answer may take, pauses not counted; any by default.
        :param default: the answer after the limit; without one the bench has failed then.
        :raises BenchFault: if nobody answers in time.
        """
        number = next(self._numbers)
        prompt = Prompt(number, question, limit, asyncio.get_running_loop().create_future())
        self._open[number] = prompt
        if question.picture is not None:
            self.pictures[f"prompt {number}"] = Pictured(Taken(prompt.asked, question.picture))
        self._note("prompt", {"prompt": number, "limit": limit, **question.to_json()})
        with hold(self._clock):
            await self._flush()
            try:
                answer = await self._wait(prompt)
            finally:
                self._close(prompt, "withdrawn")
            if answer is None:
                answer = self._late(prompt, default)
            await self._flush()
        return answer

    def answer(self, number: int, text: str, operator: str) -> None:
        """Answer a prompt.

        :raises UsageError: if it is not open, or the answer is not valid; it stays open then.
        """
        prompt = self._open.get(number)
        if prompt is None:
            known = self._closed.get(number, "there is no such prompt")
            raise UsageError(known, where=f"prompt {number}", remedy="look at what is open now with hil status")
        value = prompt.question.parse(text)
        self._close(prompt, f"it was answered by {operator}: {text}")
        self._note("answer", {"prompt": number, "operator": operator, "answer": value, **prompt.question.in_unit})
        prompt.answered.set_result(value)

    def _close(self, prompt: Prompt, how: str) -> None:
        if self._open.pop(prompt.number, None) is not None:
            self._closed[prompt.number] = how
            self.pictures.pop(f"prompt {prompt.number}", None)

    async def _wait(self, prompt: Prompt) -> Any:
        """The answer, or ``None`` after the limit."""
        if prompt.limit is None:
            return await prompt.answered
        left, before = prompt.limit, self._wire()
        while left > 0.0:
            await asyncio.wait([prompt.answered], timeout=min(TICK, left))
            if prompt.answered.done():
                return prompt.answered.result()
            now = self._wire()
            if self._pausing.state is PauseState.RUNNING:
                left -= now - before
            before = now
        return None

    def _late(self, prompt: Prompt, default: Any) -> Any:
        self._closed[prompt.number] = "its time limit has passed"
        if default is None:
            raise BenchFault(
                f"nobody answered within {prompt.limit:g} s: {prompt.question.text}",
                where=f"prompt {prompt.number}",
                remedy="answer with hil answer, or at the terminal of the run",
            )
        self._note(
            "answer",
            {"prompt": prompt.number, "operator": "", "answer": default, "default": True, **prompt.question.in_unit},
        )
        return default

    async def _flush(self) -> None:
        if self._durable is not None:
            await self._durable()
