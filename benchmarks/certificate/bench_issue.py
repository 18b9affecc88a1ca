"""A certificate of 100 points from its content to the two signed files: XML, XAdES, PDF/A-3b, PAdES.

Target: the whole chain at most 1 s. Exit code 1 if missed. Run: python benchmarks/certificate/bench_issue.py
"""

from __future__ import annotations

import sys
import tempfile
from itertools import pairwise
from pathlib import Path
from statistics import median
from time import perf_counter

from bench_documents import certificate

from hil_calibration.certificate import to_pdf, to_xml
from hil_calibration.certificate.signing import load_identity, make_authority, sign_pdf, sign_xml

POINTS, ROUNDS, TARGET = 100, 8, 1.0
STEPS = ("XML", "XAdES", "PDF/A-3b", "PAdES")


def main() -> int:
    """Print the median of each step in ms, and of the whole."""
    with tempfile.TemporaryDirectory() as scratch:
        identity = load_identity(make_authority(Path(scratch), ["Signer"], laboratory="Example Laboratory")[1])
    rows = []
    for number in range(ROUNDS):
        made = certificate(POINTS, number)
        times = [perf_counter()]
        xml = to_xml(made)
        times.append(perf_counter())
        signed = sign_xml(xml, identity)
        times.append(perf_counter())
        page = to_pdf(made, signed)
        times.append(perf_counter())
        sign_pdf(page, identity)
        times.append(perf_counter())
        rows.append([b - a for a, b in pairwise(times)])
    first, rest = rows[0], rows[1:]
    for step, *taken in zip(STEPS, first, *rest, strict=True):
        print(f"{step:9s} {1e3 * median(taken[1:]):6.1f} ms (first {1e3 * taken[0]:6.1f} ms)")
    whole = median(sum(row) for row in rest)
    print(f"whole     {1e3 * whole:6.1f} ms (first {1e3 * sum(first):6.1f} ms), target {1e3 * TARGET:.0f} ms")
    return int(whole > TARGET)


if __name__ == "__main__":
    sys.exit(main())
