"""A sealed calibration, keys, and the steps of its certificate, for tests."""

from __future__ import annotations

import asyncio
import shutil
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from bench_copy import copy_bench
from hil.bench import load_bench
from hil.bench.laboratory import Laboratory
from hil.documents.lifecycle import Document, authorise, draft, review
from hil.documents.source import laboratory_of
from hil.record import open_run
from hil.run import run_procedure
from hil.sealing.keys import PrivateKey, load_private, new_key
from hil.sealing.sealer import seal_run
from hil_calibration.certificate.signing import Identity, load_identity, make_authority

SETTINGS = {"readings": "3", "warm_up": "60 s", "levels": "5,10,20,50,100,200"}
REVIEWER, AUTHORISER = "Reviewer B", "Technical Manager C"


@dataclass(frozen=True)
class Office:
    """A folder of runs with one sealed calibration, and who signs its certificate."""

    runs: Path
    keys: Path

    @property
    def folder(self) -> Path:
        """The run."""
        return next(path for path in sorted(self.runs.iterdir()) if path.is_dir())

    @cached_property
    def laboratory(self) -> Laboratory:
        return laboratory_of(open_run(self.folder))

    @cached_property
    def key(self) -> PrivateKey:
        return load_private(self.keys / "laboratory.key")

    @cached_property
    def identity(self) -> Identity:
        return load_identity(self.keys / "technical-manager-c.pem")

    @cached_property
    def root(self) -> bytes:
        return (self.keys / "test-authority.pem").read_bytes()

    @property
    def identifier(self) -> str:
        return f"SIM-{self.folder.name.rpartition('_')[2]}"

    def copy(self, place: Path) -> Office:
        """The same in a folder of its own."""
        shutil.copytree(self.runs, place / "runs")
        return Office(place / "runs", self.keys)

    def draft(self) -> Document:
        return draft(self.folder, self.laboratory, key=self.key)

    def review(self, person: str = REVIEWER) -> Document:
        return review(self.folder, self.identifier, person, self.laboratory, remark="looked at", key=self.key)

    def authorise(self, person: str = AUTHORISER, identity: Identity | None = None) -> Document:
        who = identity or self.identity
        return authorise(self.folder, self.identifier, person, self.laboratory, who, key=self.key)

    def issue(self) -> Document:
        """All three steps."""
        self.draft()
        self.review()
        return self.authorise()


def sealed_calibration(place: Path) -> Office:
    """Calibrate a luxmeter on a simulated bench, and seal the run."""
    bench = copy_bench(place / "bench")
    outcome = asyncio.run(
        run_procedure(
            "calibrate-luxmeter",
            str(bench),
            settings=SETTINGS,
            seed=None,
            speed=None,
            out=place / "runs",
            operator=load_bench(bench).laboratory.operator(),
            on_event=lambda _: None,
        )
    )
    assert not outcome.error
    keys = place / "keys"
    keys.mkdir()
    new_key(keys / "laboratory.key")
    make_authority(keys, [AUTHORISER, REVIEWER], laboratory="Example Laboratory")
    office = Office(place / "runs", keys)
    seal_run(office.folder, office.key)
    return office
