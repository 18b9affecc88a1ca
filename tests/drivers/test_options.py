"""Options of drivers: whatever somebody writes, the answer is a sentence and never an error of Python."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hil_drivers.clock import WallClock
from hil_drivers.device import Device, Point, driver_class, driver_names
from hil_drivers.errors import AddressError, DriverError
from hil_drivers.options import option_faults, taken_options

ADDRESSES = (
    "tcp://127.0.0.1:1",
    "udp://127.0.0.1:1",
    "modbus+tcp://127.0.0.1:1",
    "mqtt://127.0.0.1:1/meter",
    "ros2:///robot",
    "video+http://127.0.0.1:1/camera",
    "process:",
)
NUMBERS = st.one_of(st.integers(-(2**40), 2**40), st.floats(), st.sampled_from([0, 1, 0.5, 10.0, 1e300]))
TEXTS = st.one_of(st.text(max_size=8), st.sampled_from(["temperature", "qos", "~/sensor", "field", "V", "%", "type"]))
PLAIN = st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS)
VALUES = st.recursive(
    PLAIN, lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(TEXTS, inner, max_size=3)), max_leaves=6
)


def shipped() -> list[str]:
    return [name for name in driver_names() if driver_class(name).__module__.startswith("hil_drivers.")]


@pytest.mark.parametrize("name", shipped())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(data=st.data())
def test_any_options_make_a_device_or_a_sentence(name: str, data: st.DataObject) -> None:
    driver = driver_class(name)
    taken = taken_options(driver)
    assert taken is not None, "a driver that ships names its options"
    options = data.draw(st.fixed_dictionaries({}, optional=dict.fromkeys(taken, VALUES)))
    if [*option_faults(driver, options)]:
        return
    for address in ADDRESSES:
        try:
            driver("device", address, clock=WallClock(), **options)
            points = driver.declared(options)
        except AddressError:
            continue
        except DriverError:
            return
        else:
            assert all(isinstance(point, Point) for point in points.values())
            return


class Typed(Device):
    """A driver with an option of each kind."""

    def __init__(
        self,
        name: str,
        address: str,
        *,
        clock: WallClock,
        count: int,
        rate: float = 1.0,
        on: bool = False,
        text: str | None = None,
        table: dict[str, int | dict[str, float]] | None = None,
        pair: tuple[float, float] = (0.0, 1.0),
    ) -> None:
        super().__init__(name, address, clock=clock)
        self.options = (count, rate, on, text, table, pair)

    async def open(self) -> None:
        """Nothing to connect."""

    async def close(self) -> None:
        """Nothing to disconnect."""


@pytest.mark.parametrize(
    ("options", "faults"),
    [
        ({"count": 1, "rate": 2, "on": True, "text": "a", "table": {"a": 1}, "pair": [1, 2.5]}, []),
        ({}, [("", "the driver needs the key count")]),
        ({"count": 1, "cuont": 2}, [("cuont", "unknown key; did you mean 'count'?")]),
        ({"count": 1, "zzz": 2}, [("zzz", "unknown key; use one of count, on, pair, rate, table, text")]),
        ({"count": 1.5}, [("count", "expected an integer, found 1.5")]),
        ({"count": True}, [("count", "expected an integer, found True")]),
        ({"count": 1, "rate": "2"}, [("rate", "expected a number, found '2'")]),
        ({"count": 1, "on": 1}, [("on", "expected true or false, found 1")]),
        ({"count": 1, "text": 1}, [("text", "expected a text, found 1")]),
        ({"count": 1, "table": [1]}, [("table", "expected a table, found [1]")]),
        ({"count": 1, "table": {"a": "b"}}, [("table", "a: expected an integer, found 'b'")]),
        ({"count": 1, "pair": [1, "x"]}, [("pair", "1: expected a number, found 'x'")]),
    ],
)
def test_what_is_wrong_with_options(options: dict[str, Any], faults: list[tuple[str, str]]) -> None:
    assert [*option_faults(Typed, options)] == faults
