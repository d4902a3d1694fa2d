"""What a class is given that takes all its settings as one object, ``Net(args)``.

The object that a config of the project describes, one that the code builds of nothing but its
attributes, ``HParams(width=8)``, or the defaults of the command line. It must have all that the
class reads, except on some condition that need not be met: whether it is, building the class tells.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from shapelint.project import hyperparameters
from shapelint.project.constructions import Construction, constructions
from shapelint.project.expressions import Expression
from shapelint.project.names import command_line
from shapelint.source.literals import NotLiteral, literal

if TYPE_CHECKING:
    from shapelint.project.sources import SourceFile

BUILT_BY = ("add_argument", "AttrDict", "EasyDict", "HParams", "Namespace", "SimpleNamespace")
"""The calls that make such objects."""

_NAMESPACE = "from argparse import Namespace"

Settings = tuple[Path, int, Mapping[str, object], tuple[str, ...]]
"""Where they stand, the settings, and the imports that they need."""


def given_as_one(
    kind: ast.ClassDef,
    parameter: str,
    configs: Mapping[Path, bytes],
    files: Sequence[tuple[str, SourceFile]],
) -> Iterator[Construction]:
    """The class, built of each object that has what it reads of its parameter.

    ``files`` are those of the project in which a name of ``BUILT_BY`` occurs, each with the name.
    """
    found: list[Settings] = []
    for always in (False, True):
        attributes, keys = hyperparameters.keys_read(kind, parameter, always)
        for settings in _having(attributes | keys, configs, files) if attributes | keys else ():
            if settings not in found:
                found.append(settings)
                yield _built(kind.name, parameter, settings, bool(attributes))


def _having(
    keys: frozenset[str], configs: Mapping[Path, bytes], files: Sequence[tuple[str, SourceFile]]
) -> Iterator[Settings]:
    for path, entries in hyperparameters.with_keys(configs, keys):
        yield path, 1, entries, ()
    yield from (settings for settings in _in_code(files) if keys <= settings[2].keys())


def _built(name: str, parameter: str, settings: Settings, as_object: bool) -> Construction:
    path, line, entries, imports = settings
    value: object = dict(entries)
    if as_object:
        value = Expression(hyperparameters.as_object(entries))
    return Construction(name, (), {parameter: value}, path, line, (_NAMESPACE, *imports))


def _in_code(files: Iterable[tuple[str, SourceFile]]) -> Iterator[Settings]:
    for name, file in files:
        if name == BUILT_BY[0]:
            yield file.path, 1, dict(_defaults(file.tree)), ()
            continue
        for call in constructions(file.tree, file.path, name):
            yield file.path, call.line, call.kwargs, call.imports


def _defaults(tree: ast.Module) -> Iterator[tuple[str, object]]:
    """The options of a command line whose defaults can be read off."""
    for name, default in command_line(tree).items():
        try:
            yield name.rpartition(".")[2], literal(default, {})
        except NotLiteral:
            continue
