"""shapelint: which sizes a PyTorch model runs at, which round-trip, and how to fix the rest.

The names below are imported when they are first used: ``import shapelint`` costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from shapelint.analysis import Analysis as Analysis
    from shapelint.analysis import Prediction as Prediction
    from shapelint.interface import analyze as analyze
    from shapelint.interface import assert_roundtrip as assert_roundtrip
    from shapelint.interface import check as check
    from shapelint.lengths.sets import SizeSet as SizeSet
    from shapelint.model import Diagnostic as Diagnostic
    from shapelint.model import Report as Report

__version__ = "0.1.0"

_HOMES = {
    "Analysis": "shapelint.analysis",
    "Diagnostic": "shapelint.model",
    "Prediction": "shapelint.analysis",
    "Report": "shapelint.model",
    "SizeSet": "shapelint.lengths.sets",
    "analyze": "shapelint.interface",
    "assert_roundtrip": "shapelint.interface",
    "check": "shapelint.interface",
}
"""Where the public names live (PEP 562)."""


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
