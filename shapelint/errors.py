"""What can be wrong with a request, as opposed to with a model or with shapelint."""

from __future__ import annotations

from collections.abc import Iterable


class UsageError(Exception):
    """The request itself cannot be carried out: a flag, a config key, a path, no interpreter.

    The message is shown as it is, and the command ends with exit code 2.
    """


class NoInterpreter(LookupError):
    """No Python with torch was found. ``searched`` says where, one line each."""

    def __init__(self, searched: tuple[str, ...]) -> None:
        places = "".join(f"\n  {place}" for place in searched)
        hint = "install torch in one of them, or name your project's Python: --python PATH"
        super().__init__(f"no Python with torch was found; searched{places}\n{hint}")
        self.searched = searched


def suggestion(word: str, known: Iterable[str]) -> str:
    """``"; did you mean 'roundtrip-length'?"``, or nothing if no known word is close."""
    import difflib

    lower = {k.lower(): k for k in known}
    close = difflib.get_close_matches(word.lower(), lower, n=1, cutoff=0.6)
    return f"; did you mean {lower[close[0]]!r}?" if close else ""
