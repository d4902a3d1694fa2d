"""The JSON schema of the config file, for editors: ``python -m shapelint.configfile.schema``."""

from __future__ import annotations

import json
from typing import Any

from shapelint.catalog import entries
from shapelint.configfile.keys import root


def schema() -> dict[str, Any]:
    """The schema of ``shapelint.toml``, which is also that of ``[tool.shapelint]``, in draft 7."""
    rules = tuple(rule.name for rule in entries())
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "shapelint",
        "description": "Configuration of shapelint, a shape linter for PyTorch models.",
        **root(rules).schema(),
    }


def text() -> str:
    """The schema as it is written to ``shapelint.schema.json``."""
    return json.dumps(schema(), indent=2) + "\n"


if __name__ == "__main__":
    print(text(), end="")
