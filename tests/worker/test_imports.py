"""The worker runs where of all packages only torch is."""

from __future__ import annotations

import subprocess
import sys

import pytest

_MISSING = ("islpy", "networkx", "click", "rich")
_WORK = "import shapelint.worker.serve; from shapelint.worker.ops import OPS; len(list(OPS))"


def _fails(code: str) -> str:
    """What Python says when it runs code where the client's own dependencies are missing."""
    missing = f"import sys; sys.modules.update(dict.fromkeys({_MISSING}))"
    done = subprocess.run(
        [sys.executable, "-c", f"{missing}; {code}"], capture_output=True, text=True, check=False
    )
    return done.stderr.strip().rpartition("\n")[2] if done.returncode else ""


def test_the_worker_needs_nothing_but_torch() -> None:
    assert _fails(_WORK) == ""


@pytest.mark.parametrize("module", ["shapelint.lengths.sets", "shapelint.cli.check"])
def test_the_test_above_can_fail(module: str) -> None:
    assert "ModuleNotFoundError: import of" in _fails(f"import {module}")
