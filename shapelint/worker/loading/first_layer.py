"""Finds the inputs of a model by tracing it with guesses, refined until one runs.

A guess is traced with every dim symbolic. The first layer that an input reaches gives its rank; a
failed need of channels or features, ``C == 64``, gives the size of a dim. The search ends when the
model runs, or when a run teaches nothing new.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from torch import nn

from shapelint.model import Input
from shapelint.trace import Failure, Trace
from shapelint.worker.loading.build import Model
from shapelint.worker.loading.by_values import ends_without_values, with_features
from shapelint.worker.loading.demanded import asserted, needed
from shapelint.worker.loading.examples import FORMS, Template
from shapelint.worker.loading.layer_inputs import wanted
from shapelint.worker.loading.refinement import (
    Attempt,
    Guess,
    layer_of,
    opened,
    other_ranks,
    own_sizes,
    reached,
    refinements,
    settled,
)
from shapelint.worker.runs import COUNTS, Call, trace_run

FURTHEST = "a guess that got furthest"
"""Where the inputs come from if no layer shows them."""

_HINTS = {"N": 2, "H": 128, "W": 160, "D": 64, "L": 64}
_OTHER_HINTS = (48, 40, 56, 72, 80, 88)
_LARGER = 16
_OWN = ("C", "D", "F", "H", "L", "W")
_MOST_GUESSES = 24
_WHOLE_NUMBERS = ("ids", "idx", "index", "indices", "tokens", "input_ids", "token_ids")
_LABELS = ("label", "labels", "classes", "class_labels")
_TIMES = ("t", "time", "times", "timestep", "timesteps", "sigma", "sigmas", "noise_level")


@dataclass(frozen=True)
class Found:
    """What a search has come to."""

    guess: Guess
    """Dims and dtypes of the inputs."""
    layer: str
    """What says so."""
    failure: Failure | None
    """What still fails."""
    layers: int
    """How many modules of the model a run calls."""


def is_telling(name: str) -> bool:
    """Whether an input of that name can be guessed without a layer that it reaches."""
    return _by_its_name(name) is not None


def search(
    model: Model,
    names: Sequence[str],
    known: Mapping[str, Template],
    constants: Mapping[str, Any],
) -> Found:
    """Dims and dtypes of the inputs ``names``.

    ``known`` holds inputs that are not to be guessed; their channels may still be filled in.
    ``constants`` are arguments that are no tensors.
    """
    best: Attempt | None = None
    tried: list[Guess] = []
    usual = _usual(model.root, len(names))
    queue = [_first_guess(names, known, opened(usual)), _first_guess(names, known, usual)]
    while queue and len(tried) < _MOST_GUESSES:
        guess = _apart(queue.pop(0))
        if guess in tried:
            continue
        tried.append(guess)
        attempt = Attempt(guess, _trace(model, guess, constants))
        attempt.refinements = list(refinements(attempt, model.root, known))
        if not attempt.refinements and _is_unseen(attempt, model.root):
            attempt.trace = _at_needed_sizes(model, guess, constants, attempt.trace)
            attempt.refinements = list(refinements(attempt, model.root, known))
        if best is None or attempt.progress > best.progress:
            best = attempt
        done = attempt.trace.failure is None or settled(attempt, model.root)
        if done and not attempt.refinements:
            break
        queue = [g for g in (*attempt.refinements, *queue) if g not in tried]
        if not queue:
            queue = list(other_ranks(best.guess, known))
    assert best is not None
    failure = best.trace.failure
    if ends_without_values(failure):
        best.guess = _by_values(model, best, known, constants)
    layers = len({node.module for node in best.trace.nodes})
    return Found(best.guess, _what_says_so(best.trace, model.root), failure, layers)


def _by_values(
    model: Model, ended: Attempt, known: Mapping[str, Template], constants: Mapping[str, Any]
) -> Guess:
    """With the features of the one input of floats that the run did not get to, if it is one."""
    seen = {name for name, *_ in reached(ended, model.root)} | known.keys()
    floats = (n for n, (d, dtype) in ended.guess.items() if dtype == "float32" and len(d) > 2)
    unseen = [name for name in floats if name not in seen]
    sizes = {**_HINTS, **ended.trace.hints}
    if len(unseen) != 1:
        return ended.guess
    return with_features(model, ended.guess, unseen[0], constants, sizes)


def _trace(model: Model, guess: Guess, constants: Mapping[str, Any]) -> Trace:
    """A run at small sizes; at others where these are too small, or the model asserts its own."""
    symbols = {d for dims, _ in guess.values() for d in dims if isinstance(d, str)}
    rest = iter(_OTHER_HINTS * len(symbols))
    hints = {s: _HINTS.get(s) or next(rest) for s in sorted(symbols)}
    call = Call(as_inputs(guess, model.root), constants)
    trace = _at_asserted_sizes(model, call, trace_run(model, call, hints))
    too_small = trace.events and not trace.events[-1].holds and trace.events[-1].need == "fits"
    if not too_small:
        return trace
    larger = {s: n if s == "N" else n * _LARGER for s, n in hints.items()}
    return _at_asserted_sizes(model, call, trace_run(model, call, larger))


def _at_asserted_sizes(model: Model, call: Call, first: Trace) -> Trace:
    """The run at the lengths that the model asserts, if those are all lengths of an input."""
    trace = first
    for _ in first.hints:
        sizes = asserted(trace)
        if sizes.items() <= trace.hints.items():
            break
        trace = trace_run(model, call, {**trace.hints, **sizes})
    fixed = asserted(trace).keys()
    return trace if any(_lengths_are(fixed, i.dims) for i in call.inputs) else first


def _is_unseen(attempt: Attempt, root: nn.Module) -> bool:
    """Whether a run failed before every input has reached a layer."""
    seen = {name for name, *_ in reached(attempt, root)}
    return attempt.trace.failure is not None and seen != attempt.guess.keys()


def _at_needed_sizes(
    model: Model, guess: Guess, constants: Mapping[str, Any], first: Trace
) -> Trace:
    """The run at sizes for which what failed holds, if it gets further."""
    trace, call = first, Call(as_inputs(guess, model.root), constants)
    for _ in first.hints:
        sizes = needed(trace)
        if sizes.items() <= trace.hints.items():
            break
        trace = trace_run(model, call, {**trace.hints, **sizes})
    further = trace.failure is None or len(trace.nodes) > len(first.nodes)
    return trace if further else first


def _lengths_are(fixed: Collection[str], dims: Sequence[int | str]) -> bool:
    """Whether these are all lengths of an input; one alone may as well be that of channels."""
    lengths = {d for d in dims[2:] if isinstance(d, str)}
    return bool(lengths) and lengths <= {*fixed} and (len(lengths) > 1 or type(dims[1]) is int)


def as_inputs(guess: Guess, root: nn.Module) -> tuple[Input, ...]:
    """The guess as inputs: its floats are of the dtype of the model's first weights."""
    floats = (p.dtype for p in root.parameters() if p.is_floating_point())
    own = str(next(floats, "float32")).removeprefix("torch.")
    return tuple(
        Input(name, dims, own if dtype == "float32" else dtype)
        for name, (dims, dtype) in guess.items()
    )


# -- the first guess ------------------------------------------------------------------------


def _usual(root: nn.Module, inputs: int) -> Template:
    """What the first layer with an opinion wants; of several inputs most are floats."""
    wants = [w for m in root.modules() if (w := wanted(m, root)) is not None]
    if inputs > 1 and wants:
        wants = [w for w in wants if w[1] == "float32"] or [(FORMS[2], "float32")]
    return wants[0] if wants else (FORMS[4], "float32")


def _first_guess(names: Sequence[str], known: Mapping[str, Template], usual: Template) -> Guess:
    """The usual template for every input without a telling name."""
    guess: Guess = {}
    for position, name in enumerate(names):
        guess[name] = known.get(name) or own_sizes(_by_its_name(name) or usual, position)
    return guess


def _apart(guess: Guess) -> Guess:
    """With sizes of their own for the tensors of a list: feature maps get smaller and smaller."""
    return {
        name: own_sizes(form, i, _OWN) if name.rpartition(".")[2].isdigit() else form
        for i, (name, form) in enumerate(guess.items())
    }


def _by_its_name(name: str) -> Template | None:
    name = name.rpartition(".")[2]
    if name in _TIMES:
        return ("N",), "float32"
    if name in _LABELS:
        return ("N",), "int64"
    if name.endswith(COUNTS):
        return ("N",), "int64"
    return (("N", "L"), "int64") if name in _WHOLE_NUMBERS else None


def _what_says_so(trace: Trace, root: nn.Module) -> str:
    for node in trace.nodes:
        layer = layer_of(node, root)
        if layer is not None:
            return f"first layer {node.module} = {layer}"
    return "a guess that runs" if trace.failure is None else FURTHEST
