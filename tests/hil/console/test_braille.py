"""Dots of trends, paths and pictures."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hil.console import braille, halfblock, plotting
from hil.console.history import History, Samples


def samples(*values: float, step: float = 1.0, U: float = float("nan")) -> Samples:  # noqa: N803
    line = np.array(values, dtype=np.float64)
    return Samples(np.arange(len(values), dtype=np.float64) * step, line, line, np.full(len(values), U))


def test_a_dot_is_where_unicode_has_it() -> None:
    dots = braille.blank(1, 1)
    assert braille.text(braille.cells(dots)) == [" "]
    seen = []
    for row in range(4):
        for column in range(2):
            one = braille.blank(1, 1)
            one[row, column] = True
            seen.append(braille.text(braille.cells(one))[0])
    assert seen == list("⠁⠈⠂⠐⠄⠠⡀⢀")


def test_in_ascii_a_line_is_high_or_low_in_its_cell() -> None:
    dots = braille.blank(4, 1)
    dots[0, :2] = dots[1, 2:4] = dots[3, 4:6] = dots[:, 7] = True
    assert braille.text(braille.cells(dots), plain=True) == ["'-_|"]


def test_the_envelope_keeps_a_spike_of_one_sample() -> None:
    values = np.zeros(6000)
    values[1234] = 9.0
    found = braille.envelope(samples(*values), -0.5, 5999.5, 100)
    assert found.high[20] == 9
    assert np.nansum(found.high) == 9
    assert found.low.max() == 0


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=300), st.integers(1, 80))
def test_the_envelope_has_the_extremes_of_all_samples(values: list[float], columns: int) -> None:
    found = braille.envelope(samples(*values), -2 * len(values), len(values), columns + 1)
    assert np.nanmin(found.low) == min(values)
    assert np.nanmax(found.high) == max(values)


def test_a_short_gap_is_joined_and_a_silence_stays_open() -> None:
    t = np.array([0.0, 2.0, 8.0])
    sparse = Samples(t, t, t, t)
    found = braille.envelope(sparse, -0.5, 9.5, 10, join=3)
    assert found.low[:3].tolist() == [0, 1, 2]
    assert np.isnan(found.low[3:8]).all()
    assert found.low[8] == 8
    assert np.isnan(braille.envelope(samples(1.0), 5, 10, 10).low).all()


def test_while_time_passes_the_picture_moves_by_whole_columns() -> None:
    noise = samples(*np.random.default_rng(2).normal(size=600), step=0.1)
    seen = [tuple(braille.envelope(noise, now - 20, now, 40).high) for now in np.arange(30, 31, 0.02)]
    kinds = list(dict.fromkeys(seen))
    assert len(kinds) == 2
    assert kinds[1][:-1] == kinds[0][1:]


def test_a_line_is_unbroken_and_what_is_beyond_stands_on_the_edge() -> None:
    dots = braille.blank(2, 2)
    step = np.array([0.0, 0.0, 7.0, 99.0])
    braille.fill(dots, braille.Envelope(step, step), 0, 7)
    assert braille.text(braille.cells(dots)) == ["⢸⠉", "⣸ "] or np.flatnonzero(dots.any(axis=0)).tolist() == [
        0,
        1,
        2,
        3,
    ]
    rows = [np.flatnonzero(dots[:, column]) for column in range(4)]
    assert rows[0].tolist() == rows[1].tolist() == [7]
    assert rows[2].tolist() == list(range(7))
    assert rows[3].tolist() == [0]


def test_an_inline_trend_has_its_own_range_but_does_not_magnify_noise() -> None:
    ramp = np.linspace(0, 1, 8)
    band = braille.Envelope(ramp, ramp)
    assert braille.inline(band) == "⣀⠤⠒⠉"
    assert braille.inline(band, least=100) in ("⠤⠤⠤⠤", "⠒⠒⠒⠒", "⠤⠤⠒⠒")
    assert braille.inline(braille.Envelope(np.full(8, 3.0), np.full(8, 3.0))) in ("⠤⠤⠤⠤", "⠒⠒⠒⠒")
    assert braille.inline(braille.Envelope(np.full(8, np.nan), np.full(8, np.nan))) == "    "
    assert braille.inline(band, plain=True).isascii()


def test_a_trend_shows_line_limits_and_band_and_names_a_limit_that_is_far() -> None:
    wave = 20 + np.sin(np.linspace(0, 6, 100))
    shown = plotting.trend(samples(*wave, U=0.3), 100, 100, (0.0, 21.5), 40, 8)
    layers = {owner for _, runs in shown.rows for _, owner in runs}
    assert layers == {plotting.SIGNAL, plotting.LIMIT, plotting.BAND}
    assert all(len(label) + sum(len(text) for text, _ in runs) == 40 for label, runs in shown.rows)
    assert shown.far == "L 0 ▼"
    assert any(label == "21.5H" for label, _ in shown.rows)


@pytest.mark.parametrize(
    "values",
    [
        (),
        (float("nan"),),
        (5.0,),
        (5.0, 5.0, 5.0),
        (0.0, 0.0),
        (1e-300, 2e-300),
        (1.7e308, -1.7e308),
        (float("inf"), 1.0),
    ],
)
@pytest.mark.parametrize("limits", [(None, None), (None, 5.0), (-1.0, 1.0)])
def test_any_samples_can_be_drawn(values: tuple[float, ...], limits: tuple[float | None, float | None]) -> None:
    shown = plotting.trend(samples(*values), 10, 10, limits, 30, 4)
    assert all(len(label) + sum(len(text) for text, _ in runs) == 30 for label, runs in shown.rows)


def test_a_circle_stays_round() -> None:
    angle = np.linspace(0, 2 * np.pi, 400)
    rows, window, places = plotting.plane(np.cos(angle), np.sin(angle), [(0.0, 0.0), (1.0, 0.0)], 40, 10)
    dots = braille.blank(40, 10)
    braille.path(dots, window, np.cos(angle), np.sin(angle))
    wide, high = (np.flatnonzero(dots.any(axis=axis)) for axis in (0, 1))
    assert np.ptp(wide) == np.ptp(high)
    assert {len(row) for row in rows} == {40}
    assert places[0] in [(row, column) for row in (4, 5) for column in (19, 20)]
    assert places[1] is not None


def test_a_path_is_a_line_between_far_points_and_broken_by_a_nan() -> None:
    window = braille.Frame(0, 0, 1, 10, 5)
    dots = braille.blank(10, 5)
    braille.path(dots, window, np.array([0.0, 19.0]), np.array([0.0, 0.0]))
    assert dots[-1].all()
    dots = braille.blank(10, 5)
    braille.path(dots, window, np.array([0.0, np.nan, 19.0]), np.array([0.0, 0.0, 0.0]))
    assert np.flatnonzero(dots[-1]).tolist() == [0, 19]


def test_a_path_without_points_or_of_one_point_has_a_window() -> None:
    nothing = np.array([])
    assert plotting.plane(nothing, nothing, [], 10, 3)[0] == [" " * 10] * 3
    assert plotting.plane(np.array([2.0]), np.array([2.0]), [], 10, 3)[0] != [" " * 10] * 3


def test_a_history_keeps_its_last_samples_in_order() -> None:
    past = History(capacity=100)
    for at in range(1000):
        past.add(at / 10, float(at), 0.1, low=at - 0.5, high=at + 0.5)
    kept = past.samples()
    assert 100 <= len(past) == len(kept.t) <= 200
    assert kept.t[-1] == 99.9
    assert (np.diff(kept.t) > 0).all()
    assert (kept.high - kept.low == 1).all()
    assert past.samples(since=99.85).low.tolist() == [998.5]
    past.add(100.0, None)
    assert np.isnan(past.samples().low[-1])


def test_a_picture_keeps_its_proportions_and_equal_cells_are_merged() -> None:
    white = np.full((480, 640, 3), 255, np.uint8)
    assert halfblock.blocks(white, 80, 24) == [[(64, 0xFFFFFF, 0xFFFFFF)]] * 24
    grey = np.zeros((10, 10), np.uint8)
    grey[5:] = 200
    assert (
        halfblock.blocks(grey, 10, 5) == [[(10, 0, 0)]] * 2 + [[(10, 0, 0xCCCCCC)]] + [[(10, 0xCCCCCC, 0xCCCCCC)]] * 2
    )
    colours = np.random.default_rng(1).integers(0, 256, (48, 64, 3), dtype=np.uint8)
    seen = {
        part
        for row in halfblock.blocks(colours, 64, 24)
        for _, *both in row
        for colour in both
        for part in colour.to_bytes(3)
    }
    assert seen == {255 * step // 15 for step in range(16)}


def test_without_colour_a_picture_is_shades() -> None:
    ramp = np.tile(np.arange(256, dtype=np.uint8), (64, 1))
    rows = halfblock.shades(ramp, 64, 8)
    assert rows[0][0] == " "
    assert rows[0][-1] == "@"
    assert list(dict.fromkeys(rows[0])) == list(" .:-=+*#%@")
