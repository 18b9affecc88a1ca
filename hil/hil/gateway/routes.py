"""Which role each route takes: one table, and nothing is served that is not in it."""

from __future__ import annotations

from collections.abc import Iterable

from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import Scope

from ..commanding.verbs import Role

STREAM = "WEBSOCKET"
"""Stands for the method of a WebSocket."""

ROLES_OF_ROUTES: dict[tuple[str, str], Role | None] = {
    ("GET", "/"): None,
    ("GET", "/page.css"): None,
    ("GET", "/page.js"): None,
    ("GET", "/show.js"): None,
    ("GET", "/icon.svg"): None,
    ("DELETE", "/session"): None,
    ("POST", "/session"): "view",
    ("GET", "/openapi.json"): "view",
    ("GET", "/snapshot"): "view",
    ("GET", "/events"): "view",
    ("GET", "/history"): "view",
    (STREAM, "/stream"): "view",
    ("POST", "/commands"): "view",
}
"""``None`` is open to everybody: the page that asks for a token, and its end. What a command takes is its verb's role
(`hil.commanding.verbs`): ``state`` is all that ``view`` may ask for.
"""


def require_roles(routes: Iterable[BaseRoute]) -> None:
    """Refuse to serve a route without a role, or to have a role for nothing.

    :raises RuntimeError: naming it.
    """
    served = {each for route in routes for each in _served(route)}
    odd = served ^ ROLES_OF_ROUTES.keys()
    if odd:
        raise RuntimeError(f"routes and roles do not fit: {sorted(odd)}")


def role_of(scope: Scope) -> Role | None:
    """What a request takes; what is not there takes a role too, so that nobody can find out what is."""
    method = STREAM if scope["type"] == "websocket" else scope["method"]
    return ROLES_OF_ROUTES.get((method, scope["path"]), "view")


def _served(route: BaseRoute) -> set[tuple[str, str]]:
    if isinstance(route, WebSocketRoute):
        return {(STREAM, route.path)}
    if isinstance(route, Route):
        return {(method, route.path) for method in set(route.methods or ()) - {"HEAD"}}
    raise RuntimeError(f"{route} is no route of its own")
