"""Calibrate a block of readings through a cubic with covariance: ours, plain numpy, objects of GTC and `uncertainties`.

Targets: at least 0.6 of plain numpy's speed, 1000 times that of objects, agreement with them to 1e-9. Exit code 1 if
one is missed. Run: python benchmarks/metrology/bench_stream.py
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import date
from importlib import import_module
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hil_calibration import CalibrationRecord, Instrument, Polynomial, Quantity, evaluate

Array = NDArray[np.float64]

COEFFICIENTS = (0.02, 1.013, -2.0e-4, 3.0e-6)
U = np.array([2e-3, 1e-3, 2e-5, 3e-7])
CORRELATION = np.array([[1, -0.6, 0.4, -0.3], [-0.6, 1, -0.8, 0.6], [0.4, -0.8, 1, -0.9], [-0.3, 0.6, -0.9, 1]])
COVARIANCE = CORRELATION * np.outer(U, U)
U_NOISE = 0.004
READINGS, OBJECTS, ROUNDS = 1_000_000, 1000, 9


def plain(x: Array) -> tuple[Array, Array]:
    """Horner's rule for the value, its slope and each column of the Cholesky factor."""
    variance = np.square(horner([k * c for k, c in enumerate(COEFFICIENTS)][1:], x) * U_NOISE)
    for column in np.linalg.cholesky(COVARIANCE).T:
        variance += np.square(horner(column.tolist(), x))
    return horner(COEFFICIENTS, x), np.sqrt(variance)


def horner(coefficients: tuple[float, ...] | list[float], x: Array) -> Array:
    """A polynomial, coefficients in rising order."""
    result = np.full_like(x, coefficients[-1])
    for c in coefficients[-2::-1]:
        result = result * x + c
    return result


def ours(record: CalibrationRecord, x: Array) -> tuple[Array, Array]:
    """The product's path, combined uncertainty included."""
    measured = evaluate(record, x, u_indication=U_NOISE)
    return measured.value, measured.u


def objects(x: Array) -> tuple[Array, Array]:
    """One GTC number per reading."""
    gtc: Any = import_module("GTC")
    c = [q.number for q in Quantity.correlated(COEFFICIENTS, COVARIANCE, "1")]
    results = []
    for reading in x.tolist():
        v = gtc.ureal(reading, U_NOISE)
        t = ((c[3] * v + c[2]) * v + c[1]) * v + c[0]
        results.append((t.x, t.u))
    values, u = np.array(results).T
    return values, u


def objects_of_uncertainties(x: Array) -> tuple[Array, Array]:
    """One number of the package `uncertainties` per reading."""
    package: Any = import_module("uncertainties")
    c = package.correlated_values(COEFFICIENTS, COVARIANCE)
    results = []
    for reading in x.tolist():
        v = package.ufloat(reading, U_NOISE)
        t = ((c[3] * v + c[2]) * v + c[1]) * v + c[0]
        results.append((t.nominal_value, t.std_dev))
    values, u = np.array(results).T
    return values, u


def difference(one: tuple[Array, Array], other: tuple[Array, Array]) -> float:
    """The largest relative difference of values and uncertainties."""
    return max(float(np.abs(a / b - 1).max()) for a, b in zip(one, other, strict=True))


def best(run: Callable[[], object], repeats: int) -> float:
    """The shortest time of some runs, in seconds."""
    times = []
    for _ in range(repeats):
        start = perf_counter()
        run()
        times.append(perf_counter() - start)
    return min(times)


def main() -> int:
    """Print a table: time per reading, ratio to ours, agreement; 1 if a target is missed."""
    record = CalibrationRecord(
        instrument=Instrument("Example Instruments", "Thermometer", "SN0001"),
        quantity="temperature",
        unit="Cel",
        function=Polynomial(COEFFICIENTS),
        covariance=COVARIANCE,
        valid_range=(0.0, 100.0),
        date=date(2026, 1, 15),
        identifier="EL-2026-0001",
    )
    x = np.random.default_rng(1).uniform(0.0, 100.0, READINGS)
    few = x[:OBJECTS]
    ours(record, few), objects(few[:10]), objects_of_uncertainties(few[:10])
    pairs = [(best(lambda: ours(record, x), 1), best(lambda: plain(x), 1)) for _ in range(ROUNDS)]
    t_ours, t_plain = (min(times) / READINGS for times in zip(*pairs, strict=True))
    print(f"{'cubic, 4x4 covariance, noise':36}{'ns/reading':>12}{'speed of ours':>16}{'target':>10}")
    print(f"{f'hil_calibration.evaluate, {READINGS:,}':36}{t_ours * 1e9:12.1f}")
    print(f"{'numpy, Horner + Cholesky':36}{t_plain * 1e9:12.1f}{t_plain / t_ours:15.2f}x{'>= 0.6x':>10}")
    met = t_plain >= 0.6 * t_ours
    for name, run in (("GTC", objects), ("uncertainties", objects_of_uncertainties)):
        taken = best(lambda run=run: run(few), 3) / OBJECTS  # type: ignore[misc]
        print(f"{f'objects of {name}, {OBJECTS:,}':36}{taken * 1e9:12.1f}{taken / t_ours:15.0f}x{'>= 1000x':>10}")
        off = difference(ours(record, few), run(few))
        print(f"  largest relative difference: {off:.1e} (target 1e-9)")
        met = met and taken >= 1000 * t_ours and off <= 1e-9
    return int(not met)


if __name__ == "__main__":
    sys.exit(main())
