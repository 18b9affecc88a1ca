"""What a device on MQTT has told of itself since the link was made: that it is there, the state of its outlet."""

from __future__ import annotations

import asyncio

from ..errors import DeviceUnreachable
from ..transport.mqtt import Message


class Told:
    """One life of a link: ``state`` is the latest message on the outlet's state, the ``count``-th.

    ``alive`` says that the device has been heard itself, or says that it is online; ``offline`` that it, or its
    last will, says that it is gone.
    """

    def __init__(self) -> None:
        self.state: Message | None = None
        self.count = 0
        self.alive = self.offline = False
        self._failure: DeviceUnreachable | None = None
        self._changed = asyncio.Event()

    def heard(self, message: Message) -> None:
        """It sent a message: a retained one may be older than the device's end."""
        self.alive = self.alive or not message.retained

    def told(self, message: Message) -> None:
        """It sent the state of its outlet."""
        self.state, self.count = message, self.count + 1
        self.heard(message)
        self._notify()

    def online(self, online: bool) -> None:
        """It, or its last will, said whether it is there."""
        self.alive, self.offline = online, not online
        self._notify()

    def end(self, error: DeviceUnreachable) -> None:
        """The link is lost: whoever waits for a change gets ``error``."""
        self._failure = error
        self._notify()

    async def change(self) -> None:
        """Wait until something more is told.

        :raises DeviceUnreachable: if the link is lost.
        """
        await self._changed.wait()
        if self._failure is not None:
            raise DeviceUnreachable(self._failure.what, where=self._failure.where, remedy=self._failure.remedy)

    def _notify(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
