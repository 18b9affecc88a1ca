"""Verification of a sealed run: the first place that does not hold is named, whatever was tampered with."""

from __future__ import annotations

import asyncio
import base64
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench_copy import hil
from hil.sealing.amendments import amend
from hil.sealing.check import verify_run
from hil.sealing.envelope import read_envelope
from hil.sealing.keys import load_private, load_public
from hil.sealing.manifest import KIND, read_manifest, sealed_manifest
from hil.sealing.sealer import seal_run
from runs import make_key, write_run


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return make_key(tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory, keys: tuple[Path, Path]) -> Path:
    """A sealed run with two amendments."""
    folder = asyncio.run(write_run(tmp_path_factory.mktemp("runs") / "run", 200))
    key = load_private(keys[0])
    amend(folder, what="before sealing", why="w", who="Q. Manager", key=key)
    seal_run(folder, key)
    for number in range(2):
        amend(folder, what=f"after sealing, {number}", why="w", who="Q. Manager", key=key)
    return folder


@pytest.fixture
def run(original: Path, tmp_path: Path) -> Path:
    """A copy to be tampered with; it keeps its name."""
    return Path(shutil.copytree(original, tmp_path / "run"))


def first(run: Path, key: Path | None = None) -> tuple[str, str]:
    finding = verify_run(run, None if key is None else load_public(key)).findings[0]
    return finding.place, finding.message


def test_a_sealed_run_holds(original: Path, keys: tuple[Path, Path]) -> None:
    """With the laboratory's key, and without: then nothing vouches for the key."""
    found = verify_run(original, load_public(keys[1]))
    assert found.findings == ()
    assert any("signed by" in line and "that was given" in line for line in found.checked)
    assert "sealed/readings.parquet: 200 readings, column by column against run.db" in found.checked
    without = verify_run(original)
    assert without.findings == ()
    assert any("which nothing here vouches for" in line for line in without.checked)


def test_the_command_says_where_and_exits_with_6(run: Path, keys: tuple[Path, Path]) -> None:
    """The first place that does not hold."""
    held = hil("data", "verify", run, "--key", keys[1], cwd=run.parent)
    assert held.returncode == 0, held.stdout + held.stderr
    with (run / "sealed" / "readings.csv").open("a", encoding="utf-8") as file:
        file.write("one more\n")
    done = hil("data", "verify", run, "--key", keys[1], cwd=run.parent)
    assert done.returncode == 6
    assert "does not hold: sealed/readings.csv: the file was altered after the run was sealed" in done.stdout


def remanifested(run: Path, change: Callable[[dict[str, Any]], object], key: Path | None) -> None:
    """Write another manifest over everything, as somebody with another key, or none, could."""
    path = run / "sealed" / "manifest.json"
    content = read_envelope(path.read_text(), KIND).content()
    del content["signer"]
    change(content)
    path.write_text(sealed_manifest(content, None if key is None else load_private(key)).text())


def test_somebody_elses_signature(run: Path, keys: tuple[Path, Path], tmp_path: Path) -> None:
    """Only the laboratory's key shows it: a forged manifest is consistent in itself."""
    other, _ = make_key(tmp_path, "other")
    remanifested(run, lambda content: content["predicate"].update(status="failed"), other)
    place, message = first(run, keys[1])
    assert place == "sealed/manifest.json"
    assert "is not signed by the key" in message
    assert any(finding.place == "amendments/0002.json" for finding in verify_run(run).findings)


def test_a_signature_that_was_taken_away(run: Path, keys: tuple[Path, Path]) -> None:
    """With the key it is missed; without, the payload still names a signer."""
    path = run / "sealed" / "manifest.json"
    content = json.loads(path.read_text())
    content["signatures"] = []
    path.write_text(json.dumps(content, indent=1) + "\n")
    assert first(run, keys[1]) == ("sealed/manifest.json", "is not signed")
    assert first(run) == ("sealed/manifest.json", "is not signed, though a signature is wanted")


@pytest.mark.parametrize("name", ["sealed/manifest.json", "sealed/readings.parquet", "sealed/run.mcap", "run.db"])
def test_a_flipped_bit_is_found(run: Path, keys: tuple[Path, Path], name: str) -> None:
    """Anywhere in a file, and the file is named."""
    size, key = (run / name).stat().st_size, load_public(keys[1])
    for offset in range(0, size, size // 12):
        content = bytearray((run / name).read_bytes())
        content[offset] ^= 1 << offset % 8
        (run / name).write_bytes(content)
        assert any(finding.place.startswith(name) for finding in verify_run(run, key).findings), offset
        content[offset] ^= 1 << offset % 8
        (run / name).write_bytes(content)
    assert verify_run(run, key).holds


def test_another_parquet_file_that_is_in_order(run: Path, tmp_path: Path) -> None:
    """Its hash in a new manifest: the readings are held against the record, column by column."""
    path = run / "sealed" / "readings.parquet"
    table = pq.read_table(path)
    values = table["value"].to_numpy(zero_copy_only=False).copy()
    values[3] += 1e-9
    index = table.column_names.index("value")
    changed = table.set_column(index, table.schema.field(index), [values])
    for one, message in ((changed, "holds other values"), (table.slice(1), "holds 199 readings, the record 200")):
        pq.write_table(one, path)

        def name_it(content: dict[str, Any]) -> None:
            from hil.record.folder import sha256_of

            (entry,) = [each for each in content["subject"] if each["name"] == "sealed/readings.parquet"]
            entry["digest"]["sha256"] = sha256_of(path)

        remanifested(run, name_it, None)
        places = {finding.place: finding.message for finding in verify_run(run).findings}
        found = places.get("sealed/readings.parquet: column value") or places["sealed/readings.parquet"]
        assert message in found


def test_files_added_and_removed(run: Path) -> None:
    """In the sealed set as elsewhere."""
    (run / "sealed" / "run.mcap").unlink()
    (run / "sealed" / "more").write_text("")
    found = {finding.place: finding.message for finding in verify_run(run).findings}
    assert found["sealed/run.mcap"] == "the file is missing that the manifest names"
    assert found["sealed/more"] == "the file was added after the run was sealed"
    (run / "sealed" / "manifest.json").unlink()
    assert first(run) == ("sealed/manifest.json", "is missing")


def test_a_signature_is_wanted_of_a_run_that_is_not_sealed(run: Path, keys: tuple[Path, Path]) -> None:
    """With a key, an unsealed run does not pass for a signed one."""
    shutil.rmtree(run / "sealed")
    shutil.rmtree(run / "amendments")
    assert verify_run(run).holds
    assert first(run, keys[1])[0] == "sealed"


def test_another_record_under_the_same_manifest(run: Path, tmp_path: Path) -> None:
    """A record that holds in itself, and is another one."""
    other = asyncio.run(write_run(tmp_path / "other", 201))
    for name in ("run.db", "closed.json", "results.json"):
        shutil.copyfile(other / name, run / name)
    assert first(run) == ("sealed/manifest.json", "names another head of the chain than the record has")


@given(st.data())
def test_a_damaged_parquet_file_is_a_finding(
    tmp_path_factory: pytest.TempPathFactory, original: Path, data: st.DataObject
) -> None:
    """Wherever it was damaged; it never ends in a traceback, and the file is named."""
    base = tmp_path_factory.getbasetemp() / "damaged-parquet" / "run"
    if not base.exists():
        shutil.copytree(original, base)
    path = base / "sealed" / "readings.parquet"
    before = path.read_bytes()
    content = bytearray(before)
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(content) - 1))
        content[place] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content)
    places = [finding.place for finding in verify_run(base).findings]
    path.write_bytes(before)
    assert content == before or "sealed/readings.parquet" in places


@given(st.one_of(st.text(), st.binary().map(lambda b: b.decode("latin-1"))))
def test_any_text_is_no_envelope(text: str) -> None:
    """It raises a ValueError, and nothing else."""
    with pytest.raises(ValueError, match=r"^it|^its"):
        read_envelope(text, KIND)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)
KEYS = ("_type", "predicateType", "subject", "predicate", "signer")


@given(st.dictionaries(st.sampled_from(KEYS), JSON))
def test_any_statement_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, content: dict[str, Any]) -> None:
    """A payload of whatever form in a proper envelope."""
    payload = base64.b64encode(json.dumps(content).encode()).decode()
    envelope = {"payloadType": KIND, "payload": payload, "signatures": []}
    path = tmp_path_factory.getbasetemp() / "manifest.json"
    path.write_text(json.dumps(envelope, indent=1) + "\n")
    with pytest.raises(ValueError, match=r"^it|^its"):
        read_manifest(path)
