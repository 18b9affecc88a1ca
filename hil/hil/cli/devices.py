"""``hil devices``: the devices of a bench and how they do, or the installed drivers and what each senses or sets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from .completing import bench_names
from .options import as_json, seed
from .output import show_json, show_table

if TYPE_CHECKING:
    from hil_drivers.device import Point

_CAPABILITIES = {"grab": "a camera", "show": "a scene", "respond": "a system under test"}
"""What a driver without points is, by the method that makes it so."""


@click.command(short_help="The devices of a bench and how they do, or the installed drivers.")
@click.option(
    "--bench",
    metavar="B",
    shell_complete=bench_names,
    help="Connect to the devices of this bench: its file, or a bench that ships.",
)
@click.option(
    "--readings", type=click.IntRange(1, 1000), default=3, show_default=True, help="Readings of each channel."
)
@seed
@as_json
def devices(bench: str | None, readings: int, seed: int | None, as_json: bool) -> int:
    """Without --bench: list the installed drivers with their points: unit, direction and range.

    With --bench: connect to every device, read its channels, and show its state, the median latency of an
    exchange, the quality of its latest readings, its latest error, and by when to calibrate it. Nothing is
    commanded. A device that is not there stops nobody; the exit code is then 4.
    """
    if bench is not None:
        from .bench_devices import show_bench_devices

        return show_bench_devices(bench, readings=readings, seed=seed, as_json=as_json)
    from hil_drivers.device import driver_names

    found = [_described(name) for name in driver_names()]
    if as_json:
        show_json({"drivers": found})
        return 0
    rows = []
    for driver in found:
        rows += [[driver["driver"], *_cells(point)] for point in driver["points"]]
        if not driver["points"]:
            told = driver["capability"] or ("" if driver["error"] else "points as its options say")
            rows.append([driver["driver"], told, "", "", driver["error"]])
    show_table(["driver", "point or capability", "unit", "direction", "range"], rows)
    return 0


def _described(name: str) -> dict[str, Any]:
    from hil_drivers.device import driver_class
    from hil_drivers.errors import DriverError

    try:
        driver = driver_class(name)
    except (DriverError, ImportError, AttributeError) as error:
        return {"driver": name, "points": [], "capability": "", "error": f"cannot be loaded: {error}"}
    capability = next((told for method, told in _CAPABILITIES.items() if hasattr(driver, method)), "")
    points = [_point(key, point) for key, point in driver.points.items()]
    return {"driver": name, "points": points, "capability": capability, "error": ""}


def _point(name: str, point: Point) -> dict[str, Any]:
    return {
        "point": name,
        "unit": point.unit,
        "readable": point.readable,
        "writable": point.writable,
        "lower": point.lower,
        "upper": point.upper,
    }


def _cells(point: dict[str, Any]) -> list[str]:
    directions = [word for word, key in (("read", "readable"), ("set", "writable")) if point[key]]
    words = (("lower", "from"), ("upper", "to"))
    bounds = [f"{word} {point[key]:g}" for key, word in words if point[key] is not None]
    return [
        point["point"],
        point["unit"],
        " and ".join(directions),
        " ".join(bounds),
    ]
