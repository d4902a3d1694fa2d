"""Dataclasses from JSON: the inverse of ``dataclasses.asdict``."""

from __future__ import annotations

import dataclasses
import typing
from functools import cache
from typing import Any, TypeVar

T = TypeVar("T")


def read(kind: type[T], value: Any) -> T:
    """A value of a dataclass from JSON.

    Raises ValueError if fields are missing, too many, or of another kind.
    """
    try:
        return typing.cast("T", _read(kind, value))
    except (TypeError, KeyError, AttributeError) as exc:
        raise ValueError(f"malformed {kind.__name__}: {exc}") from exc


def _read(kind: Any, value: Any) -> Any:
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        hints = _hints(kind)
        return kind(**{k: _read(hints[k], v) for k, v in value.items()})
    parts = typing.get_args(kind)
    if type(None) in parts:
        return None if value is None else _read(parts[0], value)
    if typing.get_origin(kind) is dict:
        return {k: _read(parts[1], v) for k, v in value.items()}
    if typing.get_origin(kind) is not tuple:
        return value
    if parts[-1] is Ellipsis:
        return tuple(_read(parts[0], v) for v in value)
    return tuple(_read(p, v) for p, v in zip(parts, value, strict=True))


@cache
def _hints(kind: Any) -> dict[str, Any]:
    return typing.get_type_hints(kind)
