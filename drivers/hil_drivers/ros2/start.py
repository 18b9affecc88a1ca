"""Starts a program of this folder in a Python that has ROS 2: ``python start.py PROGRAM PARENT ARGUMENT...``.

``PROGRAM`` is a module beside this file with a function ``main(arguments)``, ``PARENT`` the process that must not
be outlived. The folder is loaded as a package of its own, so that nothing of the controller's comes along.
"""

from __future__ import annotations

import ctypes
import importlib
import importlib.util
import os
import signal
import sys
from pathlib import Path

PACKAGE = "hil_ros2"
_PR_SET_PDEATHSIG = 1


def end_with(parent: int) -> None:
    """Let the kernel kill this process when ``parent`` dies, even by ``kill -9``, and even while it is stopped."""
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def main() -> None:
    """Run one program."""
    program, parent, *arguments = sys.argv[1:]
    end_with(int(parent))
    folder = Path(__file__).resolve().parent
    sys.path[:] = [entry for entry in sys.path if Path(entry or ".").resolve() != folder]
    spec = importlib.util.spec_from_file_location(
        PACKAGE, folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    if spec is None or spec.loader is None:
        raise SystemExit(f"{folder} cannot be loaded")
    package = importlib.util.module_from_spec(spec)
    sys.modules[PACKAGE] = package
    spec.loader.exec_module(package)
    importlib.import_module(f"{PACKAGE}.{program}").main(arguments)


if __name__ == "__main__":
    main()
