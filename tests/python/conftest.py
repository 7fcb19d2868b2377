"""Fixtures of all tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from festival import Festival, set_up


@pytest.fixture
def festival(tmp_path: Path) -> Iterator[Festival]:
    made = set_up(tmp_path)
    yield made
    made.engine.close()
