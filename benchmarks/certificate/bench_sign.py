"""Signing and verifying a certificate of 100 points: XML and PDF, beside the bare operation of the key.

No target of its own; the whole chain has one second. Run: python benchmarks/certificate/bench_sign.py
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from hil_calibration.certificate import to_pdf, to_xml
from hil_calibration.certificate.signing import (
    load_identity,
    make_authority,
    sign_pdf,
    sign_xml,
    verify_pdf,
    verify_xml,
)

ROUNDS = 15
ROOT = Path(__file__).resolve().parents[2]


def milliseconds(work: Callable[[], object]) -> tuple[float, float, float]:
    """Time of the first call, and median and greatest time of those after it."""
    taken = []
    for _ in range(ROUNDS + 1):
        begun = perf_counter()
        work()
        taken.append(1e3 * (perf_counter() - begun))
    return taken[0], median(taken[1:]), max(taken[1:])


def main() -> int:
    sys.path.insert(0, str(ROOT / "tests" / "support"))
    from certificate_defects import good

    certificate = good(100)
    with tempfile.TemporaryDirectory() as folder:
        root, signer = make_authority(Path(folder) / "keys", ["Signer A"], laboratory="Example Laboratory")
        identity, trusted = load_identity(signer), [root.read_bytes()]
        loaded = milliseconds(lambda: load_identity(signer))
    xml = to_xml(certificate)
    signed = sign_xml(xml, identity)
    page = to_pdf(certificate, signed)
    sealed = sign_pdf(page, identity)
    works: dict[str, Callable[[], object]] = {
        "bare ECDSA of the XML": lambda: identity.key.sign(xml, ec.ECDSA(hashes.SHA256())),
        "XAdES sign": lambda: sign_xml(xml, identity),
        "XAdES verify": lambda: verify_xml(signed, trusted),
        "PAdES sign": lambda: sign_pdf(page, identity),
        "PAdES verify": lambda: verify_pdf(sealed, trusted),
    }
    print(f"XML {len(xml)} -> {len(signed)} bytes, PDF {len(page)} -> {len(sealed)} bytes")
    print(f"load average {os.getloadavg()[0]:.1f}; {ROUNDS} rounds: first, median, max")
    for name, (first, middle, worst) in {
        "load identity": loaded,
        **{name: milliseconds(work) for name, work in works.items()},
    }.items():
        print(f"{name:24}{first:8.1f} ms{middle:8.1f} ms{worst:8.1f} ms")
    return 0


if __name__ == "__main__":
    sys.exit(main())
