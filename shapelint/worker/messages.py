"""The texts of a model's exceptions, and its warnings switched off."""

from __future__ import annotations

import warnings
from typing import Any

_LONGEST = 2000


def error_text(exc: BaseException) -> str:
    """``ValueError: …``, the text cut after 2,000 characters."""
    name = type(exc).__name__
    try:
        message = str(exc)
    except BaseException as inner:  # a __str__ of the user's that raises
        message = f"(its text raises {type(inner).__name__})"
    message = message if len(message) <= _LONGEST else f"{message[:_LONGEST]}…"
    return f"{name}: {message}" if message else name


class Quiet(warnings.catch_warnings):
    """While active, warnings are ignored, even where a filter makes them errors."""

    def __enter__(self) -> Any:
        out = super().__enter__()
        warnings.simplefilter("ignore")
        return out
