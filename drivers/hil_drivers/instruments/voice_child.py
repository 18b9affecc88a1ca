"""The process of a voice detector: one sound at a time, by the line protocol of the driver ``process``.

Run as ``python -m hil_drivers.instruments.voice_child '{"model": "silero_vad.onnx", "threshold": 0.5, "threads": 1}'``.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from hashlib import file_digest
from importlib.metadata import version
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .line_protocol import serve

Array = NDArray[np.float32]

WINDOWS = {8_000: (256, 32), 16_000: (512, 64)}
"""By samples per second: those of a window, and those before it that the model is given once more."""
STATE = (2, 1, 128)


def intervals(probabilities: list[float], threshold: float, window: float) -> list[list[float]]:
    """The stretches of time, in s, of windows whose probability is at least ``threshold``.

    :param window: of one window, in s.
    """
    found: list[list[float]] = []
    for number, probability in enumerate(probabilities):
        if probability >= threshold:
            if found and found[-1][1] == number * window:
                found[-1][1] = (number + 1) * window
            else:
                found.append([number * window, (number + 1) * window])
    return found


class Detector:
    """A model of silero-vad's form: inputs ``input``, ``state``, ``sr``, outputs ``output`` and ``stateN``."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        from onnxruntime.capi.onnxruntime_inference_collection import InferenceSession
        from onnxruntime.capi.onnxruntime_pybind11_state import SessionOptions

        options = SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = settings["threads"]
        self._threshold, self._path = float(settings["threshold"]), Path(settings["model"])
        self._session = InferenceSession(str(self._path), options, providers=["CPUExecutionProvider"])

    def identity(self) -> dict[str, Any]:
        """The model's file, its SHA-256, and the versions that run it."""
        with self._path.open("rb") as file:
            digest = file_digest(file, "sha256").hexdigest()
        versions = f"onnxruntime {version('onnxruntime')}, numpy {version('numpy')}"
        return {"name": self._path.name, "version": versions, "digests": {self._path.name: digest}}

    def __call__(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Where there is a voice, with the probability of each window and the wall seconds of the inference alone."""
        sound = np.frombuffer(base64.b64decode(asked["sound"]), dtype="<f4")
        rate = int(asked["rate"])
        begin = perf_counter()
        probabilities = self.probabilities(sound, rate)
        return {
            "output": intervals(probabilities, self._threshold, WINDOWS[rate][0] / rate),
            "probabilities": [round(each, 4) for each in probabilities],
            "inference": perf_counter() - begin,
        }

    def probabilities(self, sound: Array, rate: int) -> list[float]:
        """That of a voice in each window. The state is that of a fresh start; silence fills up the last window."""
        window, before = WINDOWS[rate]
        state: Array = np.zeros(STATE, dtype=np.float32)
        context: Array = np.zeros(before, dtype=np.float32)
        sampling, found = np.array(rate, dtype=np.int64), []
        padded = np.concatenate([sound, np.zeros(-len(sound) % window, dtype=np.float32)])
        for part in padded.reshape(-1, window):
            given = {"input": np.concatenate([context, part])[None], "state": state, "sr": sampling}
            probability, then = self._session.run(["output", "stateN"], given)
            state = np.asarray(then, dtype=np.float32)
            found.append(float(np.asarray(probability).reshape(())))
            context = part[-before:]
        return found


if __name__ == "__main__":
    serve(Detector)
