"""MQTT through aiomqtt: one supervised connection to a broker for each device.

Address: ``mqtt://host:1883/topic``; the path is the device's own topic. Options:

- ``tls=1``, with ``ca=FILE`` (authorities to trust; the system's by default), ``cert=FILE`` and ``key=FILE``; the
  port is then 8883 by default;
- ``username=NAME`` and ``password_file=FILE``: the first line of the file. A password in an address would be kept in
  every record, so there is none;
- ``qos=0|1|2`` (1 by default), ``client_id=NAME`` (told by the broker by default; two clients of one name throw each
  other out), ``keepalive=S`` (10 by default), ``persistent=1``, for which a ``client_id`` is needed.

aiomqtt does not reconnect, waits out its time-out when a connection is lost under it, and connects in a thread that
cannot be stopped. Here a task of the link does all connecting: it subscribes again after a loss, with the back-off
of the supervisor, and a loss is told at once to whoever publishes or listens. Messages are handed on as they
come, from within the receiving callback: nothing waits in a queue here, so nothing is dropped here.
"""

from __future__ import annotations

import asyncio
import logging
import re
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, cast

from aiomqtt import Client, MqttError, ProtocolVersion
from aiomqtt import Message as BrokerMessage
from aiomqtt import Will as BrokerWill
from aiomqtt.exceptions import MqttConnectError

from ..clock import Clock
from ..errors import AddressError, DeviceUnreachable
from .address import Address, parse
from .stream import TIMEOUT
from .supervisor import FIRST_DELAY, Supervisor

PORT_TLS = 8883
KEEPALIVE = 10

_NO_DELAY = (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
_VERSION_REFUSED = 132
_NOT_ALLOWED = (134, 135)
_UNTOLD = "Unspecified error"

_LIBRARY_LOG = logging.getLogger("hil_drivers.aiomqtt")
_LIBRARY_LOG.setLevel(logging.CRITICAL)


@dataclass(frozen=True, slots=True)
class Message:
    """One message. ``t`` is the bench time in ns at which it arrived, at the latest.

    ``retained`` says that the broker had kept it: it is of an unknown age.
    """

    topic: str
    payload: bytes
    retained: bool
    t: int


@dataclass(frozen=True, slots=True)
class Will:
    """What the broker publishes in our name when it loses us."""

    topic: str
    payload: bytes
    qos: int = 1
    retain: bool = False


@dataclass(frozen=True, slots=True)
class Broker:
    """A broker and how to be let in, as an address tells it."""

    address: str
    host: str
    port: int
    topic: str
    tls: bool
    ca: str | None
    cert: str | None
    key: str | None
    username: str | None
    password_file: str | None
    qos: int
    client_id: str | None
    keepalive: int
    persistent: bool

    @classmethod
    def at(cls, address: str) -> Broker:
        """The broker of an ``mqtt://`` address.

        :raises AddressError: if it is none, or its options contradict each other.
        """
        found = parse(address, allowed=("mqtt",))
        options = found.options
        broker = cls(
            address,
            found.host,
            found.port if found.choice("tls", ("0", "1")) == "0" or _names_port(found) else PORT_TLS,
            found.path[1:],
            found.choice("tls", ("0", "1")) == "1",
            options.get("ca"),
            options.get("cert"),
            options.get("key"),
            options.get("username"),
            options.get("password_file"),
            found.integer("qos", 1, lower=0, upper=2),
            options.get("client_id"),
            found.integer("keepalive", KEEPALIVE, lower=1, upper=65535),
            found.choice("persistent", ("0", "1")) == "1",
        )
        broker._check()
        return broker

    def _check(self) -> None:
        def refuse(what: str, remedy: str) -> AddressError:
            return AddressError(what, where=self.address, remedy=remedy)

        if not self.tls and (self.ca or self.cert or self.key):
            raise refuse("names certificates without TLS", "add tls=1")
        if bool(self.cert) != bool(self.key):
            raise refuse("gives one of cert and key", "give both")
        if self.password_file and not self.username:
            raise refuse("gives a password without a user", "add username=NAME")
        if self.persistent and not self.client_id:
            raise refuse("asks for a persistent session without a name", "add client_id=NAME, another for each device")
        if "#" in self.topic or "+" in self.topic:
            raise refuse(f"{self.topic!r} is no topic of one device", "leave out # and +")

    @property
    def place(self) -> str:
        """Host and port, for messages."""
        return f"{self.host}:{self.port}"

    def password(self) -> str | None:
        """The first line of the password file, ``None`` where there is none.

        :raises AddressError: if it cannot be read.
        """
        if self.password_file is None:
            return None
        try:
            lines = Path(self.password_file).read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise self._unreadable("password_file", self.password_file, error) from None
        return lines[0] if lines else ""

    def context(self) -> ssl.SSLContext | None:
        """The TLS settings, ``None`` without TLS.

        :raises AddressError: if a certificate or the key cannot be read.
        """
        if not self.tls:
            return None
        try:
            context = ssl.create_default_context(cafile=self.ca)
        except OSError as error:
            raise self._unreadable("ca", self.ca or "", error) from None
        if self.cert and self.key:
            try:
                context.load_cert_chain(self.cert, self.key)
            except OSError as error:
                raise self._unreadable("cert or key", self.cert, error) from None
        return context

    def _unreadable(self, option: str, path: str, error: Exception) -> AddressError:
        reason = getattr(error, "strerror", None) or getattr(error, "reason", None) or type(error).__name__
        return AddressError(
            f"{option}: {path} cannot be read: {reason}", where=self.address, remedy="name a readable file"
        )


def _names_port(found: Address) -> bool:
    authority = found.text.partition("//")[2].partition("/")[0]
    return re.search(r":[0-9]+$", authority) is not None


class _Inbox(asyncio.Queue[BrokerMessage]):
    """In place of a queue: hands each message on at once, within the callback that received it."""

    def __init__(self, receive: Callable[[BrokerMessage], None], maxsize: int = 0) -> None:
        super().__init__(maxsize)
        self._receive = receive

    def put_nowait(self, item: BrokerMessage) -> None:
        self._receive(item)


class MqttLink:
    """One device's connection to a broker.

    Register what to listen to, then open. ``on_loss`` is called with the reason when the connection is lost.

    :param will: published by the broker when it loses us.
    :param timeout: deadline of each exchange with the broker, seconds of wall time.
    """

    def __init__(
        self,
        address: str,
        *,
        supervisor: Supervisor,
        clock: Clock,
        will: Will | None = None,
        timeout: float = TIMEOUT,
    ) -> None:
        self.address, self.supervisor, self.clock, self.timeout = address, supervisor, clock, timeout
        self.name = supervisor.name
        self.broker = Broker.at(address)
        self.on_loss: Callable[[DeviceUnreachable], None] = lambda _: None
        self._will = will
        self._versions = [ProtocolVersion.V5, ProtocolVersion.V311]
        self._listeners: dict[str, list[Callable[[Message], None]]] = {}
        self._client: Client | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._opened = False
        self._next: asyncio.Future[DeviceUnreachable | None] | None = None
        self._under_way: set[asyncio.Timeout] = set()

    @property
    def version(self) -> str:
        """The version of MQTT that the broker speaks, as far as it is known."""
        return "5" if self._versions[0] is ProtocolVersion.V5 else "3.1.1"

    def listen(self, topic: str, receive: Callable[[Message], None]) -> None:
        """Have ``receive`` called for each message on ``topic``, wildcards allowed; before the link is opened.

        It is called from within the receiving callback, in order, and must not raise.
        """
        self._listeners.setdefault(topic, []).append(receive)

    async def open(self) -> None:
        """Connect and subscribe.

        :raises AddressError: if a file that the address names cannot be read.
        :raises DeviceUnreachable: if the broker is not there, refuses us or a subscription.
        """
        await self.close()
        self.broker.password()
        self.broker.context()
        with self.clock.exchange(), self.supervisor.opening():
            self._keeper = asyncio.create_task(self._keep(), name=f"{self.name}: connection to {self.broker.place}")
            try:
                error = await asyncio.shield(self._outcome())
            except BaseException:
                await self._stop()
                raise
            if error is not None:
                await self._stop()
                raise error
            self._opened = True

    async def close(self) -> None:
        """Disconnect; closing twice, or a link that is lost, is no error."""
        self._opened = False
        self.supervisor.closed()
        with self.clock.exchange():
            await self._stop()

    async def ready(self) -> None:
        """Return if connected; else wait for the end of the next attempt to connect.

        :raises DeviceUnreachable: if the link is down, or not open.
        """
        self.supervisor.admit()
        with self.clock.exchange():
            await self._connected()

    async def publish(self, topic: str, payload: bytes | str, *, qos: int | None = None, retain: bool = False) -> None:
        """Publish; with a QoS above 0, return when the broker has acknowledged it.

        A message that was not acknowledged in time may have arrived; it is not sent again.

        :param qos: that of the address by default.
        :raises DeviceUnreachable: if there is no acknowledgement within the deadline, or the link is down.
        """
        with self.clock.exchange(), self.supervisor.exchange():
            client = await self._connected()
            try:
                async with asyncio.timeout(self.timeout) as deadline:
                    self._under_way.add(deadline)
                    try:
                        await client.publish(
                            topic, payload, self.broker.qos if qos is None else qos, retain, timeout=float("inf")
                        )
                    finally:
                        self._under_way.discard(deadline)
            except TimeoutError:
                if self._client is client:
                    raise self._silent(self.broker) from None
                raise self._lost(None) from None
            except (MqttError, ValueError) as error:
                raise self._lost(error) from None

    async def _connected(self) -> Client:
        if not self._opened:
            raise DeviceUnreachable("is not open", where=self.name, remedy="open the device first")
        if self._client is None:
            try:
                async with asyncio.timeout(self.timeout):
                    error = await asyncio.shield(self._outcome())
            except TimeoutError:
                raise self._silent(self.broker) from None
            if error is not None:
                raise error
        if self._client is None:
            raise self._lost(None)
        return self._client

    def _outcome(self) -> asyncio.Future[DeviceUnreachable | None]:
        """How the next attempt to connect will end: with an error, or ``None``."""
        if self._next is None:
            self._next = asyncio.get_running_loop().create_future()
        return self._next

    def _settle(self, error: DeviceUnreachable | None) -> None:
        settled, self._next = self._next, None
        if settled is not None and not settled.done():
            settled.set_result(error)

    async def _stop(self) -> None:
        keeper, self._keeper = self._keeper, None
        if keeper is not None:
            keeper.cancel()
            await asyncio.wait([keeper])
            _ = keeper.cancelled() or keeper.exception()
        self._settle(DeviceUnreachable("was closed", where=self.name, remedy="open the device again"))

    async def _keep(self) -> None:
        """Connect, and connect again after each loss."""
        now = asyncio.get_running_loop().time
        while True:
            begun = now()
            try:
                client = await self._connect()
            except DeviceUnreachable as error:
                self._settle(error)
                if self._opened:
                    self.supervisor.failed(error.what, now() - begun)
                await asyncio.sleep(max(FIRST_DELAY, self.supervisor.status.next_try))
                continue
            self._client = client
            if self._opened and not self._listeners:
                self.supervisor.connected()
            self._settle(None)
            try:
                reason = await _until_lost(client)
            except asyncio.CancelledError:
                self._client = None
                await _leave(client)
                raise
            self._client = None
            self._tell_loss(self._lost(reason))

    def _tell_loss(self, error: DeviceUnreachable) -> None:
        self.supervisor.failed(error.what, 0.0)
        for deadline in self._under_way:
            deadline.reschedule(0.0)
        self.on_loss(error)

    async def _connect(self) -> Client:
        """A connected client with all subscriptions, in the newest version that the broker speaks.

        :raises DeviceUnreachable: if there is none.
        """
        for version in tuple(self._versions):
            try:
                client = await enter(self.broker, version, self._received, will=self._will, timeout=self.timeout)
            except (MqttError, AddressError) as error:
                if version is not self._versions[-1] and _may_be_old(error):
                    continue
                raise refusal(self.name, self.broker, error, self.timeout) from None
            self._versions = [version]
            await self._subscribe(client)
            return client
        raise AssertionError("there is at least one version")

    async def _subscribe(self, client: Client) -> None:
        try:
            for topic in self._listeners:
                granted = await client.subscribe(topic, self.broker.qos)
                codes = [code if isinstance(code, int) else code.value for code in granted]
                if any(code >= 128 for code in codes):
                    raise DeviceUnreachable(
                        f"the broker refuses the subscription to {topic!r}",
                        where=self.name,
                        remedy="check what its user may read there",
                    )
        except (MqttError, ValueError) as error:
            await _leave(client)
            raise refusal(self.name, self.broker, error, self.timeout) from None
        except BaseException:
            await _leave(client)
            raise

    def _received(self, message: BrokerMessage) -> None:
        payload = message.payload if isinstance(message.payload, bytes) else b""
        arrived = Message(message.topic.value, payload, message.retain, self.clock.arrived())
        for topic, receivers in self._listeners.items():
            if message.topic.matches(topic):
                for receive in receivers:
                    receive(arrived)

    def _lost(self, error: Exception | None) -> DeviceUnreachable:
        told = _clause(error) if error is not None else _UNTOLD
        detail = "" if told == _UNTOLD else f": {told}"
        return DeviceUnreachable(
            f"lost the broker at {self.broker.place}{detail}",
            where=self.name,
            remedy="check that the broker runs and that the network is up",
        )

    def _silent(self, broker: Broker) -> DeviceUnreachable:
        return DeviceUnreachable(
            f"the broker at {broker.place} did not acknowledge within {self.timeout:.1f} s",
            where=self.name,
            remedy="check that it runs and is not overloaded",
        )


async def enter(
    broker: Broker,
    version: ProtocolVersion,
    receive: Callable[[BrokerMessage], None],
    *,
    will: Will | None = None,
    timeout: float = TIMEOUT,
) -> Client:
    """A client that is connected. A cancellation waits until the library's thread has ended.

    :raises MqttError: if the broker is not there or refuses us.
    :raises AddressError: if a file cannot be read.
    """
    client = Client(
        broker.host,
        broker.port,
        username=broker.username,
        password=broker.password(),
        identifier=broker.client_id,
        queue_type=cast("type[asyncio.Queue[BrokerMessage]]", partial(_Inbox, receive)),
        protocol=version,
        will=None if will is None else BrokerWill(will.topic, will.payload, will.qos, will.retain),
        **_session(broker, version),
        timeout=timeout,
        keepalive=broker.keepalive,
        tls_context=broker.context(),
        socket_options=[_NO_DELAY],
        logger=_LIBRARY_LOG,
    )
    client._client.connect_timeout = timeout  # noqa: SLF001 (aiomqtt has no way to bound it)
    entering = asyncio.create_task(client.__aenter__(), name=f"connecting to {broker.place}")
    try:
        await asyncio.shield(entering)
    except asyncio.CancelledError:
        await asyncio.wait([entering])
        _ = entering.cancelled() or entering.exception()
        await _abandon(client)
        raise
    except MqttError:
        await _abandon(client)
        raise
    return client


def _session(broker: Broker, version: ProtocolVersion) -> dict[str, Any]:
    """How the two versions are asked for a session that is new, or one that outlives the connection."""
    if version is not ProtocolVersion.V5:
        return {"clean_session": not broker.persistent}
    if not broker.persistent:
        return {"clean_start": True}
    from paho.mqtt.packettypes import PacketTypes
    from paho.mqtt.properties import Properties

    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    properties.SessionExpiryInterval = 0xFFFFFFFF
    return {"clean_start": False, "properties": properties}


async def _until_lost(client: Client) -> MqttError:
    """Why the connection was lost, once it is."""
    try:
        async for _ in client.messages:
            pass
    except MqttError as error:
        cause = error.__cause__
        return cause if isinstance(cause, MqttError) else error
    raise AssertionError("the messages of a client do not end")


async def _leave(client: Client) -> None:
    """Say goodbye, so that the will is not published; never raises for a connection that is gone."""
    try:
        await client.__aexit__(None, None, None)
    except MqttError:
        await _abandon(client)


async def _abandon(client: Client) -> None:
    """Close the socket of a client that is not connected: aiomqtt leaves it open after a failure."""
    client._client.disconnect()  # noqa: SLF001
    await asyncio.sleep(0)


def _may_be_old(error: Exception) -> bool:
    """Whether a refusal may come from a broker that does not know MQTT 5: it says so, or says nothing."""
    if isinstance(error, MqttConnectError):
        return getattr(error.rc, "value", error.rc) in (1, _VERSION_REFUSED)
    return isinstance(error, MqttError) and "timed out" in str(error)


def refusal(name: str, broker: Broker, error: Exception, timeout: float) -> DeviceUnreachable:
    """Why there is no connection, in one sentence."""
    what, remedy = _diagnosis(broker, error, timeout)
    return DeviceUnreachable(what, where=name, remedy=remedy)


def _diagnosis(broker: Broker, error: Exception, timeout: float) -> tuple[str, str]:
    text = str(error)
    at = f"the broker at {broker.place}"
    if isinstance(error, AddressError):
        return error.what, error.remedy
    if isinstance(error, MqttConnectError):
        code = getattr(error.rc, "value", error.rc)
        if code in _NOT_ALLOWED and broker.username is None:
            return f"{at} wants a user and a password", "give username=NAME and password_file=FILE"
        if code in _NOT_ALLOWED:
            return f"{at} refuses the user {broker.username!r} or its password", "check username and password_file"
        return f"{at} refuses the connection: {_clause(error)}", "see the broker's log"
    if "CERTIFICATE_VERIFY_FAILED" in text:
        remedy = "give ca=FILE with the authority that signed it, and the host as the certificate names it"
        return f"the certificate of {at} is not trusted: {_clause(error)}", remedy
    if "SSL" in text:
        return f"{at} does not speak TLS as expected: {_clause(error)}", "check tls and the port"
    if "timed out" in text:
        return f"{at} did not answer within {timeout:.1f} s", "check that it runs, and whether its port expects TLS"
    return f"{at} cannot be reached: {_clause(error)}", "check that it runs and that the address is right"


def _clause(error: Exception) -> str:
    """An error of the libraries without their numbers: ``[Errno 111] Connection refused`` is ``Connection refused``."""
    text = re.sub(r"^\[[^]]*\] ", "", str(error))
    text = re.sub(r" \(_ssl\.c:[0-9]+\)$", "", text)
    return text.removeprefix("certificate verify failed: ") or type(error).__name__
