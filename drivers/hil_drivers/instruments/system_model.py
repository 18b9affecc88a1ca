"""A system under test that is a model in a file, run by a module of this package in a process of its own."""

from __future__ import annotations

import json
import sys
from importlib.metadata import PackageNotFoundError, distribution
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar

from ..clock import Clock
from ..errors import DeviceUnreachable, MissingExtra
from .questions import Output
from .system_process import ChildSystem


class ModelSystem(ChildSystem):
    """Runs the module ``child`` on a model's file and the settings.

    :param model: the file.
    """

    files: ClassVar[tuple[str, ...]] = ("model",)
    child: ClassVar[str]
    """The module, in this package."""
    needs: ClassVar[tuple[str, str]]
    """A module that the child imports, and the distribution that holds it."""
    install: ClassVar[str] = "pip install 'hil-bench[ai]'"

    def __init__(
        self,
        name: str,
        address: str,
        *,
        clock: Clock,
        model: Path,
        output: Output,
        deadline: float,
        settings: dict[str, Any],
    ) -> None:
        super().__init__(name, address, clock=clock, output=output, deadline=deadline, settings=settings)
        self._model = model

    def command(self) -> list[str]:
        """The child's command line."""
        settings = {**self.settings, "model": str(self._model.resolve())}
        return [sys.executable, "-P", "-m", f"{__package__}.{self.child}", json.dumps(settings)]

    def folder(self) -> Path:
        """That of the model."""
        return self._model.resolve().parent

    async def open(self) -> None:
        """Start the model.

        :raises MissingExtra: if a package that it needs is not installed.
        :raises DeviceUnreachable: if there is no such file, or it is no model that the child can run.
        """
        module, package = self.needs
        if find_spec(module) is None:
            raise MissingExtra(f"the package {package} is not installed", where=self.name, remedy=self.install)
        if not self._model.is_file():
            raise DeviceUnreachable(f"{self._model} is no file", where=self.name, remedy="name one in `model`")
        await super().open()


def packaged(package: str, model: str) -> Path:
    """A model in a package, found without importing it; a bare name without the package."""
    try:
        return Path(str(distribution(package).locate_file(model)))
    except PackageNotFoundError:
        return Path(model)
