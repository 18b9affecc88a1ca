"""Entering a calibration leaves everything else byte for byte."""

from __future__ import annotations

import shutil
import tomllib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hil.bench import enter_calibration, find_bench, load_bench
from hil.errors import ConfigurationError

SHIPPED = find_bench("action-sim")
CHANNEL = "luxmeter.illuminance"


@pytest.fixture
def bench_file(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SHIPPED.parent, tmp_path / "benches")) / SHIPPED.name


def test_enters_two_lines_and_nothing_else(bench_file: Path) -> None:
    before = bench_file.read_text(encoding="utf-8").splitlines()
    enter_calibration(bench_file, CHANNEL, "../run/certificate.xml", "matrix")
    after = bench_file.read_text(encoding="utf-8").splitlines()
    place = after.index('[channels."luxmeter.illuminance"]')
    assert after[place + 1 : place + 3] == [
        'calibration = "../run/certificate.xml"',
        'point_correlation = "matrix"',
    ]
    assert after[: place + 1] + after[place + 3 :] == before
    channel = load_bench(bench_file).channels[CHANNEL]
    assert (channel.calibration, channel.point_correlation) == ("../run/certificate.xml", "matrix")


def test_replaces_what_was_entered_before(bench_file: Path) -> None:
    enter_calibration(bench_file, CHANNEL, "first.xml", "full")
    once = bench_file.read_bytes()
    enter_calibration(bench_file, CHANNEL, "first.xml", "full")
    assert bench_file.read_bytes() == once
    enter_calibration(bench_file, CHANNEL, "second.xml", 0.5)
    assert bench_file.read_bytes() == once.replace(
        b'"first.xml"\npoint_correlation = "full"', b'"second.xml"\npoint_correlation = 0.5'
    )


def test_an_unknown_channel_is_refused(bench_file: Path) -> None:
    before = bench_file.read_bytes()
    with pytest.raises(ConfigurationError, match=r"did you mean 'luxmeter\.illuminance'"):
        enter_calibration(bench_file, "luxmetre.illuminance", "c.xml", "full")
    assert bench_file.read_bytes() == before


LINES = st.lists(
    st.sampled_from(
        [
            "# calibration = 1",
            "",
            "unit = 'lx'  # calibration",
            "text = '''\n[channels.x]\ncalibration = 2\n'''",
            "limits = [\n  1,\n  2, # ]\n]",
            "calibration = [\n  'x',\n]",
            "point_correlation = 0.1 # was this",
        ]
    ),
    unique=True,
    max_size=6,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    before=LINES,
    own=LINES,
    after=LINES,
    crlf=st.booleans(),
    newline=st.booleans(),
    name=st.text(min_size=1, max_size=8),
)
def test_all_other_statements_stay(
    tmp_path: Path, before: list[str], own: list[str], after: list[str], crlf: bool, newline: bool, name: str
) -> None:
    text = "\n".join(["[channels.w]", *before, "[ channels . 'x' ] # here", *own, "[channels.y]", *after])
    if own and not after and not before:
        text = "\n".join(["[channels.x]", *own])
    text += "\n" * newline
    text = text.replace("\n", "\r\n") if crlf else text
    path = tmp_path / "bench.toml"
    path.write_bytes(text.encode())
    wanted = tomllib.loads(text)
    try:
        enter_calibration(path, "x", name, "full")
    except ConfigurationError:
        assert path.read_bytes() == text.encode()
        return
    entered = path.read_bytes().decode()
    wanted["channels"]["x"] |= {"calibration": name, "point_correlation": "full"}
    assert tomllib.loads(entered) == wanted
    for line in text.split("\n"):
        if not line.startswith(("calibration", "point_correlation", "  'x'", "]")):
            assert line in entered
