"""The process that tells people elsewhere: one that hangs is replaced, and told again what it has not taken."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest

from hil.service import Service
from hil.station import notifier as module
from hil.station.notifier import Notifier
from mail_server import Habits, mail_server

NOTIFY = """
[mail]
host = "127.0.0.1"
port = {port}
security = "none"
sender = "bench@example.org"

[[levels]]
mail = ["operator@example.org"]
"""

ALARM = {
    "alarm": "door",
    "was": "clear",
    "state": "active",
    "priority": "high",
    "reason": "it is open",
    "guidance": "close it",
    "raised": 1,
}


async def test_one_that_hangs_is_replaced_and_told_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TAKEN_WITHIN", 2)
    monkeypatch.setattr(module, "FIRST_PAUSE", 0.0)
    habits, trouble, service = Habits(), list[str](), Service()
    async with mail_server(habits) as port, asyncio.timeout(90.0):
        (tmp_path / "notify.toml").write_text(NOTIFY.format(port=port), encoding="utf-8")
        notifier = Notifier(
            tmp_path / "notify.toml",
            tmp_path / "outbox.db",
            "a bench",
            run=lambda: "r",
            held=lambda: ["door"],
            trouble=trouble.append,
        )
        keeping = asyncio.create_task(notifier.keep())
        while notifier._process is None:  # noqa: ASYNC110 (nothing tells of it)
            await asyncio.sleep(0.01)
        os.kill(notifier._process.pid, signal.SIGSTOP)
        service.subscribe(notifier.heard)
        service.publish("alarm", ALARM)
        for _ in range(4):
            notifier.beat(recording=True)
        await habits.came.wait()
        keeping.cancel()
        await asyncio.wait([keeping])
    assert trouble[0] == "the process that tells of alarms has taken none for 2 s"
    assert "door" in str(habits.mails[0]["Subject"]) or "it is open" in str(habits.mails[0]["Subject"])
