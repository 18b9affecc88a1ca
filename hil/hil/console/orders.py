"""Every command by name, for the command palette."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, cast

from textual.command import DiscoveryHit, Hit, Hits, Provider


@dataclass(frozen=True)
class Order:
    """One command: its name, what it does, and what does it."""

    name: str
    help: str
    run: Callable[[], object]


class Ordered(Protocol):
    """What has commands."""

    def orders(self) -> list[Order]:
        """All of them, in the order in which they are shown."""
        ...


class Orders(Provider):
    """The commands of the console."""

    async def discover(self) -> Hits:
        """All of them."""
        for order in self._orders():
            yield DiscoveryHit(order.name, order.run, help=order.help)

    async def search(self, query: str) -> Hits:
        """Those that fit."""
        matcher = self.matcher(query)
        for order in self._orders():
            score = matcher.match(f"{order.name} {order.help}")
            if score > 0:
                yield Hit(score, matcher.highlight(order.name), order.run, help=order.help)

    def _orders(self) -> list[Order]:
        return cast("Ordered", self.app).orders()
