"""The MQTT link against mosquitto: TLS, passwords, acknowledgement, loss and return, nothing dropped."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from authority import Authority
from hil_drivers.clock import WallClock
from hil_drivers.errors import AddressError, DeviceUnreachable
from hil_drivers.sim.server.broker import Broker, program
from hil_drivers.sim.world_file import WorldFileError
from hil_drivers.transport.mqtt import Message, MqttLink
from hil_drivers.transport.mqtt_broker import Will, broker_status
from hil_drivers.transport.supervisor import LinkState, Supervisor

PATIENCE = 30.0
"""Seconds after which something that was waited for will not come any more."""

MakeBroker = Callable[..., Broker]
MakeLink = Callable[..., MqttLink]


@pytest.fixture
def brokers(tmp_path: Path) -> Iterator[MakeBroker]:
    made: list[Broker] = []

    def make(*settings: str, passwords: dict[str, str] | None = None) -> Broker:
        made.append(Broker(tmp_path, passwords=passwords, settings=settings))
        made[-1].start()
        return made[-1]

    yield make
    for broker in made:
        broker.close()


@pytest.fixture
def broker(brokers: MakeBroker) -> Broker:
    return brokers()


@pytest.fixture
async def links() -> AsyncIterator[MakeLink]:
    made: list[MqttLink] = []

    def make(broker: Broker | int, options: str = "", **arguments: Any) -> MqttLink:
        port = broker if isinstance(broker, int) else broker.port
        address = f"mqtt://127.0.0.1:{port}/room/meter{options}"
        made.append(MqttLink(address, supervisor=Supervisor("meter"), clock=WallClock(), **arguments))
        return made[-1]

    yield make
    for link in made:
        await link.close()


class Heard:
    """What arrives on a topic."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self._more = asyncio.Event()

    def __call__(self, message: Message) -> None:
        self.messages.append(message)
        self._more.set()

    async def count(self, count: int) -> list[Message]:
        """Wait until so many have come."""
        async with asyncio.timeout(PATIENCE):
            while len(self.messages) < count:
                self._more.clear()
                await self._more.wait()
        return self.messages


async def listening(link: MqttLink, topic: str = "room/#") -> Heard:
    heard = Heard()
    link.listen(topic, heard)
    await link.open()
    return heard


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not holds():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("qos", [0, 1, 2])
async def test_what_is_published_comes_back(broker: Broker, links: MakeLink, qos: int) -> None:
    link = links(broker, f"?qos={qos}")
    heard = await listening(link)
    before = link.clock.now()
    await link.publish("room/a", b"first")
    await link.publish("room/b", "zweite ü", retain=True)
    first, second = await heard.count(2)
    assert (first.topic, first.payload, first.retained) == ("room/a", b"first", False)
    assert (second.topic, second.payload) == ("room/b", "zweite ü".encode())
    assert before <= first.t <= second.t <= link.clock.now()
    assert link.version == "5"


async def test_what_the_broker_kept_is_told_as_retained(broker: Broker, links: MakeLink) -> None:
    first = links(broker)
    await first.open()
    await first.publish("room/a", b"old", retain=True)
    heard = await listening(links(broker))
    assert [message.retained for message in await heard.count(1)] == [True]


async def test_a_thousand_at_once_all_arrive_in_order(broker: Broker, links: MakeLink) -> None:
    sender, receiver = links(broker), links(broker)
    heard = await listening(receiver)
    await sender.open()
    await asyncio.gather(*(sender.publish("room/a", str(n)) for n in range(1000)))
    assert [int(message.payload) for message in await heard.count(1000)] == list(range(1000))
    assert receiver.supervisor.status.missed == 0


async def test_neither_side_waits_to_fill_packets(broker: Broker, links: MakeLink, tmp_path: Path) -> None:
    link = links(broker)
    await link.open()
    assert link._client is not None
    stream = link._client._client.socket()
    assert isinstance(stream, socket.socket)
    assert stream.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    settings = (tmp_path / f"mosquitto-{broker.port}.conf").read_text().splitlines()
    assert settings[0] == "set_tcp_nodelay true"


async def refusal(link: MqttLink) -> str:
    with pytest.raises(DeviceUnreachable) as refused:
        await link.open()
    assert link.supervisor.status.state is LinkState.DOWN
    return str(refused.value)


async def test_with_the_right_password_it_is_let_in(brokers: MakeBroker, links: MakeLink, tmp_path: Path) -> None:
    broker = brokers(passwords={"bench": "ein Geheimnis"})
    (tmp_path / "password").write_text("ein Geheimnis\nnot this line\n")
    heard = await listening(links(broker, f"?username=bench&password_file={tmp_path / 'password'}"))
    assert heard.messages == []


async def test_passwords_that_mosquitto_made_are_accepted(brokers: MakeBroker, links: MakeLink, tmp_path: Path) -> None:
    command = ["mosquitto_passwd", "-b", "-c", str(tmp_path / "made"), "bench", "word"]
    await asyncio.to_thread(subprocess.run, command, check=True)
    broker = brokers("allow_anonymous false", f"password_file {tmp_path / 'made'}")
    (tmp_path / "password").write_text("word")
    await links(broker, f"?username=bench&password_file={tmp_path / 'password'}").open()


async def test_a_wrong_password_is_told_and_never_shown(
    brokers: MakeBroker, links: MakeLink, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    broker = brokers(passwords={"bench": "right"})
    (tmp_path / "password").write_text("wrong-secret\n")
    with caplog.at_level(logging.DEBUG):
        told = await refusal(links(broker, f"?username=bench&password_file={tmp_path / 'password'}"))
    assert told == (
        f"meter: the broker at 127.0.0.1:{broker.port} refuses the user 'bench' or its password; "
        "check username and password_file"
    )
    assert "wrong-secret" not in caplog.text + told


async def test_no_password_where_one_is_wanted_is_told(brokers: MakeBroker, links: MakeLink) -> None:
    broker = brokers(passwords={"bench": "right"})
    assert await refusal(links(broker)) == (
        f"meter: the broker at 127.0.0.1:{broker.port} wants a user and a password; "
        "give username=NAME and password_file=FILE"
    )


async def test_a_password_file_that_is_not_there_is_told(broker: Broker, links: MakeLink) -> None:
    with pytest.raises(AddressError, match="password_file: /nowhere/at/all cannot be read: it does not exist"):
        await links(broker, "?username=bench&password_file=/nowhere/at/all").open()


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("mqtt://bench:secret@broker/room", "holds a user or a password"),
        ("mqtt://broker/room?username=bench&password=secret", "holds a user or a password"),
        ("mqtt://broker/room?password_file=/f", "gives a password without a user"),
        ("mqtt://broker/room?ca=/f", "names certificates without TLS"),
        ("mqtt://broker/room?tls=1&cert=/f", "gives one of cert and key"),
        ("mqtt://broker/room?persistent=1", "asks for a persistent session without a name"),
        ("mqtt://broker/room?qos=3", "qos=3 is no integer from 0 to 2"),
        ("mqtt://broker/room/#", "is no topic of one device"),
        ("mqtt://broker", "lacks a path"),
        ("mqtt://broker/room?user=x", "unknown option 'user'; use username"),
        ("tcp://broker:1883", "does not fit this driver; use mqtt"),
    ],
)
def test_an_address_that_cannot_be_is_refused_without_showing_a_secret(address: str, message: str) -> None:
    with pytest.raises(AddressError, match=message) as refused:
        MqttLink(address, supervisor=Supervisor("meter"), clock=WallClock())
    assert "secret" not in str(refused.value)


def test_the_port_of_tls_is_its_own() -> None:
    def port(address: str) -> int:
        return MqttLink(address, supervisor=Supervisor("meter"), clock=WallClock()).broker.port

    assert port("mqtt://broker/room") == 1883
    assert port("mqtt://broker/room?tls=1") == 8883
    assert port("mqtt://broker:1884/room?tls=1") == 1884


def tls(authority: Authority, name: str = "broker", host: str = "127.0.0.1") -> Sequence[str]:
    certificate, key = authority.issue(name, host=host)
    return f"cafile {authority.path}", f"certfile {certificate}", f"keyfile {key}"


async def test_tls_with_an_authority_of_ones_own(brokers: MakeBroker, links: MakeLink, tmp_path: Path) -> None:
    authority = Authority(tmp_path / "ours")
    broker = brokers(*tls(authority), "require_certificate true")
    certificate, key = authority.issue("client")
    link = links(broker, f"?tls=1&ca={authority.path}&cert={certificate}&key={key}")
    heard = await listening(link)
    await link.publish("room/a", b"1")
    assert len(await heard.count(1)) == 1


async def test_a_certificate_that_is_not_trusted_is_told(brokers: MakeBroker, links: MakeLink, tmp_path: Path) -> None:
    ours, theirs = Authority(tmp_path / "ours"), Authority(tmp_path / "theirs")
    broker = brokers(*tls(theirs))
    told = await refusal(links(broker, f"?tls=1&ca={ours.path}"))
    assert told.startswith(f"meter: the certificate of the broker at 127.0.0.1:{broker.port} is not trusted (")
    assert told.endswith("give ca=FILE with the authority that signed it, and the host as the certificate names it")
    other = brokers(*tls(ours, "elsewhere", "127.0.0.9"))
    assert "is not trusted (IP address mismatch" in await refusal(links(other, f"?tls=1&ca={ours.path}"))


async def test_tls_where_there_is_none_is_told(broker: Broker, links: MakeLink, tmp_path: Path) -> None:
    authority = Authority(tmp_path / "ours")
    link = links(broker, f"?tls=1&ca={authority.path}", timeout=1.0)
    assert f"the broker at 127.0.0.1:{broker.port} " in await refusal(link)
    with pytest.raises(AddressError, match=r"ca: .* cannot be read"):
        await links(broker, f"?tls=1&ca={tmp_path}").open()


async def test_nobody_there_is_told(broker: Broker, links: MakeLink) -> None:
    broker.kill()
    assert await refusal(links(broker)) == (
        f"meter: the broker at 127.0.0.1:{broker.port} cannot be reached: nothing listens there (Connection refused); "
        "check that it runs and that the address is right"
    )
    with pytest.raises(DeviceUnreachable, match="is not open"):
        await links(broker).publish("room/a", b"")


def strict(folder: Path) -> list[str]:
    """Settings of a broker whose user ``admin`` may subscribe to nothing, by mosquitto's own plugin."""
    rules = folder / "rules.json"
    subprocess.run(["mosquitto_ctrl", "dynsec", "init", str(rules), "admin", "word"], check=True, capture_output=True)
    document = json.loads(rules.read_text())
    document["roles"][0]["acls"] = []
    rules.write_text(json.dumps(document))
    (plugin,) = Path("/usr/lib").glob("*/mosquitto_dynamic_security.so")
    return ["allow_anonymous false", f"plugin {plugin}", f"plugin_opt_config_file {rules}"]


async def test_what_the_library_cannot_do_is_told(broker: Broker, links: MakeLink) -> None:
    link = links(broker, will=Will("room/status", b"", qos=3))
    with pytest.raises(DeviceUnreachable, match=r"cannot be reached: the cause is not known \(Invalid QoS level"):
        await link.open()


async def test_a_subscription_that_is_refused_is_told(brokers: MakeBroker, links: MakeLink, tmp_path: Path) -> None:
    broker = brokers(*await asyncio.to_thread(strict, tmp_path))
    (tmp_path / "password").write_text("word")
    link = links(broker, f"?username=admin&password_file={tmp_path / 'password'}")
    link.listen("room/#", lambda _: None)
    with pytest.raises(DeviceUnreachable, match="the broker refuses the subscription to 'room/#'; check what its user"):
        await link.open()


PEER = """
import asyncio, sys
from hil_drivers.clock import WallClock
from hil_drivers.transport.mqtt import MqttLink
from hil_drivers.transport.mqtt_broker import Will
from hil_drivers.transport.supervisor import Supervisor

async def main():
    will = Will("room/status", b"offline", retain=True)
    link = MqttLink(sys.argv[1], supervisor=Supervisor("peer"), clock=WallClock(), will=will)
    await link.open()
    await link.publish("room/status", b"online", retain=True)
    await asyncio.to_thread(sys.stdin.read)
    await link.close()

asyncio.run(main())
"""


@pytest.mark.parametrize(("ends", "last"), [(signal.SIGKILL, b"offline"), (None, b"online")])
async def test_the_last_will_is_that_of_a_peer_that_is_killed(
    broker: Broker, links: MakeLink, ends: signal.Signals | None, last: bytes
) -> None:
    heard = await listening(links(broker), "room/status")
    peer = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PEER, f"mqtt://127.0.0.1:{broker.port}/room", stdin=subprocess.PIPE
    )
    assert peer.stdin is not None
    await heard.count(1)
    if ends is not None:
        peer.send_signal(ends)
    peer.stdin.close()
    await peer.wait()
    if ends is not None:
        await heard.count(2)
    late = await listening(links(broker), "room/status")
    assert (await late.count(1))[0].payload == last


async def test_a_broker_that_is_killed_is_noticed_by_who_only_publishes_and_found_again(
    broker: Broker, links: MakeLink, caplog: pytest.LogCaptureFixture
) -> None:
    link = links(broker)
    losses: list[str] = []
    link.on_loss = lambda error: losses.append(str(error))
    await link.open()
    broker.kill()
    await until(lambda: link.supervisor.status.state is LinkState.DOWN)
    assert losses == [
        f"meter: lost the broker at 127.0.0.1:{broker.port}; check that the broker runs and that the network is up"
    ]
    with pytest.raises(
        DeviceUnreachable,
        match=r"meter: the broker at .* cannot be reached: nothing listens there",
    ):
        await link.publish("room/a", b"1")
    broker.start()
    await until(lambda: link.supervisor.status.state is LinkState.UP)
    await link.publish("room/a", b"2")
    told = [record.message for record in caplog.records if record.name == "hil_drivers.link"]
    assert len(told) == 2
    assert told[0].startswith("meter: lost the broker")
    assert told[1].startswith("meter: answers again after ")


async def test_after_a_loss_it_is_subscribed_again(broker: Broker, links: MakeLink) -> None:
    receiver, sender = links(broker), links(broker)
    heard = await listening(receiver)
    await sender.open()
    broker.kill()
    await until(lambda: receiver.supervisor.status.state is LinkState.DOWN)
    await until(lambda: sender.supervisor.status.state is LinkState.DOWN)
    broker.start()
    await until(lambda: sender.supervisor.status.state is LinkState.UP)
    await receiver.ready()
    await sender.publish("room/a", b"again")
    assert (await heard.count(1))[0].payload == b"again"


async def test_a_publication_under_way_fails_with_its_broker(broker: Broker, links: MakeLink) -> None:
    link = links(broker, timeout=PATIENCE)
    await link.open()
    os.kill(broker.pid, signal.SIGSTOP)
    publishing = asyncio.create_task(link.publish("room/a", b"1"))
    await until(lambda: bool(link._under_way))
    broker.kill()
    with pytest.raises(DeviceUnreachable, match="lost the broker at"):
        await publishing


async def test_a_broker_that_hangs_does_not_acknowledge(broker: Broker, links: MakeLink) -> None:
    link = links(broker, "?keepalive=1", timeout=0.3)
    await link.open()
    os.kill(broker.pid, signal.SIGSTOP)
    try:
        with pytest.raises(DeviceUnreachable, match=r"the broker at .* did not acknowledge within 0\.3 s"):
            await link.publish("room/a", b"1")
        await until(lambda: link._client is None)
        assert "did not answer within 0.3 s" in await refusal(links(broker, timeout=0.3))
    finally:
        os.kill(broker.pid, signal.SIGCONT)
    await until(lambda: link._client is not None)
    await link.publish("room/a", b"2")


async def test_a_cancelled_publication_does_not_disturb_the_next(broker: Broker, links: MakeLink) -> None:
    link = links(broker)
    heard = await listening(link)
    for steps in (0, 1, 2, 4, 8, 16):
        publishing = asyncio.create_task(link.publish("room/a", b"cancelled"))
        for _ in range(steps):
            await asyncio.sleep(0)
        publishing.cancel()
        await asyncio.wait([publishing])
        await link.publish("room/a", str(steps))
    await until(lambda: heard.messages[-1:] != [] and heard.messages[-1].payload == b"16")
    assert [m.payload for m in heard.messages if m.payload != b"cancelled"] == [b"0", b"1", b"2", b"4", b"8", b"16"]


@pytest.mark.parametrize("steps", [0, 1, 4, 16, 64])
async def test_a_cancelled_opening_leaves_nothing(broker: Broker, links: MakeLink, steps: int) -> None:
    link = links(broker)
    opening = asyncio.create_task(link.open())
    for _ in range(steps):
        await asyncio.sleep(0)
    opening.cancel()
    await asyncio.wait([opening])
    await link.open()
    await link.publish("room/a", b"1")


@pytest.mark.parametrize("old", [False, True])
async def test_a_persistent_session_gets_what_came_meanwhile(
    broker: Broker, links: MakeLink, old: bool, gate: Callable[[int], Any]
) -> None:
    port = await gate(broker.port) if old else broker.port
    receiver, sender = links(port, "?persistent=1&client_id=logger"), links(broker)
    heard = await listening(receiver)
    await sender.open()
    await receiver.close()
    for n in range(50):
        await sender.publish("room/a", str(n))
    await receiver.open()
    assert [int(message.payload) for message in await heard.count(50)] == list(range(50))
    assert receiver.version == ("3.1.1" if old else "5")


@pytest.fixture
async def gate() -> AsyncIterator[Callable[[int], Any]]:
    """A gate before a broker that refuses MQTT 5, as older brokers do."""
    servers: list[asyncio.Server] = []
    ended = asyncio.Event()
    tasks: set[asyncio.Future[Any]] = set()

    async def make(port: int) -> int:
        async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            first = await reader.read(4096)
            if first[first.index(b"MQTT") + 4] == 5:
                writer.write(b"\x20\x02\x00\x01")
                writer.close()
                return
            inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", port)
            inner_writer.write(first)
            ways = [pass_on(reader, inner_writer), pass_on(inner_reader, writer), ended.wait()]
            tasks.update(started := [asyncio.ensure_future(way) for way in ways])
            await asyncio.wait(started, return_when=asyncio.FIRST_COMPLETED)
            writer.close()
            inner_writer.close()

        servers.append(await asyncio.start_server(connection, "127.0.0.1", 0))
        number: int = servers[-1].sockets[0].getsockname()[1]
        return number

    yield make
    ended.set()
    for server in servers:
        server.close()
    if tasks:
        await asyncio.wait(tasks)


async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(4096):
        writer.write(data)


async def test_a_will_also_passes_an_older_broker(broker: Broker, links: MakeLink, gate: Callable[[int], Any]) -> None:
    link = links(await gate(broker.port), will=Will("room/status", b"offline"))
    heard = await listening(link)
    await link.publish("room/a", b"1")
    assert len(await heard.count(1)) == 1
    assert link.version == "3.1.1"


async def test_the_state_of_a_broker_is_a_sentence(brokers: MakeBroker, tmp_path: Path) -> None:
    open_one, closed = brokers(), brokers(passwords={"bench": "right"})
    address = f"mqtt://127.0.0.1:{open_one.port}/room"
    status = await broker_status(address)
    assert status.ok
    assert status.sentence == (
        f"the broker at 127.0.0.1:{open_one.port} is reachable without a password and speaks MQTT 5; whether it sends "
        "without delay cannot be seen: its settings need set_tcp_nodelay true"
    )
    refused = await broker_status(f"mqtt://127.0.0.1:{closed.port}/room")
    assert (refused.ok, refused.sentence.partition(";")[0]) == (
        False,
        f"the broker at 127.0.0.1:{closed.port} wants a user and a password",
    )
    (tmp_path / "password").write_text("right")
    let_in = await broker_status(
        f"mqtt://127.0.0.1:{closed.port}/room?username=bench&password_file={tmp_path / 'password'}"
    )
    assert "is reachable as 'bench' and speaks MQTT 5" in let_in.sentence
    open_one.kill()
    assert "cannot be reached: nothing listens there (Connection refused)" in (await broker_status(address)).sentence


def test_a_broker_that_is_not_installed_is_named(tmp_path: Path) -> None:
    with pytest.raises(WorldFileError, match="needs the broker mosquitto, which is not installed; install the Debian"):
        program(str(tmp_path))


def test_a_broker_with_wrong_settings_says_why(brokers: MakeBroker) -> None:
    with pytest.raises(WorldFileError, match=r"mosquitto did not start: .*no_such_setting"):
        brokers("no_such_setting 1")
