"""Where the config file is: ``shapelint.toml``, or ``pyproject.toml`` with ``[tool.shapelint]``.

The nearest file going up from what is linted counts; in one folder ``shapelint.toml`` comes first,
and a ``pyproject.toml`` without the table is none. What reads one is imported where there is one:
a run without starts sooner.
"""

from __future__ import annotations

import os
from pathlib import Path

OWN, SHARED = "shapelint.toml", "pyproject.toml"


def nearest(path: Path) -> Path | None:
    """The config file for a file or folder; None if there is none up to the root.

    Raises UsageError for a ``pyproject.toml`` on the way that is not TOML.
    """
    whole = Path(os.path.abspath(path))  # ``..`` would hide what is below what
    here = whole if whole.is_dir() else whole.parent
    for folder in (here, *here.parents):
        if (folder / OWN).is_file():
            return folder / OWN
        if _holds_table(folder / SHARED):
            return folder / SHARED
    return None


def _holds_table(shared: Path) -> bool:
    """After a quick look, so that the TOML of other tools is not judged here."""
    if not shared.is_file() or b"shapelint" not in shared.read_bytes():
        return False
    from shapelint.configfile.reading import table_in

    return table_in(shared) is not None
