"""Making a data set (`hil_drivers.data_set`): recordings with what they show, an index with their SHA-256."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .data_set import FILE, About, Quantity
from .errors import OptionError


@dataclass
class DataSetWriter:
    """Writes one data set into ``folder``, which must not hold one; `close` writes description and index.

    :param about: its index is a CSV file.
    :raises OptionError: if there is a data set already.
    """

    folder: Path
    about: About
    quantities: Mapping[str, Quantity]

    def __post_init__(self) -> None:
        if (self.folder / FILE).exists():
            raise OptionError("there is a data set already", where=str(self.folder), remedy="give another folder")
        self.folder.mkdir(parents=True, exist_ok=True)
        self._rows: list[list[str]] = []
        self._hashes: dict[str, str] = {}

    def add(
        self,
        file: str,
        data: bytes,
        *,
        content: str,
        subject: str = "",
        references: Mapping[str, tuple[float, float]],
    ) -> None:
        """Write one recording.

        :param content: what it shows; "" for nothing.
        :param references: value and standard uncertainty by quantity, in its unit; a missing one stays empty.
        :raises OptionError: if the same recording was added before.
        """
        digest = hashlib.sha256(data).hexdigest()
        if (other := self._hashes.setdefault(digest, file)) != file:
            raise OptionError(f"{file} and {other} are the same recording", where=str(self.folder))
        path = self.folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        known = [references.get(name) for name in self.quantities]
        numbers = [text for pair in known for text in (("", "") if pair is None else map("{:.12g}".format, pair))]
        self._rows.append([file, digest, content or self.about.blank, subject, *numbers])

    def close(self) -> int:
        """Write the index and the description; how many recordings there are."""
        head = ["file", "sha256", "content", "subject", *(c for q in self.quantities for c in (q, f"u({q})"))]
        with (self.folder / self.about.index).open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows([head, *self._rows])
        (self.folder / FILE).write_text(self._description(), encoding="utf-8")
        return len(self._rows)

    def _description(self) -> str:
        about = self.about.model_dump(mode="json", exclude_defaults=True)
        day = about.pop("date")
        lines = ["[dataset]", *(f"{key} = {_quoted(value)}" for key, value in about.items()), f"date = {day}"]
        for name, quantity in self.quantities.items():
            stated = quantity.model_dump(mode="json", exclude_none=True)
            match = [f"match = {stated.pop('match')}"] if "match" in stated else []
            lines += [
                "",
                f"[quantities.{name}]",
                *(f"{key} = {_quoted(value)}" for key, value in stated.items()),
                *match,
            ]
        return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    """A TOML string: JSON's escapes are among TOML's."""
    return json.dumps(text, ensure_ascii=True)
