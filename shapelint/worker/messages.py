"""What a model says: in exceptions, whatever their classes do when asked, and in warnings."""

from __future__ import annotations

import warnings
from typing import Any

_LONGEST = 2000


def error_text(exc: BaseException) -> str:
    """``ValueError: …`` in the words of the exception, cut where nobody reads on."""
    name = type(exc).__name__
    try:
        message = str(exc)
    except BaseException as inner:  # a __str__ of the user's that raises
        message = f"(its text raises {type(inner).__name__})"
    message = message if len(message) <= _LONGEST else f"{message[:_LONGEST]}…"
    return f"{name}: {message}" if message else name


class Quiet(warnings.catch_warnings):
    """Nobody reads here what a model is warned of; it must not even become an error."""

    def __enter__(self) -> Any:
        out = super().__enter__()
        warnings.simplefilter("ignore")
        return out
