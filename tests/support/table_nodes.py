"""What an imported table says at the points of its certificate, where no interpolation enters."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hil_calibration.calibration import CalibrationRecord
from hil_calibration.function import Table


def values_at_nodes(record: CalibrationRecord) -> NDArray[np.float64]:
    """The values of the certificate's points."""
    assert isinstance(record.function, Table)
    return np.array(record.function.y)


def covariance_at_nodes(record: CalibrationRecord) -> NDArray[np.float64]:
    """The covariance of these values."""
    assert isinstance(record.function, Table)
    spread = record.function.jacobian(record.function.x) @ record.factor
    return np.asarray(spread @ spread.T)
