"""The world file: what is refused, and that it is refused in one sentence."""

from __future__ import annotations

import copy
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hil_drivers.sim.devices import KINDS
from hil_drivers.sim.world_file import WorldFile, WorldFileError, load, parse_fault

SAMPLE: dict[str, Any] = json.loads((Path(__file__).parent / "sim_world.json").read_text())


def changed(change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    world = copy.deepcopy(SAMPLE)
    change(world)
    return world


def refusal(tmp_path: Path, world: object) -> str:
    path = tmp_path / "world.json"
    path.write_text(json.dumps(world))
    with pytest.raises(WorldFileError) as caught:
        load(path)
    return str(caught.value)


def effect(**keys: object) -> dict[str, object]:
    return {
        "name": "drift",
        "device": "luxmeter",
        "kind": "relative",
        "distribution": "rectangular",
        "half_width": 0.1,
    } | keys


def test_the_sample_is_accepted() -> None:
    file = WorldFile.model_validate(SAMPLE)
    assert file.devices["luxmeter"].kind == "t10a"
    assert file.orphan_after == 30.0


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda w: w.pop("seed"), "seed: Field required"),
        (lambda w: w.update(mode="fast"), "mode: Input should be 'lockstep' or 'paced'"),
        (lambda w: w.update(extra=1), "extra: Extra inputs are not permitted"),
        (lambda w: w["lamp"].update(device="panel"), "lamp.device 'panel' is not a device of kind 'artnet'"),
        (lambda w: w["devices"]["luxmeter"].pop("prior"), "needs either a certificate of 'illuminance' or 'prior'"),
        (lambda w: w["devices"].update({"a/b": {"kind": "carriage"}}), "devices.a/b"),
        (lambda w: w["devices"].update(c2={"kind": "carriage"}), "one device of kind 'carriage' only"),
        (lambda w: w["effects"].append(effect(device="nobody")), "there is no device 'nobody'"),
        (lambda w: w["effects"].append(effect(device="camera")), "points are none"),
        (lambda w: w["effects"].append(effect(device="climate")), "points are temperature, humidity"),
        (lambda w: w["effects"].append(effect(kind="relative-per-kelvin")), "needs 'reference'"),
        (lambda w: w["effects"].append(effect(distribution="normal")), "needs 'u'"),
        (lambda w: w["effects"].extend([effect(), effect(half_width=0.2)]), "declared twice"),
        (lambda w: w["faults"].append({"device": "lights", "kind": "nan"}), "has no fault 'nan'; use one of silent"),
        (lambda w: w["faults"].append({"device": "x", "kind": "nan"}), "there is no device 'x'"),
        (lambda w: w["faults"].append({"device": "lights", "kind": "silnt"}), "did you mean 'silent'?"),
        (
            lambda w: w["faults"].append({"device": "lights", "kind": "silent", "from": 5.0, "to": 2.0}),
            "fault 'silent' of 'lights' ends at 2 s, but starts at 5 s",
        ),
        (
            lambda w: w["devices"]["reference"]["certificates"]["illuminance"]["value"].reverse(),
            "'value' must increase from point to point",
        ),
        (
            lambda w: w["devices"]["reference"]["certificates"]["illuminance"]["covariance"].pop(),
            "needs 4 values and a covariance of 4 rows and columns",
        ),
    ],
)
def test_contradictions_are_refused(tmp_path: Path, change: Callable[[dict[str, Any]], object], said: str) -> None:
    message = refusal(tmp_path, changed(change))
    assert said in message
    assert "\n" not in message
    assert "world.json" in message


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("luxmeter:late:from=-1", "from is no number of seconds of 0 or more"),
        ("luxmeter:late:to=nan", "to is no number of seconds of 0 or more"),
        ("luxmeter:late:delay=inf", "delay is no number of seconds of 0 or more"),
        ("luxmeter:late:until=3", "there is no setting 'until'"),
        ("luxmeter:late:from", "from is no number of seconds of 0 or more"),
    ],
)
def test_a_fault_that_cannot_be_is_refused(text: str, said: str) -> None:
    with pytest.raises(WorldFileError, match=re.escape(said)):
        parse_fault(text)


def test_a_covariance_that_is_none_is_refused_when_the_truth_is_drawn(tmp_path: Path) -> None:
    from hil_drivers.sim.truth import draw

    world = changed(
        lambda w: w["devices"]["reference"]["certificates"]["illuminance"].update(
            indication=[1, 2], value=[1, 2], covariance=[[1e-6, 1e-5], [1e-5, 1e-6]]
        )
    )
    with pytest.raises(WorldFileError, match="not symmetric and positive semi-definite"):
        draw(WorldFile.model_validate(world))


def test_every_device_kind_has_its_faults() -> None:
    kinds = {device["kind"] for device in SAMPLE["devices"].values()}
    elsewhere = {"audio-analyser", "modbus", "scene-server", "scpi", "synthetic", "ros2-robot", "video"}
    """Two name a file, one starts a process of its own, one sends all the time, two need a world of their own, one is
    not asked for a value; each has tests of its own."""
    assert kinds | elsewhere == set(KINDS)


@given(text=st.one_of(st.binary(), st.text().map(str.encode)))
def test_any_file_is_read_or_refused(text: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.getbasetemp() / "fuzzed.json"
    path.write_bytes(text)
    with pytest.raises(WorldFileError):
        load(path)


@pytest.mark.parametrize("arguments", [[], ["/nowhere/world.json"], ["a", "b"], ["--help"]])
def test_the_command_refuses_bad_arguments_with_exit_code_2(arguments: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "hil_drivers.sim", *arguments], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1


def test_the_command_names_what_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / "world.json"
    path.write_text(json.dumps(changed(lambda w: w["lamp"].update(tolerance=2))))
    done = subprocess.run(
        [sys.executable, "-m", "hil_drivers.sim", str(path)], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 2
    assert done.stderr == f"{path}: lamp.tolerance: Input should be less than 1; correct the world file\n"
