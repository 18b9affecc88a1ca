"""Where each key of a TOML text stands: lines for error messages, spans for edits.

`tomllib` reads values and forgets their places. This scanner reads places and leaves values alone; it expects
a text that `tomllib` accepts.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

KeyPath = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Statement:
    """One table header or one assignment: lines ``first`` to ``last``, counted from 1."""

    path: KeyPath
    first: int
    last: int
    is_header: bool


def statements(text: str) -> Iterator[Statement]:
    """Yield each statement of a TOML text in its order."""
    lines = text.split("\n")
    table: KeyPath = ()
    arrays: dict[KeyPath, int] = {}
    number = 0
    while number < len(lines):
        first = number
        opened = lines[number].lstrip()
        if opened and not opened.startswith("#"):
            number = _last_line(lines, number)
        number += 1
        if opened.startswith("["):
            table = _header(opened, arrays)
            yield Statement(table, first + 1, number, is_header=True)
        elif opened and not opened.startswith(("#", "\r")):
            keys = _keys(opened, 0)
            yield Statement(table + keys, first + 1, number, is_header=False)


def line_of(text: str, path: Sequence[str | int]) -> int:
    """The line (from 1) of the longest part of ``path`` that is written in ``text``; 1 if none is."""
    wanted, best, depth = tuple(path), 1, 0
    for statement in statements(text):
        common = _common(statement.path, wanted)
        if common > depth:
            best, depth = statement.first, common
    return best


def _common(path: KeyPath, wanted: KeyPath) -> int:
    count = 0
    for have, want in zip(path, wanted, strict=False):
        if have != want:
            break
        count += 1
    return count


def _header(line: str, arrays: dict[KeyPath, int]) -> KeyPath:
    is_array = line.startswith("[[")
    keys = _keys(line, 2 if is_array else 1)
    path: KeyPath = ()
    for position, key in enumerate(keys):
        path = (*path, key)
        if is_array and position == len(keys) - 1:
            arrays[path] = arrays.get(path, -1) + 1
        if path in arrays:
            path = (*path, arrays[path])
    return path


def _keys(line: str, at: int) -> tuple[str, ...]:
    """The dotted key that starts at ``at``."""
    keys: list[str] = []
    while True:
        at = _skip_blanks(line, at)
        start, quote = at, line[at : at + 1]
        if quote in ('"', "'"):
            at = _string_end(line, at)
            keys.append(str(tomllib.loads(f"k = {line[start:at]}")["k"]))
        else:
            while at < len(line) and line[at] not in " \t.=]\r":
                at += 1
            keys.append(line[start:at])
        at = _skip_blanks(line, at)
        if line[at : at + 1] != ".":
            return tuple(keys)
        at += 1


def _skip_blanks(line: str, at: int) -> int:
    while line[at : at + 1] in (" ", "\t"):
        at += 1
    return at


def _string_end(line: str, at: int) -> int:
    quote = line[at]
    at += 1
    while at < len(line) and line[at] != quote:
        at += 2 if line[at] == "\\" and quote == '"' else 1
    return at + 1


def _last_line(lines: list[str], number: int) -> int:
    """The index of the last line of the statement that starts on line ``number``."""
    depth, closing, at = 0, "", 0
    while True:
        line = lines[number]
        while at < len(line):
            if closing:
                at, closing = _inside_string(line, at, closing)
            elif line[at] == "#":
                break
            elif line.startswith(('"""', "'''"), at):
                closing = line[at : at + 3]
                at += 3
            elif line[at] in "\"'":
                at = _string_end(line, at)
            else:
                depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(line[at], 0)
                at += 1
        if (depth <= 0 and not closing) or number + 1 == len(lines):
            return number
        number, at = number + 1, 0


def _inside_string(line: str, at: int, closing: str) -> tuple[int, str]:
    """Go on inside a multi-line string; a run of quotes ends it with its last three (TOML 1.0)."""
    while at < len(line):
        if line[at] == "\\" and closing == '"""':
            at += 2
        elif line.startswith(closing, at):
            at += 3
            while line[at : at + 1] == closing[0]:
                at += 1
            return at, ""
        else:
            at += 1
    return at, closing
