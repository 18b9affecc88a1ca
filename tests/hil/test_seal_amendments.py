"""Amendments keep the original, say who, what, why and when, and cannot be altered, left out or put in between."""

from __future__ import annotations

import asyncio
import base64
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bench_copy import hil, run_json
from hil.errors import RecordError, UsageError
from hil.record import RecordWriter, verify
from hil.sealing.amendments import KIND, _place, amend, amendments, check_amendments
from hil.sealing.check import verify_run
from hil.sealing.keys import load_private, load_public
from runs import make_key, write_run


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A closed run with three amendments, and the public key."""
    folder = asyncio.run(write_run(tmp_path_factory.mktemp("runs") / "run", 20))
    private, public = make_key(tmp_path_factory.mktemp("keys"))
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    for number in range(3):
        amend(folder, what=f"what {number}", why="a slip", who="Q. Manager", key=load_private(private))
    assert before == {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    return folder, public


@pytest.fixture
def run(original: tuple[Path, Path], tmp_path: Path) -> Path:
    return Path(shutil.copytree(original[0], tmp_path / "run"))


def places(run: Path) -> list[str]:
    return [finding.place for finding in verify_run(run).findings]


def test_amendments_are_read_back_and_hold(original: tuple[Path, Path]) -> None:
    """And do not break the list of files of the closed run."""
    folder, public = original
    assert [(one.number, one.what, one.who, one.signed) for one in amendments(folder)] == [
        (number + 1, f"what {number}", "Q. Manager", True) for number in range(3)
    ]
    assert verify(folder).holds
    found = verify_run(folder, None)
    assert found.holds
    assert sum("amendments/" in line for line in found.checked) == 3
    wanted = {finding.place for finding in verify_run(folder, load_public(public)).findings}
    assert wanted == {"sealed"}


def test_tampering_with_amendments(run: Path) -> None:
    """Altered, removed, put in between, exchanged, added."""
    folder = run / "amendments"
    texts = {path.name: path.read_text() for path in folder.iterdir()}
    envelope = json.loads(texts["0002.json"])
    envelope["signatures"][0]["sig"] = json.loads(texts["0001.json"])["signatures"][0]["sig"]
    (folder / "0002.json").write_text(json.dumps(envelope, indent=1) + "\n")
    assert places(run)[0] == "amendments/0002.json"
    (folder / "0002.json").unlink()
    assert places(run)[0] == "amendments/0003.json"
    (folder / "0002.json").write_text(texts["0003.json"])
    (folder / "0003.json").write_text(texts["0002.json"])
    assert places(run) == ["amendments/0002.json", "amendments/0003.json"]
    for name, text in texts.items():
        (folder / name).write_text(text)
    assert places(run) == []
    (folder / "note.txt").write_text("")
    assert places(run) == ["amendments/note.txt"]
    with pytest.raises(RecordError, match=r"note\.txt"):
        amend(run, what="w", why="w", who="w", key=None)
    with pytest.raises(RecordError, match="is not an amendment"):
        list(amendments(run))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.just(float("inf")) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)
ENTRIES = ("format", "run", "number", "previous", "amends", "what", "why", "who", "when", "signer")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.sampled_from(ENTRIES), JSON), st.booleans())
def test_any_payload_is_a_finding(run: Path, content: dict[str, Any], whole: bool) -> None:
    """Of whatever form, in a proper envelope, alone or with the entries that belong there."""
    path = run / "amendments" / "0002.json"
    proper = json.loads(base64.b64decode(json.loads(path.read_text())["payload"])) if whole else {}
    payload = base64.b64encode(json.dumps({**proper, **content}).encode()).decode()
    envelope = {"payloadType": KIND, "payload": payload, "signatures": []}
    before = path.read_text()
    path.write_text(json.dumps(envelope, indent=1) + "\n")
    _, findings = check_amendments(run, None)
    path.write_text(before)
    assert findings[0].place in ("amendments/0002.json", "amendments/0003.json")


def test_an_amendment_belongs_to_one_run(run: Path, tmp_path: Path) -> None:
    """Copied to another run it does not hold."""
    other = asyncio.run(write_run(tmp_path / "other", 30))
    shutil.copytree(run / "amendments", other / "amendments")
    assert "belongs to the run 'run'" in verify_run(other).findings[0].message


async def test_what_cannot_be_amended(tmp_path: Path) -> None:
    """A run under way; nothing; and half a surrogate pair."""
    writer = RecordWriter.create(tmp_path / "run", {})
    await writer.flush()
    with pytest.raises(UsageError, match="not closed"):
        amend(tmp_path / "run", what="w", why="w", who="w", key=None)
    await writer.close("complete")
    closed = await write_run(tmp_path / "closed", 10)
    with pytest.raises(UsageError, match="why is empty; say why"):
        amend(closed, what="w", why="  ", who="w", key=None)
    with pytest.raises(RecordError, match="UTF-8"):
        amend(closed, what="\ud800", why="w", who="w", key=None)
    assert not (closed / "amendments").exists()


def test_amendments_on_the_command_line(tmp_path: Path) -> None:
    """Made, shown beside those of the time when the run went on, and verified."""
    golden = Path(__file__).parents[1] / "data" / "record-v1"
    shutil.copytree(golden, tmp_path / "runs" / "golden")
    words = ("--what", "lamp 7, not 8", "--why", "misread", "--who", "Q. Manager")
    done = hil("data", "amend", "golden", *words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "NOT SIGNED" in done.stdout
    shown = run_json("data", "show", "golden", cwd=tmp_path)["amendments"]
    assert [one["why"] for one in shown] == ["a slip of the pen", "misread"]
    told = hil("data", "show", "golden", cwd=tmp_path).stdout
    assert "lamp 7, not 8" in told
    assert ": was " in told
    assert "readings lost" in told
    verified = hil("data", "verify", "golden", cwd=tmp_path)
    assert (verified.returncode, "looked at amendments/0001.json: NOT SIGNED" in verified.stdout) == (0, True)


LIMITED = """
import resource, sys
from pathlib import Path
from hil.errors import RecordError
from hil.sealing.amendments import amend

resource.setrlimit(resource.RLIMIT_FSIZE, (200, resource.RLIM_INFINITY))
try:
    amend(Path(sys.argv[1]), what="w", why="y", who="q", key=None)
except RecordError as error:
    print(error)
"""


def test_a_disk_that_fails_within_an_amendment_leaves_none_and_the_next_one_can_be_made(run: Path) -> None:
    """A file that may hold 200 bytes, in a child process: the limit holds for a whole process."""
    before = sorted(path.name for path in run.parent.rglob("*"))
    child = subprocess.run([sys.executable, "-c", LIMITED, str(run)], capture_output=True, text=True, check=True)
    assert "the amendment cannot be written (File too large)" in child.stdout
    assert sorted(path.name for path in run.parent.rglob("*")) == before
    assert amend(run, what="w", why="y", who="q", key=None).name == "0004.json"
    assert places(run) == []


def test_an_amendment_never_takes_the_place_of_another(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two are made at once: both count three before them, and the later one is refused."""
    counted = _place(run)
    amend(run, what="first", why="y", who="q", key=None)
    monkeypatch.setattr("hil.sealing.amendments._place", lambda folder: counted)
    with pytest.raises(RecordError, match=r"cannot be written \(File exists"):
        amend(run, what="second", why="y", who="q", key=None)
    assert [one.what for one in amendments(run)][3:] == ["first"]
    assert [path.name for path in run.parent.iterdir()] == ["run"]
