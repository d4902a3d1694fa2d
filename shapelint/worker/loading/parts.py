"""A part of a model, as the model that it is part of builds it.

What a constructor has built when it raises, for want of weights to download say, was given the
arguments that it is meant to have. A model that is built whole is linted with all its parts; then
there is nothing to build.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from torch import nn

from shapelint.worker.loading.build import Make, Model, building, model_of
from shapelint.worker.loading.left_out import in_construction
from shapelint.worker.python.swaps import replaced

IsPart = Callable[[nn.Module], bool]


@dataclass(frozen=True)
class Made:
    """What a constructor built."""

    make: Make
    modules: Sequence[nn.Module]
    """The complete ones, the outer before the inner."""
    whole: bool
    """Whether it did not raise."""


def made_by(make: Make) -> Made:
    """Run a constructor on the meta device, or on the CPU where it raises."""
    made = _made_on("meta", make)
    return made if made.whole else _made_on("cpu", make)


def choosing(make: Make, kind: type[nn.Module], options: Mapping[str, Any]) -> Make:
    """A constructor in whose run a class has these options, whatever it is given."""
    original = kind.__init__

    def init(*args: Any, **kwargs: Any) -> None:
        given = inspect.signature(original).bind(*args, **kwargs)
        given.arguments.update(options)
        original(*given.args, **given.kwargs)

    def made(device: str) -> nn.Module:
        with replaced(kind, "__init__", init):
            return make(device)

    return made


def part_of(
    ways: Iterable[Made], is_part: IsPart, train: bool = False, anyway: bool = False
) -> Model | None:
    """The first such part of a model that is made in one of these ways; None if there is none.

    None as well, but ``anyway``, if the model is linted with it: made the first way that works.
    """
    linted, found = anyway, None
    for made in ways:
        part = next(filter(is_part, made.modules), None)
        if part is not None and made.whole and not linted:
            return None
        if part is not None and found is None:
            found = model_of(part, partial(_part, made.make, is_part), train)
        linted |= made.whole
        if linted and found:
            break
    return found


def is_of(name: str, path: Path) -> IsPart:
    """Whether a module is of the class that this file defines, whatever it was imported as."""

    def is_part(module: nn.Module) -> bool:
        kind = type(module)
        return kind.__name__ == name and Path(defined_in(kind)) == path

    return is_part


def defined_in(kind: type) -> str:
    """The file of a class; empty if it is made in C, or its module is gone."""
    return getattr(sys.modules.get(kind.__module__), "__file__", None) or ""


def _part(make: Make, is_part: IsPart, device: str) -> nn.Module:
    return next(filter(is_part, _made_on(device, make).modules))


def _made_on(device: str, make: Make) -> Made:
    with _noting() as begun, building(device):
        try:
            return Made(make, list(make(device).modules()), True)
        except Exception as exc:  # whatever user code raises
            unfinished = set(map(id, in_construction(exc.__traceback__)))
            return Made(make, [m for m in begun if id(m) not in unfinished], False)


@contextmanager
def _noting() -> Iterator[list[nn.Module]]:
    """The modules whose construction begins in the body."""
    begun: list[nn.Module] = []
    original = nn.Module.__init__

    def init(self: nn.Module, *args: Any, **kwargs: Any) -> None:
        begun.append(self)
        original(self, *args, **kwargs)

    with replaced(nn.Module, "__init__", init):
        yield begun
