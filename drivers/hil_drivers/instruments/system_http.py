"""A system under test behind HTTP: a stimulus is posted as JSON, and answered as JSON."""

from __future__ import annotations

import asyncio
import json
from time import monotonic
from typing import TYPE_CHECKING, Any

from ..capability import Response, Stimulus, SystemIdentity
from ..clock import Clock
from ..device import Device
from ..errors import DeviceUnreachable, MissingExtra, RemoteProtocolError
from ..transport.address import parse
from .questions import Output, output_of, stimulus_json
from .system import Domain, Identity, declared

if TYPE_CHECKING:
    import httpx

LARGEST_ANSWER = 1 << 20
UNREACHED = "start it, or mend the address"
REMEDY = "let it answer GET with a JSON object that has name and version"


class SystemHttp(Device):
    """Posts each stimulus to a URL; a GET of the same URL tells who answers. Implements ``SystemUnderTest``.

    The GET answers ``{"name": …, "version": …}``, and ``"digests": {file: SHA-256}`` of its models if it has any.
    The POST has ``{"id": n, "picture": {…}}`` or ``{"id": n, "values": {…}}``, and is answered
    ``{"id": n, "output": …}``; whatever else that object holds is kept as details.

    Nobody who listens, a connection that breaks, and a status other than 2xx are the fault ``crash``; no answer within
    the deadline is ``time-out``; another shape, another ``id`` and a number that is not finite are ``wrong shape``. A
    late answer ends with its connection, so that it is never taken for that of the next question.

    :param address: ``http://host:port/path`` or ``https://…``, without user or password.
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
        parse(address, allowed=("http", "https"))
        self._output, self._deadline = output, deadline
        self._identity = Identity(name, declared(name, url=address, output=output, deadline=deadline, domain=domain))
        self._client: httpx.AsyncClient | None = None
        self._asked = 0

    async def open(self) -> None:
        """Ask it who it is.

        :raises MissingExtra: if httpx is not installed.
        :raises DeviceUnreachable: if it does not answer.
        :raises RemoteProtocolError: if what answers tells no name and version.
        """
        try:
            import httpx
        except ImportError:
            raise MissingExtra(
                "the package httpx is not installed", where=self.name, remedy="pip install 'hil-bench[web]'"
            ) from None
        self._client = httpx.AsyncClient(timeout=self._deadline, follow_redirects=False, trust_env=False)
        with self.clock.exchange(), self.supervisor.opening():
            try:
                told = _object(await self._client.get(self.address))
                self._identity.take(told, digests={}, remedy=REMEDY)
            except httpx.HTTPError as error:
                raise DeviceUnreachable(_reason(error), where=self.name, remedy=UNREACHED) from None
            except (ValueError, TypeError, RecursionError) as error:
                raise RemoteProtocolError(f"does not say who it is: {error}", where=self.name, remedy=REMEDY) from None

    async def close(self) -> None:
        client, self._client = self._client, None
        self.supervisor.closed()
        if client is not None:
            await client.aclose()

    @property
    def system(self) -> SystemIdentity:
        """Its name, version and models as it says, and the SHA-256 of the settings.

        :raises DeviceUnreachable: before the device is opened.
        """
        return self._identity.known

    async def respond(self, stimulus: Stimulus) -> Response:
        """Give it one stimulus.

        :raises DeviceUnreachable: if the device is not open.
        """
        if self._client is None:
            raise DeviceUnreachable("is not open", where=self.name, remedy="open it first")
        self._asked += 1
        question = {"id": self._asked, **stimulus_json(stimulus)}
        with self.clock.exchange():
            response = await self._ask(self._client, json.dumps(question).encode())
        if response.fault:
            self.supervisor.failed(f"the system under test failed: {response.fault}", response.latency)
        else:
            self.supervisor.answered(response.latency)
        return response

    async def _ask(self, client: httpx.AsyncClient, question: bytes) -> Response:
        import httpx

        begin = monotonic()
        try:
            async with asyncio.timeout(self._deadline):
                answer = await client.post(self.address, content=question, headers={"Content-Type": "application/json"})
            if not answer.is_success:
                return Response(None, monotonic() - begin, "crash", {"status": answer.status_code})
            told = _object(answer)
            if told.get("id") != self._asked:
                raise ValueError(f"the answer to {told.get('id')!r}, where {self._asked} was asked")
            output, details = output_of(told, self._output)
        except (TimeoutError, httpx.TimeoutException):
            return Response(None, monotonic() - begin, "time-out")
        except httpx.HTTPError as error:
            return Response(None, monotonic() - begin, "crash", {"reason": _reason(error)})
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            return Response(None, monotonic() - begin, "wrong shape", {"reason": str(error)})
        return Response(output, monotonic() - begin, details=details)


def _object(answer: httpx.Response) -> dict[str, Any]:
    """The JSON object of an answer.

    :raises ValueError: if it is no JSON, or too large.
    :raises TypeError: if it is JSON of another kind.
    """
    if len(answer.content) > LARGEST_ANSWER:
        raise ValueError(f"an answer of more than {LARGEST_ANSWER} bytes")
    told = json.loads(answer.content) if answer.is_success else None
    if not isinstance(told, dict):
        raise TypeError(f"no JSON object (status {answer.status_code})")
    return told


def _reason(error: httpx.HTTPError) -> str:
    return str(error) or type(error).__name__
