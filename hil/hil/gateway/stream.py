"""The stream of one client: a snapshot, then deltas. Values are the latest at each, events are all of them."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

import msgspec
from fastapi import WebSocket, WebSocketDisconnect

from .board import Board, TooOld, shown

PROTOCOL = 1

LEAST_PAUSE = 0.05
"""Seconds between two frames at least."""

HEARTBEAT = 1.0
"""Seconds between two frames at most: an empty one says that nothing is new."""

GOING_AWAY = 1001
"""Why a stream is closed (RFC 6455)."""

MOST_EVENTS = 500
"""Events of one frame."""


async def feed(socket: WebSocket, board: Board, after: int | None) -> None:
    """Send a client all that is news, until it goes.

    :param after: the number of the last event that it has already; that of the snapshot by default.
    """
    listening = asyncio.create_task(_until_gone(socket))
    sending = asyncio.create_task(_send_all(socket, board, after))
    try:
        with board.followed():
            await asyncio.wait([listening, sending], return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (listening, sending):
            task.cancel()
        await asyncio.wait([listening, sending])


async def _until_gone(socket: WebSocket) -> None:
    """Clients have nothing to say here; what they say is not kept."""
    while (await socket.receive())["type"] != "websocket.disconnect":
        pass


async def _send_all(socket: WebSocket, board: Board, after: int | None) -> None:
    sequence = 0

    async def send(kind: str, **content: Any) -> None:
        nonlocal sequence
        sequence += 1
        document = {"kind": kind, "seq": sequence, "prev": sequence - 1, **content}
        await socket.send_text(msgspec.json.encode(document).decode())

    with suppress(WebSocketDisconnect, RuntimeError):
        await board.known.wait()
        await send("hello", protocol=PROTOCOL, boot=board.state["boot"])
        told = after
        while not board.over:
            told = await _deltas(send, board, told)
        await socket.close(GOING_AWAY, "the run is over")


async def _deltas(send: Any, board: Board, told: int | None) -> int | None:
    """A snapshot and what follows it; returns where another snapshot is needed, or nothing follows."""
    seen, values = board.version, [shown(row) for row in board.rows]
    told = board.state["number"] if told is None else told
    channels = board.channels_version
    await send("snapshot", number=told, run=board.state, channels=board.channels, values=values)
    while True:
        try:
            events = board.events_after(told, MOST_EVENTS)
        except TooOld:
            return None
        if channels != board.channels_version:
            return told
        now, news = board.version, board.values_after(seen)
        content: dict[str, Any] = {"events": events, "values": news}
        if board.state_version > seen:
            content["run"] = board.state
        await send("delta", **content)
        seen, told = now, told + len(events)
        if board.over and board.last <= told:
            return told
        await asyncio.sleep(0.0 if board.over else LEAST_PAUSE)
        if board.last <= told and board.version == seen and not board.over:
            await board.changed(HEARTBEAT)
