"""Description files: read, checked, and every fault told."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import pytest
from pydantic import Field, model_validator

from hil_drivers.description import Described, DescriptionError, load, nearest


class Quantity(Described):
    unit: str = Field(description='a UCUM unit such as "Cel"')
    scale: Annotated[float, Field(gt=0)] = Field(default=1.0, description="a number above 0")
    lower: float | None = None
    upper: float | None = None

    @model_validator(mode="after")
    def _is_ordered(self) -> Quantity:
        if self.lower is not None and self.upper is not None and self.lower >= self.upper:
            raise ValueError("lower is not below upper")
        return self


class Instrument(Described):
    model: str = ""
    points: dict[str, Quantity]


def written(folder: Path, text: str) -> Path:
    path = folder / "meter.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_description_is_read(tmp_path: Path) -> None:
    found = load(written(tmp_path, '[points.flow]\nunit = "L/min"\nscale = 2\n'), Instrument)
    assert found.points == {"flow": Quantity(unit="L/min", scale=2.0)}


FAULTS = {
    '[points.flow]\nunit = "L/min"\nscael = 2\n': "points.flow.scael: unknown key; did you mean 'scale'?",
    "[points.flow]\n": "points.flow.unit: missing; expected a UCUM unit",
    '[points."a b"]\nunit = "1"\nscale = 0\n': 'points."a b".scale: expected a number above 0, found 0',
    "[points.flow]\nunit = 1\n": 'points.flow.unit: expected a UCUM unit such as "Cel", found 1',
    '[points.flow]\nunit = "1"\nlower = 2.0\nupper = 1.0\n': "points.flow: lower is not below upper",
    "model = 3\npoints = {}\n": "model: input should be a valid string, found 3",
    "zzz = 1\npoints = {}\n": "zzz: unknown key; use one of model, points",
    "points = \n": "is not TOML: ",
}


@pytest.mark.parametrize(("text", "sentence"), FAULTS.items())
def test_a_fault_is_told_in_a_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(DescriptionError) as raised:
        load(path, Instrument)
    assert str(raised.value).startswith(f"{path}: {sentence}")


def test_every_fault_is_told(tmp_path: Path) -> None:
    with pytest.raises(DescriptionError) as raised:
        load(written(tmp_path, "[points.a]\nx = 1\n[points.b]\ny = 1\n"), Instrument)
    assert len(str(raised.value).splitlines()) == 4


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(DescriptionError, match=r"no\.toml: cannot be read: No such file"):
        load(tmp_path / "no.toml", Instrument)
    (tmp_path / "latin.toml").write_bytes(b"model = '\xe9'")
    with pytest.raises(DescriptionError, match="is not UTF-8 at byte 9"):
        load(tmp_path / "latin.toml", Instrument)


def test_nothing_near_is_told_as_such() -> None:
    assert nearest("x", ()) == "leave it out"
