"""The notations in which users write inputs and arguments.

=====================================  ================================================
``N,3,H,W``  ``tokens=N,T:int64``      an input: dims, maybe a name before and a dtype after
``channels=64``  ``act=silu``          an argument: Python literal, else JSON, else text
=====================================  ================================================

Every function raises UsageError with the text it could not read.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable
from typing import Any

from shapelint.errors import UsageError, suggestion
from shapelint.model import Input

DTYPES = (
    *("float32", "float64", "float16", "bfloat16", "complex64", "complex128"),
    *("int64", "int32", "int16", "int8", "uint8", "bool"),
)

_NAME = re.compile(r"[A-Za-z_]\w*")
_PARAMETER = re.compile(rf"{_NAME.pattern}(\.\w+)?")


def parse_input(text: str, position: int = 0) -> Input:
    """One tensor: ``N,3,H,W``, ``image=N,3,H,W`` or ``tokens=N,T:int64``.

    ``batch.image`` is one that is part of an argument. ``position`` names a tensor that has no name
    of its own.
    """
    body, _, dtype = (part.strip() for part in text.partition(":"))
    name, named, dims = (part.strip() for part in body.rpartition("="))
    if named and not _PARAMETER.fullmatch(name):
        raise UsageError(f"input {text!r}: {name!r} is not the name of a parameter")
    if dtype and dtype not in DTYPES:
        raise UsageError(f"input {text!r}: unknown dtype {dtype!r}{suggestion(dtype, DTYPES)}")
    shape = tuple(_dim(word, text) for word in re.split(r"\s*,\s*|\s+", dims))
    return Input(name or str(position), shape, dtype or "float32")


def _dim(word: str, text: str) -> int | str:
    if word.isdecimal() and int(word) > 0:
        return int(word)
    if _NAME.fullmatch(word):
        return word
    raise UsageError(f"input {text!r}: a dim is a size or a name such as H, not {word!r}")


def parse_argument(text: str) -> tuple[str, Any]:
    """``k=v``: the name and the value, a Python literal or JSON, else the text itself."""
    name, sign, value = text.partition("=")
    if not sign or not _NAME.fullmatch(name.strip()):
        raise UsageError(f"argument {text!r}: write name=value")
    return name.strip(), _value(value.strip())


def _value(text: str) -> Any:
    readers: tuple[Callable[[str], Any], ...] = (ast.literal_eval, json.loads)
    for read in readers:
        try:
            return read(text)
        except (ValueError, SyntaxError):  # the next reader may know it
            continue
    return text
