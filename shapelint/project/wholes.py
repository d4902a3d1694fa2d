"""How to build the models that a class is part of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from shapelint.project.constructions import Construction

if TYPE_CHECKING:
    from shapelint.project.classes import Project

__all__ = ["Whole", "wholes"]

_WAYS = 3
"""Ways to build one model that are tried."""
_MOST = 4
"""Models that a class may be part of which are built."""


@dataclass(frozen=True)
class Whole:
    """A model of the project, and how the project builds it."""

    name: str
    path: Path
    ways: Sequence[Construction]


def wholes(name: str, path: Path, project: Project) -> Iterator[Whole]:
    """The models that a class may be part of, the nearest first: what derives from one as well."""
    return islice(_wholes(name, path.absolute(), project), _MOST)


def _wholes(name: str, path: Path, project: Project) -> Iterator[Whole]:
    found = [(path, name)]
    for where, part in found:
        for owner in (*project.owners(part, where, trainers=True), *project.heirs(part, where)):
            if owner not in found:
                found.append(owner)
                file, model = owner
                ways = tuple(islice(project.ways(model, file), _WAYS))
                if ways:
                    yield Whole(model, file, ways)
