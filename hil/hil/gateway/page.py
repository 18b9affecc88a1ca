"""The page to look at: files that ship, and nothing from elsewhere."""

from __future__ import annotations

from importlib.resources import files

from fastapi import APIRouter, Response

_FILES = files(__package__) / "web"

page = APIRouter(include_in_schema=False)


def _file(name: str, media_type: str) -> Response:
    return Response((_FILES / name).read_bytes(), media_type=media_type)


@page.get("/")
async def index() -> Response:
    """The page itself: it shows nothing before it has a session."""
    return _file("page.html", "text/html; charset=utf-8")


@page.get("/page.css")
async def style() -> Response:
    """How it looks."""
    return _file("page.css", "text/css; charset=utf-8")


@page.get("/page.js")
async def script() -> Response:
    """What it does."""
    return _file("page.js", "text/javascript; charset=utf-8")


@page.get("/show.js")
async def showing() -> Response:
    """How it shows numbers and trends."""
    return _file("show.js", "text/javascript; charset=utf-8")


@page.get("/icon.svg")
async def icon() -> Response:
    """What a browser shows on its tab."""
    return _file("icon.svg", "image/svg+xml")
