"""What stands in rows and columns that are too narrow for everything."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wcwidth import wcswidth

from hil.console.fitting import Part, spread
from hil.console.layout import CHANNELS, fitted, line
from hil.console.text import clean, clip, pad, width

PARTS = [
    Part(("state of the run", "state"), rank=0),
    Part(("the second", "2nd"), rank=2),
    Part(("least important",), rank=9),
    Part(("end",), rank=1, right=True),
]


def row(cells: int) -> str:
    return "".join(text for text, _ in spread(PARTS, cells))


@pytest.mark.parametrize(
    ("cells", "shown"),
    [
        (60, "state of the run  the second  least important            end"),
        (50, "state of the run  the second  least important  end"),
        (40, "state  the second  least important   end"),
        (26, "state of the run  2nd  end"),
        (14, "state      end"),
        (5, "state"),
        (3, "st…"),
        (0, ""),
    ],
)
def test_the_least_important_gives_way_first(cells: int, shown: str) -> None:
    assert row(cells) == shown


@given(st.integers(0, 200))
def test_a_row_takes_the_cells_it_is_given(cells: int) -> None:
    assert width(row(cells)) == cells


@given(st.text(max_size=40), st.integers(0, 40), st.sampled_from(["left", "right"]))
def test_any_text_is_padded_to_its_cells(text: str, cells: int, align: str) -> None:
    shown = pad(clean(text), cells, align)  # type: ignore[arg-type]
    assert wcswidth(shown) == cells == width(shown)


def test_text_is_cut_with_a_mark_and_cleaned_of_what_moves_the_cursor() -> None:
    assert clip("temperature", 6) == "tempe…"
    assert clip("温度計", 4) == "温…"
    assert clip("abc", 0) == ""
    assert clean("e\u0301a\u200d\x07\U0001f600✔\ufe0f") == "éa???✔?"


@given(st.integers(0, 250))
def test_columns_fit_and_the_name_and_the_value_stay_longest(cells: int) -> None:
    columns = fitted(CHANNELS, cells)
    assert len(line(columns)) <= cells
    kept = [column.key for column, _ in columns]
    assert kept == [column.key for column in CHANNELS if column.key in kept]
    if cells >= 24:
        assert kept[:2] == ["name", "value"]


def test_at_eighty_columns_every_column_stands() -> None:
    assert len(fitted(CHANNELS, 77)) == len(CHANNELS)
