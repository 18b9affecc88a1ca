"""Conditions over channels, as the bench file writes them: a small language of its own, parsed, never executed.

    chamber.temperature > 85 or rate(chamber.temperature, 30 s) > 0.2
    safety.estop == 0
    lost(chamber) or stale(chamber.temperature)
    pump.pressure - line.pressure > 0.5 and not (valve.open == 1)

Comparisons ``> < >= <= ==``, ``and``, ``or``, ``not``, ``+ - * /``, numbers, names of channels, ``rate(channel,
window)`` in units per second, ``stale(channel)``, ``lost(device)``, ``interlock(name)``. A name with other characters
than letters, digits, ``_``, ``.`` and ``-`` stands in quotes; outside of the brackets of ``rate`` and its like, one
with ``-`` does so as well.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

LONGEST = 2000
"""Characters that a condition may have."""

DEEPEST = 40
"""How deep brackets may be nested."""

FEWEST = 5
"""Readings that a slope needs: four periods."""

Relation = Literal[">", ">=", "<", "<=", "=="]
Operator = Literal["+", "-", "*", "/"]


class ExpressionError(ValueError):
    """A text that is no condition; the message says what was found, where, and what was expected."""


@dataclass(frozen=True, slots=True)
class Number:
    """A number, in the unit of what it is compared with."""

    value: float


@dataclass(frozen=True, slots=True)
class Channel:
    """The measurement of a channel, in its unit."""

    name: str


@dataclass(frozen=True, slots=True)
class Rate:
    """The slope of a channel in units per second, by least squares over the last ``window`` seconds."""

    channel: str
    window: float


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """Two quantities combined."""

    operator: Operator
    left: Quantity
    right: Quantity


Quantity: TypeAlias = Number | Channel | Rate | Arithmetic


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two quantities compared."""

    relation: Relation
    left: Quantity
    right: Quantity


@dataclass(frozen=True, slots=True)
class Stale:
    """Whether a channel has no fresh value that may be used."""

    channel: str


@dataclass(frozen=True, slots=True)
class Lost:
    """Whether the link to a device is down."""

    device: str


@dataclass(frozen=True, slots=True)
class Tripped:
    """Whether another interlock is tripped."""

    interlock: str


@dataclass(frozen=True, slots=True)
class Not:
    """The contrary of a condition."""

    term: Condition


@dataclass(frozen=True, slots=True)
class Every:
    """All of several conditions."""

    terms: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Some:
    """At least one of several conditions."""

    terms: tuple[Condition, ...]


Condition: TypeAlias = Comparison | Stale | Lost | Tripped | Not | Every | Some
Node: TypeAlias = Quantity | Condition


def parse(text: str) -> Condition:
    """The condition that ``text`` writes.

    >>> parse("chamber.temperature > 85")
    Comparison(relation='>', left=Channel(name='chamber.temperature'), right=Number(value=85.0))

    :raises ExpressionError: if it writes none.
    """
    if len(text) > LONGEST:
        raise ExpressionError(f"has {len(text)} characters, more than {LONGEST}; split it into several interlocks")
    return _Parser(text).condition()


def parts(node: Node) -> Iterator[Node]:
    """``node`` and everything inside it."""
    yield node
    inner: tuple[Node, ...] = ()
    match node:
        case Arithmetic(_, left, right) | Comparison(_, left, right):
            inner = (left, right)
        case Not(term):
            inner = (term,)
        case Every(terms) | Some(terms):
            inner = terms
    for each in inner:
        yield from parts(each)


def compared(condition: Condition) -> dict[str, None]:
    """The channels whose measurements it compares, in the order of the text."""
    found: dict[str, None] = {}
    for node in parts(condition):
        match node:
            case Channel(name) | Rate(name, _):
                found[name] = None
    return found


def channels(condition: Condition) -> dict[str, None]:
    """All the channels that must be read for it."""
    return compared(condition) | {node.channel: None for node in parts(condition) if isinstance(node, Stale)}


def rates(condition: Condition) -> set[Rate]:
    """The slopes that it needs."""
    return {node for node in parts(condition) if isinstance(node, Rate)}


def exact_rates(condition: Condition) -> set[Rate]:
    """The slopes that it compares by equality, without their uncertainties: a sensor that is frozen."""
    exact = [node for node in parts(condition) if isinstance(node, Comparison) and node.relation == "=="]
    return {part for node in exact for part in parts(node) if isinstance(part, Rate)}


_BLANK = re.compile(r"\s*")
_NUMBER = re.compile(r"(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z0-9_]+)*", re.ASCII)
_NAME = re.compile(r"[A-Za-z0-9_.-]+", re.ASCII)
_QUOTED = re.compile(r"\"([^\"]+)\"|'([^']+)'")
_SIGN = re.compile(r">=|<=|==|[<>+\-*/(),]")
_SECONDS = {"ms": 1e-3, "s": 1.0, "min": 60.0, "h": 3600.0}
_WORDS = ("and", "or", "not")
_FUNCTIONS = ("rate", "stale", "lost", "interlock")
_MEANT = {"= ": "for equality write ==", "!=": "write not a == b", "&": "write and", "|": "write or"}


class _Parser:
    """A recursive descent: each method reads what its name says, from where the one before ended."""

    def __init__(self, text: str) -> None:
        self._text, self._at, self._depth = text, 0, 0
        self._skip()

    def condition(self) -> Condition:
        found = self._either()
        if self._at < len(self._text):
            raise self._unexpected("a comparison, and, or, or the end")
        return self._condition(found)

    def _either(self) -> Node:
        return self._joined("or", self._both, Some)

    def _both(self) -> Node:
        return self._joined("and", self._negated, Every)

    def _joined(self, word: str, term: Callable[[], Node], made: Callable[[tuple[Condition, ...]], Condition]) -> Node:
        terms = [term()]
        while self._word(word):
            terms.append(term())
        return terms[0] if len(terms) == 1 else made(tuple(map(self._condition, terms)))

    def _negated(self) -> Node:
        if not self._word("not"):
            return self._comparison()
        return Not(self._condition(self._deeper(self._negated)))

    def _comparison(self) -> Node:
        left = self._sum()
        relation = self._sign(">=", "<=", "==", ">", "<")
        if not relation:
            return left
        right = self._sum()
        if self._peek(">=", "<=", "==", ">", "<"):
            raise self._unexpected("and, for comparisons are not chained")
        return Comparison(relation, self._quantity(left), self._quantity(right))  # type: ignore[arg-type]

    def _sum(self) -> Node:
        return self._chain(self._product, "+", "-")

    def _product(self) -> Node:
        return self._chain(self._signed, "*", "/")

    def _chain(self, term: Callable[[], Node], *signs: str) -> Node:
        found = term()
        while sign := self._sign(*signs):
            found = Arithmetic(sign, self._quantity(found), self._quantity(term()))  # type: ignore[arg-type]
        return found

    def _signed(self) -> Node:
        sign = self._sign("+", "-")
        if not sign:
            return self._atom()
        term = self._quantity(self._deeper(self._signed))
        if sign == "+":
            return term
        return Number(-term.value) if isinstance(term, Number) else Arithmetic("-", Number(0.0), term)

    def _atom(self) -> Node:
        if self._sign("("):
            inner = self._deeper(self._either)
            self._expect(")")
            return inner
        if number := self._take(_NUMBER):
            return Number(self._finite(number))
        if quoted := self._quoted():
            return Channel(quoted)
        found = _WORD.match(self._text, self._at)
        if found is None or found[0] in _WORDS:
            raise self._unexpected("a channel, a number or a bracket")
        self._take(_WORD)
        return self._call(found[0]) if self._peek("(") else Channel(found[0])

    def _call(self, function: str) -> Node:
        if function not in _FUNCTIONS:
            raise ExpressionError(f"there is no function {function!r}; use one of {', '.join(_FUNCTIONS)}")
        self._expect("(")
        name = self._quoted() or self._take(_NAME)
        if not name:
            raise self._unexpected("a name")
        window = 0.0
        if function == "rate":
            self._expect(",", f"a window, as in rate({name}, 30 s)")
            window = self._duration()
        self._expect(")")
        match function:
            case "rate":
                return Rate(name, window)
            case "stale":
                return Stale(name)
            case "lost":
                return Lost(name)
        return Tripped(name)

    def _duration(self) -> float:
        number, unit = self._take(_NUMBER), self._take(_WORD)
        if not number or unit not in _SECONDS or not (seconds := self._finite(number) * _SECONDS[unit]) > 0:
            raise self._unexpected(f"a duration above 0 such as 30 s ({', '.join(_SECONDS)})")
        return seconds

    def _finite(self, number: str) -> float:
        value = float(number)
        if not math.isfinite(value):
            raise ExpressionError(f"the number {number} is too large")
        return value

    def _condition(self, node: Node) -> Condition:
        if isinstance(node, Number | Channel | Rate | Arithmetic):
            raise ExpressionError(f"{shown(node)} is a quantity, not a condition; compare it, as in {shown(node)} > 1")
        return node

    def _quantity(self, node: Node) -> Quantity:
        if isinstance(node, Number | Channel | Rate | Arithmetic):
            return node
        raise ExpressionError(f"{shown(node)} is a condition, not a quantity; join conditions by and, or, not")

    def _deeper(self, read: Callable[[], Node]) -> Node:
        self._depth += 1
        if self._depth > DEEPEST:
            raise ExpressionError(f"is nested more than {DEEPEST} deep; split it into several interlocks")
        found = read()
        self._depth -= 1
        return found

    def _skip(self) -> None:
        blank = _BLANK.match(self._text, self._at)
        self._at = blank.end() if blank else self._at

    def _take(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self._text, self._at)
        if found is None:
            return ""
        self._at = found.end()
        self._skip()
        return found[0]

    def _quoted(self) -> str:
        return self._take(_QUOTED)[1:-1]

    def _word(self, word: str) -> bool:
        found = _WORD.match(self._text, self._at)
        return bool(found and found[0] == word and self._take(_WORD))

    def _peek(self, *signs: str) -> str:
        found = _SIGN.match(self._text, self._at)
        return found[0] if found and found[0] in signs else ""

    def _sign(self, *signs: str) -> str:
        return self._take(_SIGN) if self._peek(*signs) else ""

    def _expect(self, sign: str, what: str = "") -> None:
        if not self._sign(sign):
            raise self._unexpected(what or repr(sign))

    def _unexpected(self, expected: str) -> ExpressionError:
        rest = self._text[self._at : self._at + 20]
        found = f"{rest!r} at character {self._at + 1}" if rest else "the end"
        meant = next((f"; {hint}" for sign, hint in _MEANT.items() if rest.startswith(sign)), "")
        return ExpressionError(f"expected {expected}, found {found}{meant}")


def shown(node: Node) -> str:
    """``node`` as a text that parses into it again."""
    match node:
        case Number(value):
            short = f"{value:.9g}"
            return short if float(short) == value else f"{value:.17g}"
        case Channel(name):
            return name if _WORD.fullmatch(name) and name not in _WORDS else _in_quotes(name)
        case Rate(channel, window):
            return f"rate({_named(channel)}, {window:.17g} s)"
        case Stale(name):
            return f"stale({_named(name)})"
        case Lost(name):
            return f"lost({_named(name)})"
        case Tripped(name):
            return f"interlock({_named(name)})"
        case Arithmetic(operator, left, right) | Comparison(operator, left, right):
            return f"{_inside(left)} {operator} {_inside(right)}"
        case Not(term):
            return f"not {_inside(term)}"
        case Every(terms):
            return " and ".join(map(_inside, terms))
        case Some(terms):
            return " or ".join(map(_inside, terms))


def _inside(node: Node) -> str:
    composed = isinstance(node, Arithmetic | Comparison | Not | Every | Some) or (
        isinstance(node, Number) and node.value < 0
    )
    return f"({shown(node)})" if composed else shown(node)


def _named(name: str) -> str:
    return name if _NAME.fullmatch(name) else _in_quotes(name)


def _in_quotes(name: str) -> str:
    return f"'{name}'" if '"' in name else f'"{name}"'
