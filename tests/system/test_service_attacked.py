"""A bench in service under attack: commands at every moment, procedures that hang or exit, files that are damaged."""

from __future__ import annotations

import asyncio
import json
import socket
from pathlib import Path
from typing import Any

import pytest

from bench_copy import hil
from hil.commanding.client import ask
from hil.record import open_run
from hil.station.journal import entries
from in_service import InService, in_service

pytestmark = pytest.mark.soak


PROCEDURE = """
{top}
from hil import Design, Parameters, Results, Trial, procedure
from hil_drivers.capability import Actuator


class Nothing(Parameters):
    pass


@procedure("attack", version="1", roles={{"light": Actuator}})
async def attack(trial: Trial, p: Nothing) -> None:
    light = trial.role("light", Actuator)
    async for point in trial.points():
        await light.set(point.level)
        {script}


@attack.plan
def plan(p: Nothing) -> Design:
    return Design({{"level": "lx"}}, [{{"level": 100.0}}])


@attack.analysis
def analyse(record, p: Nothing) -> Results:
    {analysis}
    return Results((), {{}})
"""


def written(folder: Path, name: str, *, top: str = "", script: str = "pass", analysis: str = "pass") -> str:
    """A procedure of one point; its file."""
    path = folder / f"{name}.py"
    path.write_text(PROCEDURE.format(top=top, script=script, analysis=analysis), encoding="utf-8")
    return str(path)


def journal(folder: Path, kind: str) -> list[dict[str, Any]]:
    return [entry for entry in entries(folder / "runs" / "service.jsonl") if entry["kind"] == kind]


async def watching(bench: InService) -> None:
    await bench.until(lambda state: any(each["state"] == "ok" for each in state.get("devices", ())))


async def ended(bench: InService, position: int = 0) -> dict[str, Any]:
    """The item at ``position`` once it has ended."""
    state = await bench.until(lambda state: state["queue"]["items"][position]["status"] not in ("waiting", "running"))
    item: dict[str, Any] = state["queue"]["items"][position]
    return item


async def test_a_stop_while_a_run_is_prepared_keeps_it_from_beginning_and_makes_the_bench_safe(tmp_path: Path) -> None:
    hangs = written(tmp_path, "hangs", top="import threading; threading.Event().wait()")
    async with in_service(tmp_path) as bench:
        await bench.ask("queue-add", procedure=hangs)
        await bench.ask("queue-add", procedure=written(tmp_path, "next"))
        await bench.ask("start")
        await bench.until(lambda state: state["state"] == "starting")
        assert (await bench.ask("stop", reason="smoke"))["status"] == "accepted"
        item = await ended(bench)
        assert (item["status"], item["run"]) == ("stopped", "")
        assert item["error"] == "the run was stopped before it began, by Operator A: smoke"
        await watching(bench)
        assert [entry["reason"] for entry in journal(tmp_path, "stop")] == ["smoke"]
        assert [entry["reached"] == entry["of"] for entry in journal(tmp_path, "safe state")] == [True]
        queue = (await bench.state())["queue"]
        assert (queue["working"], queue["items"][1]["status"]) == (False, "waiting")
        assert await bench.end() == 0


async def test_a_service_that_prepares_a_run_which_hangs_can_be_ended(tmp_path: Path) -> None:
    async with in_service(tmp_path) as bench:
        await bench.ask(
            "queue-add", procedure=written(tmp_path, "hangs", top="import threading; threading.Event().wait()")
        )
        await bench.ask("start")
        await bench.until(lambda state: state["state"] == "starting")
        assert await bench.end() == 0


async def test_a_procedure_that_exits_or_ends_an_iterator_ends_its_run_alone(tmp_path: Path) -> None:
    async with in_service(tmp_path) as bench:
        for position, (where, code, told) in enumerate(
            (
                ("top", "raise SystemExit('no')", "cannot be loaded: SystemExit: no"),
                ("script", "raise SystemExit('no')", "raised SystemExit: no"),
                ("analysis", "raise SystemExit('no')", "the analysis raised SystemExit: no"),
                ("analysis", "next(iter(()))", "the analysis raised RuntimeError: StopIteration"),
            )
        ):
            await bench.ask("queue-add", procedure=written(tmp_path, f"{where}{position}", **{where: code}))
            assert (await bench.ask("start"))["status"] == "accepted"
            item = await ended(bench, position)
            assert (item["status"], told in item["error"]) == ("failed", True), item
            if where == "script":
                safe = open_run(tmp_path / "runs" / item["run"]).events("safe state")
                assert safe
                assert all(event.data["error"] == "" for event in safe)
        assert await bench.end() == 0


async def test_a_service_killed_between_the_queue_and_its_journal_adds_nothing_twice(tmp_path: Path) -> None:
    async with in_service(tmp_path) as bench:
        item = await bench.add(command_id="the-add")
        bench.process.kill()
        await bench.process.wait()
    path = tmp_path / "runs" / "service.jsonl"
    whole = path.read_text(encoding="utf-8").splitlines()
    cut = next(number for number, line in enumerate(whole) if "the-add" in line)
    path.write_text("\n".join([*whole[:cut], whole[cut][:20]]), encoding="utf-8")
    async with in_service(tmp_path) as bench:
        procedure = str(tmp_path / "waiting.py")
        again = await bench.ask("queue-add", procedure=procedure, settings={}, command_id="the-add")
        assert (again["status"], again["item"]) == ("accepted", item)
        assert again["before"] == "the service was started again"
        assert [each["id"] for each in (await bench.state())["queue"]["items"]] == [item]


async def test_files_that_make_no_sense_are_told_in_a_sentence_or_passed_over(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    runs.mkdir()
    (runs / "queue.json").write_text("[" * 100_000)
    refused = await asyncio.to_thread(hil, "service", "run", "--bench", "action-sim", "--out", "runs", cwd=tmp_path)
    assert refused.returncode == 4
    assert "queue.json: is no queue of this version" in refused.stderr
    (runs / "queue.json").unlink()
    (runs / "service.jsonl").write_text('{"kind": "handover"}\n{"kind": "lease", "epoch": "x"}\n{"utc": 4, "ki')
    (runs / ".latched_action-sim.json").write_text("[")
    async with in_service(tmp_path) as bench:
        state = await bench.until(lambda state: any(each["alarm"] == "latches" for each in state["alarms"]))
        assert any("is no list of latched interlocks" in each["reason"] for each in state["alarms"])
        (runs / ".latched_action-sim.json").unlink()
        await bench.until(lambda state: not any(each["alarm"] == "latches" for each in state["alarms"]))
        assert [entry["what"] for entry in journal(tmp_path, "service")] == ["begun"]


async def test_a_stop_while_results_are_made_holds_the_queue_and_is_on_record(tmp_path: Path) -> None:
    slow = written(
        tmp_path,
        "slow",
        analysis=f"import os; os.mkfifo({str(tmp_path / 'go')!r}); open({str(tmp_path / 'go')!r}).read()",
    )
    async with in_service(tmp_path) as bench:
        await bench.ask("queue-add", procedure=slow)
        await bench.ask("queue-add", procedure=written(tmp_path, "next"))
        await bench.ask("start")
        await bench.until(lambda state: state["state"] == "finishing")
        for verb in ("abort", "pause", "resume"):
            assert (await bench.ask(verb))["what"] == "the run is over, and its results are being made"
        answer = await bench.ask("stop", reason="smoke")
        assert (answer["status"], answer["on_record"]) == ("accepted", True)
        await bench.until(lambda _: (tmp_path / "go").exists())
        (tmp_path / "go").write_text("")
        assert (await ended(bench))["status"] == "done"
        queue = (await bench.state())["queue"]
        assert (queue["working"], queue["items"][1]["status"]) == (False, "waiting")


async def test_a_bench_file_that_has_changed_is_an_alarm(tmp_path: Path) -> None:
    copied = await asyncio.to_thread(hil, "bench", "copy", "action-sim", "bench", cwd=tmp_path)
    assert copied.returncode == 0
    file = tmp_path / "bench" / "action-sim.toml"
    async with in_service(tmp_path, bench="bench/action-sim.toml") as bench:
        before = file.read_bytes()
        file.write_bytes(before + b"\n# another lamp\n")
        state = await bench.until(lambda state: any(each["alarm"] == "bench" for each in state["alarms"]))
        (told,) = (each["reason"] for each in state["alarms"] if each["alarm"] == "bench")
        assert told.endswith("action-sim.toml has changed since the service began")
        file.write_bytes(before)
        await bench.until(lambda state: not any(each["alarm"] == "bench" for each in state["alarms"]))


async def test_two_answers_at_once_and_commands_whose_answer_is_lost_act_once(tmp_path: Path) -> None:
    async with in_service(tmp_path) as bench:
        procedure = str(tmp_path / "waiting.py")
        add = {"verb": "queue-add", "operator": "Operator A", "args": {"procedure": procedure}, "command_id": "once"}
        lost = json.dumps(add).encode() + b"\n"
        for _ in range(2):  # the client is gone before its answer comes
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
                connection.connect(str(bench.socket))
                connection.sendall(lost)
        told = await asyncio.gather(*(asyncio.to_thread(ask, bench.socket, add) for _ in range(3)))
        assert len({answer["item"] for answer in told}) == 1
        assert len((await bench.state())["queue"]["items"]) == 1
        await bench.ask("start")
        await bench.until(lambda state: state["prompts"])
        answers = await asyncio.gather(*(bench.ask("answer", prompt=1, value=f"{n} lx") for n in range(6)))
        (won,) = [n for n, answer in enumerate(answers) if answer["status"] == "accepted"]
        assert {answer["what"] for n, answer in enumerate(answers) if n != won} == {
            f"it was answered by Operator A: {won} lx"
        }
        assert (await bench.ask("answer", prompt=1, value="1 lx", expect="another-run"))["where"] == "expect"


async def test_a_run_whose_script_is_over_has_its_results_also_where_the_service_is_ended(tmp_path: Path) -> None:
    async with in_service(tmp_path) as bench:
        await bench.ask("queue-add", procedure=written(tmp_path, "brief", analysis="import time; time.sleep(0.5)"))
        await bench.ask("start")
        await bench.until(lambda state: state["state"] == "finishing")
        assert await bench.end() == 0
    (item,) = json.loads((tmp_path / "runs" / "queue.json").read_text(encoding="utf-8"))["items"]
    assert (item["status"], item["error"]) == ("done", "")
    assert (tmp_path / "runs" / item["run"] / "results.json").exists()
