"""The blocks of a document, and whether a command printed what a document shows."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]

TOLERANCE = 0.25
"""How far the figures of a detection trial may differ: the recogniser's arithmetic depends on the processor."""

BLOCK = re.compile(
    r"(?:^<!-- (?P<what>file|append): (?P<file>\S+) -->\n)?^```(?P<kind>\w+)\n(?P<text>.*?)^```$",
    re.DOTALL | re.MULTILINE,
)
NUMBER = re.compile(r"\d+(?:\.\d+)?")


@dataclass(frozen=True)
class Block:
    """A fenced block, and the file that it is to be written or appended to."""

    kind: str
    text: str
    what: str
    file: str


def blocks(document: Path) -> list[Block]:
    return [
        Block(found["kind"], found["text"], found["what"] or "", found["file"] or "")
        for found in BLOCK.finditer(document.read_text(encoding="utf-8"))
    ]


def first_line(block: Block) -> str:
    return block.text.partition("\n")[0]


def plain(line: str) -> str:
    """A line with single blanks, and rules of a table of any length alike."""
    return re.sub(r"-{3,}", "---", " ".join(line.split()))


def shown(expected: str, line: str) -> bool:
    """Whether ``line`` is what a document shows as ``expected``."""
    literal = [re.escape(part) for part in plain(expected).split("…")]
    if re.fullmatch(".*".join(literal), line):
        return True
    if "a90" not in line and "bound of" not in line:
        return False
    alike = [NUMBER.sub("#", plain(text)) for text in (expected, line)]
    if not re.fullmatch(".*".join(re.escape(part) for part in alike[0].split("…")), alike[1]):
        return False
    pairs = zip(NUMBER.findall(expected), NUMBER.findall(line), strict=False)
    return all(abs(float(a) - float(b)) <= TOLERANCE * float(a) for a, b in pairs)


def first_missing(expected: str, printed: str) -> str:
    """The first line of ``expected`` that does not occur in ``printed`` after those before it; empty if none."""
    remaining = iter([plain(line) for line in printed.splitlines()])
    for line in expected.splitlines():
        if line.strip() in ("", "…"):
            continue
        if not any(shown(line, found) for found in remaining):
            return line
    return ""
