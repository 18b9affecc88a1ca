"""``hil watch`` while the instrument's server is killed and started again, as an operator sees it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench_copy import command
from hil.bench import find_bench

SERVER = Path(__file__).parents[1] / "support" / "hmp_server.py"
PERIOD = 0.5
BENCH = """
[bench]
name = "probe"
kind = "action"
laboratory = "lab.toml"
equipment = "equipment.toml"

[devices.climate]
driver = "hmp"
address = "modbus+tcp://127.0.0.1:{port}?device_id=240"

[channels."room.humidity"]
device = "climate"
point = "humidity"
unit = "%"
period = "500 ms"

[roles]
humidity = "room.humidity"
"""


@contextmanager
def server(port: int) -> Iterator[tuple[subprocess.Popen[str], int]]:
    with subprocess.Popen([sys.executable, SERVER, str(port)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process, int(process.stdout.readline())
        process.kill()


def first(lines: Iterator[dict[str, Any]], state: str) -> dict[str, Any]:
    return next(line for line in lines if line["state"] == state)


def test_a_killed_server_is_seen_stale_and_back_with_one_line_each_way(tmp_path: Path) -> None:
    with server(0) as (process, port):
        for name in ("lab.toml", "equipment.toml"):
            (tmp_path / name).write_bytes((find_bench("action-sim").parent / name).read_bytes())
        (tmp_path / "probe.toml").write_text(BENCH.format(port=port), encoding="utf-8")
        watch = subprocess.Popen(
            command("watch", "room.humidity", "--bench", "probe.toml", "--for", "60 s", "--jsonl"),
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        with watch:
            assert watch.stdout is not None
            lines = map(json.loads, watch.stdout)
            assert first(lines, "ok")["value"] == 45.25
            process.kill()
            process.wait()
            stale = first(lines, "stale")
            with server(port):
                started = time.monotonic()
                assert first(lines, "ok")["value"] == 45.25
                returned = time.monotonic() - started
                watch.terminate()
                _, told = watch.communicate(timeout=30)
    assert stale["value"] == 45.25, "the last value stays"
    assert 2 * PERIOD < stale["age"] < 60
    assert "STALE" in stale["flags"]
    log = [line for line in told.splitlines() if line.startswith("climate:")]
    assert len(log) == 2, told
    assert "answers again after" in log[1]
    sys.stdout.write(
        f"stale at an age of {stale['age']:.2f} s ({PERIOD} s period), back {returned:.2f} s after the start\n"
    )
