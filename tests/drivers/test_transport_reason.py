"""Why a connection failed: our words first, those of the system behind in brackets."""

from __future__ import annotations

import errno
import socket

import pytest

from hil_drivers.transport.reason import reason


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (TimeoutError(errno.ETIMEDOUT, "timed out"), "no answer in time"),
        (TimeoutError(), "no answer in time"),
        (
            ConnectionRefusedError(errno.ECONNREFUSED, "Connect call failed ('127.0.0.1', 9)"),
            "nothing listens there (Connection refused)",
        ),
        (
            OSError(f"Multiple exceptions: [Errno {errno.ECONNREFUSED}] Connect call failed ('::1', 9)"),
            "nothing listens there (Connection refused)",
        ),
        (RuntimeError(f"[Errno {errno.ENOENT}] could not open"), "it does not exist (No such file or directory)"),
        (OSError(errno.EMFILE, "x"), "the system refuses (Too many open files)"),
        (socket.gaierror(-2, "Name or service not known"), "its host name is not known (Name or service not known)"),
        (EOFError(), "the other side closed the connection"),
        (OSError("[Errno 99999] odd"), "the cause is not known ([Errno 99999] odd)"),
        (None, "the cause is not known"),
    ],
)
def test_a_failure_is_told_in_our_words(error: BaseException | None, told: str) -> None:
    assert reason(error) == told


def test_a_refused_connection_is_told_alike_by_every_family_of_addresses() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        with pytest.raises(OSError) as failed:
            socket.create_connection(bound.getsockname(), timeout=5.0)
    assert reason(failed.value) == "nothing listens there (Connection refused)"
