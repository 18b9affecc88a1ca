"""``python -m hil.web.tied PARENT MODULE ARGUMENTS``: run a module for as long as process PARENT lives.

The kernel ends this process with its parent, whatever this one is doing then, and however the parent ended.
"""

from __future__ import annotations

import os
import runpy
import sys

from ..parent import end_with_parent


def main(parent: str, module: str, *arguments: str) -> None:
    """Run ``module`` with ``arguments``, unless ``parent`` has ended already."""
    end_with_parent()
    if os.getppid() != int(parent):
        return
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
