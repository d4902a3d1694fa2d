"""Objects that hold the settings of a model, as a script changes them before it builds one."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from operator import attrgetter
from typing import Any, TypeVar

T = TypeVar("T")


def with_attributes(holder: T, attributes: Mapping[str, Any]) -> T:
    """A copy of an object with other values for some attributes, ``{"patches.grid": (14, 14)}``."""
    changed = copy.deepcopy(holder)
    for path, value in attributes.items():
        owner, _, name = path.rpartition(".")
        setattr(attrgetter(owner)(changed) if owner else changed, name, value)
    return changed
