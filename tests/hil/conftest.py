"""What several tests of the bench share."""

from __future__ import annotations

import pytest

import history as a_history


@pytest.fixture(scope="session")
def history(tmp_path_factory: pytest.TempPathFactory) -> a_history.History:
    return a_history.make(tmp_path_factory.mktemp("history"))
