"""Model equations as text: ``m * g / (p * (1 + lam * dt))``.

The grammar is a small part of Python's: numbers, names, ``+ - * / **``, parentheses, and numpy's elementary functions
by their names. Everything else is refused before anything is evaluated. Angles are in radians; ``pi`` and ``e`` are
constants.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from functools import cached_property
from types import CodeType
from typing import Any

import numpy as np

from ..errors import CalibrationError

LONGEST = 20_000
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

_OPERATORS = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Pow, ast.UAdd, ast.USub)
_NUMPY: Mapping[str, Callable[..., Any]] = {name: getattr(np, name) for name in FUNCTIONS}


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
        self._tree = _parsed(text, where)
        checked = _Checked(where)
        self._tree = checked.visit(self._tree)
        self.names: tuple[str, ...] = tuple(checked.names)

    @cached_property
    def _code(self) -> CodeType:
        try:
            return compile(ast.fix_missing_locations(self._tree), "<model>", "eval")
        except (RecursionError, MemoryError):
            raise CalibrationError(
                "an expression with too many terms", where=self.where, remedy="split the model into measurands"
            ) from None

    def evaluate(self, values: Mapping[str, Any], functions: Mapping[str, Callable[..., Any]] = _NUMPY) -> Any:
        """The value for ``values`` of its names: floats, arrays of one shape, or anything with these operators.

        Numbers that leave the domain of an operation become NaN or infinite; the caller checks.

        :param functions: what the function names mean; numpy's own by default.
        """
        with np.errstate(all="ignore"):
            try:
                return eval(self._code, {"__builtins__": {}, **functions, **CONSTANTS, **values})
            except (ZeroDivisionError, OverflowError):
                return math.nan


def _parsed(text: str, where: str) -> ast.Expression:
    if len(text) > LONGEST:
        raise CalibrationError(f"an expression of {len(text)} characters", where=where, remedy=f"use {LONGEST} at most")
    try:
        return ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        reason = error.msg if isinstance(error, SyntaxError) else "it cannot be parsed"
        raise CalibrationError(
            f"{text[:80]!r} is no expression: {reason}", where=where, remedy="use + - * / ** and elementary functions"
        ) from None


class _Checked(ast.NodeTransformer):
    """Refuses every node that the grammar does not hold, makes numbers floats, and collects names."""

    def __init__(self, where: str) -> None:
        self.names: dict[str, None] = {}
        self._where, self._depth = where, 0

    def visit(self, node: ast.AST) -> Any:
        self._depth += 1
        if self._depth > DEEPEST:
            raise self._refusal(f"nesting deeper than {DEEPEST}")
        try:
            return super().visit(node)
        finally:
            self._depth -= 1

    def generic_visit(self, node: ast.AST) -> ast.AST:
        if isinstance(node, ast.Expression | ast.Load | _OPERATORS):
            return super().generic_visit(node)
        raise self._refusal(_described(node))

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        """A long sum or product leans to the left: its terms are no nesting."""
        spine: list[ast.BinOp] = [node]
        while isinstance(spine[-1].left, ast.BinOp):
            spine.append(spine[-1].left)
        left: ast.expr = self.visit(spine[-1].left)
        for each in reversed(spine):
            if not isinstance(each.op, _OPERATORS):
                raise self._refusal(_described(each.op))
            left = ast.BinOp(left, each.op, self.visit(each.right))
        return left

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        if not isinstance(node.op, _OPERATORS):
            raise self._refusal(_described(node.op))
        return ast.UnaryOp(node.op, self.visit(node.operand))

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        if type(node.value) not in (int, float):
            raise self._refusal(f"the constant {node.value!r:.40}")
        try:
            number = float(node.value)  # type: ignore[arg-type]
        except OverflowError:
            number = math.inf
        if not math.isfinite(number):
            raise self._refusal(f"the number {str(node.value)[:20]}, which is too large")
        return ast.Constant(number)

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if node.id in FUNCTIONS:
            raise self._refusal(f"the function {node.id} without parentheses")
        if not NAME.fullmatch(node.id) or node.id.startswith("__"):
            raise self._refusal(f"the name {node.id!r}")
        if node.id not in CONSTANTS:
            self.names[node.id] = None
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        name = node.func.id if isinstance(node.func, ast.Name) else "that is no name"
        if name not in FUNCTIONS:
            near = get_close_matches(name, FUNCTIONS, n=1, cutoff=0.5)
            raise self._refusal(f"the function {name}", f"did you mean {near[0]}?" if near else ", ".join(FUNCTIONS))
        if node.keywords or len(node.args) != FUNCTIONS[name]:
            raise self._refusal(f"{name} with other than {FUNCTIONS[name]} argument(s)")
        return ast.Call(node.func, [self.visit(argument) for argument in node.args], [])

    def _refusal(
        self, what: str, remedy: str = "use + - * / **, names, numbers and numpy's elementary functions"
    ) -> CalibrationError:
        return CalibrationError(f"a model cannot hold {what}", where=self._where, remedy=remedy)


def _described(node: ast.AST) -> str:
    words = re.sub(r"(?<!^)(?=[A-Z])", " ", type(node).__name__).lower()
    return f"this ({words})"
