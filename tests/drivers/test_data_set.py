"""Data sets: what is written is read again, and whatever is wrong with one is said by file and line."""

from __future__ import annotations

import contextlib
import io
import json
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from hil_drivers.clock import WallClock
from hil_drivers.data_set import About, DataSet, Quantity, load
from hil_drivers.data_set_check import look
from hil_drivers.data_set_writer import DataSetWriter
from hil_drivers.errors import EndOfRecording, OptionError, RemoteProtocolError, SetpointRefused
from hil_drivers.file_bytes import small
from hil_drivers.instruments.dataset import SMALL, Dataset
from hil_drivers.replay import Recording, Replay
from replayed import LEVELS, SIGNS, make_data_set


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_data_set(tmp_path / "letters")


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_what_was_written_is_read(folder: Path) -> None:
    data = load(folder)
    assert len(data.entries) == len(LEVELS) * 2 * (len(SIGNS) + 1)
    assert data.incomplete == ()
    first = data.entries[0]
    assert (first.content, first.references["illuminance"]) == ("AAA", (4.95, 0.0495))
    assert data.entries[6].content == ""
    assert data.read(first.recording).startswith(b"\x89PNG")
    assert data.reference("illuminance").simulated


def test_a_reference_value_keeps_the_digits_that_its_uncertainty_calls_for(tmp_path: Path) -> None:
    about = About(name="pressures", date=date(2026, 6, 1), origin="recorded", index="index.csv")
    made = DataSetWriter(tmp_path / "pressures", about, {"pressure": Quantity(unit="hPa", correlation="full")})
    made.add("1.csv", b"a\n1\n", content="inside", references={"pressure": (1013.2534, 0.0021)})
    made.close()
    assert load(tmp_path / "pressures").entries[0].references["pressure"] == (1013.2534, 0.0021)


@pytest.mark.parametrize(
    ("line", "origin", "simulated"),
    [('origin = "recorded"', "recorded", False), ('origin = "rendered"', "rendered", True), ("", "not stated", True)],
)
def test_recordings_are_real_where_their_data_set_says_so_and_nowhere_else(
    folder: Path, line: str, origin: str, simulated: bool
) -> None:
    edit(folder / "dataset.toml", 'origin = "rendered"', line)
    data = load(folder)
    assert (data.facts["origin"], data.reference("illuminance").simulated) == (origin, simulated)


def test_a_recording_without_its_reference_is_named_and_does_not_count(folder: Path) -> None:
    edit(folder / "index.csv", "4.95,0.0495", "4.95,")
    data = load(folder)
    assert data.facts["without_reference"] == ["001.png"]
    assert "001.png" not in {entry.recording.file for entry in data.entries}


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        ("index.csv", "002.png", "001.png", "names 001.png twice"),
        ("index.csv", "002.png", "../002.png", "no file of the data set"),
        ("index.csv", "002.png", "/etc/passwd", "no file of the data set"),
        ("index.csv", "4.95,0.0495", "nan,0.0495", "line 2"),
        ("index.csv", "4.95,0.0495", "4_95,0.0495", "line 2: the reference of"),
        ("index.csv", "4.95,0.0495", "4_95,0.0495", "cannot be: '4_95' is no number such as 1.5 or 2e-3"),
        ("index.csv", "4.95,0.0495", "4.95,0", "unknown is not zero"),
        ("index.csv", "4.95,0.0495", "4.95", "has 7 cells"),
        ("index.csv", "subject", "subjekt", "'subjekt' is unknown"),
        ("dataset.toml", 'origin = "rendered"', 'origin = "found"', "origin"),
        ("dataset.toml", 'correlation = "full"', 'correlation = "independent"', "correlation"),
        ("dataset.toml", "match = 0.1", "match = 2", "match"),
        ("dataset.toml", "index.csv", "other.csv", "cannot be read"),
        ("dataset.toml", "index.csv", "sub/index.csv", "not beside it"),
        ("dataset.toml", "[dataset]", "[dataset", "no TOML"),
    ],
)
def test_what_is_wrong_is_said(folder: Path, file: str, old: str, new: str, told: str) -> None:
    edit(folder / file, old, new)
    with pytest.raises(OptionError) as caught:
        load(folder)
    assert told in str(caught.value)
    assert str(folder) in str(caught.value)


def test_one_recording_under_two_names_is_refused(folder: Path) -> None:
    first, second = load(folder).entries[:2]
    edit(folder / "index.csv", second.recording.sha256, first.recording.sha256)
    with pytest.raises(OptionError, match=r"002\.png and 001\.png are the same recording"):
        load(folder)


def as_lines(data: DataSet) -> str:
    rows = [
        {
            "file": entry.recording.file,
            "sha256": entry.recording.sha256,
            "content": entry.content or data.about.blank,
            **{name: {"value": value, "u": u} for name, (value, u) in entry.references.items()},
        }
        for entry in data.entries
    ]
    return "\n".join(map(json.dumps, rows)) + "\n"


def test_json_lines_say_the_same(folder: Path) -> None:
    data = load(folder)
    (folder / "index.jsonl").write_text(as_lines(data), encoding="utf-8")
    edit(folder / "dataset.toml", "index.csv", "index.jsonl")
    assert load(folder).entries == data.entries


def test_an_index_as_a_spreadsheet_saves_it_is_read(folder: Path) -> None:
    data, index = load(folder), folder / "index.csv"
    index.write_bytes("\ufeff".encode() + index.read_bytes().replace(b"\n", b"\r\n"))
    assert load(folder).entries == data.entries


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = make_data_set(tmp_path_factory.mktemp("hostile") / "letters")
    (folder / "index.jsonl").write_text(as_lines(load(folder)), encoding="utf-8")
    return folder


@given(
    file=st.sampled_from(["index.csv", "index.jsonl", "dataset.toml"]),
    place=st.floats(0, 1),
    length=st.integers(0, 40),
    noise=st.binary(max_size=12) | st.text(max_size=6).map(lambda text: text.encode("utf-8", "surrogatepass")),
)
def test_a_damaged_data_set_is_read_or_refused(
    hostile: Path, file: str, place: float, length: int, noise: bytes
) -> None:
    originals = {path: path.read_bytes() for path in (hostile / file, hostile / "dataset.toml")}
    try:
        if file == "index.jsonl":
            edit(hostile / "dataset.toml", "index.csv", "index.jsonl")
        whole = (hostile / file).read_bytes()
        at = int(place * len(whole))
        (hostile / file).write_bytes(whole[:at] + noise + whole[at + length :])
        with contextlib.suppress(OptionError):
            load(hostile)
    finally:
        for path, content in originals.items():
            path.write_bytes(content)


async def opened(folder: Path, **options: object) -> Dataset:
    device = Dataset("data", "dataset:", clock=WallClock(), folder=str(folder), interval=1e-3, **options)  # type: ignore[arg-type]
    await device.open()
    return device


async def test_the_nearest_recordings_of_a_condition_come_first(folder: Path) -> None:
    device = await opened(folder)
    assert isinstance(device, Replay)
    used: list[Recording] = []
    device.on_use = used.append
    await device.show("BBB")
    await device.write("illuminance.set", 20.0)
    for occasion in (0, 1, 1):
        device.present(occasion)
        value = (await device.read("illuminance")).value
        frame = await device.grab()
        assert bytes(frame.image[0, :3]) == b"BBB"
        assert (await device.read("illuminance")).value == value
        assert frame.number == used[-1].number
    assert [each.number for each in used] == [12, 11, 11]
    await device.close()


def test_a_folder_that_is_no_data_set_is_said(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "absent"):
        with pytest.raises(OptionError, match=r"is no data set: there is no dataset\.toml in it; give a folder"):
            load(folder)


def test_a_bench_file_of_the_name_of_a_description_is_called_that(tmp_path: Path) -> None:
    (tmp_path / "dataset.toml").write_text('[bench]\nname = "dataset"\n', encoding="utf-8")
    with pytest.raises(OptionError, match=r"is a bench file, not .*; give the folder of the data set itself"):
        load(tmp_path)


async def test_what_the_data_set_lacks_is_said(folder: Path) -> None:
    device = await opened(folder, factors={"sign": "content", "lux": "illuminance"})
    assert device.lacking({"sign": "AAA", "lux": 20.0}, 1) == ""
    missing = "holds 2 recordings of content 'AAA' at illuminance 20 lx ± 10 %, and number 3 is needed"
    missing += " (or reuse = true)"
    assert device.lacking({"sign": "AAA", "lux": 20.0}, 2) == missing
    assert device.lacking({"bearing": 3}, 7) == ""
    await device.show("AAA")
    await device.write("illuminance.set", 40.0)
    with pytest.raises(EndOfRecording, match="holds no recordings"):
        await device.read("illuminance")
    device.present(0)
    await device.write("illuminance.set", 20.0)
    await device.grab()
    with pytest.raises(EndOfRecording, match="per_point"):
        await device.grab()
    with pytest.raises(SetpointRefused):
        await device.write("illuminance.set", float("nan"))
    await device.close()


async def test_recordings_that_may_serve_again_begin_anew(folder: Path) -> None:
    device = await opened(folder, factors={"sign": "content", "lux": "illuminance"}, reuse=True)
    assert device.lacking({"sign": "AAA", "lux": 20.0}, 2) == ""
    assert "holds no recordings" in device.lacking({"sign": "AAA", "lux": 40.0}, 0)
    await device.show("AAA")
    await device.write("illuminance.set", 20.0)
    given = []
    for occasion in range(5):
        device.present(occasion)
        given.append((await device.grab()).number)
    assert given == [given[0], given[1]] * 2 + [given[0]]
    assert given[0] != given[1]
    await device.close()


async def test_a_recording_that_may_serve_again_does_so_at_another_point(folder: Path) -> None:
    device = await opened(folder, factors={"sign": "content", "lux": "illuminance"}, reuse=True, per_point=3)
    condition = {"sign": "AAA", "lux": 20.0}
    assert device.lacking(condition, 0).endswith("and number 3 is needed")
    await device.show("AAA")
    await device.write("illuminance.set", 20.0)
    with pytest.raises(EndOfRecording, match="number 3 is needed"):
        await device.grab()
    await device.close()
    two = await opened(folder, reuse=True, per_point=2)
    await two.show("AAA")
    await two.write("illuminance.set", 20.0)
    for occasion in range(3):
        two.present(occasion)
        assert len({(await two.grab()).number for _ in range(2)}) == 2
    await two.close()


async def test_a_file_that_was_changed_is_never_given_out(folder: Path) -> None:
    device = await opened(folder)
    (folder / "001.png").write_bytes((folder / "002.png").read_bytes())
    (folder / "002.png").unlink()
    await device.show("AAA")
    await device.write("illuminance.set", 4.95)
    with pytest.raises(RemoteProtocolError, match=r"001\.png: is not the file of the index"):
        await device.grab()
    await device.close()


async def test_a_picture_too_large_to_read_at_once_is_the_same_one_and_checked_too(tmp_path: Path) -> None:
    picture = np.random.default_rng(1).integers(0, 255, (300, 400), np.uint8)
    made = DataSetWriter(tmp_path, About(name="noise", date=date(2026, 6, 1), origin="rendered", index="index.csv"), {})
    made.add("noise.png", encoded(picture), content="AAA", references={})
    made.close()
    file = tmp_path / "noise.png"
    assert file.stat().st_size > SMALL
    device = await opened(tmp_path)
    await device.show("AAA")
    assert np.array_equal((await device.grab()).image, picture)
    file.write_bytes(file.read_bytes() + b"more")
    device.present(0)
    with pytest.raises(RemoteProtocolError, match="is not the file of the index"):
        await device.grab()
    await device.close()


@pytest.mark.parametrize(("most", "read"), [(3, None), (4, b"four"), (5, b"four")])
def test_a_file_is_read_whole_or_not_at_all(tmp_path: Path, most: int, read: bytes | None) -> None:
    (tmp_path / "file").write_bytes(b"four")
    assert small(tmp_path / "file", most) == read


async def test_a_factor_that_stands_for_nothing_is_refused(folder: Path) -> None:
    with pytest.raises(OptionError, match="'colour'"):
        await opened(folder, factors={"sign": "colour"})


def encoded(picture: NDArray[np.uint8]) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "png")
    return buffer.getvalue()


def noisy(folder: Path, count: int) -> DataSet:
    """Independent recordings of one scene, the last of them encoded anew from the first and 1 % brighter."""
    random = np.random.default_rng(1)
    scene = np.full((48, 64), 120.0)
    scene[16:32, 24:40] = 60.0
    pictures = [(scene + 8 * random.standard_normal(scene.shape)).astype(np.uint8) for _ in range(count)]
    pictures.append((pictures[0] * 1.01).astype(np.uint8))
    about = About(name="noisy", date=date(2026, 6, 1), origin="rendered", index="index.csv")
    made = DataSetWriter(folder, about, {})
    for number, picture in enumerate(pictures):
        made.add(f"{number}.png", encoded(picture), content="square", references={})
    made.close()
    return load(folder)


def test_a_copy_that_was_encoded_anew_looks_alike_and_independent_recordings_do_not(tmp_path: Path) -> None:
    found = look(noisy(tmp_path / "set", 12))
    assert found.alike == (("0.png", "12.png"),)
    assert found.faults == ()


def test_every_file_is_looked_at(folder: Path) -> None:
    (folder / "001.png").write_bytes(b"")
    (folder / "002.png").unlink()
    first, second = look(load(folder)).faults
    assert "001.png: is not the file of the index" in first
    assert "002.png: cannot be read" in second
