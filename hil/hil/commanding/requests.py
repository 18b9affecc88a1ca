"""What a client may ask of a run: one JSON object, checked to the last key before anything acts on it."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from ..commands import Abort, Acknowledge, Answer, Command, Note, Pause, PauseNow, Resume, Shelve, Stop
from ..errors import UsageError
from ..suggest import nearest

LONGEST_LINE = 4096
"""Bytes of a request on the control socket, its line end included."""


class Verb(StrEnum):
    """What may be asked."""

    STATE = "state"
    PAUSE = "pause"
    PAUSE_NOW = "pause-now"
    RESUME = "resume"
    ABORT = "abort"
    STOP = "stop"
    ACK = "ack"
    SHELVE = "shelve"
    ANSWER = "answer"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Request:
    """One request.

    :param operator: who asks; the laboratory's only operator by default.
    :param command_id: chosen by the client: the same one again has the same answer, and no second effect.
    :param expect: the name of the run that is meant: another one refuses.
    """

    verb: Verb
    args: Mapping[str, Any] = field(default_factory=dict)
    operator: str | None = None
    reason: str = ""
    command_id: str = ""
    expect: str | None = None

    @property
    def digest(self) -> str:
        """SHA-256 of what is asked."""
        asked = [self.verb, dict(self.args), self.operator, self.reason, self.expect]
        return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()


_COMMANDS: dict[Verb, Callable[..., Command]] = {
    Verb.PAUSE: Pause,
    Verb.PAUSE_NOW: PauseNow,
    Verb.RESUME: Resume,
    Verb.ABORT: Abort,
    Verb.STOP: Stop,
    Verb.ACK: Acknowledge,
    Verb.SHELVE: Shelve,
    Verb.ANSWER: Answer,
    Verb.NOTE: Note,
}

_ARGUMENTS: dict[Verb, dict[str, type]] = {
    Verb.ACK: {"alarm": str},
    Verb.SHELVE: {"alarm": str, "seconds": float},
    Verb.ANSWER: {"prompt": int, "value": str},
}
"""What a verb needs beside operator and reason."""

_LONGEST = {"operator": 200, "reason": 2000, "command_id": 64, "expect": 200, "alarm": 200, "value": 2000}
"""Characters of each text."""

_KEYS = ("verb", "args", "operator", "reason", "command_id", "expect")


def to_command(request: Request, operator: str) -> Command:
    """The typed command that ``request`` means, by ``operator``."""
    known = {"id": request.command_id, "digest": request.digest}
    return _COMMANDS[request.verb](operator, request.reason, **known, **request.args)


def parse_line(line: bytes) -> Request:
    """The request in one line of JSON.

    :raises UsageError: if it is none.
    """
    if len(line) > LONGEST_LINE:
        raise UsageError(f"is longer than {LONGEST_LINE} bytes", where="request", remedy="send one short line")
    try:
        document = json.loads(line, object_pairs_hook=_once, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"is no JSON ({error})", where="request", remedy="send one object in one line") from None
    return parse(document)


def parse(document: object) -> Request:
    """The request in a JSON document.

    :raises UsageError: if it is none.
    """
    if not isinstance(document, dict):
        raise UsageError("is no JSON object", where="request", remedy='send {"verb": "state"}')
    unknown = [key for key in document if key not in _KEYS]
    if unknown:
        raise UsageError(f"has no key {unknown[0]!r}", where="request", remedy=nearest(str(unknown[0]), _KEYS))
    verb = _verb(document.get("verb"))
    request = Request(
        verb,
        _arguments(verb, document.get("args", {})),
        _text(document, "operator", default=None),
        _text(document, "reason") or "",
        _text(document, "command_id") or "",
        _text(document, "expect", default=None),
    )
    _require_identity(request)
    return request


def _require_identity(request: Request) -> None:
    """A stop is the same however often it is sent and whatever it meets; everything else must say which it is."""
    if request.verb is Verb.STOP and (request.command_id or request.expect is not None):
        raise UsageError("a stop has neither command_id nor expect", where="request", remedy="leave them out")
    if request.verb not in (Verb.STOP, Verb.STATE) and not request.command_id:
        raise UsageError(
            f"{request.verb} needs a command_id", where="request", remedy="send one of your own, each time"
        )


def _verb(given: object) -> Verb:
    try:
        return Verb(str(given))
    except ValueError:
        raise UsageError(
            f"there is no verb {given!r}", where="request", remedy=nearest(str(given), map(str, Verb))
        ) from None


def _arguments(verb: Verb, given: object) -> dict[str, Any]:
    wanted = _ARGUMENTS.get(verb, {})
    if not isinstance(given, dict) or set(given) != set(wanted):
        needs = f"takes {' and '.join(wanted)}" if wanted else "takes nothing"
        raise UsageError(f"{verb} {needs}", where="args", remedy="send exactly that")
    return {name: _argument(given, name, kind) for name, kind in wanted.items()}


def _argument(given: Mapping[str, object], name: str, kind: type) -> Any:
    if kind is str:
        return _text(given, name)
    number = given[name]
    fits = type(number) is int or (kind is float and type(number) is float and math.isfinite(number))
    if not fits or not 0 < number <= _LARGEST:  # type: ignore[operator]
        words = "a whole number" if kind is int else "a number"
        raise UsageError(f"is not {words} above 0", where=name, remedy=f"send one of at most {_LARGEST:g}")
    return kind(number)


_LARGEST = 1e9


def _text(given: Mapping[str, object], name: str, *, default: str | None = "") -> str | None:
    """The text called ``name``: of bounded length, and with no characters that drive a terminal."""
    text = given.get(name, default)
    if text is None and default is None:
        return None
    if not isinstance(text, str):
        raise UsageError("is no text", where=name, remedy="send a string")
    if len(text) > _LONGEST[name]:
        raise UsageError(f"is longer than {_LONGEST[name]} characters", where=name, remedy="say it shorter")
    if not all(character.isprintable() or character in "\n\t" for character in text):
        raise UsageError("has control characters", where=name, remedy="send plain text")
    return text


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) != len(pairs):
        raise ValueError("a key is there twice")
    return document


def _no_number(constant: str) -> float:
    raise ValueError(f"{constant} is no number")
