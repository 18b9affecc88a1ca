"""Enter a calibration, or an option, into a bench file, leaving every other byte as it is."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path

from ..errors import ConfigurationError
from ..suggest import nearest
from .files import SourceFile
from .toml_lines import Statement, statements

_KEYS = ("calibration", "point_correlation")


def enter_calibration(bench_file: Path, channel: str, certificate: Path | str, point_correlation: str | float) -> None:
    """Write ``calibration`` and ``point_correlation`` into ``[channels."channel"]`` of ``bench_file``.

    The lines of these two keys are replaced, or added below the table's header; comments, order, line ends
    and all other bytes stay. The file is replaced in one step, so that it is never half written.

    :param certificate: the certificate's path as it shall stand in the file, relative to the file's folder.
    :param point_correlation: ``"full"``, ``"independent"``, ``"matrix"`` or a number from 0 to 1.
    :raises ConfigurationError: if the file has no such channel as a table of its own.
    """
    correlation = point_correlation if isinstance(point_correlation, str) else float(point_correlation)
    values = dict(zip(_KEYS, (str(certificate), correlation), strict=True))
    edited = _with(bench_file, ("channels", channel), values)
    try:
        tomllib.loads(edited)
    except tomllib.TOMLDecodeError:
        raise ConfigurationError(
            f"the path {str(certificate)!r} cannot be written",
            where=str(bench_file),
            remedy="rename the certificate",
        ) from None
    _replace(bench_file, edited)


def set_option(bench_file: Path, device: str, option: str, value: int) -> None:
    """Write an option into ``[devices.device]`` of ``bench_file``, in the place of what stands there.

    :raises ConfigurationError: if the file has no such device as a table of its own.
    """
    _replace(bench_file, _with(bench_file, ("devices", device), {option: value}))


def _with(bench_file: Path, path: tuple[str, str], values: Mapping[str, str | float]) -> str:
    """The text of ``bench_file`` with ``values`` in the table ``path``."""
    source = SourceFile.read(bench_file)
    raw = bench_file.read_bytes().decode("utf-8")
    found = list(statements(source.text))
    header = next((s for s in found if s.is_header and s.path == path), None)
    if header is None:
        known = [str(s.path[1]) for s in found if s.is_header and s.path[:1] == path[:1] and len(s.path) == 2]
        raise ConfigurationError(
            f'there is no table [{path[0]}."{path[1]}"]', where=str(bench_file), remedy=nearest(path[1], known)
        )
    return _edited(raw, header, {key: _statement(found, (*path, key)) for key in values}, values)


def _replace(bench_file: Path, edited: str) -> None:
    draft = bench_file.with_name(f".{bench_file.name}.new")
    draft.write_bytes(edited.encode("utf-8"))
    draft.replace(bench_file)


def _statement(found: list[Statement], path: tuple[str, ...]) -> Statement | None:
    return next((s for s in found if not s.is_header and s.path == path), None)


def _edited(raw: str, header: Statement, places: dict[str, Statement | None], values: Mapping[str, str | float]) -> str:
    lines = raw.split("\n")
    end = "\r" if lines[header.first - 1].endswith("\r") else ""
    if header.last == len(lines):
        lines.append("")
    written = {key: f"{key} = {_toml(value)}{end}" for key, value in values.items()}
    replaced = {place.first - 1: (place.last, written[key]) for key, place in places.items() if place is not None}
    added = [written[key] for key, place in places.items() if place is None]
    result: list[str] = []
    number = 0
    while number < len(lines):
        last, line = replaced.get(number, (number + 1, lines[number]))
        result.append(line)
        number = last
        if number == header.last:
            result += added
    return "\n".join(result)


def _toml(value: str | float) -> str:
    if not isinstance(value, str):
        return repr(value)
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in escaped) + '"'
