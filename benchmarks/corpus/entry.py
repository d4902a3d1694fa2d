"""What a row of the table of models is."""

from __future__ import annotations

import hashlib
import importlib
import operator
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import nn

Sizes = dict[str, int]

Ranges = Mapping[str, tuple[int, int]]
"""By symbol, the size at which it is held while others vary, and the largest one tried."""

IMAGE: Ranges = {"N": (2, 3), "H": (32, 36), "W": (32, 36)}
VOLUME: Ranges = {"N": (1, 2), "D": (16, 18), "H": (16, 18), "W": (16, 18)}
AUDIO: Ranges = {"N": (2, 3), "L": (160, 200)}
TOKENS: Ranges = {"N": (2, 3), "T": (16, 80)}

_RANDOM_POINTS = 24


@dataclass(frozen=True)
class Call:
    """``package.module:name(*args, **kwargs)``, not made yet. Arguments may be calls too."""

    path: str
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]

    def make(self) -> Any:
        """Import and call. Raises whatever that raises."""
        args = map(_made, self.args)
        return _named(self.path)(*args, **{k: _made(v) for k, v in self.kwargs.items()})


@dataclass(frozen=True)
class Name:
    """``package.module:name`` itself, for arguments that are classes or functions."""

    path: str


def call(path: str, /, *args: Any, **kwargs: Any) -> Call:
    """A call to be made later."""
    return Call(path, args, kwargs)


def _named(path: str) -> Any:
    module, _, names = path.partition(":")
    return operator.attrgetter(names)(importlib.import_module(module))


def _made(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return type(value)(map(_made, value))
    if isinstance(value, Name):
        return _named(value.path)
    return value.make() if isinstance(value, Call) else value


@dataclass(frozen=True)
class Entry:
    """One model of a public package, narrow and with random weights."""

    name: str
    package: str
    make: Call
    inputs: tuple[str, ...]
    """As ``--input`` takes them: ``"N 3 H W"``, ``"labels=N:int64"``."""
    ranges: Ranges
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    """Constant keyword arguments of ``forward``."""
    train: bool = False

    def build(self) -> nn.Module:
        """The model, in evaluation mode unless it is said to train."""
        module = self.make.make()
        if not isinstance(module, nn.Module):
            raise TypeError(f"{self.make.path} returned {type(module).__name__}")
        return module.train(self.train)

    @property
    def base(self) -> Sizes:
        """The sizes at which symbols are held."""
        return {name: at for name, (at, _) in self.ranges.items()}

    def points(self) -> Iterator[Sizes]:
        """Every size of every axis, all lengths alike, and random points up to twice as long."""
        seen: set[tuple[int, ...]] = set()
        for sizes in self._all_points():
            key = tuple(sizes.values())
            if key not in seen:
                seen.add(key)
                yield sizes

    def _all_points(self) -> Iterator[Sizes]:
        for name, (_, top) in self.ranges.items():
            yield from ({**self.base, name: size} for size in range(1, top + 1))
        lengths = {name: top for name, (_, top) in self.ranges.items() if name not in "NM"}
        for size in range(1, min(lengths.values()) + 1):
            yield {**self.base, **dict.fromkeys(lengths, size)}
        chosen = random.Random(self.name)
        for _ in range(_RANDOM_POINTS):
            yield {name: _some_size(chosen, 2 * top) for name, (_, top) in self.ranges.items()}

    @property
    def key(self) -> str:
        """Changes with everything on which the truth about the model depends."""
        what = (self.make, self.inputs, self.ranges, self.kwargs, self.train, _RANDOM_POINTS)
        return hashlib.sha256(repr(what).encode()).hexdigest()[:16]


def _some_size(chosen: random.Random, top: int) -> int:
    """Half of them multiples of 8, which most models were made for."""
    size = chosen.randint(1, top)
    return size if top < 16 or chosen.random() < 0.5 else max(8, size // 8 * 8)
