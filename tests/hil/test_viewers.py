"""What viewers read in ``run.mcap``: every message fits its schema, poses and transforms are where they were."""

from __future__ import annotations

import asyncio
import json
import math
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from mcap.reader import make_reader
from mcap_ros2.decoder import DecoderFactory
from scipy.spatial.transform import Rotation

from hil.record import RecordWriter, seal
from hil.sealing.export import export_run
from hil.sealing.mcap_poses import bodies, quaternion
from hil.sealing.viewer_schemas import SCHEMAS

START = 1_780_300_800_000_000_000
STEP = 50_000_000
CHANNELS = {
    "tool.x": ("mocap", "mm"),
    "tool.y": ("mocap", "mm"),
    "tool.z": ("mocap", "mm"),
    "robot.x.tracked": ("mocap", "m"),
    "robot.y.tracked": ("mocap", "m"),
    "room.temperature": ("climate", "Cel"),
}
ACCOUNT = {"x": 0.1, "y": 0.2, "z": 0.3, "rx": 0.0, "ry": 0.0, "rz": math.pi / 2.0}
PICTURE = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)


async def write_run(folder: Path, rounds: int = 20) -> Path:
    """A closed run of a robot that is tracked: one reading of each channel in each round, a pose, a picture."""
    writer = RecordWriter.create(folder, {"procedure": {"name": "x", "version": "1"}, "provenance": "simulated"})
    numbers = [
        writer.channel(name, unit=unit, provenance="simulated", device=device)
        for name, (device, unit) in CHANNELS.items()
    ]
    writer.keep_pictures_of(["camera"])
    for number in range(rounds):
        for place, channel in enumerate(numbers):
            t = START + number * STEP + place * 1_000_000
            writer.readings(channel, t, 10.0 * place + number, None, None, None, 1e-5, 0)
    writer.event(START + STEP, "pose", {"device": "arm", "pose": ACCOUNT, "flags": 0})
    writer.event(START + 2 * STEP, "pose", {"device": "arm", "pose": None, "flags": 4})
    writer.point(0, 1, "observing", START, {"level": 1.0})
    writer.observation(0, 1, START + STEP, {"hit": True}, {})
    writer.picture("camera", START, PICTURE)
    await writer.flush()
    await writer.close("complete", t=START + rounds * STEP)
    seal(folder)
    return folder


Topics = dict[str, list[tuple[int, str, dict[str, Any]]]]


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("viewers")
    (made,) = export_run(asyncio.run(write_run(place / "run")), "mcap", place / "out").files
    return made


@pytest.fixture(scope="module")
def topics(exported: Path) -> Topics:
    """By topic, log time, name of the schema, and content of each JSON message."""
    found: Topics = defaultdict(list)
    with exported.open("rb") as file:
        for schema, channel, message in make_reader(file, validate_crcs=True).iter_messages():
            if channel.message_encoding == "json":
                assert schema is not None
                found[channel.topic].append((message.log_time, schema.name, json.loads(message.data)))
    return found


def test_every_json_message_fits_the_schema_in_the_file(exported: Path) -> None:
    checked: dict[str, int] = defaultdict(int)
    with exported.open("rb") as file:
        for schema, channel, message in make_reader(file).iter_messages():
            if channel.message_encoding != "json":
                continue
            assert schema is not None
            assert schema.encoding == "jsonschema"
            stated = json.loads(schema.data)
            assert stated == SCHEMAS[schema.name]
            Draft202012Validator.check_schema(stated)
            Draft202012Validator(stated).validate(json.loads(message.data))
            checked[schema.name] += 1
    assert set(checked) == set(SCHEMAS)
    assert checked["foxglove.PoseInFrame"] == checked["foxglove.FrameTransform"] == 41


def test_a_message_with_a_field_left_out_would_be_found(topics: Topics) -> None:
    _, name, message = topics["hil/pose/tool"][0]
    halved = {**message, "pose": {"position": message["pose"]["position"]}}
    assert not Draft202012Validator(SCHEMAS[name]).is_valid(halved)


def test_channels_of_one_body_are_a_pose_in_m_at_the_time_of_the_last(topics: Topics) -> None:
    tool = topics["hil/pose/tool"]
    assert len(tool) == 20
    for number, (t, name, message) in enumerate(tool):
        assert name == "foxglove.PoseInFrame"
        assert t == START + number * STEP + 2_000_000
        assert message["timestamp"] == {"sec": t // 10**9, "nsec": t % 10**9}
        assert message["frame_id"] == "coordinates of mocap"
        wanted = {"x": number / 1000.0, "y": (10.0 + number) / 1000.0, "z": (20.0 + number) / 1000.0}
        assert message["pose"]["position"] == pytest.approx(wanted)
        assert message["pose"]["orientation"] == {"x": 0.0, "y": 0.0, "z": 0.0, "w": 1.0}
    assert topics["hil/pose/robot.tracked"][3][2]["pose"]["position"] == {"x": 33.0, "y": 43.0, "z": 0.0}


def test_a_robot_s_own_account_is_a_pose_of_its_own(topics: Topics) -> None:
    ((t, _, message),) = topics["hil/pose/arm by its own account"]
    assert t == START + STEP
    assert message["frame_id"] == "coordinates of arm"
    assert message["pose"]["position"] == {"x": 0.1, "y": 0.2, "z": 0.3}
    half = math.sqrt(0.5)
    assert message["pose"]["orientation"] == pytest.approx({"x": 0.0, "y": 0.0, "z": half, "w": half})


def test_each_pose_is_a_transform_too_and_no_frame_has_two_parents(topics: Topics) -> None:
    parents = {(one["child_frame_id"], one["parent_frame_id"]) for _, _, one in topics["hil/transform"]}
    assert parents == {
        ("tool", "coordinates of mocap"),
        ("robot.tracked", "coordinates of mocap"),
        ("arm by its own account", "coordinates of arm"),
    }
    of_tool = [one for _, _, one in topics["hil/transform"] if one["child_frame_id"] == "tool"]
    assert [one["translation"] for one in of_tool] == [one["pose"]["position"] for _, _, one in topics["hil/pose/tool"]]


def test_readings_and_pictures_are_ros_messages_by_topic(exported: Path) -> None:
    with exported.open("rb") as file:
        reader = make_reader(file, decoder_factories=[DecoderFactory()])
        summary = reader.get_summary()
        assert summary is not None
        named = {channel.topic: channel for channel in summary.channels.values()}
        assert {*CHANNELS, "camera.frames"} <= set(named)
        assert named["tool.x"].metadata["unit"] == "mm"
        assert named["hil/pose/tool"].metadata == {"device": "mocap", "unit": "m"}
        decoded = list(reader.iter_decoded_messages(topics=["room.temperature"]))
        assert [one.raw for *_, one in decoded] == [50.0 + number for number in range(20)]
        ((schema, _, _, picture),) = list(reader.iter_decoded_messages(topics=["camera.frames"]))
        assert schema is not None
        assert (schema.name, picture.encoding) == ("sensor_msgs/msg/Image", "bgr8")
        assert bytes(picture.data) == PICTURE.tobytes()


@pytest.mark.parametrize("vector", [(0.0, 0.0, 0.0), (1e-14, 0.0, 0.0), (0.3, -1.2, 2.0), (0.0, math.pi, 0.0)])
def test_a_rotation_vector_is_the_quaternion_of_scipy(vector: tuple[float, float, float]) -> None:
    assert list(quaternion(*vector)) == pytest.approx(Rotation.from_rotvec(vector).as_quat().tolist())


@pytest.mark.parametrize(
    ("channels", "names"),
    [
        ({"a.x": ("d", "m"), "a.y": ("d", "m")}, ["a"]),
        ({"a.x": ("d", "m"), "a.y": ("e", "m")}, []),
        ({"a.x": ("d", "m"), "a.y": ("d", "mm")}, []),
        ({"a.x": ("d", "Cel"), "a.y": ("d", "Cel")}, []),
        ({"a.x": ("d", "m")}, []),
        (
            {"a.x": ("d", "m"), "a.y": ("d", "m"), "x.a": ("e", "m"), "y.a": ("e", "m")},
            ["a by d", "a by e"],
        ),
    ],
    ids=["body", "two devices", "two units", "no length", "x alone", "same name"],
)
def test_which_channels_are_a_body(channels: dict[str, tuple[str, str]], names: list[str]) -> None:
    described = {
        name: {"number": number, "device": device, "unit": unit}
        for number, (name, (device, unit)) in enumerate(channels.items(), 1)
    }
    assert [body.name for body in bodies(described)] == names
