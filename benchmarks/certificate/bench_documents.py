"""Documents of 100 and of 2000 points: XML, page, and both together, with the peak of memory of one.

Targets: 100 points, XML at most 50 ms; 2000 points, XML and PDF at most 5 s and 500 MB. Exit code 1 if missed. Beside
them a bare loop over lxml that writes the same numbers without a document around them.
Run: python benchmarks/certificate/bench_documents.py
"""

from __future__ import annotations

import resource
import sys
from collections.abc import Callable
from statistics import median
from time import perf_counter

from lxml import etree

from hil_calibration.certificate import to_pdf, to_xml
from hil_calibration.certificate.conformity import Conformity, Verdict
from hil_calibration.certificate.model import (
    Certificate,
    Column,
    Condition,
    Equipment,
    Item,
    Method,
    Organisation,
    Person,
    Reference,
    Result,
    Software,
    Text,
)
from hil_calibration.certificate.text import UNCERTAINTY, standard_statements

XML_MS, WHOLE_S, MEMORY_MB = 50.0, 5.0, 500.0


def certificate(n: int, number: int = 0) -> Certificate:
    """Bilingual, with conformity and capability at each of n points.

    :param number: another one for other values: typst remembers what it has set before.
    """
    values = tuple(f"{10 + i * 0.05 + number:.2f}" for i in range(n))
    errors = tuple(f"{(i % 7 - 3) * 0.01:.2f}" for i in range(n))
    verdicts: list[Verdict] = ["pass"] * n
    judged = Conformity(
        tuple(verdicts), "within 0.10 K", "guarded acceptance", ("-0.10",), ("0.10",), ("-0.06",), ("0.06",)
    )
    columns = (
        Column(Text("Reference value", "Valeur de référence"), "basic_referenceValue", "Cel", values),
        Column(Text("Indication", "Indication"), "basic_measuredValue", "Cel", values),
        Column(
            Text("Error", "Erreur"),
            "basic_measurementError",
            "K",
            errors,
            ("0.041",) * n,
            k=" ".join(["2.03"] * n),
            conformity=judged,
            in_cmc=(True,) * n,
        ),
    )
    organisation = Organisation("Example Laboratory", "1 Example Street", "00000", "Exampletown", "XX")
    return Certificate(
        identifier=f"BENCH-{number}",
        laboratory=organisation,
        customer=organisation,
        item=Item("Thermometer", "Example Instruments", "EX-T", "1"),
        equipment=(Equipment("Standard", "Example Instruments", "EX-S", "2", Reference("C-1", "ab" * 32)),),
        methods=(Method("Comparison", "Side by side in a bath."), UNCERTAINTY),
        conditions=(Condition("Air temperature", "basic_temperature", "Cel", "22.8", "23.2", "23.0", "0.3", "2"),),
        results=(Result(Text("Temperature", "Température"), columns),),
        statements=standard_statements(simulated=False, deviations="none"),
        persons=(Person("Technical Manager C", "authoriser", main_signer=True),),
        software=Software("hil-bench", "v0.1.0"),
        begin="2026-01-01",
        end="2026-01-02",
        issued="2026-01-03",
        simulated=False,
    )


def bare(made: Certificate) -> bytes:
    """The lists of numbers alone."""
    root = etree.Element("results")
    for column in made.results[0].columns:
        for numbers in (column.values, column.U):
            etree.SubElement(root, "list").text = " ".join(numbers)
    return etree.tostring(root)


def taken(call: Callable[[Certificate], object], n: int, times: int) -> float:
    """The median of the seconds that a call takes for certificates of n points, after one that does not count."""
    spans = []
    for made in [certificate(n, number) for number in range(times + 1)]:
        begun = perf_counter()
        call(made)
        spans.append(perf_counter() - begun)
    return median(spans[1:])


def both(made: Certificate) -> bytes:
    """XML and page."""
    return to_pdf(made, to_xml(made))


def memory() -> float:
    """The greatest resident size of this process so far, in MB (Linux counts it in kB)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000.0


def main() -> int:
    """0 if the targets are met."""
    both(certificate(2000, number=-1))
    peak = memory()
    loop, xml, page = taken(bare, 100, 20), taken(to_xml, 100, 20), taken(both, 100, 5)
    print(f"100 points   XML   {1e3 * xml:8.1f} ms (target ≤ {XML_MS:g} ms; bare lists {1e3 * loop:.2f} ms)")
    print(f"             both  {1e3 * page:8.1f} ms, XML of {len(to_xml(certificate(100)))} bytes")
    whole = taken(both, 2000, 3)
    print(f"2000 points  both  {whole:8.2f} s  (target ≤ {WHOLE_S:g} s), {peak:.0f} MB (target ≤ {MEMORY_MB:g} MB)")
    print(f"             {memory():.0f} MB after three more: typst keeps what it has set")
    return 0 if 1e3 * xml <= XML_MS and whole <= WHOLE_S and peak <= MEMORY_MB else 1


if __name__ == "__main__":
    sys.exit(main())
