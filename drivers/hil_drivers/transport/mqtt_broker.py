"""A broker as an ``mqtt://`` address tells it, and the way in: TLS, users, versions of MQTT, and what went wrong.

Options of an address:

- ``tls=1``, with ``ca=FILE`` (authorities to trust; the system's by default), ``cert=FILE`` and ``key=FILE``; the
  port is then 8883 by default;
- ``username=NAME`` and ``password_file=FILE``: the first line of the file. A password in an address would be kept in
  every record, so there is none;
- ``qos=0|1|2`` (1 by default), ``client_id=NAME`` (told by the broker by default; two clients of one name throw each
  other out), ``keepalive=S`` (10 by default), ``persistent=1``, for which a ``client_id`` is needed.
"""

from __future__ import annotations

import asyncio
import logging
import re
import socket
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, cast

from aiomqtt import Client, MqttError, ProtocolVersion
from aiomqtt import Message as BrokerMessage
from aiomqtt import Will as BrokerWill
from aiomqtt.exceptions import MqttConnectError

from ..errors import AddressError
from .address import Address, parse
from .reason import reason
from .stream import TIMEOUT

PORT_TLS = 8883
KEEPALIVE = 10
VERSIONS = (ProtocolVersion.V5, ProtocolVersion.V311)
"""In the order in which they are tried."""

_NO_DELAY = (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
_VERSION_REFUSED = 132
_NOT_ALLOWED = (134, 135)

_LIBRARY_LOG = logging.getLogger("hil_drivers.aiomqtt")
_LIBRARY_LOG.setLevel(logging.CRITICAL)


@dataclass(frozen=True, slots=True)
class Will:
    """What the broker publishes in our name when it loses us."""

    topic: str
    payload: bytes
    qos: int = 1
    retain: bool = False


class TlsContext(ssl.SSLContext):
    """Certificates and host names are checked. It knows the socket that it wrapped: paho forgets one whose handshake
    failed, without closing it."""

    wrapped: ssl.SSLSocket | None = None

    def wrap_socket(self, *arguments: Any, **settings: Any) -> ssl.SSLSocket:
        """Wrap a socket, and remember it."""
        self.wrapped = super().wrap_socket(*arguments, **settings)
        return self.wrapped

    def close(self) -> None:
        """Close the socket that it wrapped."""
        if self.wrapped is not None:
            self.wrapped.close()


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

    def context(self) -> TlsContext | None:
        """The TLS settings, ``None`` without TLS.

        :raises AddressError: if a certificate or the key cannot be read.
        """
        if not self.tls:
            return None
        context = TlsContext(ssl.PROTOCOL_TLS_CLIENT)
        try:
            if self.ca is None:
                context.load_default_certs()
            else:
                context.load_verify_locations(self.ca)
        except OSError as error:
            raise self._unreadable("ca", self.ca or "", error) from None
        if self.cert and self.key:
            try:
                context.load_cert_chain(self.cert, self.key)
            except OSError as error:
                raise self._unreadable("cert or key", self.cert, error) from None
        return context

    def _unreadable(self, option: str, path: str, error: Exception) -> AddressError:
        return AddressError(
            f"{option}: {path} cannot be read: {reason(error)}", where=self.address, remedy="name a readable file"
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


@dataclass(frozen=True, slots=True)
class BrokerStatus:
    """Whether a broker can be used, and a sentence about it."""

    ok: bool
    sentence: str


async def broker_status(address: str, *, timeout: float = TIMEOUT) -> BrokerStatus:
    """Connect to the broker of an ``mqtt://`` address, once, and tell how that went.

    :param timeout: seconds of wall time.
    :raises AddressError: if the address is none.
    """
    broker = Broker.at(address)
    try:
        client, version = await reach(broker, VERSIONS, lambda _: None, timeout=timeout)
    except (MqttError, AddressError) as error:
        what, remedy = diagnosis(broker, error, timeout)
        return BrokerStatus(False, f"{what}; {remedy}")
    await leave(client)
    user = "without a password" if broker.username is None else f"as {broker.username!r}"
    return BrokerStatus(
        True,
        f"the broker at {broker.place} is reachable {user}{', by TLS' if broker.tls else ''} and speaks MQTT "
        f"{written(version)}; whether it sends without delay cannot be seen: its settings need set_tcp_nodelay true",
    )


def written(version: ProtocolVersion) -> str:
    """A version of MQTT, as it is written."""
    return "5" if version is ProtocolVersion.V5 else "3.1.1"


async def reach(
    broker: Broker,
    versions: Sequence[ProtocolVersion],
    receive: Callable[[BrokerMessage], None],
    *,
    will: Will | None = None,
    timeout: float = TIMEOUT,
) -> tuple[Client, ProtocolVersion]:
    """A client that is connected, in the first of ``versions`` that the broker speaks.

    :raises MqttError: if the broker is not there or refuses us.
    :raises AddressError: if a file cannot be read.
    """
    *newer, last = versions
    for version in newer:
        try:
            return await _enter(broker, version, receive, will, timeout), version
        except MqttError as error:
            if not _may_be_old(error):
                raise
    return await _enter(broker, last, receive, will, timeout), last


async def _enter(
    broker: Broker,
    version: ProtocolVersion,
    receive: Callable[[BrokerMessage], None],
    will: Will | None,
    timeout: float,
) -> Client:
    """A client that is connected. A cancellation waits until the library's thread has ended."""
    context = broker.context()
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
        tls_context=context,
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
        await _abandon(client, context)
        raise
    except MqttError:
        await _abandon(client, context)
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


async def leave(client: Client) -> None:
    """Say goodbye, so that the will is not published; never raises for a connection that is gone."""
    try:
        await client.__aexit__(None, None, None)
    except (MqttError, OSError):
        await _abandon(client)
    lost = client._disconnected  # noqa: SLF001 (else asyncio complains of an error that nobody saw)
    _ = lost.done() and not lost.cancelled() and lost.exception()


async def _abandon(client: Client, context: TlsContext | None = None) -> None:
    """Close the socket of a client that is not connected: aiomqtt leaves it open after a failure."""
    client._client.disconnect()  # noqa: SLF001
    if context is not None:
        context.close()
    await asyncio.sleep(0)


def _may_be_old(error: MqttError) -> bool:
    """Whether a refusal may come from a broker that does not know MQTT 5: it says so, or says nothing."""
    if isinstance(error, MqttConnectError):
        return getattr(error.rc, "value", error.rc) in (1, _VERSION_REFUSED)
    return "timed out" in str(error)


def diagnosis(broker: Broker, error: BaseException, timeout: float) -> tuple[str, str]:
    """Why there is no connection, and what to do about it."""
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
        return f"{at} refuses the connection ({clause(error)})", "see the broker's log"
    if "CERTIFICATE_VERIFY_FAILED" in text:
        remedy = "give ca=FILE with the authority that signed it, and the host as the certificate names it"
        return f"the certificate of {at} is not trusted ({clause(error)})", remedy
    if "SSL" in text:
        return f"{at} does not speak TLS as expected ({clause(error)})", "check tls and the port"
    if "timed out" in text:
        return f"{at} did not answer within {timeout:.1f} s", "check that it runs, and whether its port expects TLS"
    return f"{at} cannot be reached: {reason(error)}", "check that it runs and that the address is right"


def clause(error: BaseException) -> str:
    """What a library says, without its numbers."""
    text = re.sub(r"^\[[^]]*\] ", "", reason(error, ""))
    return text.removeprefix("certificate verify failed: ") or type(error).__name__
