"""Which models of a file are linted, and with which arguments they are built.

In this order: the one that was named; encoder and decoder that are called one after the other;
instances and factories at the top of the file; classes with arguments from a literal call somewhere
in the project; classes that need no arguments. Only top-level models are reported: a block is
analysed inside the model that uses it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from shapelint.discovery import Place, Project
from shapelint.facts import ClassFacts, Facts

__all__ = ["Plan", "plans"]


@dataclass(frozen=True)
class Plan:
    """One model to lint."""

    name: str
    """What to build: a class, factory or instance, or ``"encoder -> decoder"``."""
    line: int
    class_name: str
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    """Required parameters for which no value is known: it cannot be built."""
    assumed: tuple[str, ...] = ()


def plans(facts: Facts, place: Place, project: Project, args: Mapping[str, Any]) -> Iterator[Plan]:
    """The models of a file; if ``place`` names one, that one alone."""
    if place.target:
        yield _named(place.target, facts, project, args)
        return
    parts = {part for m in facts.modules for part in m.parts}
    covered = set()
    for module in facts.modules:
        covered.add(module.class_name)
        if module.name not in parts:
            yield Plan(module.name, module.line, module.class_name)
    source = project.parse(place.path)
    inner = {c.name for c in source.classes if project.is_part(c)} if source else set()
    for found in facts.classes:
        if found.name not in covered and found.name not in inner:
            yield _class(found, facts, project, args)


def _named(name: str, facts: Facts, project: Project, args: Mapping[str, Any]) -> Plan:
    for found in facts.classes:
        if found.name == name:
            return _class(found, facts, project, args)
    for module in facts.modules:
        if module.name == name:
            return Plan(name, module.line, module.class_name, kwargs=args)
    return Plan(name, 1, name, kwargs=args)


def _class(found: ClassFacts, facts: Facts, project: Project, args: Mapping[str, Any]) -> Plan:
    """A class with the arguments that were asked for, or those of a call in the project."""
    required = {p.name for p in found.parameters if p.default is None}
    missing = tuple(p.name for p in found.parameters if p.name in required - args.keys())
    if not missing:
        return Plan(found.name, found.line, found.name, kwargs=args)
    for call in project.constructions(found.name, Path(facts.path)):
        given = {p.name for p in found.parameters[: len(call.args)]} | call.kwargs.keys()
        if required <= given | args.keys():
            shown = [*map(repr, call.args), *(f"{k}={v!r}" for k, v in call.kwargs.items())]
            where = f"{call.path.name}:{call.line}"
            assumed = (f"built as {found.name}({', '.join(shown)}), as in {where}",)
            kwargs = {**call.kwargs, **args}
            return Plan(found.name, found.line, found.name, call.args, kwargs, (), assumed)
    return Plan(found.name, found.line, found.name, missing=missing)
