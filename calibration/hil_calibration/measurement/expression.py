"""Model equations as text: ``m * g / (p * (1 + lam * dt))``.

The grammar is a small part of Python's: numbers, names, ``+ - * / **``, parentheses, and numpy's elementary functions
by their names. Everything else is refused before anything is evaluated. Angles are in radians; ``pi`` and ``e`` are
constants.
"""

from __future__ import annotations

import ast
import math
import operator
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import numpy as np

from ..errors import CalibrationError

LONGEST = 50_000
DEEPEST = 100
CONSTANTS = {"pi": math.pi, "e": math.e}
UNARY = (
    *("sin", "cos", "tan", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh", "arcsinh", "arccosh", "arctanh"),
    *("exp", "expm1", "log", "log2", "log10", "log1p", "sqrt"),
)
BINARY = ("arctan2", "hypot")
FUNCTIONS: dict[str, int] = {**dict.fromkeys(UNARY, 1), **dict.fromkeys(BINARY, 2)}
"""The functions that an expression can call, with their number of arguments."""

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)

_OPERATORS: dict[type[ast.AST], Callable[..., Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
    ast.UAdd: operator.pos,
    ast.USub: operator.neg,
}
_NUMPY: Mapping[str, Callable[..., Any]] = {name: getattr(np, name) for name in FUNCTIONS}


@dataclass(frozen=True, slots=True)
class Step:
    """One step of an evaluation on a stack: push a number or a name, or replace ``arguments`` values by one."""

    push: float | str | None = None
    apply: Callable[..., Any] | str | None = None
    arguments: int = 0


class Expression:
    """One checked expression.

    >>> Expression("2 * x + sin(0)").names
    ('x',)
    >>> float(Expression("sqrt(x**2 + y**2)").evaluate({"x": 3.0, "y": 4.0}))
    5.0

    :param text: the expression.
    :param where: the file or key it comes from, used in errors.
    :raises CalibrationError: if it is not of this grammar, naming what it cannot hold.
    """

    def __init__(self, text: str, *, where: str = "") -> None:
        self.text, self.where = text, where
        self.steps: tuple[Step, ...] = tuple(_Steps(where).of(_parsed(text, where)))
        names = (step.push for step in self.steps if isinstance(step.push, str) and step.push not in CONSTANTS)
        self.names: tuple[str, ...] = tuple(dict.fromkeys(names))

    def evaluate(self, values: Mapping[str, Any], functions: Mapping[str, Callable[..., Any]] = _NUMPY) -> Any:
        """The value for ``values`` of its names: floats, arrays of one shape, or anything with these operators.

        What leaves the domain of an operation becomes NaN or infinite; the caller checks.

        :param functions: what the function names mean; numpy's own by default.
        """
        stack: list[Any] = []
        known = {**CONSTANTS, **values}
        with np.errstate(all="ignore"):
            for step in self.steps:
                if step.apply is None:
                    stack.append(known[step.push] if isinstance(step.push, str) else step.push)
                    continue
                arguments = stack[-step.arguments :]
                del stack[-step.arguments :]
                stack.append(_applied(functions[step.apply] if isinstance(step.apply, str) else step.apply, arguments))
        return stack[0]


def _applied(function: Callable[..., Any], arguments: list[Any]) -> Any:
    try:
        found = function(*arguments)
    except (ZeroDivisionError, OverflowError):
        return math.nan
    return math.nan if isinstance(found, complex) else found


def _parsed(text: str, where: str) -> ast.expr:
    if len(text) > LONGEST:
        raise CalibrationError(f"an expression of {len(text)} characters", where=where, remedy=f"use {LONGEST} at most")
    try:
        return ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        reason = error.msg if isinstance(error, SyntaxError) else "it cannot be parsed"
        raise CalibrationError(
            f"{text[:80]!r} is no expression: {reason}", where=where, remedy="use + - * / ** and elementary functions"
        ) from None


class _Steps:
    """The steps of a syntax tree; refuses every node that the grammar does not hold."""

    def __init__(self, where: str) -> None:
        self._where, self._depth = where, 0

    def of(self, node: ast.expr) -> Iterator[Step]:
        self._depth += 1
        if self._depth > DEEPEST:
            raise self._refusal(f"nesting deeper than {DEEPEST}")
        match node:
            case ast.Constant():
                yield Step(push=self._number(node.value))
            case ast.Name():
                yield Step(push=self._name(node.id))
            case ast.BinOp():
                yield from self._binary(node)
            case ast.UnaryOp():
                yield from self.of(node.operand)
                yield Step(apply=self._operator(node.op), arguments=1)
            case ast.Call():
                yield from self._call(node)
            case _:
                raise self._refusal(_described(node))
        self._depth -= 1

    def _binary(self, node: ast.BinOp) -> Iterator[Step]:
        """A long sum or product leans to the left: its terms are no nesting."""
        spine = [node]
        while isinstance(spine[-1].left, ast.BinOp):
            spine.append(spine[-1].left)
        yield from self.of(spine[-1].left)
        for each in reversed(spine):
            yield from self.of(each.right)
            yield Step(apply=self._operator(each.op), arguments=2)

    def _call(self, node: ast.Call) -> Iterator[Step]:
        name = node.func.id if isinstance(node.func, ast.Name) else "that is no name"
        if name not in FUNCTIONS:
            near = get_close_matches(name, FUNCTIONS, n=1, cutoff=0.5)
            remedy = f"did you mean {near[0]}?" if near else f"use {', '.join(FUNCTIONS)}"
            raise self._refusal(f"the function {name}", remedy)
        if node.keywords or len(node.args) != FUNCTIONS[name]:
            raise self._refusal(f"{name} with other than {FUNCTIONS[name]} argument(s)")
        for argument in node.args:
            yield from self.of(argument)
        yield Step(apply=name, arguments=FUNCTIONS[name])

    def _operator(self, node: ast.AST) -> Callable[..., Any]:
        found = _OPERATORS.get(type(node))
        if found is None:
            raise self._refusal(_described(node))
        return found

    def _number(self, value: object) -> float:
        if type(value) not in (int, float):
            raise self._refusal(f"the constant {value!r:.40}")
        try:
            number = float(value)  # type: ignore[arg-type]
        except OverflowError:
            number = math.inf
        if not math.isfinite(number):
            raise self._refusal("a number that is too large")
        return number

    def _name(self, name: str) -> str:
        if name in FUNCTIONS:
            raise self._refusal(f"the function {name} without parentheses")
        if not NAME.fullmatch(name):
            raise self._refusal(f"the name {name!r}", "use letters, digits and _")
        return name

    def _refusal(
        self, what: str, remedy: str = "use + - * / **, names, numbers and elementary functions"
    ) -> CalibrationError:
        return CalibrationError(f"a model cannot hold {what}", where=self._where, remedy=remedy)


def _described(node: ast.AST) -> str:
    return f"this ({re.sub(r'(?<!^)(?=[A-Z])', ' ', type(node).__name__).lower()})"
