"""The unit of systemd that keeps a bench in service (systemd.exec(5), systemd.service(5))."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..bench.config import BenchConfig

_UNIT = """\
[Unit]
Description=Test bench {name}
After=network.target time-sync.target

[Service]
Type=notify
NotifyAccess=main
WatchdogSec=5
ExecStart={program} service run --bench {bench} --out {out}
Restart=on-failure
RestartSec=5
# A run that is ended by a stop of the unit is brought to its safe state first.
TimeoutStopSec=60
KillMode=mixed
User={account}
SupplementaryGroups=dialout video
UMask=0077
RuntimeDirectory=hil
RuntimeDirectoryMode=0750
StateDirectory=hil
Environment=HIL_RUNTIME_DIR=/run/hil

NoNewPrivileges=yes
ProtectSystem=strict
ReadWritePaths={out}
ProtectHome=read-only
PrivateTmp=yes
CapabilityBoundingSet=
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectProc=invisible
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
RestrictNamespaces=yes
RestrictSUIDSGID=yes
LockPersonality=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
DevicePolicy=closed
DeviceAllow=char-ttyUSB rw
DeviceAllow=char-ttyACM rw
DeviceAllow=char-ttyS rw
DeviceAllow=char-video4linux rw
DeviceAllow=char-pts rw

[Install]
WantedBy=multi-user.target
"""


def unit_text(config: BenchConfig, out: Path, account: str, program: Path) -> str:
    """The unit for the bench ``config``, whose runs are in ``out``, as ``account``.

    :param program: the command ``hil``.
    """
    bench = config.path.resolve()
    values = {"program": program, "bench": bench, "out": out}
    quoted = {name: _quoted(path) for name, path in values.items()}
    return _UNIT.format(name=config.name, account=account, **quoted)


def _quoted(path: Path) -> str:
    """A path as systemd reads it: ``%`` is a specifier, and blanks separate."""
    text = str(path).replace("%", "%%").replace("\\", "\\\\")
    return f'"{text}"' if any(character.isspace() for character in text) else text
