"""Sign panel and carriage, against a SCPI instrument on a real socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from hil_drivers.capability import Scene
from hil_drivers.clock import Clock
from hil_drivers.errors import DeviceUnreachable, RemoteProtocolError, SetpointRefused
from hil_drivers.instruments.carriage import Carriage
from hil_drivers.instruments.sign_panel import SignPanel
from hil_drivers.testing import check_actuator, check_sensor


class Instrument:
    """Panel and carriage in one; ``instead`` holds what replaces the answer to a message, once."""

    def __init__(self, now: Callable[[], int]) -> None:
        self._now = now
        self.text, self.position, self.arrival = "", 0, 0
        self.errors: list[str] = []
        self.instead: dict[str, list[bytes | float]] = {}
        self.messages: list[str] = []
        self.server: asyncio.Server | None = None
        self.writers: set[asyncio.StreamWriter] = set()
        self.tasks: set[asyncio.Task[None]] = set()
        self.port = 0

    async def start(self) -> None:
        """Listen, at the same port as before."""
        self.server = await asyncio.start_server(self.serve, "127.0.0.1", self.port)
        self.port = self.server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Close every connection and stop listening."""
        if self.server is not None:
            self.server.close()
            for task in self.tasks:
                task.cancel()
            await asyncio.gather(*self.tasks)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        self.writers.add(writer)
        task = asyncio.current_task()
        assert task is not None
        self.tasks.add(task)
        try:
            while line := await reader.readline():
                message = line.decode().rstrip("\n")
                self.messages.append(message)
                answer = self.obey(message)
                pieces = self.instead.pop(message, [] if answer is None else [f"{answer}\n".encode()])
                for piece in pieces:
                    if isinstance(piece, float):
                        await asyncio.sleep(piece)
                    else:
                        writer.write(piece)
        except (ConnectionError, asyncio.CancelledError):
            pass
        writer.transport.abort()

    def obey(self, message: str) -> str | None:
        """The answer to a message, if it has one."""
        header, _, parameter = message.partition(" ")
        if header == "DISP:TEXT":
            self.text = parameter[1:-1].replace('""', '"')
        elif header == "SOUR:POS":
            self.position, self.arrival = int(parameter), self._now() + 1_000_000_000
        elif header == "SYST:ERR?":
            return self.errors.pop() if self.errors else '0,"No error"'
        return {
            "*IDN?": "Example Instruments,SIGN PANEL,SN0001,1.0",
            "DISP:TEXT?": '"' + self.text.replace('"', '""') + '"',
            "SOUR:POS?": str(self.position),
            "STAT:OPER:COND?": str(int(self._now() < self.arrival)),
        }.get(header)


@pytest.fixture
async def instrument(clock: Clock) -> AsyncIterator[Instrument]:
    made = Instrument(clock.now)
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def panel(instrument: Instrument, clock: Clock) -> AsyncIterator[SignPanel]:
    made = SignPanel("panel", f"tcp://127.0.0.1:{instrument.port}", clock=clock)
    made._link._link.timeout = 0.3
    await made.open()
    yield made
    await made.close()


@pytest.fixture
async def carriage(instrument: Instrument, clock: Clock) -> AsyncIterator[Carriage]:
    made = Carriage("carriage", f"tcp://127.0.0.1:{instrument.port}", clock=clock)
    await made.open()
    yield made
    await made.close()


@pytest.mark.parametrize("text", ["ABC12", "", 'a "b" c', "it's"])
async def test_the_panel_shows_text(panel: SignPanel, instrument: Instrument, text: str) -> None:
    assert isinstance(panel, Scene)
    await panel.show(text)
    assert (instrument.text, await panel.shown()) == (text, text)


async def test_a_panel_that_shows_something_else_is_found(panel: SignPanel, instrument: Instrument) -> None:
    instrument.instead["DISP:TEXT?"] = [b'"ABD"\n']
    with pytest.raises(RemoteProtocolError, match="panel: shows 'ABD' where 'ABC' was commanded"):
        await panel.show("ABC")


async def test_a_refusal_is_quoted(panel: SignPanel, instrument: Instrument) -> None:
    instrument.errors.append('-222,"Data out of range"')
    with pytest.raises(RemoteProtocolError, match=r"panel: refused DISP:TEXT .*-222, Data out of range"):
        await panel.show("ABC")


@pytest.mark.parametrize("text", ["é", "a\nb", "x" * 65])
async def test_what_the_panel_cannot_show_is_refused(panel: SignPanel, instrument: Instrument, text: str) -> None:
    sent = len(instrument.messages)
    with pytest.raises(SetpointRefused, match="panel: cannot show"):
        await panel.show(text)
    assert len(instrument.messages) == sent


@pytest.mark.parametrize(
    ("pieces", "words"),
    [
        ([b"\xff\xfe\n"], "not printable ASCII"),
        ([b"ABC\n"], "where quoted text is due"),
        ([b"x" * 5000], "line without end"),
    ],
)
async def test_garbage_is_named_and_the_next_answer_is_right(
    panel: SignPanel, instrument: Instrument, pieces: list[bytes | float], words: str
) -> None:
    instrument.instead["DISP:TEXT?"] = pieces
    with pytest.raises(RemoteProtocolError, match=f"panel: .*{words}"):
        await panel.show("ABC")
    await panel.show("ABC")


async def test_a_split_answer_is_put_together(panel: SignPanel, instrument: Instrument) -> None:
    instrument.instead["DISP:TEXT?"] = [b'"A', 0.01, b'BC"', 0.01, b"\n"]
    await panel.show("ABC")


async def test_silence_is_unreachable_and_a_late_answer_is_dropped(panel: SignPanel, instrument: Instrument) -> None:
    instrument.instead["DISP:TEXT?"] = [0.35, b'"LATE"\n']
    with pytest.raises(DeviceUnreachable, match=r"panel: did not answer within 0.3 s"):
        await panel.show("ABC")
    await panel.show("DEF")


async def test_a_cancelled_answer_is_dropped(panel: SignPanel, instrument: Instrument) -> None:
    instrument.instead["DISP:TEXT?"] = [0.05, b'"LATE"\n']
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.02):
            await panel.show("ABC")
    await panel.show("DEF")


async def test_bytes_that_nobody_asked_for_are_dropped(panel: SignPanel, instrument: Instrument) -> None:
    for writer in instrument.writers:
        writer.write(b"hello?\n")
    await asyncio.sleep(0.01)
    await panel.show("ABC")


async def test_a_lost_link_comes_back(panel: SignPanel, instrument: Instrument) -> None:
    await instrument.stop()
    for _ in range(2):
        with pytest.raises(DeviceUnreachable, match="panel: "):
            await panel.show("ABC")
    with pytest.raises(DeviceUnreachable, match=r"2 times in a row, the first .* s ago.*; tried again in"):
        await panel.show("ABC")
    await instrument.start()
    await asyncio.sleep(panel.supervisor.status.next_try)
    await panel.show("ABC")


async def test_a_refused_port_is_unreachable(clock: Clock) -> None:
    panel = SignPanel("panel", "tcp://127.0.0.1:1", clock=clock)
    with pytest.raises(DeviceUnreachable, match=r"panel: cannot be reached.*check"):
        await panel.open()


async def test_a_device_that_is_no_scpi_instrument_is_not_opened(clock: Clock, instrument: Instrument) -> None:
    instrument.instead["*IDN?"] = [b"SSH-2.0-OpenSSH\n"]
    panel = SignPanel("panel", f"tcp://127.0.0.1:{instrument.port}", clock=clock)
    with pytest.raises(RemoteProtocolError, match=r"identifies itself as 'SSH-2.0-OpenSSH'"):
        await panel.open()


async def test_the_carriage_arrives_before_the_command_returns(
    carriage: Carriage, instrument: Instrument, clock: Clock
) -> None:
    await carriage.write("position", 1.0)
    assert (instrument.position, clock.now()) == (1, 1_000_000_000)
    assert instrument.messages.count("STAT:OPER:COND?") == 6
    indication = await carriage.read("position")
    assert (indication.value, indication.unit) == (1.0, "1")


async def test_a_carriage_that_never_arrives_is_given_up(
    carriage: Carriage, instrument: Instrument, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(instrument, "_now", lambda: 0)
    with pytest.raises(DeviceUnreachable, match="still moves after 60 s"):
        await carriage.write("position", 1.0)


async def test_a_carriage_that_stands_elsewhere_is_found(carriage: Carriage, instrument: Instrument) -> None:
    instrument.instead["SOUR:POS?"] = [b"0.5\n"]
    with pytest.raises(RemoteProtocolError, match=r"stands at 0.5 where 1 was commanded"):
        await carriage.write("position", 1.0)


async def test_the_carriage_conforms(instrument: Instrument, clock: Clock) -> None:
    def make() -> Carriage:
        return Carriage("carriage", f"tcp://127.0.0.1:{instrument.port}", clock=clock)

    await check_actuator(make, "position", [1.0, 0.0], refused=[0.5])
    await check_sensor(make, "position", accept=lambda value: value == 1.0)
