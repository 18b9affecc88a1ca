"""Fixtures for every test: no task may be left pending."""

from __future__ import annotations

import asyncio
import os
import signal
import tempfile
from collections.abc import AsyncIterator

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("short", deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=25)
settings.register_profile("long", deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=300)
settings.load_profile("long" if os.environ.get("HIL_EXAMPLES") == "long" else "short")

signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)
"""Where the tests run in the background these may be ignored, and the commands that they start inherit that."""


STATE = tempfile.TemporaryDirectory(prefix="hil-state-")
"""What benches of these tests leave behind is nobody's."""
os.environ["XDG_STATE_HOME"] = STATE.name
os.environ["XDG_CONFIG_HOME"] = STATE.name

RUNTIME = tempfile.TemporaryDirectory(prefix="hil-", dir="/tmp")
"""Commands of these tests reach runs of these tests. The path of a socket must be short."""
os.environ["HIL_RUNTIME_DIR"] = RUNTIME.name


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Two workers for each core with ``-n auto``: half of the time a test waits for a process or a deadline."""
    return 2 * (os.cpu_count() or 1)


@pytest.fixture(autouse=True)
async def no_task_left_pending() -> AsyncIterator[None]:
    """Fail a test which leaves an asyncio task pending."""
    before = asyncio.all_tasks()
    yield
    left = [task for task in asyncio.all_tasks() - before - {asyncio.current_task()} if not task.done()]
    names = ", ".join(sorted(task.get_name() for task in left))
    for task in left:
        task.cancel()
    if left:
        await asyncio.wait(left)
        pytest.fail(f"tasks left pending: {names}")
