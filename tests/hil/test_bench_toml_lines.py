"""Where keys stand in TOML texts."""

from __future__ import annotations

import tomllib
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from hil.bench.toml_lines import line_of, statements

TEXT = """\
# a comment with [brackets] and "quotes
title = "x # not a comment"   # a comment

[a]
one = 1
many = [
    "[", # ]
    '\"\"\"',
]
"dotted.key".inner = { b = "}" }
long = \"\"\"
[not.a.table]
five quotes end it: \"\"\"\"\"

[a."b.c"]
three = 3

[[list]]
x = 1
[[list]]
x = 2
[list.sub]
y = 3
"""


def test_finds_the_line_of_each_key() -> None:
    tomllib.loads(TEXT)
    assert line_of(TEXT, ("title",)) == 2
    assert line_of(TEXT, ("a",)) == 4
    assert line_of(TEXT, ("a", "many", 1)) == 6
    assert line_of(TEXT, ("a", "dotted.key", "inner")) == 10
    assert line_of(TEXT, ("a", "b.c")) == 15
    assert line_of(TEXT, ("a", "b.c", "three")) == 16
    assert line_of(TEXT, ("list", 0, "x")) == 19
    assert line_of(TEXT, ("list", 1, "x")) == 21
    assert line_of(TEXT, ("list", 1, "sub", "y")) == 23


def test_names_the_nearest_place_of_a_key_that_is_not_written() -> None:
    assert line_of(TEXT, ("a", "b.c", "missing")) == 15
    assert line_of(TEXT, ("nowhere",)) == 1


def test_a_statement_spans_its_lines() -> None:
    spans = {s.path: (s.first, s.last) for s in statements(TEXT) if not s.is_header}
    assert spans["a", "many"] == (6, 9)
    assert spans["a", "long"] == (11, 13)


KEYS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1, max_size=5)
VALUES = st.recursive(
    st.integers(0, 9) | st.text(st.sampled_from("[]{}#'\"\\\n= .x"), max_size=6),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=4,
)


def basic(text: str) -> str:
    return '"' + "".join(f"\\u{ord(c):04x}" if c in '"\\\n' else c for c in text) + '"'


def written(value: Any, multiline: bool) -> str:
    if isinstance(value, list):
        gap = "\n  # ]\n  " if multiline else " "
        return "[" + ",".join(gap + written(each, multiline) for each in value) + gap + "]"
    if isinstance(value, str):
        if multiline and "\\" not in value:
            return '"""' + value.replace('"', '\\"') + '"""'
        return basic(value)
    return str(value)


@given(st.dictionaries(KEYS, st.dictionaries(KEYS, st.tuples(VALUES, st.booleans()), max_size=4), max_size=4))
def test_finds_every_key_of_any_document(document: dict[str, dict[str, tuple[Any, bool]]]) -> None:
    lines: list[str] = []
    places: dict[tuple[str, ...], int] = {}
    for table, entries in document.items():
        places[table,] = len(lines) + 1
        lines.append(f"[ {basic(table)} ] # [")
        for key, (value, multiline) in entries.items():
            places[table, key] = len(lines) + 1
            lines += f"{basic(key)} = {written(value, multiline)} # =".split("\n")
    text = "\n".join(lines)
    tomllib.loads(text)
    assert {path: line_of(text, path) for path in places} == places
