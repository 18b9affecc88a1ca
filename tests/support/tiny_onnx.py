"""Models in ONNX's format, written out: the mean of an input, and a voice detector that knows no voice."""

from __future__ import annotations


def _field(number: int, content: bytes | int | str) -> bytes:
    """One field of a protocol buffer: a number, or bytes."""
    if isinstance(content, int):
        return _varint(number << 3) + _varint(content)
    data = content.encode() if isinstance(content, str) else content
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def _tensor(name: str, *sides: str | int, kind: int = 1) -> bytes:
    shape = b"".join(_field(1, _field(1, side) if isinstance(side, int) else _field(2, side)) for side in sides)
    return _field(1, name) + _field(2, _field(1, _field(1, kind) + _field(2, shape)))


def mean_model(name: str = "ReduceMean") -> bytes:
    """A model of one node, ``name``, from x of shape (1, n) to y of shape (1, 1)."""
    node = _field(1, "x") + _field(2, "y") + _field(3, "mean") + _field(4, name)
    graph = _field(1, node) + _field(2, "graph") + _field(11, _tensor("x", 1, "n")) + _field(12, _tensor("y", 1, 1))
    return _field(1, 8) + _field(7, graph) + _field(8, _field(1, "") + _field(2, 13))


def log_mean_voice_model() -> bytes:
    """A model of silero-vad's form whose probability is the logarithm of the mean of a window: NaN below 0."""
    nodes = [
        _field(1, "input") + _field(2, "mean") + _field(3, "a") + _field(4, "ReduceMean"),
        _field(1, "mean") + _field(2, "output") + _field(3, "b") + _field(4, "Log"),
        _field(1, "state") + _field(2, "stateN") + _field(3, "c") + _field(4, "Identity"),
    ]
    given = [_tensor("input", 1, "n"), _tensor("state", 2, 1, 128), _tensor("sr", kind=7)]
    told = [_tensor("output", 1, 1), _tensor("stateN", 2, 1, 128)]
    inputs, outputs = (
        b"".join(_field(number, each) for each in several) for number, several in ((11, given), (12, told))
    )
    graph = b"".join(_field(1, node) for node in nodes) + _field(2, "voice") + inputs + outputs
    return _field(1, 8) + _field(7, graph) + _field(8, _field(1, "") + _field(2, 13))
