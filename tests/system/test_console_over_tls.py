"""The console's link to a gateway on another machine: TLS, and a token."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from gateway_process import Started, gateway_process
from hil.commanding.verbs import Verb
from hil.console.link import Link
from hil.console.model import LinkState, Model
from hil.console.places import finder
from hil.console.stop import STREAM, safe_stop

WITHIN = 60.0


@asynccontextmanager
async def linked(started: Started, folder: Path, secret: str, ca: Path | None) -> AsyncIterator[tuple[Model, Link]]:
    token = folder / "token"
    token.write_text(secret + "\n")
    model = Model()
    link = Link(model, finder(None, f"localhost:{started.port}", token, ca))
    task = asyncio.create_task(link.run())
    try:
        yield model, link
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def until(seen: Callable[[], bool]) -> None:
    async with asyncio.timeout(WITHIN):
        while not seen():  # noqa: ASYNC110 (another process answers)
            await asyncio.sleep(0.02)


async def test_with_a_token_the_bench_is_followed_and_commanded(tmp_path: Path) -> None:
    async with gateway_process(tmp_path) as started:
        secret, _ = started.tokens.create("console", "operate")
        async with linked(started, tmp_path, secret, started.authority) as (model, link):
            await until(lambda: model.link.state is LinkState.UP)
            assert model.run.run == "the-run"
            started.service.publish("note", {"operator": "ada", "reason": "for all"})
            await until(lambda: bool(model.log) and model.log[-1].text == "by ada: for all")
            assert (await safe_stop(link, None, None, "")).way == STREAM
            assert (await link.command(Verb.NOTE, reason="seen")).status in ("accepted", "refused")


async def test_a_wrong_token_and_an_unknown_authority_are_named(tmp_path: Path) -> None:
    async with gateway_process(tmp_path) as started:
        async with linked(started, tmp_path, "wrong", started.authority) as (model, _):
            await until(lambda: model.link.reason == "it wants a token")
        secret, _ = started.tokens.create("console", "view")
        async with linked(started, tmp_path, secret, None) as (model, _):
            await until(lambda: "certificate" in model.link.reason)
