"""A data set: a folder of recordings with an index that says what each shows, under which measured conditions.

``dataset.toml`` describes it, and names the index, a CSV or JSON Lines file with one line for each recording::

    [dataset]
    name = "signs"
    date = 2026-06-01
    origin = "rendered"            # or "recorded": of something real; without it they are not taken for real
    index = "index.csv"

    [quantities.illuminance]
    unit = "lx"
    correlation = "full"           # all reference values share their error
    match = 0.1                    # a recording within 10 % of what is commanded will do

The columns of the index are ``file``, ``sha256``, ``content`` and ``subject``, and for each quantity ``NAME`` (the
reference value) and ``u(NAME)`` (its standard uncertainty), both in the quantity's unit. A recording whose content, or
whose reference for one of the quantities, is missing does not count: it is named, and never given out.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import math
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from .errors import OptionError
from .file_bytes import small, whole
from .replay import Recording, Reference
from .written import number

FILE = "dataset.toml"
NOT_STATED = "not stated"
"""The origin of recordings whose data set does not say it."""

Name = Annotated[str, Field(min_length=1, max_length=200)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class About(_Section):
    """``[dataset]``: ``blank`` is the word in the index for a scene that shows nothing.

    ``origin`` says whether the recordings are of something real, with reference values that were measured, or were
    rendered. Without it nothing shows that they are real, and they are not taken for it.
    """

    name: Name
    date: date
    index: Name
    origin: Literal["recorded", "rendered"] | None = None
    description: str = ""
    source: str = ""
    licence: str = ""
    blank: Name = "(blank)"


class Quantity(_Section):
    """``[quantities.NAME]``: a condition that was measured with each recording.

    ``correlation`` says how the errors of the reference values belong together: ``full`` is the one case in which a
    data set can tell their shared part, as they come from one standard. ``match`` is the largest difference, as a
    fraction, at which a recording stands for a value that is commanded; without it nothing can be commanded.
    """

    unit: Name
    correlation: Literal["full"]
    match: Annotated[float, Field(strict=False, gt=0, lt=1)] | None = None


class _Description(_Section):
    dataset: About
    quantities: dict[Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]*$")], Quantity] = {}


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the index; ``content`` and ``references`` (value and u by quantity) as far as they are known."""

    recording: Recording
    content: str | None
    subject: str
    references: Mapping[str, tuple[float, float]]


@dataclass(frozen=True)
class DataSet:
    """A data set whose index was read and checked; its recordings are checked when they are read.

    ``entries`` are those that count, in the order of the index; ``incomplete`` those without all their references.
    ``sha256`` is that of the index.
    """

    folder: Path
    about: About
    quantities: Mapping[str, Quantity]
    entries: tuple[Entry, ...]
    incomplete: tuple[Entry, ...]
    sha256: str

    def read(self, recording: Recording) -> bytes:
        """The bytes of a recording.

        :raises OptionError: if the file is not there, or not the one of the index.
        """
        return self._checked(recording, whole(self.folder / recording.file))

    def read_small(self, recording: Recording, most: int) -> bytes | None:
        """As `read`; ``None``, and nothing is read, where it has more than ``most`` bytes."""
        data = small(f"{self.folder}/{recording.file}", most)
        return None if data is None else self._checked(recording, data)

    def _checked(self, recording: Recording, data: bytes) -> bytes:
        if hashlib.sha256(data).hexdigest() != recording.sha256:
            raise OptionError(
                "is not the file of the index: its SHA-256 differs",
                where=str(self.folder / recording.file),
                remedy="find out what changed it; restore it from where the data set came from",
            )
        return data

    def reference(self, quantity: str) -> Reference:
        """The reference values of ``quantity``, one of the data set's."""
        return Reference(
            unit=self.quantities[quantity].unit,
            values=tuple(entry.references[quantity] for entry in self.entries),
            simulated=self.about.origin != "recorded",
            source=self.about.name,
            date=self.about.date,
            sha256=self.sha256,
        )

    @property
    def facts(self) -> dict[str, Any]:
        """What a record keeps of it."""
        return {
            "name": self.about.name,
            "origin": self.about.origin or NOT_STATED,
            "index_sha256": self.sha256,
            "recordings": len(self.entries),
            "without_reference": [entry.recording.file for entry in self.incomplete],
        }


def load(folder: Path) -> DataSet:
    """Read the description and the index of the data set in ``folder``.

    :raises OptionError: naming the file, the line and what is wrong: a key, a number that is none, a recording that
        is there twice by name or by SHA-256, a file outside of the folder.
    """
    path = folder / FILE
    if not path.is_file():
        remedy = f"give a folder with {FILE}, index and recordings, or correct folder = … of the bench file"
        raise OptionError(f"is no data set: there is no {FILE} in it", where=str(folder), remedy=remedy)
    try:
        written = tomllib.loads(whole(path).decode())
        if "bench" in written and "dataset" not in written:
            remedy = "give the folder of the data set itself, which the bench file names by folder = …"
            raise OptionError("is a bench file, not the description of a data set", where=str(path), remedy=remedy)
        described = _Description.model_validate(written)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise OptionError(f"is no TOML file: {error}", where=str(path), remedy="correct it") from None
    except ValidationError as error:
        raise OptionError(_told(error), where=str(path), remedy="correct it") from None
    index = folder / _inside(described.dataset.index, path)
    if index.parent != folder:
        raise OptionError("the index is not beside it", where=str(path), remedy="put it there")
    data = whole(index)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise OptionError(f"is not UTF-8: {error}", where=str(index), remedy="save it as UTF-8") from None
    rows = _lines(text, index) if index.suffix == ".jsonl" else _table(text, described.quantities, index)
    entries = [_entry(number, row, described, f"{index}: line {line}") for number, (line, row) in enumerate(rows, 1)]
    _refuse_doubles(entries, index)
    complete = [entry for entry in entries if _counts(entry, described.quantities)]
    if not complete:
        raise OptionError("holds no recording with its references", where=str(index), remedy="add them")
    return DataSet(
        folder,
        described.dataset,
        described.quantities,
        tuple(complete),
        tuple(entry for entry in entries if not _counts(entry, described.quantities)),
        hashlib.sha256(data).hexdigest(),
    )


def _counts(entry: Entry, quantities: Mapping[str, Quantity]) -> bool:
    return entry.content is not None and entry.references.keys() == quantities.keys()


def _inside(name: str, where: object) -> str:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or not name.isprintable() or not path.parts:
        raise OptionError(
            f"{name[:60]!r} is no file of the data set", where=str(where), remedy="name one in its folder"
        )
    return name


def _table(text: str, quantities: Mapping[str, Quantity], index: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    reader = csv.reader(io.StringIO(text), strict=True)
    try:
        head = next(reader, [])
        known = ["file", "sha256", "content", "subject", *(c for q in quantities for c in (q, f"u({q})"))]
        if unknown := [column for column in head if column not in known] or [c for c in known[:3] if c not in head]:
            columns = ", ".join(known)
            told = f"the column {unknown[0][:40]!r} is unknown, or missing"
            raise OptionError(told, where=str(index), remedy=f"use {columns}; the first three are needed")
        if len(set(head)) != len(head):
            raise OptionError("names a column twice", where=str(index), remedy="name each once")
        for cells in reader:
            if len(cells) != len(head):
                raise OptionError(f"has {len(cells)} cells, not {len(head)}", where=f"{index}: line {reader.line_num}")
            yield reader.line_num, _row(dict(zip(head, cells, strict=True)), quantities)
    except csv.Error as error:
        raise OptionError(
            f"is no CSV: {error}", where=f"{index}: line {reader.line_num}", remedy="correct it"
        ) from None


def _row(cells: Mapping[str, str], quantities: Mapping[str, Quantity]) -> dict[str, Any]:
    """A line of CSV as a line of JSON says it."""
    row: dict[str, Any] = {key: cells.get(key, "") for key in ("file", "sha256", "subject")}
    row["content"] = cells["content"] or None
    for name in quantities:
        value, u = cells.get(name, ""), cells.get(f"u({name})", "")
        row[name] = {"value": value, "u": u} if value and u else None
    return row


def _lines(text: str, index: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    for line, written in enumerate(text.split("\n"), 1):
        if not written.strip():
            continue
        try:
            row = json.loads(written)
        except (ValueError, RecursionError) as error:
            raise OptionError(f"is no JSON: {error}", where=f"{index}: line {line}", remedy="correct it") from None
        if not isinstance(row, dict):
            raise OptionError("is no JSON object", where=f"{index}: line {line}", remedy="correct it")
        yield line, row


def _entry(number: int, row: Mapping[str, Any], described: _Description, where: str) -> Entry:
    known = {"file", "sha256", "content", "subject", *described.quantities}
    if unknown := sorted(set(row) - known):
        raise OptionError(f"has the unknown key {unknown[0][:40]!r}", where=where, remedy="leave it out")
    file, digest, subject = (row.get(key, "") for key in ("file", "sha256", "subject"))
    content = row.get("content")
    if not all(isinstance(text, str) for text in (file, digest, subject)) or not isinstance(content, str | None):
        raise OptionError("file, sha256, content and subject are texts", where=where, remedy="correct it")
    if len(digest) != 64 or not set(digest) <= set("0123456789abcdef"):
        raise OptionError(f"{digest[:70]!r} is no SHA-256", where=where, remedy="give 64 hexadecimal digits")
    references = {
        name: _reference(name, given, where) for name in described.quantities if (given := row.get(name)) is not None
    }
    blank = content == described.dataset.blank
    return Entry(Recording(number, _inside(file, where), digest), "" if blank else content, subject, references)


def _reference(name: str, given: object, where: str) -> tuple[float, float]:
    try:
        if not isinstance(given, Mapping) or given.keys() != {"value", "u"}:
            raise ValueError("it needs value and u")
        value, u = (number(each) if isinstance(each, str) else float(each) for each in (given["value"], given["u"]))
        if not (math.isfinite(value) and math.isfinite(u) and u > 0.0):
            raise ValueError("value and u must be finite, and u above 0: unknown is not zero")
    except (TypeError, ValueError) as error:
        raise OptionError(f"the reference of {name} cannot be: {error}", where=where, remedy="correct it") from None
    return value, u


def _refuse_doubles(entries: list[Entry], index: Path) -> None:
    by_file: dict[str, Recording] = {}
    by_hash: dict[str, Recording] = {}
    for entry in entries:
        one = entry.recording
        if one.file in by_file:
            raise OptionError(f"names {one.file} twice", where=str(index), remedy="name each file once")
        if (other := by_hash.get(one.sha256)) is not None:
            told = f"{one.file} and {other.file} are the same recording: their SHA-256 are equal"
            raise OptionError(told, where=str(index), remedy="leave out one of them")
        by_file[one.file] = by_hash[one.sha256] = one


def _told(error: ValidationError) -> str:
    return "; ".join(
        f"{'.'.join(map(str, each['loc']))}: {each['msg']}"
        for each in error.errors(include_url=False, include_input=False)
    )
