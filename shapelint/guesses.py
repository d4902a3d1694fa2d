"""Inputs that nobody described: what the analysis itself says about them.

A guess names each size that is not known: ``C2`` for the channels of a second input, one ``H`` for
the heights of all inputs. Where the model runs for one ``C2`` alone, that is what it takes; where
it runs for no ``H``, the inputs may differ in height; where it runs for ``H2 == 2*H`` alone, so
large is the second one. None of this is a fault of the model.
"""

from __future__ import annotations

import dataclasses
import itertools
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from shapelint.analysis import Analysis
from shapelint.explore.paths import wants_values
from shapelint.facts import InputGuess
from shapelint.lengths.conditions import Compare, Condition, at_least, equal
from shapelint.lengths.expr import Sym, symbol
from shapelint.lengths.sets import SizeSet
from shapelint.model import Input
from shapelint.template import symbols_of
from shapelint.trace import Failure

Inputs = tuple[Input, ...]


class Again(Protocol):
    """Analyses the model with other inputs."""

    def __call__(self, inputs: Inputs, agreed: Sequence[Condition] = (), /) -> Analysis:
        """At the sizes that meet the conditions ``agreed``."""


def revised(analysis: Analysis, again: Again) -> Analysis:
    """The analysis of better inputs, if the first one says which; else the first one."""
    analysis = _with_better_dims(analysis, again)
    agreed = [*_agreed(analysis)]
    return again(analysis.inputs, agreed) if agreed else analysis


def _with_better_dims(analysis: Analysis, again: Again) -> Analysis:
    if len(analysis.inputs) > 1 and (analysis.subject.never_works or _is_held(analysis)):
        apart = again(_with_lengths_of_their_own(analysis.inputs))
        if not apart.exploration.valid:
            return again(analysis.inputs)
        analysis = apart
    known = dict(reversed([*_forced(analysis)]))  # what was said first has the last word
    if not known:
        return analysis
    better = again(_with(analysis.inputs, known))
    return better if better.exploration.valid else again(analysis.inputs)


def _agreed(analysis: Analysis) -> Iterator[Condition]:
    """Equations of lengths of different inputs without which it does not run: ``H2 == 2*H``.

    They are among what the run that got furthest has found.
    """
    valid, base = analysis.exploration.valid, analysis.exploration.base
    own = [{*symbols_of((i,))} for i in analysis.inputs]
    for condition in dict.fromkeys(e.condition for e in base.events if e.need == "match"):
        if not isinstance(condition, Compare) or condition.op != "==" or not valid:
            continue
        decides = 1 in {abs(c) for atom, c in condition.expr.terms.items() if isinstance(atom, Sym)}
        inside = any(condition.symbols <= names for names in own)
        if decides and not inside and valid <= SizeSet.of(condition, valid.symbols):
            yield condition


def _is_held(analysis: Analysis) -> bool:
    """Whether others share a length of the first with which it runs for one value alone."""
    first, *others = ({d for d in i.dims[1:] if isinstance(d, str)} for i in analysis.inputs)
    shared, valid = sorted(first & set().union(*others)), analysis.exploration.valid
    return any(_unstretched(valid.project((d,)), d) for d in shared)


def why_doubtful(analysis: Analysis, guess: InputGuess) -> str:
    """Why a model that never runs is not to blame: inputs and arguments are a guess.

    Empty if it runs or is to blame.
    """
    base = analysis.exploration.base
    failure = base.failure
    if analysis.exploration.valid or failure is None:
        return ""
    if wants_values(base) and analysis.sweep is not None:
        return ""
    if not failure.explained and "NoneType" in failure.error:
        return f"an argument that is None by default may be missing: {failure.error}"
    known = guess.written or (guess.sure and _is_its_own_fault(failure, guess))
    if known and len(analysis.inputs) == 1:
        return ""
    shapes = ", ".join(f"{i.name} ({', '.join(map(str, i.dims))})" for i in analysis.inputs)
    kind = "a list" if len(guess.lists) == 1 else "lists"
    lists = f"; {' and '.join(guess.lists)} may be {kind} of tensors" if guess.lists else ""
    return f"no input was found that runs; tried {shapes}: {_raised(failure)}{lists}"


def _is_its_own_fault(failure: Failure, guess: InputGuess) -> bool:
    """Whether no other input would do: code may raise for a rank that the first layer takes.

    Of a list of tensors one tensor says nothing.
    """
    if _OF_NO_INPUT.match(failure.error):
        return True
    return failure.explained and not guess.lists


_OF_NO_INPUT = re.compile(r"NameError|UnboundLocalError|MemoryError|AttributeError: (?!'Tensor')")


def to_describe(inputs: Inputs, lists: Collection[str] = ()) -> str:
    """The options that describe these inputs, for somebody who knows better to change.

    ``lists`` are those that may be lists of tensors.
    """
    inputs = tuple(item for i in inputs for item in (_items(i) if i.name in lists else (i,)))
    if len(inputs) == 1 and "." not in inputs[0].name:
        (only,) = inputs
        example = {1: "N", 2: "N,64", 3: "N,1,L", 5: "N,1,D,H,W"}.get(len(only.dims), "N,3,H,W")
        return f"describe the input: --input {example}{_dtype(only)}"
    options = (f"--input {i.name}={','.join(map(str, i.dims))}{_dtype(i)}" for i in inputs)
    return f"describe the inputs: {' '.join(options)}; --kwarg NAME=VALUE for what is no tensor"


def _items(described: Input) -> Inputs:
    """A list of two tensors, each with sizes of its own but for the batch."""
    first = dataclasses.replace(described, name=f"{described.name}.0")
    own = (f"{d}2" if isinstance(d, str) and d != "N" else d for d in described.dims)
    return first, dataclasses.replace(described, name=f"{described.name}.1", dims=tuple(own))


def _dtype(described: Input) -> str:
    return "" if described.dtype == "float32" else f":{described.dtype}"


def _raised(failure: Failure) -> str:
    """The error; an ``assert`` without a text is told by its place."""
    name = failure.error.rstrip(": ")
    if failure.span is None or not name.isidentifier():
        return failure.error
    return f"{name} ({Path(failure.span.path).name}:{failure.span.line})"


def _with_lengths_of_their_own(inputs: Inputs) -> Inputs:
    """``H`` of the second input becomes ``H2``; all have the batch in common."""
    shared = {d for d in inputs[0].dims[1:] if isinstance(d, str)}
    names: dict[tuple[int, int | str], str] = {
        (i, d): f"{d}{i + 1}" for i in range(1, len(inputs)) for d in inputs[i].dims if d in shared
    }
    return tuple(
        dataclasses.replace(x, dims=tuple(names.get((i, d), d) for d in x.dims))
        for i, x in enumerate(inputs)
    )


def _forced(analysis: Analysis) -> Iterator[tuple[str, int | str]]:
    """The fewest channels and features with which it runs, and sizes that must equal another.

    How many channels there are is no size that people choose: the model was built for them. So it
    was for a length that only later inputs have, of which it takes one alone.
    """
    valid = analysis.exploration.valid
    if not valid:
        return
    first, every = set(analysis.inputs[0].dims), analysis.exploration.domain
    for name in symbols_of(analysis.inputs):
        sizes, least = valid.project((name,)), valid.project((name,)).lexmin()
        refused = every.project((name,)) - sizes
        is_long = name[0] == "F" and refused.lexmax() is not None  # samples of audio, all but few
        if name[0] in "CF" and least is not None and refused and not is_long:
            yield name, least[name]
        elif name not in first and (only := _unstretched(sizes, name)):
            yield name, only
    for one, other in itertools.combinations(symbols_of(analysis.inputs), 2):
        if other not in first and _always_equal(valid, one, other):
            yield other, one


def _unstretched(sizes: SizeSet, name: str) -> int:
    """The only size but for 1, which broadcasting may stretch; 0 if there are more."""
    longer = sizes & SizeSet.of(at_least(symbol(name), 2), sizes.symbols)
    least = longer.lexmin()
    return least[name] if least is not None and least == longer.lexmax() else 0


def _always_equal(valid: SizeSet, one: str, other: str) -> bool:
    """Whether they are, but for a length of 1, which broadcasting may stretch."""
    for name in (one, other):
        if name[0] in "DHWL":
            valid = valid & SizeSet.of(at_least(symbol(name), 2), valid.symbols)
    return bool(valid) and valid <= SizeSet.of(equal(symbol(one), symbol(other)), valid.symbols)


def _with(inputs: Inputs, known: Mapping[str, int | str]) -> Inputs:
    def better(dim: int | str) -> int | str:
        return known.get(dim, dim) if isinstance(dim, str) else dim

    return tuple(dataclasses.replace(i, dims=tuple(map(better, i.dims))) for i in inputs)
