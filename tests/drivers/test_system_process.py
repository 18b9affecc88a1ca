"""A program as a system under test: what it answers, and what it does instead."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hil_drivers.capability import Frame, SystemUnderTest, Values
from hil_drivers.clock import WallClock
from hil_drivers.errors import AddressError, DeviceUnreachable, OptionError, RemoteProtocolError
from hil_drivers.instruments.questions import Output, output_of
from hil_drivers.instruments.system_process import SystemProcess

PROGRAM = """
import json, os, sys, time

print(json.dumps({"name": "adder", "version": "1.2", "digests": {"model.bin": "ab" * 32}}), flush=True)
for line in sys.stdin:
    asked = json.loads(line)
    values = asked.get("values", {})
    how = values.get("how", 0)
    answer = {"id": asked["id"], "output": values.get("a", 0) + values.get("b", 0), "confidence": 0.5}
    if "picture" in asked:
        answer["output"] = [asked["picture"]["width"], asked["picture"]["height"], asked["picture"]["channels"]]
    if how == 1:
        sys.exit("out of memory, or so it says")
    if how == 2:
        time.sleep(60)
    if how == 3:
        print("Segmentation fault", flush=True)
        continue
    if how == 4:
        answer["output"] = float("nan")
    if how == 5:
        answer["output"] = "seven"
    if how == 6:
        del answer["output"]
    if how == 7:
        print("[" * 2_000_000, flush=True)
        continue
    if how == 8:
        answer["id"] = "one"
    if how == 9:
        print(json.dumps({"id": asked["id"] - 1, "output": 666}), flush=True)
    if how == 10:
        answer["id"] += 1
    print(json.dumps(answer), flush=True)
"""


@asynccontextmanager
async def adder(folder: Path, **options: Any) -> AsyncIterator[SystemProcess]:
    program = folder / "adder.py"
    program.write_text(PROGRAM, encoding="utf-8")
    device = SystemProcess("adder", "process:", clock=WallClock(), program=str(program), **options)
    await device.open()
    try:
        yield device
    finally:
        await device.close()


def given_values(**values: float) -> Values:
    return Values(values)


async def test_values_go_in_and_a_quantity_comes_out(tmp_path: Path) -> None:
    async with adder(tmp_path, output="quantity", domain={"a / lx": [0.0, 100.0]}) as device:
        assert isinstance(device, SystemUnderTest)
        response = await device.respond(given_values(a=1.5, b=2.0))
        assert (response.output, response.fault, response.details) == (3.5, "", {"confidence": 0.5})
        assert 0.0 < response.latency < 5.0
        identity = device.system
        assert (identity.name, identity.version) == ("adder", "1.2")
        assert identity.digests["adder.py"] == sha256(PROGRAM.encode()).hexdigest()
        assert set(identity.digests) == {"adder.py", "model.bin", "settings"}
        assert identity.settings["domain"] == {"a / lx": [0.0, 100.0]}


@pytest.mark.parametrize(("shape", "told"), [((4, 6), [6, 4, 1]), ((4, 6, 3), [6, 4, 3])])
async def test_a_picture_goes_in_as_png(tmp_path: Path, shape: tuple[int, ...], told: list[int]) -> None:
    async with adder(tmp_path) as device:
        frame = Frame(np.zeros(shape, np.uint8), number=1, earliest=0, latest=1, codec="y4m")
        assert (await device.respond(frame)).output == told


@pytest.mark.parametrize(
    ("how", "fault"),
    [
        (1, "crash"),
        (2, "time-out"),
        (3, "wrong shape"),
        (4, "wrong shape"),
        (5, "wrong shape"),
        (6, "wrong shape"),
        (7, "wrong shape"),
        (8, "wrong shape"),
        (10, "wrong shape"),
    ],
)
async def test_whatever_it_does_instead_is_a_fault_and_the_next_stimulus_is_answered(
    tmp_path: Path, how: int, fault: str
) -> None:
    async with adder(tmp_path, output="quantity", deadline=0.5) as device:
        response = await device.respond(given_values(a=1.0, how=float(how)))
        assert (response.output, response.fault) == (None, fault)
        if how == 3:
            assert response.details == {"reason": "no JSON: 'Segmentation fault'"}
        if fault == "crash":
            assert response.details is not None
            assert response.details["last words"] == "out of memory, or so it says"
        assert (await device.respond(given_values(a=2.0, b=5.0))).output == 7.0


async def test_a_late_answer_is_not_that_of_the_next_question(tmp_path: Path) -> None:
    async with adder(tmp_path, output="quantity") as device:
        assert (await device.respond(given_values(a=1.0, b=1.0, how=9.0))).output == 2.0


async def test_killed_while_idle_is_a_crash(tmp_path: Path) -> None:
    async with adder(tmp_path) as device:
        assert device._child is not None
        os.kill(device._child._process.pid, signal.SIGKILL)
        assert (await device.respond(given_values(a=1.0))).fault == "crash"
        assert (await device.respond(given_values(a=1.0))).output == 1.0


def broken(text: str) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        path = folder / "broken.py"
        path.write_text(text, encoding="utf-8")
        return path

    return make


@pytest.mark.parametrize(
    ("make", "error", "told"),
    [
        (broken("raise SystemExit('the model is gone')"), DeviceUnreachable, "did not start: the model is gone"),
        (broken("print('hello')"), DeviceUnreachable, "did not start"),
        (broken("print('{\"name\": 7}'); input()"), RemoteProtocolError, "what is no identity"),
        (lambda folder: folder / "none.py", DeviceUnreachable, "none.py is no program"),
        (lambda folder: folder, DeviceUnreachable, "is no program"),
    ],
)
async def test_what_does_not_start_says_why(
    tmp_path: Path, make: Callable[[Path], Path], error: type[Exception], told: str
) -> None:
    with pytest.raises(error, match=told):
        await SystemProcess("it", "process:", clock=WallClock(), program=str(make(tmp_path))).open()


def test_refuses_bad_options() -> None:
    with pytest.raises(AddressError, match="use process:"):
        SystemProcess("it", "tcp://x:1", clock=WallClock(), program="p")
    with pytest.raises(OptionError, match="deadline"):
        SystemProcess("it", "process:", clock=WallClock(), program="p", deadline=float("inf"))
    with pytest.raises(OptionError, match="lower first"):
        SystemProcess("it", "process:", clock=WallClock(), program="p", domain={"a": (2.0, 1.0)})


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)


@given(st.dictionaries(st.sampled_from(["id", "output", "more"]), JSON), st.sampled_from(["text", "quantity", "flag"]))
def test_any_answer_is_an_output_of_its_kind_or_refused(answer: dict[str, Any], kind: Output) -> None:
    try:
        output, details = output_of(answer, kind)
    except (KeyError, ValueError):
        return
    assert isinstance(output, {"text": str, "quantity": int | float, "flag": bool}[kind])
    assert "output" not in details
