"""A system under test behind an MQTT broker: a stimulus on one topic, its answer on another."""

from __future__ import annotations

import asyncio
import json
from time import monotonic
from typing import Any

from ..capability import Response, Stimulus, SystemIdentity
from ..clock import Clock
from ..device import Device
from ..errors import DeviceUnreachable, RemoteProtocolError
from ..transport.mqtt import Message, MqttLink
from .questions import Output, output_of, stimulus_json
from .system import Domain, Identity, declared

START_DEADLINE = 5.0
REMEDY = "let it publish a retained JSON object with name and version on TOPIC/system"


class SystemMqtt(Device):
    """Publishes each stimulus on ``TOPIC/ask``, and takes the answer from ``TOPIC/answer``.

    The system keeps ``{"name": …, "version": …}`` retained on ``TOPIC/system``, and in it ``"digests": {file: SHA}``
    of its models if it has any. For each ``{"id": n, "picture": {…}}`` or ``{"id": n, "values": {…}}`` it publishes
    ``{"id": n, "output": …}``; whatever else that object holds is kept as details. Implements ``SystemUnderTest``.

    No answer within the deadline is the fault ``time-out``; another shape and a number that is not finite are ``wrong
    shape``. An answer to another question is not looked at: a late one, or one to who asked before. A broker that is
    lost is the bench's fault.

    :param address: ``mqtt://host/TOPIC``, with the options of MQTT.
    :param output: what it answers: ``text``, ``quantity``, ``flag``, or ``any``.
    :param deadline: wall time for an answer, in seconds.
    :param domain: its operating domain as declared: name of a quantity, with its unit, to lower and upper bound.
    """

    def __init__(
        self,
        name: str,
        address: str,
        *,
        clock: Clock,
        output: Output = "any",
        deadline: float = 5.0,
        domain: Domain | None = None,
    ) -> None:
        super().__init__(name, address, clock=clock)
        self._link = MqttLink(address, supervisor=self.supervisor, clock=clock)
        self._topic = self._link.broker.topic
        self._output, self._deadline = output, deadline
        settings = declared(name, topic=self._topic, output=output, deadline=deadline, domain=domain)
        self._identity = Identity(name, settings)
        self._told: asyncio.Future[dict[str, Any]] | None = None
        self._waiting: asyncio.Future[dict[str, Any]] | None = None
        self._asked = 0
        self._link.listen(f"{self._topic}/system", self._hear_of_it)
        self._link.listen(f"{self._topic}/answer", self._hear)

    async def open(self) -> None:
        """Connect, and wait until it says who it is.

        :raises DeviceUnreachable: if the broker is not there, or nobody has said who answers.
        :raises RemoteProtocolError: if what it says is no name and version.
        """
        self._told = asyncio.get_running_loop().create_future()
        await self._link.open()
        with self.clock.exchange():
            try:
                async with asyncio.timeout(START_DEADLINE):
                    told = await self._told
                self._identity.take(told, digests={}, remedy=REMEDY)
            except BaseException as error:
                await self._link.close()
                if isinstance(error, TimeoutError):
                    raise DeviceUnreachable("has not said who it is", where=self.name, remedy=REMEDY) from None
                if isinstance(error, ValueError):
                    fault = f"does not say who it is: {error}"
                    raise RemoteProtocolError(fault, where=self.name, remedy=REMEDY) from None
                raise

    async def close(self) -> None:
        await self._link.close()

    @property
    def system(self) -> SystemIdentity:
        """Its name, version and models as it says, and the SHA-256 of the settings.

        :raises DeviceUnreachable: before the device is opened.
        """
        return self._identity.known

    async def respond(self, stimulus: Stimulus) -> Response:
        """Give it one stimulus.

        :raises DeviceUnreachable: if the broker does not take it.
        """
        self._asked += 1
        question = json.dumps({"id": self._asked, **stimulus_json(stimulus)})
        waiting = self._waiting = asyncio.get_running_loop().create_future()
        begin = monotonic()
        with self.clock.exchange():
            await self._link.send(f"{self._topic}/ask", question)
            try:
                async with asyncio.timeout(self._deadline):
                    output, details = output_of(await waiting, self._output)
            except TimeoutError:
                return self._failed("time-out", begin)
            except (ValueError, KeyError, RecursionError) as error:
                return self._failed("wrong shape", begin, {"reason": str(error)})
        latency = monotonic() - begin
        self.supervisor.answered(latency)
        return Response(output, latency, details=details)

    def _failed(self, fault: str, begin: float, details: dict[str, Any] | None = None) -> Response:
        return Response(None, monotonic() - begin, fault, details)

    def _hear_of_it(self, message: Message) -> None:
        if self._told is not None:
            _settle(self._told, message.payload)

    def _hear(self, message: Message) -> None:
        """An answer; one to another question is none, and neither is what the broker kept."""
        waiting = self._waiting
        if waiting is None or message.retained:
            return
        try:
            other = int(json.loads(message.payload)["id"]) != self._asked
        except (ValueError, TypeError, KeyError, RecursionError, OverflowError):
            other = False
        if not other:
            _settle(waiting, message.payload)


def _settle(waiting: asyncio.Future[dict[str, Any]], payload: bytes) -> None:
    """Hand a message on as a JSON object, or why it is none."""
    if waiting.done():
        return
    try:
        told = json.loads(payload)
        if not isinstance(told, dict):
            raise TypeError("not a JSON object")
    except (ValueError, TypeError, RecursionError) as error:
        waiting.set_exception(ValueError(str(error)))
    else:
        waiting.set_result(told)
