"""MQTT through aiomqtt: one supervised connection to a broker for each device.

Address: ``mqtt://host:1883/topic``; the path is the device's own topic, the options are in :mod:`.mqtt_broker`.

aiomqtt does not reconnect, waits out its time-out when a connection is lost under it, and connects in a thread that
cannot be stopped. Here a task of the link does all connecting: it subscribes again after a loss, with the back-off
of the supervisor, and a loss is told at once to whoever publishes or listens. Messages are handed on as they
come, from within the receiving callback: nothing waits in a queue here, so nothing is dropped here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from aiomqtt import Client, MqttError, ProtocolVersion
from aiomqtt import Message as BrokerMessage

from ..clock import Clock
from ..errors import AddressError, DeviceUnreachable
from .mqtt_broker import VERSIONS, Broker, Will, diagnosis, leave, reach, written
from .reason import reason
from .stream import TIMEOUT
from .supervisor import FIRST_DELAY, Supervisor

_UNTOLD = "Unspecified error"


@dataclass(frozen=True, slots=True)
class Message:
    """One message. ``t`` is the bench time in ns at which it arrived, at the latest.

    ``retained`` says that the broker had kept it: it is of an unknown age.
    """

    topic: str
    payload: bytes
    retained: bool
    t: int


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
        self._versions: Sequence[ProtocolVersion] = VERSIONS
        self._listeners: dict[str, list[Callable[[Message], None]]] = {}
        self._client: Client | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._opened = False
        self._next: asyncio.Future[DeviceUnreachable | None] | None = None
        self._under_way: set[asyncio.Timeout] = set()
        self._wanted = asyncio.Event()

    @property
    def version(self) -> str:
        """The version of MQTT that the broker speaks, as far as it is known."""
        return written(self._versions[0])

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
            self._keeper.add_done_callback(self._ended)
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
        self._check_open()
        self.supervisor.admit()
        with self.clock.exchange():
            await self._connected()

    async def publish(self, topic: str, payload: bytes | str, *, qos: int | None = None, retain: bool = False) -> None:
        """Publish; with a QoS above 0, return when the broker has acknowledged it.

        A message that was not acknowledged in time may have arrived; it is not sent again.

        :param qos: that of the address by default.
        :raises DeviceUnreachable: if there is no acknowledgement within the deadline, or the link is down.
        """
        self._check_open()
        with self.supervisor.exchange():
            await self.send(topic, payload, qos=qos, retain=retain)

    async def send(self, topic: str, payload: bytes | str, *, qos: int | None = None, retain: bool = False) -> None:
        """Publish as a part of an exchange that the caller supervises: the device's own answer is still to come."""
        with self.clock.exchange():
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
                raise (self._silent() if self._client is client else self._lost(None)) from None
            except (MqttError, ValueError) as error:
                raise self._lost(error) from None

    def _check_open(self) -> None:
        if not self._opened:
            raise DeviceUnreachable("is not open", where=self.name, remedy="open the device first")

    async def _connected(self) -> Client:
        self._check_open()
        if self._client is None:
            self._wanted.set()
            try:
                async with asyncio.timeout(self.timeout):
                    error = await asyncio.shield(self._outcome())
            except TimeoutError:
                raise self._silent() from None
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

    def _ended(self, keeper: asyncio.Task[None]) -> None:
        """Nobody waits in vain for a task that ended by what the library raises beside its own errors."""
        if not keeper.cancelled() and (error := keeper.exception()) is not None:
            self._settle(self._refused(error))

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
                await self._pause(max(FIRST_DELAY, self.supervisor.status.next_try))
                continue
            self._client = client
            if self._opened and not self._listeners:
                self.supervisor.connected()
            self._settle(None)
            try:
                reason = await _until_lost(client)
            except asyncio.CancelledError:
                self._client = None
                await leave(client)
                raise
            self._client = None
            self._tell_loss(self._lost(reason))

    async def _pause(self, seconds: float) -> None:
        """Wait until somebody wants the link, ``seconds`` at most."""
        self._wanted.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._wanted.wait()

    def _tell_loss(self, error: DeviceUnreachable) -> None:
        self.supervisor.failed(error.what, 0.0)
        for deadline in self._under_way:
            deadline.reschedule(0.0)
        self.on_loss(error)

    async def _connect(self) -> Client:
        """A connected client with all subscriptions.

        :raises DeviceUnreachable: if the broker is not there, refuses us or a subscription.
        """
        try:
            client, version = await reach(
                self.broker, self._versions, self._received, will=self._will, timeout=self.timeout
            )
        except (MqttError, AddressError) as error:
            raise self._refused(error) from None
        self._versions = (version,)
        try:
            for topic in self._listeners:
                await self._subscribe(client, topic)
        except BaseException:
            await leave(client)
            raise
        return client

    async def _subscribe(self, client: Client, topic: str) -> None:
        try:
            granted = await client.subscribe(topic, self.broker.qos)
        except (MqttError, ValueError) as error:
            raise self._refused(error) from None
        if any((code if isinstance(code, int) else code.value) >= 128 for code in granted):
            raise DeviceUnreachable(
                f"the broker refuses the subscription to {topic!r}",
                where=self.name,
                remedy="check what its user may read there",
            )

    def _received(self, message: BrokerMessage) -> None:
        payload = message.payload if isinstance(message.payload, bytes) else b""
        arrived = Message(message.topic.value, payload, message.retain, self.clock.arrived())
        for topic, receivers in self._listeners.items():
            if message.topic.matches(topic):
                for receive in receivers:
                    receive(arrived)

    def _lost(self, error: Exception | None) -> DeviceUnreachable:
        detail = "" if error is None or str(error).endswith(_UNTOLD) else f": {reason(error)}"
        return DeviceUnreachable(
            f"lost the broker at {self.broker.place}{detail}",
            where=self.name,
            remedy="check that the broker runs and that the network is up",
        )

    def _refused(self, error: BaseException) -> DeviceUnreachable:
        what, remedy = diagnosis(self.broker, error, self.timeout)
        return DeviceUnreachable(what, where=self.name, remedy=remedy)

    def _silent(self) -> DeviceUnreachable:
        return DeviceUnreachable(
            f"the broker at {self.broker.place} did not acknowledge within {self.timeout:.1f} s",
            where=self.name,
            remedy="check that it runs and is not overloaded",
        )


async def _until_lost(client: Client) -> Exception:
    """Why the connection was lost, once it is."""
    try:
        async for _ in client.messages:
            pass
    except MqttError as error:
        return error.__cause__ if isinstance(error.__cause__, Exception) else error
    raise AssertionError("the messages of a client do not end")
