"""What models and files are described with: arguments, inputs, sizes, patterns."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shapelint.config import Globs
from shapelint.configfile.kinds import ListOf, Schema, Text, Where, table
from shapelint.errors import UsageError

if TYPE_CHECKING:  # expressions are imported where there are any
    from shapelint.lengths.conditions import Condition
    from shapelint.model import Input

_NAME = r"^[A-Za-z_]\w*$"


@dataclass(frozen=True)
class Patterns:
    """Patterns of paths as in ``.gitignore``."""

    def read(self, value: Any, at: Where) -> Globs:
        """The patterns with the folder that they are relative to."""
        return Globs(at.folder, ListOf(Text()).read(value, at))

    def schema(self) -> Schema:
        return ListOf(Text()).schema()


@dataclass(frozen=True)
class PatternTable:
    """A table from patterns of paths to selectors: ``{ "legacy/*" = ["SHP101"] }``."""

    def read(self, value: Any, at: Where) -> tuple[tuple[Globs, tuple[str, ...]], ...]:
        """Pairs of a pattern, with the folder it is relative to, and selectors."""
        words = ListOf(Text())
        found = {k: words.read(v, at / k) for k, v in table(value, at).items()}
        return tuple((Globs(at.folder, (pattern,)), given) for pattern, given in found.items())

    def schema(self) -> Schema:
        return {"type": "object", "additionalProperties": ListOf(Text()).schema()}


@dataclass(frozen=True)
class Literals:
    """A table of values that Python writes as literals: arguments."""

    def read(self, value: Any, at: Where) -> dict[str, Any]:
        """Raises UsageError for dates, infinity, and names that no parameter can have."""
        for name, argument in table(value, at).items():
            if not name.isidentifier():
                raise (at / name).error("this is not the name of a parameter")
            self._check(argument, at / name)
        return dict(value)

    def _check(self, value: Any, at: Where) -> None:
        if isinstance(value, Mapping):
            for key, item in value.items():
                self._check(item, at / key)
        elif isinstance(value, list):
            for i, item in enumerate(value):
                self._check(item, at / i)
        elif not isinstance(value, (str, int, float)) or value in (math.inf, -math.inf):
            raise at.expected("a text, number, boolean, list or table", value)
        elif value != value:  # noqa: PLR0124  # that is how NaN is told
            raise at.expected("a number", value)

    def schema(self) -> Schema:
        return {"type": "object", "propertyNames": {"pattern": _NAME}}


@dataclass(frozen=True)
class Lengths:
    """A table from symbols to the sizes that matter: ``{ H = "multiple of 32, 256..1024" }``."""

    def read(self, value: Any, at: Where) -> tuple[Condition, ...]:
        return tuple(self._condition(k, v, at / k) for k, v in table(value, at).items())

    def _condition(self, name: str, value: Any, at: Where) -> Condition:
        from shapelint.lengths.domain import DomainError, condition_of

        if not re.fullmatch(_NAME, name):
            raise at.error("this is not the name of a size such as H")
        if isinstance(value, bool) or not isinstance(value, (str, int)):
            raise at.expected('sizes such as 224 or "multiple of 32, 256..1024"', value)
        try:
            condition = condition_of(str(value), name)
        except DomainError as exc:
            raise at.error(str(exc)) from exc
        for other in sorted(condition.symbols - {name}):
            raise at.error(f"{value!r} is also about {other}; only {name} is described here")
        return condition

    def schema(self) -> Schema:
        sizes = [{"type": "string"}, {"type": "integer", "minimum": 1}]
        known: Schema = {"patternProperties": {_NAME: {"anyOf": sizes}}}
        return {"type": "object", **known, "additionalProperties": False}


@dataclass(frozen=True)
class Inputs:
    """A table from parameters of ``forward`` to dims: ``{ x = ["N", 3, "H", "W"] }``."""

    def read(self, value: Any, at: Where) -> tuple[Input, ...]:
        return tuple(self._input(k, v, at / k) for k, v in table(value, at).items())

    def _input(self, name: str, value: Any, at: Where) -> Input:
        whole = isinstance(value, list) and all(type(v) in (int, str) for v in value)
        if not isinstance(value, str) and not (whole and value):
            raise at.expected('dims such as ["N", 3, "H", "W"] or "N,T:int64"', value)
        dims = value if isinstance(value, str) else ",".join(map(str, value))
        try:
            from shapelint.notation import parse_input

            return parse_input(f"{name}={dims}")
        except UsageError as exc:
            raise at.error(str(exc)) from exc

    def schema(self) -> Schema:
        dim = {"anyOf": [{"type": "string"}, {"type": "integer", "minimum": 1}]}
        dims: Schema = {"type": "array", "items": dim, "minItems": 1}
        known: Schema = {"patternProperties": {_NAME: {"anyOf": [{"type": "string"}, dims]}}}
        return {"type": "object", **known, "additionalProperties": False}
