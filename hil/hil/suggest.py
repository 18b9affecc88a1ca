"""The nearest valid name, for error messages."""

from __future__ import annotations

from collections.abc import Iterable


def nearest(name: str, known: Iterable[str]) -> str:
    """A remedy in words: the nearest of ``known`` to ``name``, or all of them."""
    names = sorted(known)
    return meant(name, names) or (f"use one of {', '.join(names)}" if names else "there is none to choose from")


def meant(name: str, known: Iterable[str]) -> str:
    """A question for the nearest of ``known`` to ``name``; empty where none is near."""
    from difflib import get_close_matches

    close = get_close_matches(name, sorted(known), n=1, cutoff=0.6)
    return f"did you mean {close[0]!r}?" if close else ""
