"""Which models of a file are linted, and with which arguments they are built.

In this order: the one that was named; what the config file describes; encoder and decoder that are
called one after the other; instances and factories at the top of the file; classes that need no
arguments; classes with arguments from a call or a config of the project, literal calls first. Only
top-level models are reported: a block is analysed inside the model that uses it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from pathlib import Path
from typing import Any

from shapelint.config import Declared, Settings
from shapelint.errors import UsageError, suggestion
from shapelint.facts import ClassFacts, Facts
from shapelint.project.classes import Project
from shapelint.project.constructions import Construction
from shapelint.project.discovery import Place
from shapelint.project.sources import SourceFile
from shapelint.project.usual import usual_arguments
from shapelint.project.wholes import Whole, wholes

_CALLS = 3
"""Calls that are tried, one after the other, until one builds the model."""


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
    guess: Mapping[str, Any] = field(default_factory=dict)
    """Values for what is missing that are usual under these names; empty if one of them is not."""
    part: bool = False
    """Whether it is looked at only where no model that it is part of is."""
    wholes: Iterable[Whole] = ()
    """The models that it may be part of: where its own arguments are not known, they have them."""
    assumed: tuple[str, ...] = ()
    imports: tuple[str, ...] = ()
    """Statements that give the names in arguments that are expressions a meaning."""
    otherwise: Plan | None = None
    """What to do if it cannot be built that way."""
    refused: str = ""
    """Why it cannot be built whatever it is given: a package, or the class itself, is not there."""
    declared: Declared | None = None
    """What the config file says about it."""

    def trains(self, settings: Settings) -> bool:
        """Whether it is to run in training mode."""
        return settings.train or (self.declared is not None and self.declared.train)


def plans(
    facts: Facts,
    place: Place,
    project: Project,
    args: Mapping[str, Any],
    declared: Sequence[Declared] = (),
) -> Iterator[Plan]:
    """The models of a file; if ``place`` names one, that one alone.

    ``declared`` are those that the config file describes in this file.
    """
    meant = [d for d in declared if place.target in ("", d.name)]
    source = project.parse(place.path)
    for model in meant:
        yield _described(model, facts, args, _why_unknown(model.name, facts, source))
    if place.target:
        if not meant:
            if why := _why_unknown(place.target, facts, source):
                raise UsageError(f"{place.path}: {why}")
            yield _named(place.target, facts, project, args)
        return
    yield from _found(facts, place, project, args, {d.name for d in meant})


def _described(model: Declared, facts: Facts, args: Mapping[str, Any], unknown: str) -> Plan:
    """A model as the config file says; its line is that of the class, factory or instance."""
    lines = {c.name: c.line for c in facts.classes} | {m.name: m.line for m in facts.modules}
    kinds = {m.name: m.class_name for m in facts.modules}
    line, class_name = lines.get(model.name, 1), kinds.get(model.name, model.name)
    refused = f"described in the config file, but {unknown}" if unknown else ""
    said = {**model.args, **args}
    return Plan(model.name, line, class_name, kwargs=said, refused=refused, declared=model)


def _found(
    facts: Facts, place: Place, project: Project, args: Mapping[str, Any], covered: set[str]
) -> Iterator[Plan]:
    """The models that nobody described; ``covered`` are names of those that somebody did."""
    parts = {part for m in facts.modules for part in m.parts} | covered
    for module in facts.modules:
        covered.add(module.class_name)
        if module.name not in parts:
            yield Plan(module.name, module.line, module.class_name)
    source = project.parse(place.path)
    classes = [*facts.classes, *_left_out(facts, source)]
    built = {c.name: _class(c, facts, project, args) for c in classes if c.name not in covered}
    for name, plan in built.items():
        hopeless = _is_hopeless(plan)
        owners = project.owners(name, place.path, factories=bool(plan.missing))
        if not owners:
            if not (hopeless and project.heirs(name, place.path)):
                yield plan
        elif not hopeless and all(_is_lost(o, built, project) for o in owners):
            yield replace(plan, part=True)
        elif not plan.refused:
            found = wholes(name, place.path, project)
            yield Plan(name, plan.line, name, part=True, wholes=found)


def _is_hopeless(plan: Plan) -> bool:
    return bool(plan.missing or plan.refused)


def _is_lost(owner: tuple[Path, str], built: Mapping[str, Plan], project: Project) -> bool:
    """Whether neither a class can be built nor any model that it is part of."""
    path, name = owner
    if name in built and _is_hopeless(built[name]) and not project.owners(name, path):
        return True
    return project.is_lost(name, path)


def _left_out(facts: Facts, source: SourceFile | None) -> Iterator[ClassFacts]:
    """Model classes of the source whose definition raised: their base may not be installed."""
    names = {s.names[0] for s in facts.skipped if len(s.names) == 1}
    for found in source.classes if source else ():
        if found.name in names:
            yield ClassFacts(found.name, found.line)


def _why_unknown(name: str, facts: Facts, source: SourceFile | None) -> str:
    """Why a name can be no model of the file: it does not occur. Empty if it may be one."""
    if source is None or not name.isidentifier() or source.mentions(name):
        return ""
    known = [*(c.name for c in facts.classes), *(m.name for m in facts.modules)]
    there = f"; there {'is' if len(known) == 1 else 'are'} {', '.join(known) or 'no models'}"
    return f"there is no {name!r}{suggestion(name, known) or there}"


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
    for skipped in facts.skipped:
        if found.name in skipped.names:
            return Plan(found.name, found.line, found.name, refused=skipped.reason)
    required = {p.name for p in found.parameters if p.default is None}
    missing = tuple(p.name for p in found.parameters if p.name in required - args.keys())
    plan = Plan(found.name, found.line, found.name, kwargs=args)
    called = (_as_called(plan, call, args) for call in _calls(found, facts, project, args))
    if not missing:
        return _in_turn([plan, *called])
    found_in = wholes(found.name, Path(facts.path), project)
    lacking = replace(plan, missing=missing, guess=usual_arguments(missing), wholes=found_in)
    return _in_turn([*called, lacking])


def _calls(
    found: ClassFacts, facts: Facts, project: Project, args: Mapping[str, Any]
) -> Iterator[Construction]:
    """The first calls of the project, and entries of its configs, that give what is required."""
    path, parameters = Path(facts.path), [p.name for p in found.parameters]
    calls = project.constructions(found.name, path)
    configs = project.described(found.name, path, parameters)
    return islice((c for c in chain(calls, configs) if _fits(c, found, args)), _CALLS)


def _as_called(plan: Plan, call: Construction, args: Mapping[str, Any]) -> Plan:
    kwargs, said = {**call.kwargs, **args}, (f"built as {call}",)
    return replace(plan, args=call.args, kwargs=kwargs, assumed=said, imports=call.imports)


def _in_turn(ways: Sequence[Plan]) -> Plan:
    """The ways to build a model, to be tried in turn; if none works the first is reported."""
    first, *others = ways
    return replace(first, otherwise=_in_turn(others)) if others else first


def _fits(call: Construction, found: ClassFacts, args: Mapping[str, Any]) -> bool:
    """Whether a call gives all arguments that are required and not given otherwise."""
    given = {p.name for p in found.parameters[: len(call.args)]} | call.kwargs.keys()
    return {p.name for p in found.parameters if p.default is None} <= given | args.keys()
