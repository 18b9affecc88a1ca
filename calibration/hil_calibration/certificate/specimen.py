"""Specimens of a certificate and of a report, with which a laboratory's template is tried before it is needed."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from .conformity import Conformity
from .model import (
    Budget,
    Certificate,
    Column,
    Condition,
    Equipment,
    Function,
    Item,
    Method,
    Organisation,
    Person,
    Reference,
    Result,
    SharedEffect,
    Software,
)
from .pdf import to_pdf
from .report import ReportVerdict, SystemUnderTest, Table, TrialReport
from .report_writer import report_json, report_pdf
from .text import NONE, UNCERTAINTY, standard_statements
from .writer import to_xml

_DAY = "2026-01-01"
_ADDRESS = Organisation("SPECIMEN", "1 Example Street", "00000", "Exampletown", "XX")
_EQUIPMENT = (Equipment("Standard", "Example Instruments", "EX", "1", Reference("SPECIMEN", "00" * 32)),)
_PERSONS = (Person("SPECIMEN", "authoriser", main_signer=True),)
_SOFTWARE = Software("hil-bench", "v0.0.0")
_BUDGET = Budget("Budget", ("Source", "u / K", "share / %"), (("noise", "0.05", "100.0"), ("all", "0.05", "100.0")), 2)


def try_template(template: Path, kind: Literal["certificate", "report"]) -> None:
    """Set a specimen with a template.

    :raises CertificateError: the template cannot be used.
    """
    if kind == "certificate":
        made = certificate()
        to_pdf(made, to_xml(made), template=template)
    else:
        told = report()
        report_pdf(told, report_json(told), template=template)


def certificate() -> Certificate:
    """A draft of simulated values, adjusted and judged."""
    judged = Conformity(("pass",), "within 0.5 K", "simple acceptance", ("-0.5",), ("0.5",), ("-0.5",), ("0.5",))
    columns = (
        Column("Reference value", "basic_referenceValue", "Cel", ("20.0",)),
        Column("Indication", "basic_measuredValue", "Cel", ("20.1",)),
        Column("Error", "basic_measurementError", "K", ("0.1",), ("0.1",), conformity=judged, in_cmc=(True,)),
    )
    return Certificate(
        identifier="SIM-SPECIMEN",
        laboratory=_ADDRESS,
        customer=_ADDRESS,
        item=Item("Item", "Example Instruments", "EX", "1"),
        equipment=_EQUIPMENT,
        methods=(Method("Method", "A specimen."), UNCERTAINTY),
        conditions=(Condition("Air temperature", "basic_temperature", "Cel", "22.9", "23.1", "23.0", "0.2", "2"),),
        results=(Result("Before", columns, "beforeAdjustment"), Result("After", columns, "afterAdjustment")),
        statements=standard_statements(simulated=True, deviations=NONE),
        persons=_PERSONS,
        software=_SOFTWARE,
        begin=_DAY,
        end=_DAY,
        issued=_DAY,
        simulated=True,
        function=Function(
            "straight-line",
            "Cel",
            "Cel",
            "0",
            "50",
            ("0", "1"),
            (("1e-4", "0"), ("0", "1e-8")),
            (SharedEffect("drift", "absolute", "rectangular", "0.01"),),
        ),
        budgets=(_BUDGET,),
        draft=True,
    )


def report() -> TrialReport:
    """A draft of simulated values, with a verdict."""
    return TrialReport(
        identifier="SIM-SPECIMEN",
        title="Specimen",
        question="Can the template be used?",
        laboratory=_ADDRESS,
        customer=_ADDRESS,
        equipment=_EQUIPMENT,
        procedure=(("procedure", "specimen"),),
        persons=_PERSONS,
        software=_SOFTWARE,
        begin=_DAY,
        end=_DAY,
        issued=_DAY,
        provenance="simulated",
        deviations=NONE,
        limitations=("It proves nothing.",),
        verdict=ReportVerdict("INCONCLUSIVE", "none", "none", "a specimen", "none"),
        results=(("result", "1.0 lx"),),
        tables=(Table("Observed", ("level / lx", "successes"), (("1.0", "1"),)),),
        budgets=(_BUDGET,),
        conditions=(("air temperature", "23.0 °C"),),
        counts=(("observations", "1"),),
        model=(("model", "none"),),
        systems=(SystemUnderTest("role", "system", "1", (("file", "00" * 32),), (("setting", "1"),)),),
        draft=True,
    )
