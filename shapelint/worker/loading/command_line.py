"""``argparse`` in a file that is loaded, not started as a script."""

from __future__ import annotations

from argparse import ArgumentParser
from contextlib import AbstractContextManager
from typing import Any

from shapelint.worker.python.swaps import replaced


def nothing_required() -> AbstractContextManager[None]:
    """In the body ``parse_args()`` gives None for what is required: the defaults still count."""
    original = ArgumentParser.parse_known_args

    def parse(self: ArgumentParser, *args: Any, **kwargs: Any) -> Any:
        for action in self._actions:
            action.required = False
        for group in self._mutually_exclusive_groups:
            group.required = False
        return original(self, *args, **kwargs)

    return replaced(ArgumentParser, "parse_known_args", parse)
