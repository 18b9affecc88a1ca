"""The public names of hil_calibration, its errors, and the cost of importing it."""

from __future__ import annotations

import subprocess
import sys

import pytest

import hil_calibration
from hil_calibration import errors


@pytest.mark.parametrize("name", hil_calibration.__all__)
def test_every_exported_name_loads(name: str) -> None:
    assert getattr(hil_calibration, name) is not None


def test_the_export_list() -> None:
    """A name that leaves breaks its users: this list changes on purpose only."""
    assert " ".join(hil_calibration.__all__) == (
        "Budget BudgetLine CalibrationError CalibrationFunction CalibrationRecord CallendarVanDusen ComplexQuantity "
        "Decision Distribution Effect Expanded Instrument Line MeasuredLine Measurements Polynomial Propagation "
        "Quantity Reported ReportingPolicy StraightLine Table choose_degree concatenate coverage_region decide "
        "e_n equivalence evaluate evaluate_model fit_pod global_risk interpolate line_through linear_model "
        "load_model polynomial probability propagate proportion_interval quantities repeatability_reproducibility "
        "report straight_line zeta"
    )


def test_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = hil_calibration.nonsense


def test_importing_the_package_loads_nothing_heavy() -> None:
    heavy = "{'GTC', 'pint', 'scipy', 'numpy'}"
    code = f"import sys, hil_calibration; assert not {heavy} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_stream_and_regression_import_neither_gtc_nor_pint_nor_scipy() -> None:
    code = (
        "import sys, hil_calibration.stream, hil_calibration.series, hil_calibration.montecarlo,"
        " hil_calibration.quantity;"
        "assert not {'GTC', 'pint', 'scipy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_an_error_says_what_where_and_what_to_do() -> None:
    error = errors.UnknownUncertainty("no uncertainty", where="reference", remedy="state it")
    assert isinstance(error, errors.CalibrationError)
    assert str(error) == "reference: no uncertainty; state it"
    assert (error.what, error.where, error.remedy) == ("no uncertainty", "reference", "state it")
