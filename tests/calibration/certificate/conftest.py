"""Certificates to test with: the shipped samples, made anew by their script, and a simulated one with everything."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from hil_calibration.certificate.model import (
    Amendment,
    Budget,
    Certificate,
    Column,
    Conformity,
    Function,
    Person,
    Result,
    SharedEffect,
    Text,
)
from hil_calibration.certificate.text import standard_statements

ROOT = Path(__file__).parents[3]
SHARED = ROOT.parent / "shared" / "dcc"


@pytest.fixture(scope="session")
def schemas() -> Path:
    directory = SHARED / "xsd"
    if not directory.is_dir():
        pytest.skip("no DCC schemas in ../shared/dcc/xsd")
    return directory


@pytest.fixture(scope="session")
def ptb() -> Path:
    directory = SHARED / "samples"
    if not directory.is_dir():
        pytest.skip("no PTB certificates in ../shared/dcc/samples")
    return directory


@pytest.fixture(scope="session")
def shipped() -> Path:
    return ROOT / "hil" / "hil" / "benches" / "certificates"


@pytest.fixture(scope="session")
def samples() -> Mapping[str, Certificate]:
    spec = importlib.util.spec_from_file_location("samples", ROOT / "scripts" / "make_sample_certificates.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    made: Mapping[str, Certificate] = module.samples()
    return made


@pytest.fixture(scope="session")
def simulated(samples: Mapping[str, Certificate]) -> Certificate:
    error = Column(
        Text("Error of indication", "Erreur d'indication"),
        "basic_measurementError",
        "lx",
        ("-0.011", "0.022", "-1.20"),
        ("0.045", "0.045", "0.86"),
        k="2.00",
    )
    reference = Column(
        Text("Reference value", "Valeur de référence"),
        "basic_referenceValue",
        "lx",
        ("0.020", "5.000", "100.00"),
    )
    indication = Column(Text("Indication", "Indication"), "basic_measuredValue", "lx", ("0.009", "5.022", "98.80"))
    return replace(
        samples["reference-luxmeter.xml"],
        identifier="SIM-2026-0007",
        simulated=True,
        results=(Result(Text("Illuminance", "Éclairement"), (reference, indication, error)),),
        statements=standard_statements(simulated=True, deviations="none"),
        chain_head="0123456789abcdef" * 4,
        function=Function(
            "straight-line",
            "lx",
            "lx",
            "0.009",
            "98.80",
            ("-0.0123456789", "0.98765432101"),
            (("0.00042", "-1.25e-06"), ("-1.25e-06", "2.5e-05")),
            (
                SharedEffect(
                    "drift", "relative", "rectangular", "0.0017320508075688774", half_width="0.003", source="maker"
                ),
                SharedEffect("temperature", "relative-per-kelvin", "normal", "0.0005", reference="23.0", dof="12"),
            ),
        ),
        budgets=(
            Budget(
                Text("Error at 100 lx", "Erreur à 100 lx"),
                (Text("Contribution", "Contribution"), "u", "Distribution"),
                (("drift", "0.0017", "rectangular"), ("repeatability", "–", "normal"), ("offset", "-0.001", "normal")),
            ),
        ),
    )


@pytest.fixture(scope="session")
def full(samples: Mapping[str, Certificate]) -> Certificate:
    """A measured certificate with everything a certificate may have: adjusted, judged, amended."""
    base = samples["climate-probe.xml"]
    reference, indication, error = base.results[0].columns
    judged = Conformity(
        ("pass", "pass", "conditionalPass", "fail"),
        Text("Order 17, clause 2: within 0.10 K", "Commande 17, article 2 : 0,10 K"),
        Text("Guarded acceptance, w = U.", "Acceptation avec bande de garde, w = U."),
        ("-0.10",),
        ("0.10",),
        ("-0.06",),
        ("0.06", "0.06", "0.06", "0.05"),
        norm="JCGM 106:2012, 8.3.3",
    )
    found = replace(error, conformity=judged, in_cmc=(True, True, False, True))
    left = replace(found, values=("0.01", "0.00", "-0.02", "-0.03"), conformity=replace(judged, verdicts=("pass",) * 4))
    shown = replace(indication, values=("10.01", "20.00", "29.98", "39.97"))
    table = replace(base.results[0], columns=(reference, indication, found), status="beforeAdjustment")
    again = replace(table, columns=(reference, shown, left), status="afterAdjustment")
    country = {"country": "FR"}
    return replace(
        base,
        identifier="EX-2026-0042-1",
        laboratory=replace(base.laboratory, **country),
        customer=replace(base.customer, **country),
        results=(table, again, *base.results[1:]),
        amends=Amendment("EX-2026-0042", "ab" * 32, Text("serial number corrected", "numéro de série corrigé")),
        recalibration="2027-11-01",
        opinions=(Text("The probe suits the chamber.", "La sonde convient à l'enceinte."),),
        customer_data=(Text("tolerance limits", "limites de tolérance"),),
        item=replace(
            base.item,
            customer_id="INV-0042",
            condition=Text("undamaged", "intact"),
            supplied=("model",),
            received=base.begin,
        ),
        persons=(
            Person("Operator A", "operator"),
            Person("Reviewer B", "reviewer"),
            Person("Technical Manager C", "authoriser", main_signer=True),
        ),
        statements=standard_statements(
            simulated=False, deviations="none", adjusted=True, decision=Text("See the results.", "Voir les résultats.")
        ),
    )
