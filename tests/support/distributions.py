"""Small installed packages with drivers, as an installer leaves them in a folder."""

from __future__ import annotations

from pathlib import Path

WORKING = '''
"""A driver of somebody else."""

from hil_drivers.device import Device, Point


class Scale(Device):
    points = {"mass": Point("kg")}

    async def open(self) -> None:
        pass

    async def close(self) -> None:
        pass
'''


def install(folder: Path, name: str, module: str, source: str, drivers: dict[str, str]) -> None:
    """Put the package ``name`` into ``folder``: one module, and entry points under ``hil.drivers``."""
    folder.mkdir(exist_ok=True)
    (folder / f"{module}.py").write_text(source, encoding="utf-8")
    info = folder / f"{name.replace('-', '_')}-1.2.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.2\n", encoding="utf-8")
    points = "".join(f"{driver} = {target}\n" for driver, target in drivers.items())
    (info / "entry_points.txt").write_text(f"[hil.drivers]\n{points}", encoding="utf-8")
    (info / "RECORD").write_text(f"{module}.py,,\n", encoding="utf-8")
