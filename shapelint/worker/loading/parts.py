"""A submodule, built with the arguments that the enclosing model gives it.

These are right even if the constructor of the enclosing model raises later on, because weights
cannot be downloaded, say. If it does not raise the submodule is linted as part of that model, and
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
    """The modules that a constructor built."""

    make: Make
    modules: Sequence[nn.Module]
    """Those whose own constructors returned, the outer before the inner."""
    whole: bool
    """Whether the constructor returned, and did not raise."""


def made_by(make: Make) -> Made:
    """Run a constructor on the meta device, or on the CPU where it raises."""
    made = _made_on("meta", make)
    return made if made.whole else _made_on("cpu", make)


def choosing(make: Make, kind: type[nn.Module], options: Mapping[str, Any]) -> Make:
    """``make``, changed so that ``kind`` is always constructed with these options."""
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
    attempts: Iterable[Made], is_part: IsPart, train: bool = False, anyway: bool = False
) -> Model | None:
    """The first part for which ``is_part`` holds in a model that was attempted to be built.

    None if there is none, and, unless ``anyway``, if the first attempt that built a whole model has
    such a part: then it is linted with that model.
    """
    linted, found = anyway, None
    for made in attempts:
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
