"""What an exception says, whatever its class does when it is asked."""

from __future__ import annotations

__all__ = ["said"]

_LONGEST = 2000


def said(exc: BaseException) -> str:
    """``ValueError: …`` in the words of the exception, cut where nobody reads on."""
    name = type(exc).__name__
    try:
        message = str(exc)
    except BaseException as inner:  # a __str__ of the user's that raises
        message = f"(its text raises {type(inner).__name__})"
    message = message if len(message) <= _LONGEST else f"{message[:_LONGEST]}…"
    return f"{name}: {message}"
