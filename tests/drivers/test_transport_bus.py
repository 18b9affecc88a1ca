"""Several devices on one serial line: streams that share a port, by both serial libraries."""

from __future__ import annotations

import asyncio
import os
import tty
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest

from hil_drivers.clock import WallClock
from hil_drivers.errors import AddressError, DeviceUnreachable
from hil_drivers.transport import bus as bus_module
from hil_drivers.transport.link import stream_link
from hil_drivers.transport.stream import StreamLink
from hil_drivers.transport.supervisor import Supervisor
from hil_drivers.wire.scpi import Lines

TIMEOUT = 0.25


class Peer:
    """Answers ``NAME WORD`` with the same line, in order, after the delay of its turn; ``dead`` never answers."""

    def __init__(self, link: Path) -> None:
        self.master, self.slave = os.openpty()
        tty.setraw(self.slave)
        os.set_blocking(self.master, False)
        self.path = link
        link.symlink_to(os.ttyname(self.slave))
        self.delays: list[float] = []
        self.heard: list[str] = []
        self._pending = b""
        self._lines: asyncio.Queue[bytes] = asyncio.Queue()
        asyncio.get_running_loop().add_reader(self.master, self._readable)
        self._task = asyncio.create_task(self._serve())

    def _readable(self) -> None:
        self._pending += os.read(self.master, 4096)
        *lines, self._pending = self._pending.split(b"\n")
        for line in lines:
            self._lines.put_nowait(line)

    async def _serve(self) -> None:
        while True:
            line = await self._lines.get()
            self.heard.append(line.decode())
            if line.startswith(b"dead"):
                continue
            if self.delays:
                await asyncio.sleep(self.delays.pop(0))
            os.write(self.master, line + b"\n")

    async def close(self) -> None:
        """Go."""
        asyncio.get_running_loop().remove_reader(self.master)
        self._task.cancel()
        await asyncio.wait([self._task])
        os.close(self.master)
        os.close(self.slave)


@pytest.fixture
async def peer(tmp_path: Path) -> AsyncIterator[Peer]:
    made = Peer(tmp_path / "line")
    yield made
    await made.close()


@pytest.fixture(params=["serialx", "pyserial"])
async def links(request: pytest.FixtureRequest, peer: Peer) -> AsyncIterator[tuple[StreamLink, StreamLink]]:
    address = f"serial://{peer.path}?backend={request.param}"
    made = [
        stream_link(address, supervisor=Supervisor(name), clock=WallClock(), timeout=TIMEOUT) for name in ("a", "b")
    ]
    for link in made:
        await link.open()
    yield made[0], made[1]
    for link in made:
        await link.close()
    assert not bus_module._open.get(asyncio.get_running_loop())


async def ask(link: StreamLink, words: str) -> str:
    """The answer to ``words``."""
    return await link.query(f"{words}\n".encode(), Lines())


async def test_two_devices_ask_at_once(links: tuple[StreamLink, StreamLink]) -> None:
    first, second = links
    answers = await asyncio.gather(*(ask(link, f"{i}") for i in range(5) for link in (first, second)))
    assert answers == [f"{i}" for i in range(5) for _ in (first, second)]


@pytest.mark.parametrize("late", [0.05, 0.2, TIMEOUT + 0.05])
async def test_an_abandoned_answer_reaches_nobody(
    links: tuple[StreamLink, StreamLink], peer: Peer, late: float
) -> None:
    first, second = links
    peer.delays = [late]
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.02):
            await ask(first, "one")
    assert await ask(second, "two") == "two"
    assert await ask(first, "three") == "three"


async def test_an_answer_after_all_patience_does_not_shift_the_others(
    links: tuple[StreamLink, StreamLink], peer: Peer
) -> None:
    """It comes when the line counts as quiet again, while the same device is asked: the last answer counts."""
    first, _ = links
    peer.delays = [TIMEOUT + 0.15]
    with pytest.raises(DeviceUnreachable):
        await ask(first, "one")
    assert await ask(first, "two") == "two"
    assert await ask(first, "three") == "three"


async def test_what_has_no_answer_does_not_end_the_doubt(links: tuple[StreamLink, StreamLink], peer: Peer) -> None:
    first, _ = links
    peer.delays = [TIMEOUT + 0.15]
    with pytest.raises(DeviceUnreachable):
        await ask(first, "one")
    await first.send(b"dead, and no answer is waited for\n")
    assert await ask(first, "two") == "two"


async def test_a_dead_device_is_kept_away(links: tuple[StreamLink, StreamLink], peer: Peer) -> None:
    dead, alive = links
    for _ in range(20):
        with pytest.raises(DeviceUnreachable):
            await ask(dead, "dead")
        assert await ask(alive, "alive") == "alive"
    assert peer.heard.count("dead") < 6


async def test_other_settings_are_refused(links: tuple[StreamLink, StreamLink]) -> None:
    first, _ = links
    other = stream_link(f"{first.address}&parity=E&baudrate=1200", supervisor=Supervisor("c"), clock=WallClock())
    with pytest.raises(AddressError, match="has baudrate 1200 and not 9600, parity E and not N; give all devices"):
        await other.open()


async def test_a_port_is_known_by_its_true_name(links: tuple[StreamLink, StreamLink], peer: Peer) -> None:
    backend = links[0].address.partition("?")[2]
    address = f"serial://{os.ttyname(peer.slave)}?{backend}"
    third = stream_link(address, supervisor=Supervisor("c"), clock=WallClock())
    await third.open()
    assert await ask(third, "three") == "three"
    await third.close()
    assert await ask(links[0], "one") == "one"


async def tries(link: StreamLink, count: int) -> list[tuple[str, str]]:
    """What was asked and answered; nothing for what was not answered."""
    found = []
    for number in range(count):
        with suppress(DeviceUnreachable):
            found.append((f"{number}", await ask(link, f"{number}")))
        await asyncio.sleep(link.supervisor.status.next_try)
    return found


@pytest.mark.parametrize("lateness", [1.8, 3.3])
@pytest.mark.parametrize("shared", [False, True])
async def test_a_device_that_is_always_late_never_answers_with_an_earlier_answer(
    links: tuple[StreamLink, StreamLink], peer: Peer, lateness: float, shared: bool
) -> None:
    first, second = links
    if not shared:
        await second.close()
    peer.delays = [lateness * TIMEOUT] * 12
    answers = await tries(first, 6)
    assert [answer for question, answer in answers if question != answer] == []
    peer.delays.clear()
    assert (await tries(first, 4))[-1] == ("3", "3")


async def test_a_stray_byte_does_not_stand_for_the_answer(links: tuple[StreamLink, StreamLink], peer: Peer) -> None:
    first, second = links
    await second.close()
    peer.delays = [1.7 * TIMEOUT]
    with pytest.raises(DeviceUnreachable, match="did not answer"):
        await ask(first, "one")
    asyncio.get_running_loop().call_later(0.1 * TIMEOUT, os.write, peer.master, b"\xff")
    assert await ask(first, "two") == "two"
    assert await ask(first, "three") == "three"


async def test_an_incomplete_answer_is_shown(links: tuple[StreamLink, StreamLink], peer: Peer) -> None:
    asyncio.get_running_loop().call_later(0.3 * TIMEOUT, os.write, peer.master, b"?!")
    with pytest.raises(DeviceUnreachable, match=r"did not answer within 0\.2 s in full, it sent 3f 21"):
        await ask(links[0], "dead")
