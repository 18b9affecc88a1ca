"""A gateway process that other machines reach: two listeners, one bench, and nothing that a flood can hold up."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import ssl
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from gateway_client import WITHIN, Stream
from gateway_process import Started, gateway_process


def asked(started: Started, method: str, target: str, body: Any = None, **headers: str) -> tuple[int, Any]:
    """The status and the document of an answer by TLS."""
    context = ssl.create_default_context(cafile=str(started.authority))
    connection = http.client.HTTPSConnection("localhost", started.port, context=context, timeout=WITHIN)
    try:
        data = None if body is None else json.dumps(body)
        connection.request(method, target, data, {"Content-Type": "application/json", **headers})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read() or b"null")
    finally:
        connection.close()


async def ready(started: Started) -> None:
    """Return once there is something to tell."""
    async with asyncio.timeout(WITHIN):
        while (await started.unix.get("/snapshot"))[0] != 200:  # noqa: ASYNC110 (another process starts)
            await asyncio.sleep(0.05)


async def test_one_bench_by_two_listeners(tmp_path: Path) -> None:
    async with gateway_process(tmp_path) as started:
        await ready(started)
        secret, _ = started.tokens.create("console", "operate")
        authorization = {"Authorization": f"Bearer {secret}"}
        assert (await asyncio.to_thread(asked, started, "GET", "/snapshot"))[0] == 401
        status, snapshot = await asyncio.to_thread(asked, started, "GET", "/snapshot", **authorization)
        assert (status, snapshot["run"]["run"], snapshot["protocol"]) == (200, "the-run", 2)
        uri = f"wss://localhost:{started.port}/stream?after=0"
        context = ssl.create_default_context(cafile=str(started.authority))
        async with (
            connect(uri, ssl=context, compression=None, additional_headers=authorization) as connection,
            started.unix.stream("?after=0") as local,
        ):
            remote = Stream(connection)
            started.service.publish("note", {"text": "for all"})
            await remote.until("note", text="for all")
            await local.until("note", text="for all")
            await connection.send(json.dumps({"command": {"verb": "stop"}}))
            while not remote.answers:
                await remote.next()
            assert remote.answers[0]["status"] == "accepted"
            await local.until("stop")
            assert started.handler.taken == ["Stop"]


async def test_every_client_is_told_that_the_run_is_over(tmp_path: Path) -> None:
    async with gateway_process(tmp_path) as started:
        await ready(started)
        secret, _ = started.tokens.create("display", "view")
        context = ssl.create_default_context(cafile=str(started.authority))
        connection = await connect(
            f"wss://localhost:{started.port}/stream",
            ssl=context,
            compression=None,
            additional_headers={"Authorization": f"Bearer {secret}"},
        )
        client = Stream(connection)
        await client.next()
    with pytest.raises(ConnectionClosed, match="1001"):
        await client.until("never")
    assert started.process.returncode == 0


@pytest.mark.soak
async def test_garbage_and_half_handshakes_keep_nobody_out(tmp_path: Path) -> None:
    async with gateway_process(tmp_path) as started:
        await ready(started)
        secret, _ = started.tokens.create("console", "operate")
        held = [await asyncio.open_connection("127.0.0.1", started.port) for _ in range(100)]
        for number, (_, writer) in enumerate(held):
            if number % 2:
                writer.write(os.urandom(200))
        answer = await asyncio.to_thread(
            asked, started, "POST", "/commands", {"verb": "stop"}, Authorization=f"Bearer {secret}"
        )
        assert (answer[0], started.handler.taken) == (202, ["Stop"])
        assert (await started.unix.post({"verb": "stop"}))[0] == 202
        for _, writer in held:
            writer.close()
