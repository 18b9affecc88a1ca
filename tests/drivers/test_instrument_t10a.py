"""The T-10A driver on a pseudo-terminal, against a peer that knows only bytes; by both serial libraries."""

from __future__ import annotations

import asyncio
import os
import select
import threading
import time
import tty
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hil_drivers.clock import Clock
from hil_drivers.device import open_device
from hil_drivers.errors import AddressError, DeviceUnreachable, OptionError, RemoteProtocolError, UnitError
from hil_drivers.indication import Flag
from hil_drivers.instruments.t10a import T10A
from hil_drivers.testing import check_sensor

Answer = Callable[[str], list[bytes | float]]
"""What the peer does for a command's body: bytes are sent, numbers are pauses in seconds."""


def framed(body: str) -> bytes:
    """A frame by the published rule, written apart from the driver's own."""
    check = 0
    for byte in (body + "\x03").encode():
        check ^= byte
    return f"\x02{body}\x03{check:02X}\r\n".encode()


class Peer(threading.Thread):
    """A T-10A that counts: its n-th reading is 100 + n lx.

    It is reached through a link, because the number of a pseudo-terminal that is gone is given to the next.
    """

    def __init__(self, link: Path) -> None:
        super().__init__(daemon=True)
        self.master, self.slave = os.openpty()
        tty.setraw(self.slave)
        self.path = link
        self.path.symlink_to(os.ttyname(self.slave))
        self.readings = 0
        self.bodies: list[str] = []
        self.answer: Answer = self.well
        self._ended = False

    def well(self, body: str) -> list[bytes | float]:
        """Answer as the instrument does."""
        if body.startswith("99"):
            return []
        if body[2:4] == "10":
            self.readings += 1
            return [framed(f"00101 10+{1000 + 10 * self.readings:4d}3" + 12 * " ")]
        return [framed(body[:4] + "1 10")]

    def instead(self, command: str, *pieces: bytes | float, times: int = 1) -> None:
        """Do something else for the next commands of this number."""
        left = [times]

        def answer(body: str) -> list[bytes | float]:
            if body[2:4] == command and left[0]:
                left[0] -= 1
                self.well(body)
                return list(pieces)
            return self.well(body)

        self.answer = answer

    def run(self) -> None:
        pending = b""
        while not self._ended:
            if not select.select([self.master], [], [], 0.02)[0]:
                continue
            try:
                pending += os.read(self.master, 4096)
            except OSError:
                return
            while b"\n" in pending:
                line, _, pending = pending.partition(b"\n")
                body = line[1:9].decode()
                assert line + b"\n" == framed(body)
                self.bodies.append(body)
                for piece in self.answer(body):
                    time.sleep(piece) if isinstance(piece, float) else os.write(self.master, piece)

    def unplug(self) -> None:
        """Stop and close both ends, once."""
        if not self._ended:
            self._ended = True
            self.join()
            self.path.unlink()
            os.close(self.master)
            os.close(self.slave)


@pytest.fixture
def peer(tmp_path: Path) -> Iterator[Peer]:
    made = Peer(tmp_path / "line")
    made.start()
    yield made
    made.unplug()


@pytest.fixture(params=["serialx", "pyserial"])
def address(request: pytest.FixtureRequest, peer: Peer) -> str:
    return f"serial://{peer.path}?baudrate=9600&bytesize=8&parity=N&backend={request.param}"


@pytest.fixture
def meter(address: str, clock: Clock) -> T10A:
    made = T10A("reference", address, clock=clock)
    made._link.timeout = 0.3
    return made


async def test_it_prepares_the_instrument_then_reads(meter: T10A, peer: Peer, clock: Clock) -> None:
    """The sequence of the published clients: PC mode, hold, EXT mode, then trigger and read."""
    await meter.open()
    assert clock.now() == 1_000_000_000
    indication = await meter.read("illuminance")
    await meter.close()
    assert peer.bodies == ["00541   ", "99551  0", "004010  ", "994021  ", "00100200"]
    assert (indication.value, indication.unit) == (101.0, "lx")
    assert indication.resolution == pytest.approx(0.1)
    assert (indication.earliest, indication.latest) == (1_000_000_000, 1_500_000_000)
    assert indication.usable


async def test_it_can_be_opened_by_name(address: str, clock: Clock) -> None:
    device = await open_device(address, "t10a", clock=clock)
    assert (await device.read("illuminance")).value == 101.0
    await device.close()


async def test_a_hold_that_was_refused_is_repeated(meter: T10A, peer: Peer) -> None:
    peer.instead("40", framed("00401410"))
    await meter.open()
    await meter.close()
    assert peer.bodies == ["00541   ", "99551  0", "004010  ", "99551  0", "004010  "]


async def test_an_instrument_that_refuses_ext_mode_is_not_opened(meter: T10A, peer: Peer) -> None:
    peer.instead("40", framed("00401210"), times=9)
    with pytest.raises(RemoteProtocolError, match=r"reference: .*error 2.*; switch it off"):
        await meter.open()


@pytest.mark.parametrize(
    ("status", "field", "value", "flags"),
    [
        ("1510", "+29996", 299900.0, Flag.OVER_RANGE),
        ("1 11", "+10004", None, Flag.LOW_BATTERY),
        ("1 10", "      ", None, Flag.NOT_AVAILABLE),
        ("1610", "+   51", 0.005, Flag.LOW_LIGHT),
    ],
)
async def test_what_the_status_says_becomes_flags(
    meter: T10A, peer: Peer, status: str, field: str, value: float | None, flags: Flag
) -> None:
    peer.instead("10", framed(f"0010{status}{field}" + 12 * " "))
    await meter.open()
    indication = await meter.read("illuminance")
    await meter.close()
    assert indication.value == (None if value is None else pytest.approx(value, rel=1e-3))
    assert indication.flags == flags
    assert indication.usable == (flags == Flag.LOW_LIGHT)


@pytest.mark.parametrize(
    ("pieces", "words"),
    [
        ((framed("00101 10+12343" + 12 * " ")[:-4] + b"00\r\n",), "wrong check"),
        ((b"\x00\xffgarbage\r\n",), "frames of this protocol"),
        ((framed("01101 10+12343" + 12 * " "),), "answered for head 1"),
        ((framed("00021 10+12343" + 12 * " "),), "command 2"),
    ],
)
async def test_garbage_is_named_and_the_next_reading_is_right(
    meter: T10A, peer: Peer, pieces: tuple[bytes, ...], words: str
) -> None:
    peer.instead("10", *pieces)
    await meter.open()
    with pytest.raises(RemoteProtocolError, match=f"^reference: .*{words}"):
        await meter.read("illuminance")
    assert (await meter.read("illuminance")).value == 102.0
    await meter.close()


async def test_a_split_answer_is_put_together(meter: T10A, peer: Peer) -> None:
    data = framed("00101 10+12343" + 12 * " ")
    peer.instead("10", data[:1], 0.01, data[1:13], 0.01, data[13:-1], 0.01, data[-1:])
    await meter.open()
    assert (await meter.read("illuminance")).value == pytest.approx(123.4)
    await meter.close()


async def test_silence_is_named_and_the_instrument_prepared_anew(meter: T10A, peer: Peer) -> None:
    peer.instead("10")
    await meter.open()
    with pytest.raises(DeviceUnreachable, match=r"reference: did not answer within 0.3 s; check"):
        await meter.read("illuminance")
    before = len(peer.bodies)
    assert (await meter.read("illuminance")).value == 102.0
    assert peer.bodies[before:] == ["00541   ", "99551  0", "004010  ", "994021  ", "00100200"]
    await meter.close()


async def test_a_late_answer_is_not_taken_for_the_next(meter: T10A, peer: Peer) -> None:
    peer.instead("10", 0.35, framed("00101 10+99993" + 12 * " "))
    await meter.open()
    with pytest.raises(DeviceUnreachable):
        await meter.read("illuminance")
    assert (await meter.read("illuminance")).value == 102.0
    await meter.close()


async def test_a_cancelled_reading_is_not_taken_for_the_next(meter: T10A, peer: Peer) -> None:
    peer.instead("10", 0.05, framed("00101 10+99993" + 12 * " "))
    await meter.open()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.03):
            await meter.read("illuminance")
    assert (await meter.read("illuminance")).value == 102.0
    await meter.close()


async def test_two_tasks_take_turns(meter: T10A, peer: Peer) -> None:
    await meter.open()
    both = await asyncio.gather(meter.read("illuminance"), meter.read("illuminance"))
    await meter.close()
    assert [indication.value for indication in both] == [101.0, 102.0]
    assert peer.bodies[-4:] == ["994021  ", "00100200", "994021  ", "00100200"]
    assert both[1].earliest >= both[0].latest


async def test_unplugging_is_unreachable(meter: T10A, peer: Peer) -> None:
    await meter.open()
    await asyncio.to_thread(peer.unplug)
    with pytest.raises(DeviceUnreachable, match="reference: "):
        await meter.read("illuminance")
    with pytest.raises(DeviceUnreachable, match="reference: "):
        await meter.read("illuminance")
    await meter.close()


async def test_no_port(clock: Clock) -> None:
    for backend in ("serialx", "pyserial"):
        meter = T10A("reference", f"serial:///dev/no-such-port?backend={backend}", clock=clock)
        with pytest.raises(DeviceUnreachable, match="it does not exist"):
            await meter.open()
        await meter.close()


async def test_what_it_cannot_be_is_refused(clock: Clock) -> None:
    with pytest.raises(OptionError, match="use 0 to 29"):
        T10A("reference", "serial:///dev/x", clock=clock, head=30)
    with pytest.raises(AddressError, match="bytesize=9"):
        T10A("reference", "serial:///dev/x?bytesize=9", clock=clock)
    with pytest.raises(AddressError, match="use serial or tcp"):
        T10A("reference", "udp://host:1", clock=clock)
    with pytest.raises(UnitError, match="use illuminance"):
        await T10A("reference", "serial:///dev/x", clock=clock).read("luminance")


async def test_it_conforms(address: str, clock: Clock) -> None:
    await check_sensor(
        lambda: T10A("reference", address, clock=clock), "illuminance", accept=lambda value: 100 < value < 200
    )
