"""What has latched in runs before, as screens show it while nothing runs and nothing looks at its cause."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from hil.commands import Acknowledge
from hil.lease import Leases
from hil.safety.alarms import Alarms
from hil.safety.latches import Latches
from hil.station.commands import StationControl
from hil.station.disk import Disk
from hil.station.journal import Journal
from hil.station.queue import RunQueue


def test_it_is_active_until_somebody_knows_of_it(tmp_path: Path) -> None:
    latches = Latches.of(tmp_path, "oven", "burn-1")
    latches.hold("estop", "safety.estop reads 0", 5)
    with closing(Disk()) as disk, closing(Journal(tmp_path / "service.jsonl", disk)) as journal:
        queue, leases, alarms = (
            RunQueue(tmp_path / "queue.json", disk),
            Leases(lambda *_: None),
            Alarms(lambda: 0, lambda *_: None),
        )
        made = StationControl(
            queue, leases, journal, handover=None, latches=latches, alarms=alarms, make_safe=lambda: None
        )
        made.look()
        (told,) = made.state()["latched"]
        assert (told["alarm"], told["state"], told["priority"]) == ("estop", "active", "safety")
        assert told["reason"] == "safety.estop reads 0, in the run burn-1"
        made.carry_out(Acknowledge("A", alarm="estop"))
        (told,) = made.state()["latched"]
        assert (told["state"], told["acknowledged_by"]) == ("acknowledged", "A")
        disk.close()
