"""Two sealed runs of one design, keys, and who signs their certificate of equivalence."""

from __future__ import annotations

import asyncio
import shutil
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from hil.bench.laboratory import Laboratory
from hil.documents.equivalence import compares_with
from hil.documents.lifecycle import Document, authorise, draft, review
from hil.documents.source import laboratory_of
from hil.record import open_run
from hil.record.folder import run_folders
from hil.run import run_procedure
from hil.sealing.keys import PrivateKey, load_private, new_key
from hil.sealing.sealer import seal_run
from hil_calibration.certificate.signing import Identity, load_identity, make_authority
from issuing import AUTHORISER, REVIEWER

QUICK = {"warm_up": "10 s", "levels": "2,5,10,20,50,100", "readings": "3"}


@dataclass(frozen=True)
class Pair:
    """A folder with two sealed runs, compared in the order in which they were made, or in the other one."""

    runs: Path
    keys: Path
    turned: bool = False

    @property
    def folders(self) -> tuple[Path, Path]:
        first, second = run_folders(self.runs)
        return (second, first) if self.turned else (first, second)

    @property
    def identifier(self) -> str:
        """Of the certificate of the first over the second."""
        one, other = (folder.name.rpartition("_")[2] for folder in self.folders)
        return f"SIM-{one}-{other}"

    @cached_property
    def laboratory(self) -> Laboratory:
        return laboratory_of(open_run(self.folders[0]))

    @cached_property
    def key(self) -> PrivateKey:
        return load_private(self.keys / "laboratory.key")

    @cached_property
    def identity(self) -> Identity:
        return load_identity(self.keys / "technical-manager-c.pem")

    @property
    def root(self) -> Path:
        return self.keys / "test-authority.pem"

    def copy(self, place: Path) -> Pair:
        """The same in a folder of its own."""
        shutil.copytree(self.runs, place / "runs")
        return Pair(place / "runs", self.keys)

    def draft(self, margin: float, measurand: str | None = None) -> Document:
        first, second = self.folders
        compares = compares_with(first, second, margin=margin, measurand=measurand)
        return draft(first, self.laboratory, compares=compares, key=self.key)

    def review(self, person: str = REVIEWER) -> Document:
        return review(self.folders[0], self.identifier, person, self.laboratory, remark="looked at", key=self.key)

    def authorise(self) -> Document:
        return self.signed_by(self.identity)

    def signed_by(self, who: Identity) -> Document:
        return authorise(self.folders[0], self.identifier, AUTHORISER, self.laboratory, who, key=self.key)

    def issue(self, margin: float) -> Document:
        """All three steps."""
        self.draft(margin)
        self.review()
        return self.authorise()


def pair_of(place: Path) -> Pair:
    """Keys, and a place for two runs."""
    keys = place / "keys"
    keys.mkdir(parents=True)
    new_key(keys / "laboratory.key")
    make_authority(keys, [AUTHORISER], laboratory="Example Laboratory")
    return Pair(place / "runs", keys)


def sealed_pair(place: Path) -> Pair:
    """Calibrate a luxmeter in two simulated worlds, of seeds 1 and 2, and seal the runs."""
    pair = pair_of(place)
    for seed in (1, 2):
        outcome = asyncio.run(
            run_procedure(
                "calibrate-luxmeter",
                "action-sim",
                settings=QUICK,
                seed=seed,
                speed=None,
                out=pair.runs,
                operator="Operator A",
                on_event=lambda _: None,
            )
        )
        assert not outcome.error
        seal_run(outcome.folder, pair.key)
    return pair
