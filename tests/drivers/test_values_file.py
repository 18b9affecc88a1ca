"""Tables of numbers as stimuli: what is read, what is refused, and a data set of them."""

from __future__ import annotations

import contextlib
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hil_drivers.clock import WallClock
from hil_drivers.data_set import About, Quantity
from hil_drivers.data_set_writer import DataSetWriter
from hil_drivers.errors import RemoteProtocolError
from hil_drivers.instruments.dataset import Dataset
from hil_drivers.values_file import read_table


def test_columns_are_read_by_their_names() -> None:
    read = read_table("\ufeffpulse, rate\r\n0.5,125\r\n-1e-3,\r\n".encode())
    assert np.array_equal(read.pop("pulse"), [0.5, -1e-3])
    assert read == {"rate": 125.0}


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "no heading"),
        (b"a,b\n", "no row below"),
        (b"a,a\n1,2\n", "no heading that names each column once"),
        (b"a,\n1,2\n", "no heading that names each column once"),
        (b"a,b\n1\n", "row 1 has 1 cells, not 2"),
        (b"a,b\n1,\n,2\n", "column b: an empty cell"),
        (b"a,b\n1,\n", "column b: an empty cell"),
        (b"a\n1\n\n3\n", "row 2 has 0 cells, not 1"),
        (b"a,b\n1,2\n,\n3,4\n", "column a: an empty cell"),
        (b"\na,b\n1,2\n", "no heading"),
        (b"a\nseven\n", "'seven' is no number"),
        (b"a\nnan\n", "'nan' is no number"),
        (b"a\n1\n1_0\n", "column a: '1_0' is no number such as 1.5 or 2e-3"),
        ("a\n\u0661\n".encode(), "is no number"),
        (b"a\n1e999\n", "not finite"),
        (b"\xff\xfe", "no CSV file"),
    ],
)
def test_what_is_no_table_is_refused(data: bytes, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        read_table(data)


def test_empty_rows_at_the_end_are_no_rows() -> None:
    assert np.array_equal(read_table(b"a,b\n1,2\n3,\n,\n\n")["a"], [1.0, 3.0])


@given(st.binary(max_size=60) | st.text(alphabet='ab,1.\n"', max_size=40).map(str.encode))
def test_anything_is_a_table_or_refused(data: bytes) -> None:
    with contextlib.suppress(ValueError):
        for values in read_table(data).values():
            assert np.all(np.isfinite(values))


async def test_a_data_set_gives_its_tables_out_with_subject_and_reference(tmp_path: Path) -> None:
    about = About(name="pulses", date=date(2026, 6, 1), origin="recorded", index="index.csv")
    writer = DataSetWriter(tmp_path / "pulses", about, {"heart": Quantity(unit="/min", correlation="full")})
    writer.add(
        "1.csv", b"pulse,rate\n0.1,125\n0.2,\n", content="inside", subject="P1", references={"heart": (71.0, 0.5)}
    )
    writer.add("2.csv", b"pulse\nx\n", content="inside", subject="P2", references={"heart": (80.0, 0.5)})
    writer.close()
    data = Dataset("data", "dataset:", clock=WallClock(), folder=str(tmp_path / "pulses"), interval=1e-3)
    await data.open()
    await data.show("inside")
    given_out = await data.take()
    assert (given_out.values["rate"], given_out.subject) == (125.0, "P1")
    assert np.array_equal(given_out.values["pulse"], [0.1, 0.2])
    assert (await data.read("heart")).value == 71.0
    data.present(1)
    with pytest.raises(
        RemoteProtocolError, match=r"2\.csv: is neither sound nor table: column pulse: 'x' is no number"
    ):
        await data.take()
    await data.close()
