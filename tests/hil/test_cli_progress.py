"""Events in words, and as they appear on a terminal."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest

from hil.cli.progress import reporting, sentence
from hil.cli.status import told_rows
from hil.safety.trip import Trip
from hil.service import Service
from hil_drivers.clock import NANOSECONDS

UNITS = {"illuminance": "lx"}

EVENTS: list[tuple[str, dict[str, Any]]] = [
    ("run", {"folder": "runs/x", "points": 2}),
    ("waiting", {"until": 1_780_000_000 * 10**9, "seconds": 60.0}),
    ("point", {"index": 0, "of": 2, "attempt": 1, "illuminance": 20.0, "sign": "[red]A", "units": UNITS}),
    ("void", {"index": 0, "attempt": 1, "reason": "it was dark"}),
    ("committed", {"seq": 3}),
    ("point", {"index": 0, "of": 2, "attempt": 2, "illuminance": 20.0, "sign": "", "units": UNITS}),
    ("answer", {"prompt": 1, "operator": "ann", "answer": 2.0, "unit": "m"}),
    ("answer", {"operator": "ann", "reason": "", "command_id": "17", "via": "socket", "prompt": 1, "value": "200 cm"}),
    ("finished", {"status": "complete", "error": ""}),
]


def test_events_in_words() -> None:
    assert [sentence(kind, data) for kind, data in EVENTS if kind not in ("committed", "answer")] == [
        "run: folder runs/x, points 2",
        "waiting 1 min, until 20:26 UTC, bench time (script)",
        "point 1 of 2: illuminance 20 lx, sign [red]A",
        "point 1, attempt 1 is void: it was dark",
        "point 1 of 2, attempt 2: illuminance 20 lx, no sign",
        "finished: complete",
    ]
    assert sentence("pause", {}) == "pause"
    assert sentence("pausenow", {"operator": "ann", "reason": "smoke"}) == "pause now by ann: smoke"
    assert sentence("state", {"state": "paused"}) == "the run is paused"
    assert sentence("stop", {"operator": "ann", "reason": "smoke", "via": "socket"}) == "stop by ann: smoke"
    answered = {"prompt": 1, "operator": "ann", "answer": 2.0, "unit": "Cel"}
    assert sentence("answer", answered) == "prompt 1: 2 °C (by ann)"
    assert sentence("answer", {"prompt": 1, "operator": "ann", "answer": True}) == "prompt 1: yes (by ann)"
    picture = {"file": "door.png", "sha256": "12"}
    assert sentence("answer", {"prompt": 1, "operator": "ann", "answer": picture}) == "prompt 1: door.png (by ann)"
    nobody = {"prompt": 1, "operator": "", "answer": False, "default": True}
    assert sentence("answer", nobody) == "prompt 1: no (the default, for nobody answered in time)"
    assert sentence("resumed", {"committed": 3, "left": 12}) == "resumed: 3 points count already, 12 are left"
    assert sentence("resumed", {"committed": 3, "left": None}) == "resumed: 3 points count already"
    assert sentence("points left", {"count": 12}) == "points left: 12"
    lost = {"device": "lux", "reason": "meter: did not answer within 3 s"}
    assert sentence("device lost", lost) == "lost, when lux was used: meter: did not answer within 3 s"
    silent = {"channel": "room", "reason": "probe: is silent"}
    assert sentence("channel lost", silent) == "room is not read any more: probe: is silent"
    assert sentence("channel back", {"channel": "room", "missed": 3}) == "room is read again; 3 readings are missing"
    unsafe = {"channel": "lamp", "value": 0.0, "error": "io: is silent", "first_error": "", "tries": 3, "seen": None}
    assert sentence("safe state failed", unsafe) == "safe state: lamp is not at 0: io: is silent (3 tries)"
    assert sentence("gateway", {"state": "started", "pid": 5}) == "clients can connect (process 5)"
    assert sentence("gateway", {"state": "lost", "reason": "it ended"}) == "no client can connect: it ended"
    assert sentence("safe state", {"reached": 1, "of": 2}) == "safe state: 1 of 2 actions done"
    assert sentence("safe state", {"reached": 0, "of": 0}) == "safe state: nothing to be done on this bench"


def test_an_alarm_that_is_shelved_says_until_when_by_whom_and_why() -> None:
    alarm = {"alarm": "humid", "state": "active", "reason": "room.humidity > 40", "shelved_until": None}
    hidden = {**alarm, "shelved_until": 1780301545 * NANOSECONDS, "shelved_by": "ann", "shelved_for": "known leak"}
    assert sentence("alarm", alarm) == "alarm humid is active: room.humidity > 40"
    how = "shelved until 08:12 UTC, bench time, by ann (known leak)"
    assert sentence("alarm shelved", hidden) == f"alarm humid is {how}"
    assert sentence("alarm", hidden) == f"alarm humid is active, {how}: room.humidity > 40"
    assert sentence("alarm unshelved", alarm).startswith("alarm humid is active: room.humidity > 40; it was shelved")
    assert ("alarm", f"humid is active, {how}: room.humidity > 40") in told_rows({"pid": 1, "alarms": [hidden]})


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("hot", "trip: interlock hot: 31 Cel"),
        ("record", "trip: the record cannot be written any more: 31 Cel"),
        ("watchdog", "trip: the rig's watchdog was not fed: 31 Cel"),
        ("supervisor", "trip: the supervision itself failed: 31 Cel"),
    ],
)
def test_a_trip_that_is_no_interlock_is_not_called_one(name: str, told: str) -> None:
    trip = Trip(name, "31 Cel", 0)
    assert sentence("trip", trip.to_json()) == told
    assert ("interlock" in str(trip.error())) == (name == "hot")


def test_a_run_that_was_cut_off_and_cannot_be_read_is_named() -> None:
    told = sentence("recovered", {"run": "x", "reached": 1, "of": 1, "unreadable": "file is not a database"})
    assert "the run x was cut off, and its record cannot be read (file is not a database); the bench" in told


def publish(*, jsonl: bool = False) -> None:
    with reporting(jsonl=jsonl) as report:
        service = Service(wall=lambda: 0)
        service.subscribe(report)
        for kind, data in EVENTS:
            service.publish(kind, data)


def test_plain_lines_where_stderr_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    publish()
    captured = capsys.readouterr()
    assert captured.out == ""
    assert len(captured.err.splitlines()) == 7
    assert [line for line in captured.err.splitlines() if "prompt 1" in line] == ["prompt 1: 2 m (by ann)"]


def test_a_stream_of_json(capsys: pytest.CaptureFixture[str]) -> None:
    publish(jsonl=True)
    captured = capsys.readouterr()
    assert captured.err == ""
    assert [json.loads(line)["kind"] for line in captured.out.splitlines()] == [kind for kind, _ in EVENTS]


def test_on_a_terminal_points_share_a_line(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    publish()
    shown = capsys.readouterr().err
    assert "point 1, attempt 1 is void: it was dark" in shown
    assert "finished: complete" in shown
    assert "committed" not in shown
