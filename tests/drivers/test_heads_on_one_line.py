"""Two heads of one T-10A on one serial line: a trigger reaches both, so their measurements must not overlap."""

from __future__ import annotations

import asyncio
import os
import tty
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path

import pytest

from hil_drivers.clock import Clock
from hil_drivers.errors import AddressError
from hil_drivers.instruments.t10a import T10A


def framed(body: str) -> bytes:
    """A frame by the published rule."""
    check = 0
    for byte in (body + "\x03").encode():
        check ^= byte
    return f"\x02{body}\x03{check:02X}\r\n".encode()


class Heads:
    """An instrument with two heads on a pseudo-terminal: head h reads 100 (h + 1) + n lx after the n-th trigger.

    A reading is blank unless the latest message before it was a trigger: another trigger would have begun it anew.
    """

    def __init__(self, link: Path) -> None:
        self.link = link
        self.master, self.slave = os.openpty()
        tty.setraw(self.slave)
        os.set_blocking(self.master, False)
        link.symlink_to(os.ttyname(self.slave))
        self.pending, self.triggers, self.blank, self.before = b"", 0, 0, ""

    def receive(self) -> None:
        """What the line brings."""
        self.pending += os.read(self.master, 4096)
        while b"\n" in self.pending:
            line, _, self.pending = self.pending.partition(b"\n")
            body = line[1:9].decode()
            if body.startswith("9940"):
                self.triggers += 1
            elif body[2:4] == "10":
                due = self.before.startswith("9940")
                self.blank += not due
                lux = 1000 * (int(body[:2]) + 1) + 10 * self.triggers
                os.write(self.master, framed(f"{body[:4]}1 10" + (f"+{lux:4d}3" if due else 6 * " ") + 12 * " "))
            elif not body.startswith("99"):
                os.write(self.master, framed(f"{body[:4]}1 10"))
            self.before = body


@pytest.fixture
async def line(tmp_path: Path) -> AsyncIterator[Heads]:
    made = Heads(tmp_path / "line")
    loop = asyncio.get_running_loop()
    loop.add_reader(made.master, made.receive)
    yield made
    loop.remove_reader(made.master)
    os.close(made.master)
    os.close(made.slave)


def head_at(line: Heads, head: int, clock: Clock, options: str = "baudrate=9600&bytesize=8&parity=N") -> T10A:
    return T10A(f"head {head}", f"serial://{line.link}?{options}", clock=clock, head=head)


async def test_heads_measure_one_after_the_other(line: Heads, clock: Clock) -> None:
    heads = [head_at(line, number, clock) for number in (0, 1)]
    await asyncio.gather(*(head.open() for head in heads))
    found = await asyncio.gather(*(head.read("illuminance") for _ in range(3) for head in heads))
    assert (line.blank, line.triggers) == (0, 6)
    assert [int(each.value or 0) // 100 for each in found] == [1, 2] * 3
    order = sorted(found, key=lambda each: each.earliest)
    assert all(a.latest <= b.earliest for a, b in pairwise(order))
    assert sorted(int(each.value or 0) % 100 for each in found) == [1, 2, 3, 4, 5, 6]
    await heads[0].close()
    assert (await heads[1].read("illuminance")).usable
    await heads[1].close()


async def test_a_cancelled_head_does_not_disturb_the_other(line: Heads, clock: Clock) -> None:
    heads = [head_at(line, number, clock) for number in (0, 1)]
    for head in heads:
        await head.open()
    for turns in (1, 3, 9, 27, 81):
        task = asyncio.create_task(heads[0].read("illuminance"))
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        value = (await heads[1].read("illuminance")).value
        assert value == pytest.approx(200 + line.triggers)
    assert line.blank == 0
    for head in heads:
        await head.close()


async def test_heads_must_agree_on_the_line(line: Heads, clock: Clock) -> None:
    first, second = head_at(line, 0, clock), head_at(line, 1, clock, "baudrate=19200")
    await first.open()
    with pytest.raises(AddressError, match="give all devices on one port the same line settings"):
        await second.open()
    await first.close()
