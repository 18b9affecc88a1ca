"""The software: versions, optional extras, and drivers, those of other packages included."""

from __future__ import annotations

import platform
from collections import defaultdict
from collections.abc import Iterable, Iterator
from importlib.metadata import EntryPoint, PackageNotFoundError, requires, version

from hil_drivers.device import driver_entries, load_entry, package_of
from hil_drivers.errors import UnknownDriver

from .finding import Finding

DISTRIBUTION = "hil-bench"
EXTRAS = {"ai": "recognisers and other models as systems under test", "simulation": "physics of simulated scenes"}
"""Optional parts that users choose, and what for; shown where the distribution has them."""


def versions() -> Iterator[Finding]:
    """Which program this is."""
    yield Finding("program", "ok", f"{DISTRIBUTION} {version(DISTRIBUTION)} on Python {platform.python_version()}")


def extras() -> Iterator[Finding]:
    """Which optional parts are installed."""
    needs = _needs(requires(DISTRIBUTION) or [])
    for extra, purpose in EXTRAS.items():
        if extra not in needs:
            continue
        missing = [name for name in needs[extra] if not _is_installed(name)]
        if missing:
            told = f"not installed ({', '.join(missing)}); needed for {purpose}"
            yield Finding(f"extra {extra}", "warn", told, f"pip install '{DISTRIBUTION}[{extra}]'")
        else:
            yield Finding(f"extra {extra}", "ok", "installed")


def _needs(requirements: Iterable[str]) -> dict[str, list[str]]:
    """By extra, the packages that it needs with this Python."""
    from packaging.requirements import Requirement

    needs: dict[str, list[str]] = defaultdict(list)
    for requirement in map(Requirement, requirements):
        for extra in EXTRAS:
            marker = requirement.marker
            if marker is not None and marker.evaluate({"extra": extra}) and not marker.evaluate({"extra": ""}):
                needs[extra].append(requirement.name)
    return needs


def _is_installed(package: str) -> bool:
    try:
        version(package)
    except PackageNotFoundError:
        return False
    return True


def drivers(entries: Iterable[EntryPoint] | None = None) -> Iterator[Finding]:
    """Whether every installed driver can be loaded, and none hides another of its name."""
    found = list(driver_entries() if entries is None else entries)
    ours = [entry for entry in found if entry.dist is not None and entry.dist.name == DISTRIBUTION]
    others = [entry for entry in found if entry not in ours]
    yield from _shipped(ours)
    for entry in others:
        fault = _fault(entry)
        if fault is None:
            yield Finding(f"driver {entry.name}", "ok", f"of {package_of(entry)}, can be loaded")
        else:
            yield Finding(f"driver {entry.name}", "fail", f"of {package_of(entry)}: {fault.what}", fault.remedy)
    packages: dict[str, list[str]] = defaultdict(list)
    for entry in found:
        packages[entry.name].append(package_of(entry))
    for name, sharing in packages.items():
        if len(sharing) > 1:
            told = f"is brought by {' and by '.join(sharing)}: one hides the other"
            yield Finding(f"driver {name}", "fail", told, "remove one of them, or name it as module:name")


def _shipped(entries: list[EntryPoint]) -> Iterator[Finding]:
    faults = [fault for entry in entries if (fault := _fault(entry)) is not None]
    for fault in faults:
        yield Finding("drivers that ship", "fail", fault.what, "install the program anew")
    if not faults:
        yield Finding("drivers that ship", "ok", f"all {len(entries)} can be loaded")


def _fault(entry: EntryPoint) -> UnknownDriver | None:
    try:
        load_entry(entry)
    except UnknownDriver as error:
        return error
    return None
