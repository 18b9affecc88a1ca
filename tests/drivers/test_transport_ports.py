"""Discovery of serial ports, on pseudo-terminals and on a file that nobody may open."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from serial.tools.list_ports_common import ListPortInfo

from hil_drivers.transport.ports import Port, check_port, serial_ports


@pytest.fixture
def terminal() -> Iterator[str]:
    master, slave = os.openpty()
    yield os.ttyname(slave)
    os.close(master)
    os.close(slave)


def test_the_ports_of_this_machine_are_listed() -> None:
    found = serial_ports()
    assert [port.path for port in found] == sorted(port.path for port in found)
    assert all(bool(port.hint) is not port.permitted for port in found)


def test_a_port_is_told_with_its_description(terminal: str) -> None:
    port = ListPortInfo(terminal)
    port.description = "Adapter of an example"
    bare = ListPortInfo(terminal)
    assert serial_ports(lambda: [port, bare]) == [
        Port(terminal, "Adapter of an example", True),
        Port(terminal, "", True),
    ]


def test_a_port_that_is_gone_is_told(tmp_path: Path) -> None:
    gone = str(tmp_path / "ttyUSB7")
    assert check_port(gone) == Port(gone, "", False, "plug it in, or correct its path")


def test_a_port_that_this_user_may_not_open_is_told(terminal: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    found = check_port(terminal)
    assert not found.permitted
    assert found.hint == f"add this user to the group {Path(terminal).group()}, then log in again"
