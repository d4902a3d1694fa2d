"""Which input a model takes, found by feeding it guesses.

A guess is traced with every dim symbolic. The first layer that an input reaches says which rank it
wants; a channel or feature need that fails, ``C == 64``, says what a dim must be. So the model is
asked, guess by guess, until it runs or nothing more is to be learnt.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from torch import nn

from shapelint.model import Input
from shapelint.trace import Failure, Node, Trace
from shapelint.worker.loading.build import Model
from shapelint.worker.loading.demanded import asserted, demanded
from shapelint.worker.loading.examples import FORMS, Template
from shapelint.worker.loading.layer_inputs import wanted
from shapelint.worker.runs import COUNTS, Call, trace_run

FURTHEST = "a guess that got furthest"
"""What is said of inputs about which no layer says anything."""

_HINTS = {"N": 2, "H": 128, "W": 160, "D": 64, "L": 64}
_OTHER_HINTS = (48, 40, 56, 72, 80, 88)
_LARGER = 16
_MOST_GUESSES = 24
_WHOLE_NUMBERS = ("ids", "idx", "index", "indices", "tokens", "input_ids", "token_ids")
_LABELS = ("label", "labels", "classes", "class_labels")
_TIMES = ("t", "time", "times", "timestep", "timesteps", "sigma", "sigmas", "noise_level")

Guess = dict[str, Template]


@dataclass
class _Attempt:
    guess: Guess
    trace: Trace
    cures: Sequence[Guess] = ()

    @property
    def progress(self) -> tuple[bool, int, bool, int]:
        """Guesses that run are best, then those that get furthest, then those without fault.

        Of those the ones that say most: a layer that was not reached has its channels all the same.
        """
        said = sum(type(d) is int for dims, _ in self.guess.values() for d in dims)
        return self.trace.failure is None, len(self.trace.nodes), not self.cures, said


def is_telling(name: str) -> bool:
    """Whether an input of that name can be guessed without a layer that it reaches."""
    return _by_its_name(name) is not None


def search(
    model: Model,
    names: Sequence[str],
    known: Mapping[str, Template],
    constants: Mapping[str, Any],
) -> tuple[Guess, str, Failure | None]:
    """Dims and dtypes of the inputs ``names``, the layer that says so, and what still fails.

    ``known`` holds inputs that are not to be guessed; their channels may still be filled in.
    ``constants`` are arguments that are no tensors.
    """
    best: _Attempt | None = None
    tried: list[Guess] = []
    usual = _usual(model.root, len(names))
    queue = [_first_guess(names, known, _open(usual)), _first_guess(names, known, usual)]
    while queue and len(tried) < _MOST_GUESSES:
        guess = queue.pop(0)
        if guess in tried:
            continue
        tried.append(guess)
        attempt = _Attempt(guess, _trace(model, guess, constants))
        attempt.cures = list(_cures(attempt, model.root, known))
        if best is None or attempt.progress > best.progress:
            best = attempt
        settled = attempt.trace.failure is None or _settled(attempt, model.root)
        if settled and not attempt.cures:
            break
        queue = [g for g in (*attempt.cures, *queue) if g not in tried]
        if not queue:
            queue = list(_other_ranks(best.guess, known))
    assert best is not None
    return best.guess, _what_says_so(best.trace, model.root), best.trace.failure


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
        guess[name] = known.get(name) or _own_channels(_by_its_name(name) or usual, position)
    return guess


def _open(template: Template) -> Template:
    """Channels and features as symbols: what they must be, the run will say."""
    dims, dtype = template
    symbol = "C" if type(dims[1]) is int and len(dims) > 2 else "F"
    return tuple(d if isinstance(d, str) else symbol for d in dims), dtype


def _by_its_name(name: str) -> Template | None:
    name = name.rpartition(".")[2]
    if name in _TIMES:
        return ("N",), "float32"
    if name in _LABELS:
        return ("N",), "int64"
    if name.endswith(COUNTS):
        return ("N",), "int64"
    return (("N", "L"), "int64") if name in _WHOLE_NUMBERS else None


def _own_channels(template: Template, position: int) -> Template:
    """Inputs share batch and spatial lengths, not channels: ``C2``, ``F2`` for the second."""
    dims, dtype = template
    if position == 0:
        return template
    return tuple(f"{d}{position + 1}" if d in ("C", "F") else d for d in dims), dtype


# -- learning from a run --------------------------------------------------------------------


def _cures(attempt: _Attempt, root: nn.Module, known: Mapping[str, Template]) -> Iterator[Guess]:
    """Guesses without what is wrong with this one, the likeliest first."""
    sizes = demanded(attempt.trace, fixed="NHWDL" if _settled(attempt, root) else "NHD")
    if sizes:
        yield dict(_resized(attempt, sizes))
        return
    for name, layer, node in _reached(attempt, root):
        want = wanted(layer, root)
        if want is not None and name not in known:
            for template in _corrected(attempt.guess[name], want, node, layer):
                yield {**attempt.guess, name: template}


def _corrected(
    guessed: Template, want: Template, node: Node, layer: nn.Module
) -> Iterator[Template]:
    """What an input should be, given what the first layer that it reaches wants and got."""
    (dims, dtype), got = guessed, node.input_shapes[0]
    if dtype != want[1]:
        keeps = len(dims) < 3 or want[1] == "float32"
        yield (dims if keeps else want[0]), want[1]
    elif not node.shapes and not isinstance(layer, nn.Embedding):
        rank = len(dims) + len(want[0]) - len(got)
        if len(got) == len(dims) and rank != len(dims):
            yield _open(want)
        elif rank != len(dims) and rank in FORMS:
            form = FORMS[rank] if rank > len(want[0]) else ("N", *want[0][2:])
            yield (form if len(form) == rank else FORMS[rank]), dtype


def _resized(attempt: _Attempt, sizes: Mapping[str, int | str]) -> Iterator[tuple[str, Template]]:
    """The guess with these sizes.

    A length that turns out to be that of channels is one of the inputs that got there alone. The
    others have theirs in the same place, but so many as they please.
    """
    concerned = _sources(attempt.trace, [*attempt.guess])
    for position, (name, (dims, dtype)) in enumerate(attempt.guess.items()):
        lengths = {d for d in dims[2:] if isinstance(d, str) and d in sizes and d in "DHWL"}
        if name in concerned or not lengths:
            yield name, _with_sizes((dims, dtype), sizes)
        else:
            alike = (dims[0], "C", *dims[2:]), dtype
            known, _ = _with_sizes(alike, dict.fromkeys(lengths, 0))
            yield name, (tuple(d or f"F{position + 1}" for d in known), dtype)


def _sources(trace: Trace, names: Sequence[str]) -> set[str]:
    """The inputs from which the call that failed got what it got; all if it was none."""
    found = {trace.failure.node} if trace.failure is not None else {-1}
    if found == {-1}:
        return {*names}
    for node in reversed(trace.nodes):
        if node.index in found:
            found |= {*node.inputs}
    return {name for position, name in enumerate(names) if trace.nodes[position].index in found}


def _with_sizes(template: Template, sizes: Mapping[str, int | str]) -> Template:
    """Where another dim than the second turns out to be that of channels, the rest are spatial."""
    dims, dtype = template
    known = tuple(sizes.get(d, d) if isinstance(d, str) else d for d in dims)
    found = [size for size in known[2:] if isinstance(size, int)]
    if len(found) != 1 or known[1] != "C":
        return known, dtype
    spatial = iter(FORMS[len(known)][2:])
    return ("N", *(d if d in found else next(spatial) for d in known[1:])), dtype


def _settled(attempt: _Attempt, root: nn.Module) -> bool:
    """Whether the first layers took every input: what fails later is the model's affair.

    But ``Linear`` takes every rank, and an op that finds no such dim asks for another one.
    """
    failure = attempt.trace.failure
    if failure is not None and "Dimension out of range" in failure.error:
        return False
    taken = {name for name, _, node in _reached(attempt, root) if node.shapes}
    last = attempt.trace.events[-1] if attempt.trace.events else None
    joined = last is not None and not last.holds and last.need == "match"
    return taken == set(attempt.guess) or (joined and bool(taken))


def _reached(attempt: _Attempt, root: nn.Module) -> Iterator[tuple[str, nn.Module, Node]]:
    """For each input: the first layer it reaches, and the call of that layer."""
    nodes = attempt.trace.nodes
    origin: dict[int, set[int]] = {}
    seen: set[int] = set()
    for node in nodes:
        if node.op == "placeholder":
            origin[node.index] = {node.index}
            continue
        inputs: set[int] = set().union(*(origin.get(i, set()) for i in node.inputs))
        layer = _layer(node, root)
        if layer is None:
            origin[node.index] = inputs
        elif node.input_shapes:
            for index in sorted(inputs - seen):
                yield list(attempt.guess)[index], layer, node
            seen |= inputs


def _layer(node: Node, root: nn.Module) -> nn.Module | None:
    """The torch layer that made a call, if it has an opinion about its input."""
    if not node.module:
        return None
    layer = root.get_submodule(node.module)
    return layer if wanted(layer, root) is not None else None


def _other_ranks(guess: Guess, known: Mapping[str, Template]) -> Iterator[Guess]:
    """Every other usual form, first for all inputs alike, then for one at a time."""
    for rank in (4, 3, 2) if len(guess) > 1 and not known else ():
        yield {n: _own_channels((FORMS[rank], "float32"), i) for i, n in enumerate(guess)}
    for position, name in enumerate(guess):
        if name not in known:
            for rank in (4, 3, 2, 1, 5):
                form = _own_channels((FORMS[rank], "float32"), position)
                yield {**guess, name: form}
            yield {**guess, name: (("N",), "int64")}
            yield {**guess, name: (("N", "L"), "int64")}


def _what_says_so(trace: Trace, root: nn.Module) -> str:
    for node in trace.nodes:
        layer = _layer(node, root)
        if layer is not None:
            return f"first layer {node.module} = {layer}"
    return "a guess that runs" if trace.failure is None else FURTHEST
