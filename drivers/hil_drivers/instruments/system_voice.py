"""A system under test that hears where a sound has a voice in it: silero-vad, in a process of its own."""

from __future__ import annotations

import base64
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from ..capability import Stimulus, Values
from ..clock import Clock
from ..errors import DriverError, MissingExtra, OptionError
from .system import Domain, declared
from .system_model import ModelSystem, packaged
from .voice_child import WINDOWS

PACKAGE = "silero-vad"
MODEL = "silero_vad/data/silero_vad.onnx"
INSTALL = "pip install 'hil-bench[ai]' && pip install --no-deps silero-vad==6.2.3 (it does not need torch here)"


class SystemVoice(ModelSystem):
    """Answers with the intervals, in s from the beginning of a sound, in which there is a voice.

    A sound is the values ``sound``, from -1 to 1, and ``rate``, 8000 or 16000 Hz. It is cut into windows of 32 ms,
    one after the other; a window has a voice where the model's probability is at least the threshold. No interval is
    lengthened, joined or left out afterwards. The state of the model begins anew with each sound. What it does wrong is
    told as by ``process``. Implements ``SystemUnderTest``.

    :param address: ``process:``.
    :param model: a file of ONNX of the form of silero-vad's; by default that of the package silero-vad, of which
        nothing else is used. Its SHA-256 is part of the identity, and so are all settings.
    :param threshold: of the probability.
    :param threads: of the inference, 1 for repeatable results and response times.
    :param deadline: wall time for an answer, in seconds.
    :param domain: its operating domain as declared: name of a quantity, with its unit, to lower and upper bound.
    """

    child, needs, install = "voice_child", ("onnxruntime", "onnxruntime"), INSTALL

    def __init__(
        self,
        name: str,
        address: str,
        *,
        clock: Clock,
        model: str = "",
        threshold: float = 0.5,
        threads: int = 1,
        deadline: float = 5.0,
        domain: Domain | None = None,
    ) -> None:
        if not 0.0 < threshold < 1.0 or not 1 <= threads <= 256:
            raise OptionError(
                f"threshold = {threshold:g}, {threads} threads",
                where=name,
                remedy="give a threshold between 0 and 1, 1 to 256 threads",
            )
        file = Path(model) if model else packaged(PACKAGE, MODEL)
        told = {"model": file.name, "package": "" if model else _release(), "threshold": threshold}
        settings = declared(name, deadline=deadline, domain=domain, **told, threads=threads)
        super().__init__(
            name, address, clock=clock, model=file, output="intervals", deadline=deadline, settings=settings
        )

    def question(self, stimulus: Stimulus) -> dict[str, Any]:
        """The sound as float32 in base64, with its rate. What is not finite is refused: silero-vad hears a voice in it.

        :raises DriverError: for what is no sound of finite numbers, or has another rate than the model takes.
        """
        given = stimulus.values if isinstance(stimulus, Values) else {}
        sound, rate = given.get("sound"), given.get("rate")
        if not isinstance(sound, np.ndarray) or sound.ndim != 1 or not sound.size or not np.isfinite(sound).all():
            remedy = "give it a source of them"
            raise DriverError("takes sounds: finite values `sound`, and `rate`", where=self.name, remedy=remedy)
        if rate not in WINDOWS:
            told = f"takes sounds of {' or '.join(map(str, WINDOWS))} samples a second, not {rate}"
            raise DriverError(told, where=self.name, remedy="resample them")
        return {"sound": base64.b64encode(sound.astype("<f4").tobytes()).decode(), "rate": int(float(rate))}

    async def open(self) -> None:
        """Start the model.

        :raises MissingExtra: if onnxruntime, or the package of the model, is not installed.
        :raises DeviceUnreachable: if there is no such file, or it is no model that onnxruntime can run.
        """
        if self._model == Path(MODEL):
            raise MissingExtra(f"the package {PACKAGE} is not installed", where=self.name, remedy=self.install)
        await super().open()


def _release() -> str:
    try:
        return f"{PACKAGE} {version(PACKAGE)}"
    except PackageNotFoundError:
        return PACKAGE
