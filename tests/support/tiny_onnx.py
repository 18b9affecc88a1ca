"""A model in ONNX's format, written out: the mean of its input. It needs no package to be made."""

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


def _tensor(name: str, *sides: str | int) -> bytes:
    shape = b"".join(_field(1, _field(1, side) if isinstance(side, int) else _field(2, side)) for side in sides)
    return _field(1, name) + _field(2, _field(1, _field(1, 1) + _field(2, shape)))


def mean_model(name: str = "ReduceMean") -> bytes:
    """A model of one node, ``name``, from x of shape (1, n) to y of shape (1, 1)."""
    node = _field(1, "x") + _field(2, "y") + _field(3, "mean") + _field(4, name)
    graph = _field(1, node) + _field(2, "graph") + _field(11, _tensor("x", 1, "n")) + _field(12, _tensor("y", 1, 1))
    return _field(1, 8) + _field(7, graph) + _field(8, _field(1, "") + _field(2, 13))
