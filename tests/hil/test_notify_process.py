"""The child as a real process between a core, a mail server and a web server: what it tells, and what it survives."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from hil.errors import DEVICE, USAGE
from mail_server import Habits, mail_server, silent_server
from notifier import Notifier, notifier
from notifying import SECRET, TWO_LEVELS, write
from web_server import web_server

RAISED = {"event": "raised", "alarm": "lamp hot", "episode": 1, "priority": "high", "run": "run-1"}
PLANNED = {"end": "planned"}

MAIL_ONLY = """
[mail]
host = "127.0.0.1"
port = {mail}
security = "none"
sender = "bench@example.org"

[[levels]]
mail = ["first@example.org"]

[[levels]]
after = "{after}"
mail = ["second@example.org"]
"""


def mail_only(folder: Path, port: int, after: str = "10 min") -> Path:
    return write(folder, MAIL_ONLY.format(mail=port, after=after))


async def test_an_alarm_is_told_by_mail_and_webhook_and_its_line_is_said_to_be_taken(tmp_path: Path) -> None:
    with web_server() as web:
        async with mail_server(habits := Habits()) as port:
            path = write(tmp_path, TWO_LEVELS.format(mail=port, web=web.port))
            async with notifier(path, tmp_path / "outbox") as child:
                assert await child.hears("ready") == {"outcome": "ready", "waiting": 0}
                await child.tell({**RAISED, "number": 7, "channel": "lamp.temperature", "value": 81.2, "U": 0.8})
                await child.hears("taken", number=7)
                await child.tell(PLANNED)
                assert await child.end() == 0
    delivered = [said for said in child.said if said["outcome"] == "delivered"]
    assert {said["to"] for said in delivered} == {"first@example.org", "other@example.org", "webhook"}
    assert delivered[0]["alarms"] == [{"alarm": "lamp hot", "episode": 1, "run": "run-1", "step": "raised"}]
    assert child.said[-1] == {"outcome": "ended", "waiting": 0}
    assert sorted(habits.taken) == ["first@example.org", "other@example.org"]
    assert habits.mails[0]["Subject"] == "[HIGH] bench 1: lamp.temperature: lamp hot"
    (sent,) = [json.loads(request.body) for request in web.requests]
    assert (sent["bench"], sent["kind"], sent["alarms"][0]["value"]) == ("bench 1", "alarm", 81.2)
    assert SECRET.decode() not in json.dumps(child.said)


@pytest.mark.soak
async def test_nobody_acknowledges_and_the_next_level_is_told_then_somebody_does(tmp_path: Path) -> None:
    async with (
        mail_server(habits := Habits()) as port,
        notifier(mail_only(tmp_path, port, "1 s"), tmp_path / "outbox") as child,
    ):
        await child.tell(RAISED)
        await child.hears("delivered", to="first@example.org", level=1)
        await child.hears("delivered", to="second@example.org", level=2)
        await child.tell({**RAISED, "event": "acknowledged", "by": "Operator A"}, PLANNED)
        assert await child.end() == 0
    assert "acknowledged, by Operator A" in habits.mails[-1].get_content()


@pytest.mark.soak
async def test_a_kill_between_the_mail_and_the_outbox_leads_to_one_more_of_the_same_name(tmp_path: Path) -> None:
    children: list[Notifier] = []

    def kill(_: Any) -> None:
        if len(children) == 1:
            children[0].kill()

    async with mail_server(habits := Habits(after_data=kill)) as port:
        path = mail_only(tmp_path, port)
        async with notifier(path, tmp_path / "outbox") as child:
            children.append(child)
            await child.tell({**RAISED, "number": 1})
            assert await child.process.wait() == -signal.SIGKILL
        async with notifier(path, tmp_path / "outbox") as child:
            children.append(child)
            assert (await child.hears("ready"))["waiting"] == 1
            await child.tell({**RAISED, "number": 1})
            await child.hears("delivered", to="first@example.org")
            await child.tell(PLANNED)
            assert await child.end() == 0
        async with notifier(path, tmp_path / "outbox") as child:
            assert (await child.hears("ready"))["waiting"] == 0
            await child.tell({**RAISED, "number": 1}, PLANNED)
            assert await child.end() == 0
    assert habits.taken == ["first@example.org"] * 2
    assert len({mail["Message-ID"] for mail in habits.mails}) == 1
    assert len({mail.as_bytes() for mail in habits.mails}) == 1


@pytest.mark.soak
async def test_a_kill_at_any_time_loses_no_alarm_that_was_taken(tmp_path: Path) -> None:
    async with mail_server(habits := Habits()) as port:
        path = mail_only(tmp_path, port)
        for number in range(1, 4):
            async with notifier(path, tmp_path / "outbox") as child:
                await child.tell({**RAISED, "alarm": f"alarm {number}", "number": number})
                await child.hears("taken", number=number)
                child.kill()
                await child.process.wait()
        async with notifier(path, tmp_path / "outbox") as child:
            await child.tell(PLANNED)
            assert await child.end() == 0
    names: dict[str, set[str]] = {}
    for mail in habits.mails:
        names.setdefault(mail["Subject"], set()).add(mail["Message-ID"])
    assert sorted(names) == [f"[HIGH] bench 1: alarm {number}" for number in range(1, 4)]
    assert all(len(found) == 1 for found in names.values())


@pytest.mark.soak
async def test_a_mail_server_that_hangs_holds_up_no_webhook_and_no_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with web_server() as web:
        async with silent_server() as port:
            path = write(tmp_path, TWO_LEVELS.format(mail=port, web=web.port))
            async with notifier(path, tmp_path / "outbox") as child:
                await child.tell(RAISED)
                await child.hears("delivered", to="webhook")
                child.process.terminate()
                await child.hears("ended", waiting=2)
                assert await child.end() == 0


async def test_a_core_that_ends_without_a_word_is_told_to_every_level_at_once(tmp_path: Path) -> None:
    async with (
        mail_server(habits := Habits()) as port,
        notifier(mail_only(tmp_path, port), tmp_path / "outbox") as child,
    ):
        await child.tell({"heartbeat": 1})
        assert await child.end() == 0
    assert sorted(habits.taken) == ["first@example.org", "second@example.org"]
    assert habits.mails[0]["Subject"].startswith("[HIGH] bench 1: the program that runs the bench has")


@pytest.mark.soak
async def test_what_is_no_line_is_said_and_what_follows_is_still_told(tmp_path: Path) -> None:
    async with (
        mail_server(habits := Habits()) as port,
        notifier(mail_only(tmp_path, port), tmp_path / "outbox") as child,
    ):
        assert child.process.stdin is not None
        child.process.stdin.write(b"nonsense\n\n" + b"x" * 1_000_000 + b"\n")
        await child.tell(RAISED, PLANNED)
        child.process.stdin.write(b'{"event": "raised", "al')
        assert await child.end() == 0
    assert [said["why"] for said in child.said if said["outcome"] == "not understood"] == [
        "not JSON in UTF-8",
        "a line of more than 32768 bytes",
    ]
    assert habits.taken == ["first@example.org"]


@pytest.mark.soak
async def test_a_core_that_does_not_listen_holds_nothing_up(tmp_path: Path) -> None:
    async with (
        mail_server(habits := Habits()) as port,
        notifier(mail_only(tmp_path, port), tmp_path / "outbox") as child,
    ):
        stdin = child.process.stdin
        assert stdin is not None
        stdin.write(b"nonsense\n" * 20_000)
        await child.tell(RAISED, PLANNED)
        await habits.came.wait()
        assert await child.end() == 0
    assert habits.taken == ["first@example.org"]
    assert 1_000 < len(child.said) < 20_000


@pytest.mark.soak
async def test_the_watcher_hears_of_heartbeats_and_of_a_planned_end(tmp_path: Path) -> None:
    with web_server() as web:
        watcher = f'\n[watcher]\nurl = "{web.url("/ping")}"\nevery = "1 s"\nend_url = "{web.url("/end")}"\n'
        path = write(tmp_path, MAIL_ONLY.format(mail=1, after="1 h") + watcher)
        async with notifier(path, tmp_path / "outbox") as child:
            await child.hears("watcher", state="not told", why="the supervisor does not tick")
            assert web.requests == []
            await child.tell({"heartbeat": 1})
            await child.hears("watcher", state="told")
            await child.tell(PLANNED)
            assert await child.end() == 0
    assert [request.path for request in web.requests][-1] == "/end"
    assert {request.path for request in web.requests} == {"/ping", "/end"}


def run(*arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-W", "error", "-m", "hil.notify", *arguments]
    return subprocess.run(command, input=stdin, capture_output=True, check=False, timeout=60)


def test_a_wrong_file_ends_it_with_a_sentence_for_the_user_and_for_the_core(tmp_path: Path) -> None:
    path = write(tmp_path, "[[levels]]\nmale = []\n")
    done = run(str(path), str(tmp_path / "outbox"), "bench")
    assert done.returncode == USAGE
    assert done.stderr.decode().startswith(f"hil: {path}:2: levels[0].male: unknown key; did you mean 'mail'?")
    told = json.loads(done.stdout)
    assert (told["outcome"], f"{path}:2" in told["why"]) == ("stopped", True)
    assert not (tmp_path / "outbox").exists()


def test_an_outbox_that_cannot_be_used_ends_it(tmp_path: Path) -> None:
    done = run(str(mail_only(tmp_path, 1)), str(tmp_path / "none" / "outbox"), "bench")
    assert (done.returncode, json.loads(done.stdout)["outcome"]) == (DEVICE, "stopped")


def test_it_takes_three_arguments() -> None:
    done = run("notify.toml")
    assert (done.returncode, b"python -m hil.notify NOTIFY_TOML OUTBOX BENCH" in done.stderr) == (USAGE, True)


def test_it_reads_a_file_as_well_as_a_pipe(tmp_path: Path) -> None:
    lines = tmp_path / "lines"
    lines.write_text('{"heartbeat": 1}\n{"end": "planned"}\n', encoding="utf-8")
    arguments = (str(mail_only(tmp_path, 1)), str(tmp_path / "outbox"), "bench")
    with lines.open("rb") as given, (tmp_path / "said").open("wb") as said:
        command = [sys.executable, "-m", "hil.notify", *arguments]
        done = subprocess.run(command, stdin=given, stdout=said, check=False, timeout=60)
    assert done.returncode == 0
    assert (tmp_path / "said").read_text(encoding="utf-8").splitlines()[-1] == '{"outcome": "ended", "waiting": 0}'
