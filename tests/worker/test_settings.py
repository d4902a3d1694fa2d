"""Settings that a script changes before it builds a model."""

from __future__ import annotations

from types import SimpleNamespace

from shapelint.worker.loading.settings import with_attributes


def test_attributes_of_parts_too_are_set_in_a_copy() -> None:
    settings = SimpleNamespace(width=8, patches=SimpleNamespace(grid=(16, 16)))
    changed = with_attributes(settings, {"width": 4, "patches.grid": (14, 14), "skips": 3})
    assert (changed.width, changed.patches.grid, changed.skips) == (4, (14, 14), 3)
    assert settings == SimpleNamespace(width=8, patches=SimpleNamespace(grid=(16, 16)))
