"""The bare model: the recogniser's inference on the pictures of a data set, in one process, without a bench."""

from __future__ import annotations

import json
import multiprocessing
import subprocess
import sys
import time

import cv2
import numpy as np
from numpy.typing import NDArray

from hil.bench.config import shipped_benches
from hil_drivers.data_set import load
from hil_drivers.instruments.recogniser_child import PREFIX, Recognition, frame

WARM_UP = 5


def pictures() -> list[NDArray[np.uint8]]:
    """The pictures of the data set that ships, decoded."""
    data = load(shipped_benches()["dataset"].parent / "signs")
    read = [np.frombuffer(data.read(entry.recording), np.uint8) for entry in data.entries]
    return [np.asarray(cv2.imdecode(one, cv2.IMREAD_UNCHANGED), np.uint8) for one in read]


def bare_rate(processes: int, count: int) -> float:
    """Inferences per second of ``processes`` at once, ``count`` in each."""
    context = multiprocessing.get_context("spawn")
    together = context.Barrier(processes)
    with context.Pool(processes, _prepare, (together,)) as pool:
        spans = pool.map(_infer, [count] * processes, chunksize=1)
    begin, end = min(span[0] for span in spans), max(span[1] for span in spans)
    return processes * count / (end - begin)


def child_rate(count: int) -> float:
    """The same in a child process, asked over its standard streams, by nothing but this loop."""
    asked = json.dumps({"threads": 1, "stretch": [1.0, 99.0]})
    command = [sys.executable, "-m", "hil_drivers.instruments.recogniser_child", asked]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        shown = pictures()
        child.stdout.read(sum(PREFIX.unpack(child.stdout.read(PREFIX.size))))
        begin = 0.0
        for number in range(-WARM_UP, count):
            begin = begin if number else time.monotonic()
            picture = shown[(7 * number) % len(shown)]
            child.stdin.write(frame({"id": number, "shape": picture.shape}, picture.tobytes()))
            child.stdin.flush()
            child.stdout.read(sum(PREFIX.unpack(child.stdout.read(PREFIX.size))))
        end = time.monotonic()
        child.stdin.close()
    return count / (end - begin)


def _prepare(together: multiprocessing.synchronize.Barrier) -> None:
    global _together
    _together = together


def _infer(count: int) -> tuple[float, float]:
    recognise, shown = Recognition(1, (1.0, 99.0)), pictures()
    for picture in shown[:WARM_UP]:
        recognise(picture)
    _together.wait()
    begin = time.monotonic()
    for number in range(count):
        recognise(shown[(7 * number) % len(shown)])
    return begin, time.monotonic()


_together: multiprocessing.synchronize.Barrier
