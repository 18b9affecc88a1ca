"""Where the runs of a bench are remembered, and of which benches they are not."""

from __future__ import annotations

from pathlib import Path

import pytest

from hil.bench import load_bench
from hil.safety.whereabouts import left_elsewhere, remember, state_directory


@pytest.mark.parametrize("bench", ["slab-emulator", "dataset", "action-sim"])
def test_a_bench_without_equipment_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bench: str
) -> None:
    """Else runs at the same time, as those of `hil coverage`, take each other for cut off."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    cut_off = tmp_path / "runs" / f"1_screening_{bench}_1"
    cut_off.mkdir(parents=True)
    (cut_off / "run.db").write_bytes(b"torn")
    remember(load_bench(bench), tmp_path / "runs")
    assert left_elsewhere(load_bench(bench), tmp_path / "others") == ""
    assert not state_directory().exists()
