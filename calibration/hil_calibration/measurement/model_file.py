"""Measurement model files: TOML that states a model, its inputs, their correlations and how to evaluate it."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from ..errors import CalibrationError
from ..montecarlo import BLOCK, Interval
from . import distribution as d
from .expression import CONSTANTS, FUNCTIONS, NAME, Expression
from .gum import coverage_factor

METHODS = ("gum", "gum2", "montecarlo")
_BOUNDED = ("rectangular", "triangular", "arcsine", "trapezoidal", "curvilinear")
_KEYS: dict[str, tuple[str, ...]] = {
    "constant": ("value",),
    "normal": ("value", "u", "U", "k", "coverage", "dof"),
    "t": ("value", "scale", "dof"),
    "rectangular": ("lower", "upper", "value", "half_width", "dof"),
    "triangular": ("lower", "upper", "value", "half_width", "dof"),
    "arcsine": ("lower", "upper", "value", "half_width", "dof"),
    "trapezoidal": ("lower", "upper", "value", "half_width", "beta", "dof"),
    "curvilinear": ("lower", "upper", "value", "half_width", "inexactness", "dof"),
    "exponential": ("value",),
    "gamma": ("shape", "scale"),
    "beta": ("alpha", "beta", "lower", "upper"),
    "samples": ("samples",),
}


@dataclass(frozen=True)
class Options:
    """How to evaluate: coverage probability, interval, methods, trials (``None`` is adaptive), digits, seed."""

    coverage: float = 0.95
    interval: Interval = "symmetric"
    methods: tuple[str, ...] = ("gum", "montecarlo")
    trials: int | None = None
    digits: int = 2
    seed: int | None = None


@dataclass(frozen=True)
class ModelFile:
    """One measurement model: measurand -> expression, input -> distribution, pairs of inputs -> r."""

    measurands: dict[str, Expression]
    inputs: dict[str, d.Distribution]
    correlations: dict[tuple[str, str], float]
    options: Options


def load(path: Path) -> ModelFile:
    """Read a measurement model file.

    :raises CalibrationError: naming the file, the key, and what was expected.
    """
    try:
        text = path.read_bytes().decode()
    except OSError as error:
        raise CalibrationError(
            f"cannot be read: {error.strerror}", where=str(path), remedy="name a measurement model file"
        ) from None
    except UnicodeDecodeError:
        raise CalibrationError("is no text in UTF-8", where=str(path), remedy="save it as UTF-8") from None
    return parse(text, where=str(path))


def parse(text: str, *, where: str = "model") -> ModelFile:
    """A measurement model from the text of its file; ``where`` names it in errors."""
    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise CalibrationError(f"is no TOML: {error}", where=where, remedy="correct the file") from None
    return _Parser(where).model(document)


class _Parser:
    def __init__(self, where: str) -> None:
        self._where = where

    def model(self, document: Mapping[str, Any]) -> ModelFile:
        self._known("", document, ("measurand", "model", "inputs", "correlations", "options"))
        measurands = self._measurands(document)
        stated = self._table("inputs", document.get("inputs", {}))
        if not stated:
            raise self._error("inputs", "is missing", "state each input quantity in a table [inputs.NAME]")
        inputs = {name: self._input(name, self._table(f"inputs.{name}", table)) for name, table in stated.items()}
        for name, expression in measurands.items():
            unknown = [each for each in expression.names if each not in inputs]
            if unknown:
                raise self._error(
                    f"model ({name})", f"names {unknown[0]!r}, which is no input", self._nearest(unknown[0], inputs)
                )
        return ModelFile(measurands, inputs, self._correlations(document, inputs), self._options(document))

    def _measurands(self, document: Mapping[str, Any]) -> dict[str, Expression]:
        names, model = document.get("measurand"), document.get("model")
        listed = [names] if isinstance(names, str) else names
        if not isinstance(listed, list) or not listed or not all(isinstance(name, str) for name in listed):
            raise self._error("measurand", "is missing or no name", 'write measurand = "y", or a list of names')
        if isinstance(model, str) and len(listed) == 1:
            model = {listed[0]: model}
        if not isinstance(model, dict) or set(model) != set(listed) or len(set(listed)) != len(listed):
            raise self._error("model", "has not one expression for each measurand", 'write {y1 = "...", y2 = "..."}')
        found = {}
        for name in listed:
            self._check_name("measurand", name)
            if not isinstance(model[name], str):
                raise self._error(f"model.{name}", "is no text", "write the expression in quotes")
            found[name] = Expression(model[name], where=f"{self._where}: model ({name})")
        return found

    def _input(self, name: str, table: Mapping[str, Any]) -> d.Distribution:
        key = f"inputs.{name}"
        self._check_name(key, name)
        kind = table.get("distribution")
        if kind not in _KEYS:
            raise self._error(f"{key}.distribution", f"{kind!r} is no distribution", self._nearest(str(kind), _KEYS))
        self._known(key, table, ("distribution", "unit", *_KEYS[kind]))
        numbers = {
            each: self._number(f"{key}.{each}", table[each])
            for each in table
            if each in _KEYS[kind] and each != "samples"
        }
        unit = self._unit(key, table)
        try:
            return self._made(key, kind, numbers, table, unit)
        except CalibrationError as error:
            if error.where:
                raise
            raise CalibrationError(error.what, where=f"{self._where}: {key}", remedy=error.remedy) from None

    def _made(
        self, key: str, kind: str, numbers: dict[str, float], table: Mapping[str, Any], unit: str
    ) -> d.Distribution:
        def need(*names: str) -> list[float]:
            for each in names:
                if each not in numbers:
                    raise self._error(
                        f"{key}.{each}", "is missing", f"a {kind} distribution takes {', '.join(_KEYS[kind])}"
                    )
            return [numbers[each] for each in names]

        dof = numbers.get("dof", math.inf)
        if kind in _BOUNDED:
            lower, upper = self._limits(key, numbers)
            shape = {each: need(each)[0] for each in ("beta", "inexactness") if each in _KEYS[kind]}
            made: Any = d.KINDS[kind]
            return made(lower=lower, upper=upper, **shape, dof=dof, unit=unit)  # type: ignore[no-any-return]
        if kind == "normal":
            return d.Normal(value=need("value")[0], standard=self._standard(key, numbers), dof=dof, unit=unit)
        if kind == "t":
            value, scale, dof = need("value", "scale", "dof")
            return d.StudentT(value=value, standard=scale, dof=dof, unit=unit)
        if kind == "constant":
            return d.Constant(value=need("value")[0], unit=unit)
        if kind == "exponential":
            return d.Exponential(value=need("value")[0], unit=unit)
        if kind == "gamma":
            shape_, scale = need("shape", "scale")
            return d.Gamma(shape=shape_, scale=scale, unit=unit)
        if kind == "beta":
            alpha, beta = need("alpha", "beta")
            return d.Beta(
                alpha=alpha, beta=beta, lower=numbers.get("lower", 0.0), upper=numbers.get("upper", 1.0), unit=unit
            )
        return d.samples(self._samples(key, table.get("samples")), unit=unit)

    def _limits(self, key: str, numbers: Mapping[str, float]) -> tuple[float, float]:
        by_limits, by_middle = {"lower", "upper"} & set(numbers), {"value", "half_width"} & set(numbers)
        if len(by_limits) == 2 and not by_middle:
            return numbers["lower"], numbers["upper"]
        if len(by_middle) == 2 and not by_limits:
            return numbers["value"] - numbers["half_width"], numbers["value"] + numbers["half_width"]
        raise self._error(key, "has no limits, or more than one pair", "give lower and upper, or value and half_width")

    def _standard(self, key: str, numbers: Mapping[str, float]) -> float:
        stated = {"u", "U", "k", "coverage"} & set(numbers)
        if stated == {"u"}:
            return numbers["u"]
        if stated == {"U", "k"} and numbers["k"] > 0:
            return numbers["U"] / numbers["k"]
        if stated == {"U", "coverage"}:
            dof = numbers.get("dof", math.inf)
            if not dof >= 1:
                raise self._error(f"{key}.dof", f"is {dof:g}", "give 1 or more")
            return numbers["U"] / coverage_factor(numbers["coverage"], dof)
        raise self._error(
            key, "does not state its uncertainty", "give u, or U with k above 0, or U with coverage (and dof)"
        )

    def _samples(self, key: str, stated: object) -> list[float]:
        if not isinstance(stated, list):
            raise self._error(f"{key}.samples", "is no list", "write samples = [1.02, 1.04, ...]")
        return [self._number(f"{key}.samples", each) for each in stated]

    def _correlations(self, document: Mapping[str, Any], inputs: Collection[str]) -> dict[tuple[str, str], float]:
        stated = document.get("correlations", [])
        if not isinstance(stated, list) or not all(isinstance(each, dict) for each in stated):
            raise self._error("correlations", "is no list of tables", "write [[correlations]]")
        found: dict[tuple[str, str], float] = {}
        for number, table in enumerate(stated, 1):
            key = f"correlations[{number}]"
            self._known(key, table, ("between", "r"))
            between = table.get("between")
            if not isinstance(between, list) or len(between) != 2 or not all(isinstance(n, str) for n in between):
                raise self._error(f"{key}.between", "names not two inputs", 'write between = ["a", "b"]')
            a, b = between
            for name in between:
                if name not in inputs:
                    raise self._error(f"{key}.between", f"{name!r} is no input", self._nearest(name, inputs))
            if (a, b) in found or (b, a) in found:
                raise self._error(key, f"states r between {a!r} and {b!r} twice", "state it once")
            r = self._number(f"{key}.r", table.get("r"))
            if a == b or not -1 <= r <= 1:
                raise self._error(key, f"r = {r:g} between {a!r} and {b!r}", "give r from -1 to 1 of two inputs")
            found[a, b] = r
        return found

    def _options(self, document: Mapping[str, Any]) -> Options:
        stated = self._table("options", document.get("options", {}))
        self._known("options", stated, ("coverage", "interval", "method", "trials", "digits", "seed"))
        methods = stated.get("method", list(Options().methods))
        methods = [methods] if isinstance(methods, str) else methods
        if not isinstance(methods, list) or not methods or not set(map(str, methods)) <= set(METHODS):
            raise self._error("options.method", f"{methods!r}", f"use {', '.join(METHODS)}, or a list of them")
        coverage = self._number("options.coverage", stated.get("coverage", 0.95))
        if not 0 < coverage < 1:
            raise self._error("options.coverage", f"is {coverage:g}", "give a probability between 0 and 1")
        interval = stated.get("interval", "symmetric")
        if interval not in ("symmetric", "shortest"):
            raise self._error("options.interval", f"{interval!r}", "use symmetric or shortest")
        trials = stated.get("trials", "adaptive")
        return Options(
            coverage,
            interval,
            tuple(dict.fromkeys(map(str, methods))),
            None if trials == "adaptive" else self._integer("options.trials", trials, BLOCK, 100_000_000),
            self._integer("options.digits", stated.get("digits", 2), 1, 2),
            None if "seed" not in stated else self._integer("options.seed", stated["seed"], 0, 2**63),
        )

    def _check_name(self, key: str, name: str) -> None:
        if not NAME.fullmatch(name) or name in FUNCTIONS or name in CONSTANTS:
            raise self._error(
                key, f"{name!r} cannot be a name", "use letters, digits and _, and no function or constant"
            )

    def _unit(self, key: str, table: Mapping[str, Any]) -> str:
        from .. import unit as units

        unit = table.get("unit", "")
        if not isinstance(unit, str):
            raise self._error(f"{key}.unit", "is no text", 'write unit = "kg"')
        try:
            return units.check(unit) if unit else ""
        except CalibrationError as error:
            raise self._error(f"{key}.unit", error.what, error.remedy) from None

    def _table(self, key: str, value: object) -> Mapping[str, Any]:
        if not isinstance(value, dict):
            raise self._error(key, "is no table", f"write [{key}]")
        return value

    def _number(self, key: str, value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self._error(key, "is missing or no number", "give a number")
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if math.isnan(number) or (math.isinf(number) and not key.endswith(".dof")):
            raise self._error(key, f"is {number}", "give a finite number")
        return number

    def _integer(self, key: str, value: object, lower: int, upper: int) -> int:
        if type(value) is not int or not lower <= value <= upper:
            raise self._error(key, f"{value!r}", f"give a whole number from {lower} to {upper}")
        return value

    def _known(self, key: str, table: Mapping[str, Any], known: Collection[str]) -> None:
        for name in table:
            if name not in known:
                raise self._error(f"{key}.{name}" if key else name, "unknown key", self._nearest(name, known))

    def _nearest(self, name: str, known: Collection[str]) -> str:
        near = get_close_matches(name, known, n=1)
        return f"did you mean {near[0]!r}?" if near else f"use {', '.join(known)}"

    def _error(self, key: str, what: str, remedy: str) -> CalibrationError:
        return CalibrationError(what, where=f"{self._where}: {key}", remedy=remedy)
