"""The eleven sets of NIST's Statistical Reference Datasets for linear regression, to the digits that doubles allow.

Data and certified values: NIST StRD, linear least squares (Norris and Wampler are in the tests of lines and polynomials
too, as calibrations).
"""

from __future__ import annotations

import math

import numpy as np
import pytest

from hil_calibration.errors import FitError
from hil_calibration.regression import linear_model, polynomial

FILIP = [
    (0.8116, -6.860120914), (0.9072, -4.324130045), (0.9052, -4.358625055), (0.9039, -4.358426747),
    (0.8053, -6.955852379), (0.8377, -6.661145254), (0.8667, -6.355462942), (0.8809, -6.118102026),
    (0.7975, -7.115148017), (0.8162, -6.815308569), (0.8515, -6.519993057), (0.8766, -6.204119983),
    (0.8885, -5.853871964), (0.8859, -6.109523091), (0.8959, -5.79832982), (0.8913, -5.482672118),
    (0.8959, -5.171791386), (0.8971, -4.851705903), (0.9021, -4.517126416), (0.909, -4.143573228),
    (0.9139, -3.709075441), (0.9199, -3.499489089), (0.8692, -6.300769497), (0.8872, -5.953504836),
    (0.89, -5.642065153), (0.891, -5.031376979), (0.8977, -4.680685696), (0.9035, -4.329846955),
    (0.9078, -3.928486195), (0.7675, -8.56735134), (0.7705, -8.363211311), (0.7713, -8.107682739),
    (0.7736, -7.823908741), (0.7775, -7.522878745), (0.7841, -7.218819279), (0.7971, -6.920818754),
    (0.8329, -6.628932138), (0.8641, -6.323946875), (0.8804, -5.991399828), (0.7668, -8.781464495),
    (0.7633, -8.663140179), (0.7678, -8.473531488), (0.7697, -8.247337057), (0.77, -7.971428747),
    (0.7749, -7.676129393), (0.7796, -7.352812702), (0.7897, -7.072065318), (0.8131, -6.774174009),
    (0.8498, -6.478861916), (0.8741, -6.159517513), (0.8061, -6.835647144), (0.846, -6.53165267),
    (0.8751, -6.224098421), (0.8856, -5.910094889), (0.8919, -5.598599459), (0.8934, -5.290645224),
    (0.894, -4.974284616), (0.8957, -4.64454848), (0.9047, -4.290560426), (0.9129, -3.885055584),
    (0.9209, -3.408378962), (0.9219, -3.13200249), (0.7739, -8.726767166), (0.7681, -8.66695597),
    (0.7665, -8.511026475), (0.7703, -8.165388579), (0.7702, -7.886056648), (0.7761, -7.588043762),
    (0.7809, -7.283412422), (0.7961, -6.995678626), (0.8253, -6.691862621), (0.8602, -6.392544977),
    (0.8809, -6.067374056), (0.8301, -6.684029655), (0.8664, -6.378719832), (0.8834, -6.065855188),
    (0.8898, -5.752272167), (0.8964, -5.132414673), (0.8963, -4.811352704), (0.9074, -4.098269308),
    (0.9119, -3.66174277), (0.9228, -3.2644011),
]  # fmt: skip
FILIP_B = [
    -1467.48961422980, -2772.17959193342, -2316.37108160893, -1127.97394098372, -354.478233703349, -75.1242017393757,
    -10.8753180355343, -1.06221498588947, -0.670191154593408e-01, -0.246781078275479e-02, -0.402962525080404e-04,
]  # fmt: skip
FILIP_SD = [
    298.084530995537, 559.779865474950, 466.477572127796, 227.204274477751, 71.6478660875927, 15.2897178747400,
    2.23691159816033, 0.221624321934227, 0.142363763154724e-01, 0.535617408889821e-03, 0.896632837373868e-05,
]  # fmt: skip

PONTIUS_X = [150000.0 * i for i in range(1, 21)] * 2
PONTIUS_Y = [
    0.11019, 0.21956, 0.32949, 0.43899, 0.54803, 0.65694, 0.76562, 0.87487, 0.98292, 1.09146, 1.20001, 1.30822, 1.41599,
    1.52399, 1.63194, 1.73947, 1.84646, 1.95392, 2.06128, 2.16844, 0.11052, 0.22018, 0.32939, 0.43886, 0.54798, 0.65739,
    0.76596, 0.87474, 0.98300, 1.09150, 1.20004, 1.30818, 1.41613, 1.52408, 1.63159, 1.73965, 1.84696, 1.95445, 2.06177,
    2.16829,
]  # fmt: skip

LONGLEY = [
    (60323, 83.0, 234289, 2356, 1590, 107608, 1947), (61122, 88.5, 259426, 2325, 1456, 108632, 1948),
    (60171, 88.2, 258054, 3682, 1616, 109773, 1949), (61187, 89.5, 284599, 3351, 1650, 110929, 1950),
    (63221, 96.2, 328975, 2099, 3099, 112075, 1951), (63639, 98.1, 346999, 1932, 3594, 113270, 1952),
    (64989, 99.0, 365385, 1870, 3547, 115094, 1953), (63761, 100.0, 363112, 3578, 3350, 116219, 1954),
    (66019, 101.2, 397469, 2904, 3048, 117388, 1955), (67857, 104.6, 419180, 2822, 2857, 118734, 1956),
    (68169, 108.4, 442769, 2936, 2798, 120445, 1957), (66513, 110.8, 444546, 4681, 2637, 121950, 1958),
    (68655, 112.6, 482704, 3813, 2552, 123366, 1959), (69564, 114.2, 502601, 3931, 2514, 125368, 1960),
    (69331, 115.7, 518173, 4806, 2572, 127852, 1961), (70551, 116.9, 554894, 4007, 2827, 130081, 1962),
]  # fmt: skip
LONGLEY_B = [
    -3482258.63459582, 15.0618722713733, -0.358191792925910e-01, -2.02022980381683, -1.03322686717359,
    -0.511041056535807e-01, 1829.15146461355,
]  # fmt: skip
LONGLEY_SD = [
    890420.383607373, 84.9149257747669, 0.334910077722432e-01, 0.488399681651699, 0.214274163161675, 0.226073200069370,
    455.478499142212,
]  # fmt: skip


def test_filip_a_polynomial_of_degree_ten() -> None:
    """Condition number 1e15 in plain powers; the centred and scaled powers keep eight digits."""
    y, x = np.array(FILIP).T
    found = polynomial(x, y, 10)
    np.testing.assert_allclose(found.coefficients, FILIP_B, rtol=1e-8)
    np.testing.assert_allclose(found.u, FILIP_SD, rtol=1e-8)
    assert math.sqrt(found.chi2 / found.dof) == pytest.approx(0.334801051324544e-02, rel=1e-9)


def test_pontius_a_load_cell() -> None:
    found = polynomial(PONTIUS_X, PONTIUS_Y, 2)
    certified = (0.673565789473684e-03, 0.732059160401003e-06, -0.316081871345029e-14)
    np.testing.assert_allclose(found.coefficients, certified, rtol=1e-11)
    np.testing.assert_allclose(
        found.u, (0.107938612033077e-03, 0.157817399981659e-09, 0.486652849992036e-16), rtol=1e-10
    )
    assert math.sqrt(found.chi2 / found.dof) == pytest.approx(0.205177424076185e-03, rel=1e-10)


@pytest.mark.parametrize(
    ("x", "y", "b", "sd", "rsd"),
    [
        (range(60, 71), range(130, 141), 2.07438016528926, 0.165289256198347e-01, 3.56753034006338),
        ([4, 5, 6], [3, 4, 4], 0.727272727272727, 0.420827318078432e-01, 0.369274472937998),
    ],
    ids=["NoInt1", "NoInt2"],
)
def test_lines_through_the_origin(x: list[int], y: list[int], b: float, sd: float, rsd: float) -> None:
    found = linear_model([[each] for each in x], list(y))
    assert found.coefficients[0] == pytest.approx(b, rel=1e-14)
    assert found.u[0] == pytest.approx(sd, rel=1e-13)
    assert math.sqrt(found.chi2 / found.dof) == pytest.approx(rsd, rel=1e-13)


def test_longley_six_influences() -> None:
    y, *columns = np.array(LONGLEY).T
    found = linear_model(np.column_stack([np.ones(16), *columns]), y)
    np.testing.assert_allclose(found.coefficients, LONGLEY_B, rtol=1e-11)
    np.testing.assert_allclose(found.u, LONGLEY_SD, rtol=1e-10)
    assert math.sqrt(found.chi2 / found.dof) == pytest.approx(304.854073561965, rel=1e-12)


def test_stated_uncertainties_and_covariance() -> None:
    """A scale error that all observations share goes into the slope; independent ones as in ISO/TS 28037, clause 6."""
    x = np.arange(1.0, 7.0)
    line = linear_model(np.column_stack([np.ones(6), x]), [3.3, 5.6, 7.1, 9.3, 10.7, 12.1], u_y=0.5)
    np.testing.assert_allclose(line.coefficients, (1.867, 1.757), atol=5e-4)
    np.testing.assert_allclose(line.u, (0.465, 0.120), atol=5e-4)
    assert line.consistent
    assert line.value_at([1.0, 3.5]).value == pytest.approx(8.01666666666667)
    shared = linear_model(x[:, None], 2 * x, covariance=0.01 * np.eye(6) + 1e-4 * np.outer(2 * x, 2 * x))
    assert shared.u[0] == pytest.approx(math.hypot(0.02, 0.1 / math.sqrt(float(x @ x))))


@pytest.mark.parametrize(
    ("columns", "y", "more", "message"),
    [
        ([[1.0], [2.0]], [1.0], {}, "columns of shape"),
        ([[1.0], [math.nan]], [1.0, 2.0], {}, "not finite"),
        ([[1.0, 2.0]], [1.0], {}, "1 observations for 2"),
        ([[1.0], [2.0]], [1.0, 2.0], {"u_y": -1}, "u_y is not"),
        ([[0.0], [0.0]], [1.0, 2.0], {}, "column 1 is zero"),
        ([[1.0, 2.0]] * 3, [1.0, 2.0, 3.0], {}, "tell the coefficients apart"),
        ([[1.0], [2.0]], [1.0, 2.0], {"covariance": [[1, 2], [2, 1]]}, "positive semi-definite"),
        ([[1.0], [2.0]], [1.0, 2.0], {"covariance": [[1]]}, "a covariance of shape"),
        ([[1.0], [2.0]], [1.0, 2.0], {"covariance": np.eye(2), "u_y": 1}, "beside"),
        ([[1.0], [1e200]], [1e200, 1.0], {}, "too large"),
        ([["a"]], [1.0], {}, "array of real numbers"),
    ],
)
def test_what_carries_no_model_is_refused(
    columns: list[list[float]], y: list[float], more: dict[str, object], message: str
) -> None:
    with pytest.raises(FitError, match=message):
        linear_model(columns, y, **more)  # type: ignore[arg-type]
