"""A conformance kit for drivers, ours and third parties', to be called from any test.

Give it the driver, a peer that can misbehave, and what the driver is used for; each check is a test of its own:

    @pytest.mark.parametrize("check", checks(), ids=str)
    def test_my_probe(check: Check) -> None:
        asyncio.run(conforms(check))

    async def conforms(check: Check) -> None:
        peer = TcpPeer(answer)
        subject = Subject("my-probe", lambda: MyProbe("probe", peer.address, clock=WallClock()), peer)
        try:
            (await check.run(subject)).demand()
        finally:
            await peer.stop()

``TcpPeer`` is a function behind a socket, ``SimPeer`` a device of the simulator; any object that does what ``Peer``
says will do. A check for which the peer has no fault ends as ``n/a``, with the reason: it is never left out silently.
``check_sensor`` and ``check_actuator`` are the checks that need no fault, in one call.
"""

from __future__ import annotations

from .conformance import ConformanceError, check_actuator, check_sensor
from .peer import Peer
from .runner import Check, Result, Verdict, checks, run_all, table
from .sim_peer import SimPeer
from .subject import Operation, Subject, looks_good
from .tcp_peer import TcpPeer

__all__ = [
    "Check",
    "ConformanceError",
    "Operation",
    "Peer",
    "Result",
    "SimPeer",
    "Subject",
    "TcpPeer",
    "Verdict",
    "check_actuator",
    "check_sensor",
    "checks",
    "looks_good",
    "run_all",
    "table",
]
