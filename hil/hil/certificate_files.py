"""The certificate files that a laboratory holds: those in its bench's folder, and those that its register lists."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from hil_calibration.errors import CertificateError

if TYPE_CHECKING:
    from hil_calibration.certificate.document import DccDocument

    from .bench.config import BenchConfig


@dataclass(frozen=True)
class HeldFile:
    """A file that may be a certificate."""

    path: Path
    data: bytes

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of the file, 64 hexadecimal digits."""
        return hashlib.sha256(self.data).hexdigest()

    @cached_property
    def read(self) -> DccDocument | CertificateError:
        """The certificate, or why it is none that can be read."""
        from hil_calibration.certificate import reader

        try:
            return reader.parse(self.data, where=self.path.name)
        except CertificateError as error:
            return error

    @property
    def document(self) -> DccDocument | None:
        """The certificate, ``None`` if it cannot be read."""
        return None if isinstance(self.read, CertificateError) else self.read


class CertificateFiles:
    """Certificates by the SHA-256 of their file, and by their number.

    :param config: the bench; its folder is searched for XML files, its register for files of any kind.
    """

    def __init__(self, config: BenchConfig) -> None:
        folder = config.path.parent
        register = (folder / config.bench.equipment).parent
        listed = [
            register / each.file for entry in config.equipment.instruments.values() for each in entry.certificates
        ]
        used = [path for channel in config.channels if (path := config.certificate(channel)) is not None]
        found = {path.resolve(): path for path in [*sorted(folder.rglob("*.xml")), *listed, *used] if path.is_file()}
        self._paths = found
        self._files: dict[Path, HeldFile] = {}

    def file(self, path: Path) -> HeldFile | None:
        """The file at ``path``, ``None`` if it is not there or cannot be read."""
        key = path.resolve()
        if key not in self._files:
            try:
                self._files[key] = HeldFile(self._paths.get(key, path), path.read_bytes())
            except OSError:
                return None
        return self._files[key]

    def with_hash(self, sha256: str) -> HeldFile | None:
        """The file of that SHA-256."""
        return next((held for held in self._all if held.sha256 == sha256), None)

    def with_number(self, identifier: str) -> list[HeldFile]:
        """The files that bear that number, each content once."""
        bearing = [held for held in self._all if held.document and held.document.identifier == identifier]
        return list({held.sha256: held for held in bearing}.values())

    @cached_property
    def _all(self) -> list[HeldFile]:
        return [held for path in self._paths.values() if (held := self.file(path)) is not None]
