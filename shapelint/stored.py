"""What was found out about a file as JSON: for the cache, and for the way between processes.

:func:`encode` and :func:`decode` are inverse to each other, but sets of sizes are kept in words.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from shapelint.model import Inspected, Sizes, SizesInWords, TargetReport
from shapelint.records import read


def encode(inspected: Inspected) -> dict[str, Any]:
    """The result for one file as JSON values."""
    return dataclasses.asdict(_with_sizes(inspected, _in_words))


def decode(value: dict[str, Any]) -> Inspected:
    """The inverse. Raises ValueError or TypeError for what :func:`encode` did not write."""
    return _with_sizes(read(Inspected, value), lambda words: SizesInWords(**words))


def _in_words(sizes: Sizes) -> SizesInWords:
    return SizesInWords(sizes.text, sizes.smallest())


def _with_sizes(inspected: Inspected, change: Callable[[Any], Sizes]) -> Inspected:
    def changed(target: TargetReport) -> TargetReport:
        sets = target.valid_sizes, target.roundtrip_sizes, target.unknown_sizes
        valid, comes_back, unknown = (None if s is None else change(s) for s in sets)
        return dataclasses.replace(
            target, valid_sizes=valid, roundtrip_sizes=comes_back, unknown_sizes=unknown
        )

    return dataclasses.replace(inspected, targets=tuple(map(changed, inspected.targets)))
