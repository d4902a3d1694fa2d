"""What the value of a key can be: how it is read, and how a JSON schema says it.

Each kind turns a value of TOML into what :class:`shapelint.config.Settings` holds. A value that is
not of the kind raises UsageError with the file and the path of the key.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from shapelint.errors import UsageError, suggestion

Schema = dict[str, Any]


@dataclass(frozen=True)
class Where:
    """The place of a value: for messages, and for paths that are relative to the file."""

    file: str
    folder: Path
    key: str = ""

    def __truediv__(self, part: str | int) -> Where:
        """The place of a key, or of an item, of this value."""
        below = f"[{part}]" if isinstance(part, int) else part if not self.key else f".{part}"
        return replace(self, key=f"{self.key}{below}")

    def error(self, problem: str) -> UsageError:
        """The problem, behind the file and the path of the key."""
        return UsageError(f"{self.file}: {self.key}: {problem}" if self.key else problem)

    def expected(self, what: str, value: Any) -> UsageError:
        """The error about a value of another kind."""
        shown = json.dumps(value, default=str)
        return self.error(f"expected {what}, got {shown if len(shown) < 60 else type(value)}")


class Kind(Protocol):
    """What a value can be."""

    def read(self, value: Any, at: Where) -> Any:
        """The value as settings hold it. Raises UsageError."""

    def schema(self) -> Schema:
        """The same in the words of JSON schema, draft 7."""


@dataclass(frozen=True)
class Key:
    """One key of a table."""

    name: str
    field: str
    """The field of the settings that it fills."""
    kind: Kind
    about: str
    """One sentence for editors."""
    required: bool = False


@dataclass(frozen=True)
class Text:
    """Any text but NUL, which no path and no name has."""

    def read(self, value: Any, at: Where) -> str:
        if not isinstance(value, str) or "\0" in value:
            raise at.expected("a text", value)
        return value

    def schema(self) -> Schema:
        return {"type": "string"}


@dataclass(frozen=True)
class Flag:
    """``true`` or ``false``."""

    def read(self, value: Any, at: Where) -> bool:
        if not isinstance(value, bool):
            raise at.expected("true or false", value)
        return value

    def schema(self) -> Schema:
        return {"type": "boolean"}


@dataclass(frozen=True)
class Number:
    """A positive number."""

    whole: bool = False

    def read(self, value: Any, at: Where) -> float:
        types = int if self.whole else (int, float)
        if isinstance(value, bool) or not isinstance(value, types) or not 0 < value < math.inf:
            raise at.expected(f"a {'whole ' if self.whole else ''}number above 0", value)
        return value

    def schema(self) -> Schema:
        return {"type": "integer" if self.whole else "number", "exclusiveMinimum": 0}


@dataclass(frozen=True)
class Choice:
    """One of several words."""

    words: tuple[str, ...]

    def read(self, value: Any, at: Where) -> str:
        if not isinstance(value, str):
            raise at.expected(f"one of {', '.join(self.words)}", value)
        if value not in self.words:
            known = ", ".join(self.words)
            raise at.error(f"expected one of {known}, got {value!r}{suggestion(value, self.words)}")
        return value

    def schema(self) -> Schema:
        return {"enum": list(self.words)}


@dataclass(frozen=True)
class FilePath:
    """A path, relative to the config file; with ``commands`` a plain name is a command."""

    commands: bool = False

    def read(self, value: Any, at: Where) -> Any:
        """An absolute path; the text itself if it is a command."""
        text = Text().read(value, at)
        if not text:
            raise at.expected("a path", value)
        if self.commands:
            is_name = text == Path(text).name and not (at.folder / text).exists()
            return text if is_name else str(at.folder / Path(text).expanduser())
        return at.folder / Path(text).expanduser()

    def schema(self) -> Schema:
        return {"type": "string", "minLength": 1}


@dataclass(frozen=True)
class ListOf:
    """A list of values of one kind."""

    item: Kind

    def read(self, value: Any, at: Where) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise at.expected("a list", value)
        return tuple(self.item.read(item, at / i) for i, item in enumerate(value))

    def schema(self) -> Schema:
        return {"type": "array", "items": self.item.schema()}


@dataclass(frozen=True)
class TableOf:
    """A table whose keys are the user's own."""

    value: Kind
    keys: tuple[str, ...] = ()
    """Keys that editors offer; others are judged later."""
    pattern: str = ""
    """What other keys look like; empty for anything."""

    def read(self, value: Any, at: Where) -> dict[str, Any]:
        return {k: self.value.read(v, at / k) for k, v in table(value, at).items()}

    def schema(self) -> Schema:
        """An object with keys of its own."""
        item = self.value.schema()
        known: Schema = {"properties": dict.fromkeys(self.keys, item)} if self.keys else {}
        if not self.pattern:
            return {"type": "object", **known, "additionalProperties": item}
        others = {"patternProperties": {self.pattern: item}, "additionalProperties": False}
        return {"type": "object", **known, **others}


@dataclass(frozen=True)
class Record:
    """A table of known keys, made into something."""

    keys: tuple[Key, ...]
    make: Callable[[dict[str, Any], Where], Any] = field(default=lambda said, at: said)

    def read(self, value: Any, at: Where) -> Any:
        """What ``make`` makes of the fields that were said."""
        known = {key.name: key for key in self.keys}
        for name in table(value, at):
            if name not in known:
                raise (at / name).error(f"unknown key{suggestion(name, known)}")
        for key in self.keys:
            if key.required and key.name not in value:
                raise at.error(f"the key {key.name!r} is missing")
        said = {known[n].field: known[n].kind.read(v, at / n) for n, v in value.items()}
        return self.make(said, at)

    def schema(self) -> Schema:
        """An object that has these keys and no others."""
        properties = {k.name: {"description": k.about, **k.kind.schema()} for k in self.keys}
        required = [k.name for k in self.keys if k.required]
        known: Schema = {"type": "object", "properties": properties}
        return {**known, **({"required": required} if required else {}),
                "additionalProperties": False}  # fmt: skip


def table(value: Any, at: Where) -> Mapping[str, Any]:
    """The value, which must be a table. Raises UsageError."""
    if not isinstance(value, Mapping):
        raise at.expected("a table", value)
    return value
