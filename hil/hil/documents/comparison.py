"""The texts and numbers of two documents side by side: each place with what stands in one and in the other."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from lxml import etree

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

SIGNATURE = "{http://www.w3.org/2000/09/xmldsig#}Signature"
ABSENT = "(nothing)"

Pair = tuple[str, str, str]


def xml_pairs(then: bytes, now: bytes) -> Iterator[Pair]:
    """Of two XML documents, the signatures of the first left out; lists of numbers are taken apart.

    :raises etree.XMLSyntaxError: one of them is not well-formed.
    """
    theirs, ours = etree.fromstring(then, _parser()), etree.fromstring(now, _parser())
    for signature in theirs.findall(SIGNATURE):
        theirs.remove(signature)
    yield from _texts(theirs, ours)


def json_pairs(then: bytes, now: bytes) -> Iterator[Pair]:
    """Of two JSON documents.

    :raises ValueError: one of them is none.
    """
    yield from _values(json.loads(then), json.loads(now), "")


def is_number(text: str) -> bool:
    """Whether a text is a number."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def _values(theirs: Any, ours: Any, path: str) -> Iterator[Pair]:
    if isinstance(theirs, dict) and isinstance(ours, dict):
        for key in sorted(theirs.keys() | ours.keys()):
            yield from _values(theirs.get(key, ABSENT), ours.get(key, ABSENT), f"{path}/{key}")
    elif isinstance(theirs, list) and isinstance(ours, list):
        for place in range(max(len(theirs), len(ours))):
            pair = [side[place] if place < len(side) else ABSENT for side in (theirs, ours)]
            yield from _values(pair[0], pair[1], f"{path}[{place + 1}]")
    else:
        yield path, _plain(theirs), _plain(ours)


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _texts(theirs: Element | None, ours: Element | None, path: str = "") -> Iterator[tuple[str, str, str]]:
    """Places where a text or an attribute stands in one of two trees, and what stands there in each."""
    node = ours if ours is not None else theirs
    if node is None:
        return
    here = f"{path}/{etree.QName(node).localname}"
    if theirs is None or ours is None or theirs.tag != ours.tag:
        yield here, _shown(theirs), _shown(ours)
        return
    for name in sorted({*map(str, theirs.attrib), *map(str, ours.attrib)}):
        yield f"{here}/@{etree.QName(name).localname}", theirs.get(name, ABSENT), ours.get(name, ABSENT)
    lists = (theirs.text or "").split(), (ours.text or "").split()
    if len(ours) == 0 and len(theirs) == 0 and len(lists[0]) == len(lists[1]) and all(map(is_number, lists[1])):
        several = len(lists[1]) > 1
        for place_, (then, now) in enumerate(zip(*lists, strict=True), 1):
            yield f"{here}[{place_}]" if several else here, then, now
    elif (theirs.text or "").strip() or (ours.text or "").strip():
        yield here, (theirs.text or "").strip(), (ours.text or "").strip()
    if (theirs.tail or "").strip() or (ours.tail or "").strip():
        yield f"{here}/following text", (theirs.tail or "").strip(), (ours.tail or "").strip()
    yield from _children(theirs, ours, here)


def _children(theirs: Element, ours: Element, here: str) -> Iterator[tuple[str, str, str]]:
    seen: dict[str, int] = {}
    for index in range(max(len(theirs), len(ours))):
        pair = [tree[index] if index < len(tree) else None for tree in (theirs, ours)]
        node = pair[1] if pair[1] is not None else pair[0]
        name = etree.QName(node).localname if node is not None and isinstance(node.tag, str) else "comment"
        seen[name] = seen.get(name, 0) + 1
        for path, then, now in _texts(pair[0], pair[1]):
            step = f"/{name}"
            yield f"{here}{step}[{seen[name]}]{path.removeprefix(step)}", then, now


def _shown(element: Element | None) -> str:
    return ABSENT if element is None else str(element.tag).rpartition("}")[2]


def _parser() -> etree.XMLParser:
    return etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True, huge_tree=False)
