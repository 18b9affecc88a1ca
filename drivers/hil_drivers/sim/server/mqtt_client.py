"""A simulated device's connection to its broker: paho, driven by hand.

Every call returns when the broker has acknowledged it, so that what was sent is with every subscriber's socket before
bench time moves on: mosquitto writes a message to its subscribers before it acknowledges it. The broker is a process of
its own on loopback, so the loop of the simulator stands still for some tenths of a millisecond.
"""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable, Sequence
from typing import Any

from paho.mqtt.client import Client, ConnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from .endpoint import HOST

DEADLINE = 5.0
"""Seconds of wall time in which the broker must have answered."""


class DeviceClient:
    """One connection, made by :meth:`connect`.

    :param commands: the topic of its commands.
    :param received: called from the loop with each command.
    :param will: topic and payload that the broker publishes, retained, when the device is gone.
    """

    def __init__(
        self,
        *,
        user: str,
        password: str | None,
        commands: str,
        received: Callable[[bytes], None],
        will: tuple[str, str],
    ) -> None:
        self._commands, self._received = commands, received
        self._arrived: list[bytes] = []
        self._subscribed = False
        client = Client(CallbackAPIVersion.VERSION2, client_id=user)
        client.username_pw_set(user, password)
        client.will_set(*will, qos=1, retain=True)
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        client.max_inflight_messages_set(0)
        self._client = client
        self._descriptor = -1

    def connect(self, port: int) -> bool:
        """Connect and subscribe to the commands; whether that went well."""
        self._subscribed = False
        self._client.connect(HOST, port, keepalive=0)
        stream = self._client.socket()
        if not isinstance(stream, socket.socket):
            return False
        stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._descriptor = stream.fileno()
        asyncio.get_running_loop().add_reader(self._descriptor, self._readable)
        return self._until(lambda: self._subscribed)

    def publish(self, messages: Sequence[tuple[str, bytes, bool]]) -> bool:
        """Publish topic, payload, whether to retain; whether the broker has acknowledged all of them."""
        under_way = [self._client.publish(topic, payload, 1, retain) for topic, payload, retain in messages]
        return self._until(lambda: all(one.is_published() for one in under_way if one.rc == 0))

    def close(self, *, politely: bool) -> None:
        """Let go of the connection; without a goodbye the broker publishes the will."""
        if self._descriptor >= 0:
            asyncio.get_running_loop().remove_reader(self._descriptor)
            self._descriptor = -1
        stream = self._client.socket()
        if politely:
            self._client.disconnect()
        elif isinstance(stream, socket.socket):
            stream.close()

    def _until(self, done: Callable[[], bool]) -> bool:
        deadline = time.monotonic() + DEADLINE
        while not done():
            if self._client.socket() is None or time.monotonic() > deadline:
                return False
            self._client.loop(0.1)
        self._hand_over()
        return True

    def _readable(self) -> None:
        self._client.loop_read()
        if self._client.socket() is None and self._descriptor >= 0:
            asyncio.get_running_loop().remove_reader(self._descriptor)
            self._descriptor = -1
        self._hand_over()

    def _hand_over(self) -> None:
        """Obey what has come: not from within paho's callbacks, which must not wait."""
        while self._arrived:
            self._received(self._arrived.pop(0))

    def _on_connect(
        self, client: Client, _data: Any, _flags: ConnectFlags, reason: ReasonCode, _properties: Properties | None
    ) -> None:
        if not reason.is_failure:
            client.subscribe(self._commands, 1)

    def _on_subscribe(
        self, _client: Client, _data: Any, _mid: int, _reasons: list[ReasonCode], _properties: Properties | None
    ) -> None:
        self._subscribed = True

    def _on_message(self, _client: Client, _data: Any, message: MQTTMessage) -> None:
        self._arrived.append(bytes(message.payload))
