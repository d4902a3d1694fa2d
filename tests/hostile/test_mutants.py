"""A few mutated model files: no traceback of ours, no hang, nothing missed."""

from __future__ import annotations

from pathlib import Path

from tests.hostile.mutants import mutant, outcomes

_MUTANTS = 24


def test_mutants(tmp_path: Path) -> None:
    found = outcomes(tmp_path / "some", ((f"mutant_{n}", mutant(n)) for n in range(_MUTANTS)))
    assert found["proven"] > _MUTANTS / 10  # else the mutations destroy everything
