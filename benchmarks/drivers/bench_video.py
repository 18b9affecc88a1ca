"""720p motion JPEG at 30 per second from a server in a child process: how old a picture is when it is handed out.

The age is from the nominal exposure, which the number burnt into the picture tells, to the return of ``grab``, the
server's encoding and our decoding included. Target: none older than 2 periods. Beside it OpenCV alone, read without a
pause and after one of 2 s, and what draining costs of a core while nobody grabs and while somebody always does.
"""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2] / "tests" / "support"))

import mjpeg_server
from hil_drivers.clock import NANOSECONDS, WallClock
from hil_drivers.instruments.video_camera import VideoCamera

RATE, WIDTH, HEIGHT = 30.0, 1280, 720
GRABS, IDLE, PAUSE = 300, 5.0, 2.0
DELAY = 0.03
TARGET = 2.0 / RATE


async def ours(port: int, age: Callable[[int], float]) -> tuple[list[float], float, float, int]:
    """The ages in s of what was grabbed, the shares of a core (idle, grabbing), and how many were dropped as stale."""
    camera = VideoCamera(
        "camera", f"video+http://127.0.0.1:{port}/video", clock=WallClock(), rate=RATE, delay=DELAY, number="X-Frame"
    )
    await camera.open()
    idle = await share(asyncio.sleep(IDLE))
    ages: list[float] = []

    async def grabbing() -> None:
        for _ in range(GRABS):
            frame = await camera.grab()
            ages.append(age(mjpeg_server.number_of(frame.image)))

    busy = await share(grabbing())
    missed = camera.supervisor.status.missed
    await camera.close()
    return ages, idle, busy, missed


async def share(work: Awaitable[object]) -> float:
    """What part of a core this process uses during ``work``."""
    begun, used = time.monotonic(), time.process_time()
    await work
    return (time.process_time() - used) / (time.monotonic() - begun)


def bare(port: int, age: Callable[[int], float]) -> tuple[list[float], float]:
    """The ages in s of what OpenCV alone reads, and of the first after a pause."""
    capture = cv2.VideoCapture(f"http://127.0.0.1:{port}/video")
    ages = []
    for _ in range(GRABS // 2):
        _, image = capture.read()
        ages.append(age(mjpeg_server.number_of(np.asarray(image, np.uint8))))
    time.sleep(PAUSE)
    _, image = capture.read()
    stale = age(mjpeg_server.number_of(np.asarray(image, np.uint8)))
    capture.release()
    return ages, stale


def told(ages: list[float]) -> str:
    """p50, p99 and the largest, in ms."""
    cuts = statistics.quantiles([1e3 * each for each in ages], n=100)
    return f"p50 {cuts[49]:5.1f} ms, p99 {cuts[98]:5.1f} ms, max {1e3 * max(ages):5.1f} ms"


def main() -> int:
    """Print the figures; 1 if the target is missed."""
    command = [sys.executable, mjpeg_server.__file__, "0", str(RATE), str(WIDTH), str(HEIGHT)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        port, start = server.stdout.readline().split()
        origin = round(float(start) * NANOSECONDS)

        def age(number: int) -> float:
            return (time.monotonic_ns() - origin) / NANOSECONDS - number / RATE

        try:
            ages, idle, busy, missed = asyncio.run(ours(int(port), age))
            theirs, stale = bare(int(port), age)
        finally:
            server.kill()
    old = sum(each > TARGET for each in ages)
    print(f"{WIDTH} x {HEIGHT} at {RATE:g} per s, {len(ages)} pictures grabbed")
    print(f"  age when handed out: {told(ages)}; {old} older than 2 periods ({1e3 * TARGET:.1f} ms); {missed} missed")
    print(f"  OpenCV alone, without a pause: {told(theirs)}; after {PAUSE:g} s: {1e3 * stale:.0f} ms")
    print(f"  share of a core: {idle:.1%} while nobody grabs, {busy:.1%} while somebody always does")
    print(f"  target: none older than 2 periods: {'met' if not old else 'MISSED'}")
    return int(old > 0)


if __name__ == "__main__":
    sys.exit(main())
