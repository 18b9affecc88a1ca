"""What clients may ask of a run: anything else is refused in one sentence, whatever bytes come."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hil.commanding.requests import LONGEST_LINE, Request, parse, parse_line, to_command
from hil.commanding.verbs import MEANINGS, ROLES, Verb, may
from hil.commands import Acknowledge, Answer, Command, Note, Pause, PauseNow, Shelve, Stop
from hil.errors import UsageError
from hil.service_commands import LeaseRelease, QueueAdd
from near_misses import near_misses

ID = {"command_id": "1"}


@pytest.mark.parametrize(
    ("document", "command"),
    [
        ({"verb": "pause", **ID}, Pause("A", id="1")),
        ({"verb": "pause-now", "reason": "smoke", **ID}, PauseNow("A", "smoke", id="1")),
        ({"verb": "stop", "reason": "smoke"}, Stop("A", "smoke")),
        ({"verb": "stop", "age": 100}, Stop("A")),
        (
            {"verb": "queue-add", "args": {"procedure": "soak", "settings": {"n": "3"}, "seed": None}, **ID},
            QueueAdd("A", procedure="soak", settings={"n": "3"}, id="1"),
        ),
        ({"verb": "lease-release", "lease": "s", **ID}, LeaseRelease("A", lease="s", id="1")),
        ({"verb": "note", "reason": "an é\nor two", **ID}, Note("A", "an é\nor two", id="1")),
        ({"verb": "ack", "args": {"alarm": "hot"}, **ID}, Acknowledge("A", alarm="hot", id="1")),
        ({"verb": "answer", "args": {"prompt": 2, "value": "3 lx"}, **ID}, Answer("A", prompt=2, value="3 lx", id="1")),
        (
            {"verb": "shelve", "args": {"alarm": "hot", "seconds": 60}, "reason": "known", **ID},
            Shelve("A", "known", alarm="hot", seconds=60.0, id="1"),
        ),
    ],
)
def test_a_request_becomes_its_command(document: dict[str, Any], command: Command) -> None:
    assert to_command(parse_line(json.dumps(document).encode()), "A") == command


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (b"", "is no JSON"),
        (b"stop", "is no JSON"),
        (b"[" * 4000, "is no JSON"),
        (b"\xff\xfe", "is no JSON"),
        (b'{"verb": "stop", "verb": "state"}', "a key is there twice"),
        (b"[1]", "is no JSON object"),
        (b"{}", "there is no verb None"),
        (b'{"verb": "stopp"}', "did you mean 'stop'?"),
        (b'{"verb": ["stop"]}', "there is no verb"),
        (b'{"verb": "stop", "reasn": "x"}', "did you mean 'reason'?"),
        (b'{"verb": "stop", "reason": 1}', "reason: is no text"),
        (b'{"verb": "stop", "reason": null}', "reason: is no text"),
        (b'{"verb": "stop", "operator": "\\u001b[2J"}', "has control characters"),
        (b'{"verb": "stop", "reason": "\\ud800"}', "has control characters"),
        (b'{"verb": "stop", "command_id": "1"}', "neither command_id nor expect"),
        (b'{"verb": "stop", "expect": "x"}', "neither command_id nor expect"),
        (b'{"verb": "stop", "args": {"now": true}}', "stop takes nothing"),
        (b'{"verb": "pause"}', "pause needs a command_id"),
        (b'{"verb": "answer", "command_id": "1"}', "answer takes prompt and value"),
        (b'{"verb": "answer", "command_id": "1", "args": {"prompt": true, "value": ""}}', "is not a whole number"),
        (b'{"verb": "answer", "command_id": "1", "args": {"prompt": 1.0, "value": ""}}', "is not a whole number"),
        (b'{"verb": "answer", "command_id": "1", "args": {"prompt": 0, "value": ""}}', "from 1 on"),
        (b'{"verb": "answer", "command_id": "1", "args": {"prompt": 1, "value": 3}}', "value: is no text"),
        (b'{"verb": "queue-add", "command_id": "1", "args": {}}', "queue-add takes procedure"),
        (b'{"verb": "queue-add", "command_id": "1", "args": {"procedure": "p", "sed": 1}}', "queue-add takes"),
        (b'{"verb": "queue-add", "command_id": "1", "args": {"procedure": "p", "settings": [1]}}', "is no object"),
        (
            b'{"verb": "queue-add", "command_id": "1", "args": {"procedure": "p", "settings": {"a": 1}}}',
            "a: is no text",
        ),
        (b'{"verb": "queue-move", "command_id": "1", "args": {"item": "a", "position": -1}}', "from 0 on"),
        (b'{"verb": "pause", "command_id": "1", "age": 11}', "11 s old"),
        (b'{"verb": "pause", "command_id": "1", "age": -1}', "age: is not"),
        (b'{"verb": "shelve", "command_id": "1", "args": {"alarm": "a", "seconds": NaN}}', "NaN is no number"),
        (b'{"verb": "shelve", "command_id": "1", "args": {"alarm": "a", "seconds": 1e999}}', "is not a number"),
        (b'{"verb": "shelve", "command_id": "1", "args": {"alarm": "a", "seconds": -1}}', "is not a number above 0"),
        (json.dumps({"verb": "stop", "reason": "x" * 2001}).encode(), "longer than 2000 characters"),
        (b" " * (LONGEST_LINE + 1), f"longer than {LONGEST_LINE} bytes"),
    ],
)
def test_anything_else_is_refused(line: bytes, told: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse_line(line)
    assert told in str(refused.value)
    assert refused.value.remedy


def carried_out(request: Request) -> None:
    """What the core would do with it: nothing that is no command gets that far."""
    if request.verb is not Verb.STATE:
        json.dumps(to_command(request, request.operator or "A").to_json()).encode()


@given(st.binary(max_size=300))
def test_no_bytes_do_anything_but_be_refused(line: bytes) -> None:
    with pytest.raises(UsageError):
        parse_line(line)


@given(near_misses)
def test_what_is_nearly_a_request_is_one_or_is_refused(document: dict[str, Any]) -> None:
    with suppress(UsageError):
        carried_out(parse(document))


@given(near_misses, st.integers(0, 200), st.binary(min_size=1, max_size=1))
def test_a_line_with_one_byte_changed_is_a_request_or_is_refused(
    document: dict[str, Any], place: int, byte: bytes
) -> None:
    line = json.dumps(document).encode()
    place %= len(line)
    with suppress(UsageError):
        carried_out(parse_line(line[:place] + byte + line[place + 1 :]))


def test_every_verb_has_a_meaning_and_safety_needs_no_lease() -> None:
    assert set(MEANINGS) == set(Verb)
    for verb in (Verb.STOP, Verb.ABORT, Verb.PAUSE, Verb.PAUSE_NOW, Verb.ACK, Verb.SHELVE, Verb.NOTE, Verb.STATE):
        assert not MEANINGS[verb].needs_lease
    for verb in (Verb.START, Verb.RESUME, Verb.ANSWER, Verb.QUEUE_ADD, Verb.QUEUE_REMOVE, Verb.QUEUE_MOVE):
        assert MEANINGS[verb].needs_lease


def test_a_role_may_what_those_below_it_may() -> None:
    allowed = [{verb for verb in Verb if may(role, verb)} for role in ROLES]
    assert allowed[0] == {Verb.STATE}
    assert allowed[2] - allowed[1] == {Verb.LEASE_OVERRIDE}
    assert allowed[3] == set(Verb)
