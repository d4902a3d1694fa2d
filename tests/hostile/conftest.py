"""A project that every test of whole runs may use."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.hostile.files import GOOD


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "temporary").mkdir()
    for name in ("a.py", "b.py", "c.py"):
        (tmp_path / name).write_bytes(GOOD)
    return tmp_path
