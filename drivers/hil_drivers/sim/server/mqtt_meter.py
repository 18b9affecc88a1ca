"""The power meter on MQTT: a client of a real broker, which is a child of the simulator."""

from __future__ import annotations

import json
import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ...clock import NANOSECONDS
from ..devices.mqtt_meter import MqttMeterDevice
from ..power_meter import Electrical, PowerMeter
from ..world import World
from .broker import Broker
from .endpoint import HOST
from .mqtt_client import DeviceClient
from .push import PushEndpoint

BURST = 1000
"""How many messages the fault ``burst`` sends at once, each period."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class MqttMeterEndpoint(PushEndpoint):
    """The meter and its broker. While the fault ``dropped`` is present there is no broker.

    :param directory: private, for the broker's settings and the password file.
    """

    def __init__(self, name: str, device: MqttMeterDevice, world: World, directory: Path) -> None:
        super().__init__(name, world, round(device.period * NANOSECONDS))
        self._device, self._meter = device, PowerMeter(name, device, world)
        self._topic, self._directory = f"bench/{name}", directory / f"{name}.broker"
        self._password = secrets.token_urlsafe(12) if device.password else None
        self._broker: Broker | None = None
        self._client: DeviceClient | None = None
        self._number = 0
        self._online = self._left_over = False
        self._last: tuple[bytes, bytes] | None = None

    async def open(self) -> None:
        self._directory.mkdir(mode=0o700)
        passwords = {} if self._password is None else {self.name: self._password}
        self._broker = Broker(self._directory, passwords=passwords)
        options = ""
        if self._password is not None:
            file = self._directory / "password"
            file.touch(mode=0o600)
            file.write_text(f"{self._password}\n", encoding="utf-8")
            options = f"?username={self.name}&password_file={file}"
        self._plug()
        self.address = f"mqtt://{HOST}:{self._broker.port}/{self._topic}{options}"
        self.start_sending()

    def moved(self) -> None:
        self._follow_faults()
        super().moved()

    def emit(self, t: int) -> None:
        self._follow_faults()
        if self._client is None or self.faults.present("silent") or not self._online:
            return
        if self.faults.present("retained-stale"):
            self._leave_over(t)
            return
        self._left_over = False
        if not self.faults.present("burst"):
            self._send(self._messages(t))
            return
        step = self._period // BURST
        self._send([one for back in reversed(range(BURST)) for one in self._messages(t - back * step)])

    def close(self) -> None:
        super().close()
        if self._client is not None:
            self._client.close(politely=True)
        if self._broker is not None:
            self._broker.close()

    def _follow_faults(self) -> None:
        dropped = self.faults.present("dropped") is not None
        if dropped and self._client is not None:
            self._unplug()
        elif not dropped and self._client is None:
            self._plug()
        elif self._client is not None and self._online == (self.faults.present("offline") is not None):
            self._be_online(not self._online)

    def _plug(self) -> None:
        if self._broker is None:
            return
        self._broker.start()
        self._client = DeviceClient(
            user=self.name,
            password=self._password,
            commands=f"{self._topic}/relay/set",
            received=self._obey,
            will=(f"{self._topic}/status", "offline"),
        )
        self._client.connect(self._broker.port)
        self._be_online(self.faults.present("offline") is None)
        self._send([self._state()])

    def _unplug(self) -> None:
        if self._client is not None and self._broker is not None:
            self._client.close(politely=False)
            self._broker.kill()
            self._client = None
            self.broke()

    def _be_online(self, online: bool) -> None:
        self._online = online
        self._send([(f"{self._topic}/status", b"online" if online else b"offline", True)])

    def _leave_over(self, t: int) -> None:
        """Publish a last value that the broker keeps, and nothing more."""
        if not self._left_over:
            self._left_over = True
            self._send([(topic, payload, True) for topic, payload, _ in self._messages(t)])

    def _messages(self, t: int) -> list[tuple[str, bytes, bool]]:
        """What one value at ``t`` is published as."""
        if self._last is None or not self.faults.present("frozen"):
            self._number += 1
            self._last = self._payloads(t, self._meter.read(t))
        document, number = self._last
        if self.faults.present("garbage"):
            document = number = self.faults.garbage(24)
        return [
            (f"{self._topic}/sensor", document, False),
            (f"{self._topic}/power", number, self._device.retain),
        ]

    def _payloads(self, t: int, values: Electrical) -> tuple[bytes, bytes]:
        missing = self.faults.present("nan") is not None
        moment = _EPOCH + timedelta(microseconds=(self.world.file.start_utc + t) // 1000)
        document = {
            "time": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "n": self._number,
            "power": None if missing else round(values.power, 2),
            "voltage": None if missing else round(values.voltage, 1),
            "relay": self._word(),
        }
        return json.dumps(document).encode(), b"nan" if missing else f"{values.power:.2f}".encode()

    def _obey(self, command: bytes) -> None:
        """Take a command; it counts as received when it has been answered."""
        if not self.faults.present("silent") and self._online:
            if command in (b"ON", b"OFF"):
                self._meter.switch(self.world.time.now(), command == b"ON")
            garbled = self.faults.present("garbage") is not None
            topic, payload, retain = self._state()
            self._send([(topic, self.faults.garbage(12) if garbled else payload, retain)])
        self.count(len(command))

    def _state(self) -> tuple[str, bytes, bool]:
        return f"{self._topic}/relay", self._word().encode(), True

    def _word(self) -> str:
        return "ON" if self._meter.is_on(self.world.time.now()) else "OFF"

    def _send(self, messages: list[tuple[str, bytes, bool]]) -> None:
        if self._client is not None:
            self._client.publish(messages)
