"""What the log of the console says of an event, in words an operator knows."""

from __future__ import annotations

from typing import Any

import pytest

from hil.console.wording import Severity, entry_of


@pytest.mark.parametrize(
    ("kind", "data", "called", "told"),
    [
        ("trip", {"interlock": "warm", "reason": "t > 5"}, "trip", "warm: t > 5"),
        ("answer", {"prompt": 1, "operator": "ann", "answer": 1.5}, "answer", "prompt 1: 1.5 (ann)"),
        ("answer", {"prompt": 1, "operator": "ann", "value": "150 cm"}, "answer", "prompt 1: 150 cm (ann)"),
        ("answer", {"prompt": 1, "operator": "ann", "answer": 1.5, "unit": "Cel"}, "answer", "prompt 1: 1.5 °C (ann)"),
        ("answer", {"prompt": 2, "operator": "ann", "answer": False}, "answer", "prompt 2: no (ann)"),
        ("answer", {"prompt": 2, "answer": 3, "default": True}, "answer", "prompt 2: 3 (nobody: the default)"),
        ("point", {"index": 6, "of": 15, "attempt": 1, "level": 100.0, "x": None}, "point", "7 of 15: level 100, no x"),
        ("point", {"index": 0, "of": 2, "t": 5, "units": {"t": "Cel"}}, "point", "1 of 2: t 5 °C"),
        ("point", {"index": 0, "of": 2, "t": 5, "units": {"t": "ells"}}, "point", "1 of 2: t 5 ells"),
        ("point", {"index": 0, "of": None, "most": 9, "attempt": 2}, "point", "1, attempt 2"),
        ("run", {"folder": "runs/a", "points": 15}, "run", "runs/a, 15 points"),
        ("safe state", {"reached": 1, "of": 2}, "safe state", "1 of 2 actions done"),
        ("safe state", {"reached": 0, "of": 0}, "safe state", "nothing to be done on this bench"),
        ("leasetake", {"operator": "ann", "client": "console"}, "command taken", "by ann"),
        ("waiting", {"until": 1_780_000_000 * 10**9}, "waiting", "until 20:26 UTC, bench time (script)"),
        ("service", {"what": "begun", "bench": "rig"}, "service", "the bench is in service: rig"),
        ("gateway", {"state": "started", "pid": 5}, "gateway", "clients can connect (process 5)"),
        ("gateway", {"state": "lost", "reason": "it ended"}, "gateway", "no client can connect: it ended"),
        ("lease", {"holder": "ann", "client": "hil", "epoch": 3, "reason": "taken"}, "in command", "ann (hil): taken"),
        ("lease ended", {"holder": "ann", "how": "free"}, "command ended", "ann is in command no longer"),
        ("lease requested", {"holder": "ann", "by": "ben"}, "command asked", "ben asks ann for command"),
        ("item", {"item": "a", "procedure": "soak", "operator": "ann"}, "item", "soak, by ann"),
        ("item ended", {"item": "a", "run": "r", "ok": True, "verdict": "PASS"}, "item ended", "r: PASS"),
        ("item ended", {"item": "a", "ok": False, "error": "no answer"}, "item ended", "not done: no answer"),
        ("sampling", {"channels": 3}, "sampling", "channels=3"),
    ],
)
def test_an_event_in_words(kind: str, data: dict[str, Any], called: str, told: str) -> None:
    entry = entry_of({"kind": kind, "number": 1, "wall": 1, **data})
    assert (entry.kind, entry.text) == (called, told)


def test_a_gateway_that_is_lost_is_a_warning() -> None:
    lost, back = ({"kind": "gateway", "state": state, "number": 1, "wall": 1} for state in ("lost", "started"))
    assert (entry_of(lost).severity, entry_of(back).severity) == (Severity.WARN, Severity.INFO)
