"""How to build the models that a class is part of."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from shapelint.project.constructions import Construction
from shapelint.project.options import options_for

if TYPE_CHECKING:
    from shapelint.project.classes import Project

_MOST_CONSTRUCTIONS = 3
"""How many constructions of one model are tried."""
_MOST = 6
"""Models that a class may be part of which are built, those with options chosen among them."""


@dataclass(frozen=True)
class Chosen:
    """Options of a class that others give another value, or none."""

    owner: str
    path: Path
    options: Mapping[str, object]


@dataclass(frozen=True)
class Whole:
    """A model of the project, and how the project builds it."""

    name: str
    path: Path
    constructions: Sequence[Construction]
    chosen: Chosen | None = None
    """What has to be chosen for it to have the part; None if nothing is."""

    def __str__(self) -> str:
        if not self.chosen:
            return self.name
        said = ", ".join(f"{name}={value!r}" for name, value in self.chosen.options.items())
        where = "" if self.chosen.owner == self.name else f" in {self.chosen.owner}"
        return f"{self.name}, with {said}{where},"


def wholes(name: str, path: Path, project: Project) -> Iterator[Whole]:
    """The models that a class may be part of, the nearest first: what derives from one as well."""
    return islice(_wholes(name, path.absolute(), project), _MOST)


def _wholes(name: str, path: Path, project: Project) -> Iterator[Whole]:
    found: dict[tuple[Path, str], Chosen | None] = {(path, name): None}
    queue = list(found)
    for where, part in queue:
        for owner in (*project.owners(part, where, True, True), *project.heirs(part, where)):
            if owner not in found:
                file, model = owner
                found[owner] = found[where, part] or _chosen(part, model, file, project)
                queue.append(owner)
                constructions = tuple(
                    islice(project.complete_constructions(model, file), _MOST_CONSTRUCTIONS)
                )
                if constructions:
                    yield Whole(model, file, constructions)
                if constructions and found[owner]:
                    yield Whole(model, file, constructions, found[owner])


def _chosen(part: str, owner: str, path: Path, project: Project) -> Chosen | None:
    source = project.parse(path)
    for node in ast.walk(source.tree) if source else ():
        if isinstance(node, ast.ClassDef) and node.name == owner:
            options = options_for(part, node)
            return Chosen(owner, path, options) if options else None
    return None
