"""What a client may ask of a run: one JSON object, checked to the last key before anything acts on it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..commands import Command
from ..errors import UsageError
from ..suggest import nearest
from .verbs import IDEMPOTENT, MEANINGS, Argument, Verb

LONGEST_LINE = 4096
"""Bytes of a request on the control socket, its line end included."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request.

    :param operator: who asks; the laboratory's only operator by default.
    :param command_id: chosen by the client: the same one again has the same answer, and no second effect.
    :param expect: the name of the run that is meant: another one refuses.
    :param lease: the secret of the lease that the client holds.
    :param age: seconds since a person gave it; an old one does not act, except a stop.
    """

    verb: Verb
    args: Mapping[str, Any] = field(default_factory=dict)
    operator: str | None = None
    reason: str = ""
    command_id: str = ""
    expect: str | None = None
    lease: str = ""
    age: float = 0.0

    @property
    def digest(self) -> str:
        """SHA-256 of what is asked."""
        asked = [self.verb, dict(self.args), self.operator, self.reason, self.expect, self.lease]
        return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()


OLDEST = 10.0
"""Seconds after which a command that was given does not act any more."""

_LONGEST = {"operator": 200, "reason": 2000, "command_id": 64, "expect": 200, "lease": 64, "value": 2000}
"""Characters of each text; of others `_LONGEST_OTHER`."""

_LONGEST_OTHER = 200
_MOST_TEXTS = 100

_KEYS = ("verb", "args", "operator", "reason", "command_id", "expect", "lease", "age")


def to_command(request: Request, operator: str, via: str = "") -> Command:
    """The typed command that ``request`` means, by ``operator``, come by way of ``via``."""
    meaning = MEANINGS[request.verb]
    if meaning.command is None:
        raise UsageError(f"{request.verb} is no command", where="request")
    known = {"id": request.command_id, "digest": request.digest, "via": via}
    lease = {"lease": request.lease} if meaning.by_lease else {}
    return meaning.command(operator, request.reason, **known, **lease, **request.args)


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
        _text(document, "lease") or "",
        _number(document.get("age", 0.0), "age", Argument("number")),
    )
    _require_identity(request)
    return request


def _require_identity(request: Request) -> None:
    """A stop is the same however often it is sent and whatever it meets; everything else must say which it is."""
    if request.verb is Verb.STOP and (request.command_id or request.expect is not None):
        raise UsageError("a stop has neither command_id nor expect", where="request", remedy="leave them out")
    if request.age > OLDEST and request.verb is not Verb.STOP:
        fault = f"{request.verb} is {request.age:g} s old: the bench may not be what it was"
        raise UsageError(fault, where="age", remedy="look, and give it again")
    if request.verb not in IDEMPOTENT and not request.command_id:
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
    wanted = MEANINGS[verb].takes
    needed = {name for name, argument in wanted.items() if argument.required}
    if not isinstance(given, dict) or not needed <= set(given) <= set(wanted):
        needs = f"takes {' and '.join(wanted)}" if wanted else "takes nothing"
        raise UsageError(f"{verb} {needs}", where="args", remedy="send exactly that")
    return {name: _argument(given, name, wanted[name]) for name in given if given[name] is not None or name in needed}


def _argument(given: Mapping[str, object], name: str, wanted: Argument) -> Any:
    if wanted.kind == "text":
        return _text(given, name)
    return _texts(given[name], name) if wanted.kind == "texts" else _number(given[name], name, wanted)


def _texts(texts: object, name: str) -> dict[str, str]:
    if not isinstance(texts, dict) or len(texts) > _MOST_TEXTS:
        raise UsageError(f"is no object of at most {_MOST_TEXTS} texts", where=name, remedy="send texts by name")
    return {str(_text({"name": key}, "name")): str(_text(texts, key)) for key in texts}


def _number(number: object, name: str, wanted: Argument) -> float:
    whole = wanted.kind == "whole"
    kinds = (int,) if whole else (int, float)
    if isinstance(number, bool) or not isinstance(number, kinds) or not wanted.least <= number <= _LARGEST:
        above = "above 0" if wanted.least else "from 0 on"
        words = f"a whole number from {wanted.least:g} on" if whole else f"a number {above}"
        raise UsageError(f"is not {words}", where=name, remedy=f"send one of at most {_LARGEST:g}")
    return int(number) if whole else float(number)


_LARGEST = 1e9


def _text(given: Mapping[str, object], name: str, *, default: str | None = "") -> str | None:
    """The text called ``name``: of bounded length, and with no characters that drive a terminal."""
    text = given.get(name, default)
    if text is None and default is None:
        return None
    if not isinstance(text, str):
        raise UsageError("is no text", where=name, remedy="send a string")
    longest = _LONGEST.get(name, _LONGEST_OTHER)
    if len(text) > longest:
        raise UsageError(f"is longer than {longest} characters", where=name, remedy="say it shorter")
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
