"""What stands in a row that is too short for everything: the least important gives way first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from rich.style import Style

from .text import clip, width


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a row.

    :param forms: its texts, the longest first; the longest that fits is taken.
    :param rank: 0 is placed first and always stands, clipped at worst; the highest rank falls out first.
    :param right: whether it stands at the right end.
    """

    forms: tuple[str, ...]
    rank: int = 1
    style: Style = field(default_factory=Style.null)
    right: bool = False

    def said(self, says: Callable[[str], str]) -> Part:
        """The same with each form as ``says`` writes it."""
        return replace(self, forms=tuple(says(form) for form in self.forms))


def fitted(parts: Sequence[Part], cells: int, gap: int = 2) -> list[tuple[Part, str]]:
    """The parts that fit into ``cells`` with ``gap`` between them, each with its text, in the order given.

    First every part that can stands in its shortest form, in order of rank; then they grow, in the same order.
    """
    order = sorted(range(len(parts)), key=lambda at: parts[at].rank)
    chosen: dict[int, str] = {}
    left = cells + gap
    for at in order:
        text = parts[at].forms[-1]
        if parts[at].rank == 0:
            text = clip(text, max(left - gap, 0))
        if width(text) + gap <= left:
            chosen[at] = text
            left -= width(text) + gap
    for at in order:
        for text in parts[at].forms if at in chosen else ():
            more = width(text) - width(chosen[at])
            if 0 < more <= left:
                chosen[at] = text
                left -= more
                break
    return [(parts[at], chosen[at]) for at in sorted(chosen)]


def spread(parts: Sequence[Part], cells: int, gap: int = 2) -> list[tuple[str, Style]]:
    """One row of exactly ``cells``: the fitted parts from the left, those of the right end at the right."""
    chosen = fitted(parts, cells, gap)
    left, right = ([(text, part.style) for part, text in chosen if part.right is end] for end in (False, True))
    row, end = _joined(left, gap), _joined(right, gap)
    space = cells - sum(width(text) for text, _ in row + end)
    return [*row, (" " * space, Style.null()), *end]


def _joined(pieces: list[tuple[str, Style]], gap: int) -> list[tuple[str, Style]]:
    row: list[tuple[str, Style]] = []
    for text, style in pieces:
        if row:
            row.append((" " * gap, Style.null()))
        row.append((text, style))
    return row
