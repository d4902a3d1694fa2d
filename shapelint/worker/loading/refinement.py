"""Better guesses of a model's inputs, from what a run of the last guess found.

A failed need of channels or features, ``C == 64``, gives the size of a dim; the first layer that an
input reaches gives its rank and dtype.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from torch import nn

from shapelint.trace import Node, Trace
from shapelint.worker.loading.demanded import demanded
from shapelint.worker.loading.examples import FORMS, Template
from shapelint.worker.loading.layer_inputs import wanted

Guess = dict[str, Template]

_CHANNELS = ("C", "F")


@dataclass
class Attempt:
    """A guess, and the run it led to."""

    guess: Guess
    trace: Trace
    refinements: Sequence[Guess] = ()

    @property
    def progress(self) -> tuple[bool, int, bool, int]:
        """The larger, the better the guess.

        Best are guesses that run, then those that make the most calls, then those that cannot be
        refined, then those that fix the most dims.
        """
        fixed = sum(type(d) is int for dims, _ in self.guess.values() for d in dims)
        return self.trace.failure is None, len(self.trace.nodes), not self.refinements, fixed


def refinements(
    attempt: Attempt, root: nn.Module, known: Mapping[str, Template]
) -> Iterator[Guess]:
    """Guesses that correct what was wrong with this one, the likeliest first.

    ``known`` inputs are no guesses, and stay.
    """
    sizes = demanded(attempt.trace, fixed="NHWDL" if settled(attempt, root) else "NHD")
    if not any(reached(attempt, root)):  # no layer was reached: a length, not the channels
        sizes = {s: n for s, n in sizes.items() if s[0] not in "LW" or _is_wanted(n, root)}
    if sizes:
        yield dict(_resized(attempt, sizes))
        return
    yield from _joinable(attempt, known)
    for name, layer, node in reached(attempt, root):
        want = wanted(layer, root)
        if want is not None and name not in known:
            for template in _corrected(attempt.guess[name], want, node, layer):
                yield {**attempt.guess, name: template}


def _joinable(attempt: Attempt, known: Mapping[str, Template]) -> Iterator[Guess]:
    """With the rank that what a failed ``cat`` joins has been given by layers, else the most dims.

    Only inputs that nothing but element by element came before are of another rank by a guess.
    """
    failure = attempt.trace.failure
    if failure is None or "must have same number of dimensions" not in failure.error:
        return
    node, origin = attempt.trace.nodes[failure.node], dict(_unchanged(attempt))
    pieces = [*zip(node.inputs, map(len, node.input_shapes), strict=False)]
    made = [rank for index, rank in pieces if index not in origin]
    rank = max(made or (rank for _, rank in pieces))
    names = {origin[index] for index, of in pieces if index in origin and of != rank} - {*known}
    if names and rank in FORMS:
        guess = attempt.guess
        forms = {n: own_sizes((FORMS[rank], "float32"), [*guess].index(n)) for n in names}
        yield {**guess, **forms}


def _unchanged(attempt: Attempt) -> Iterator[tuple[int, str]]:
    """The nodes that have the shape of one input, of which alone they are made, and its name."""
    found: dict[int, str] = {}
    nodes = attempt.trace.nodes
    for node, name in zip(nodes, attempt.guess, strict=False):
        found[node.index] = name
    for node in nodes:
        sources = {i for i in node.inputs if i >= 0}
        names = {found.get(i, "") for i in sources}
        if len(names) == 1 and node.shapes == nodes[min(sources)].shapes:
            found[node.index] = names.pop()
    yield from ((index, name) for index, name in found.items() if name)


def _is_wanted(channels: int | str, root: nn.Module) -> bool:
    """Whether a layer of the model takes so many channels; True if no layer says."""
    wants = [w[0][1] for m in root.modules() if (w := wanted(m, root)) is not None]
    return channels in wants or not wants


def _corrected(
    guessed: Template, want: Template, node: Node, layer: nn.Module
) -> Iterator[Template]:
    """Templates for an input, given what the first layer that it reaches wants and got."""
    (dims, dtype), got = guessed, node.input_shapes[0]
    if dtype != want[1]:
        keeps = len(dims) < 3 or want[1] == "float32" or len(got) < len(dims)
        yield (dims if keeps else want[0]), want[1]
    elif not node.shapes and not isinstance(layer, nn.Embedding):
        rank = len(dims) + len(want[0]) - len(got)
        if len(got) == len(dims) and rank != len(dims):
            yield opened(want)
        elif rank != len(dims) and rank in FORMS:
            form = FORMS[rank] if rank > len(want[0]) else ("N", *want[0][2:])
            yield (form if len(form) == rank else FORMS[rank]), dtype


def _resized(attempt: Attempt, sizes: Mapping[str, int | str]) -> Iterator[tuple[str, Template]]:
    """The guess with these sizes for its symbols.

    If a spatial symbol turns out to be the number of channels, that holds for the inputs that reach
    the failed call. In the others that dim is one of channels as well, of a number of their own.
    """
    concerned = _sources(attempt.trace, [*attempt.guess])
    for position, (name, (dims, dtype)) in enumerate(attempt.guess.items()):
        lengths = {d for d in dims[2:] if isinstance(d, str) and d in sizes and d[0] in "DHWL"}
        if name in concerned or not lengths:
            yield name, _with_sizes((dims, dtype), sizes)
        else:
            alike = (dims[0], "C", *dims[2:]), dtype
            known, _ = _with_sizes(alike, dict.fromkeys(lengths, 0))
            yield name, (tuple(d or f"F{position + 1}" for d in known), dtype)


def _sources(trace: Trace, names: Sequence[str]) -> set[str]:
    """The inputs on which the failed call depends; all if no call failed."""
    found = {trace.failure.node} if trace.failure is not None else {-1}
    if found == {-1}:
        return {*names}
    for node in reversed(trace.nodes):
        if node.index in found:
            found |= {*node.inputs}
    return {name for position, name in enumerate(names) if trace.nodes[position].index in found}


def _with_sizes(template: Template, sizes: Mapping[str, int | str]) -> Template:
    """The template with these sizes; if they fix a later dim than C, all others are spatial."""
    dims, dtype = template
    known = tuple(sizes.get(d, d) if isinstance(d, str) else d for d in dims)
    found = [size for size in known[2:] if isinstance(size, int)]
    if len(found) != 1 or known[1] != "C":
        return known, dtype
    spatial = iter(FORMS[len(known)][2:])
    return ("N", *(d if d in found else next(spatial) for d in known[1:])), dtype


def settled(attempt: Attempt, root: nn.Module) -> bool:
    """Whether the first layers accepted every input, so that a later failure is the model's own.

    Not if a dim is out of range: ``Linear`` accepts every rank.
    """
    failure = attempt.trace.failure
    if failure is not None and "Dimension out of range" in failure.error:
        return False
    taken = {name for name, _, node in reached(attempt, root) if node.shapes}
    last = attempt.trace.events[-1] if attempt.trace.events else None
    joined = last is not None and not last.holds and last.need == "match"
    return taken == set(attempt.guess) or (joined and bool(taken))


def reached(attempt: Attempt, root: nn.Module) -> Iterator[tuple[str, nn.Module, Node]]:
    """For each input its name, the first layer it reaches, and the call of that layer."""
    nodes = attempt.trace.nodes
    origin: dict[int, set[int]] = {}
    seen: set[int] = set()
    for node in nodes:
        if node.op == "placeholder":
            origin[node.index] = {node.index}
            continue
        inputs: set[int] = set().union(*(origin.get(i, set()) for i in node.inputs))
        layer = layer_of(node, root)
        if layer is None:
            origin[node.index] = inputs
        elif node.input_shapes:
            for index in sorted(inputs - seen):
                yield list(attempt.guess)[index], layer, node
            seen |= inputs


def layer_of(node: Node, root: nn.Module) -> nn.Module | None:
    """The torch layer that made a call, if its class says which input it takes."""
    if not node.module:
        return None
    layer = root.get_submodule(node.module)
    return layer if wanted(layer, root) is not None else None


def other_ranks(guess: Guess, known: Mapping[str, Template]) -> Iterator[Guess]:
    """Guesses with every other usual rank, first for all inputs alike, then for one at a time."""
    alike = {n for n, (d, dtype) in guess.items() if dtype == "float32" and len(d) > 1} - {*known}
    for rank in (4, 3, 2) if len(alike) > 1 else ():
        forms = {n: own_sizes((FORMS[rank], "float32"), i) for i, n in enumerate(guess)}
        yield {n: forms[n] if n in alike else template for n, template in guess.items()}
    for position, name in enumerate(guess):
        if name not in known:
            for rank in (4, 3, 2, 1, 5):
                form = own_sizes((FORMS[rank], "float32"), position)
                yield {**guess, name: form}
            yield {**guess, name: (("N",), "int64")}
            yield {**guess, name: (("N", "L"), "int64")}


def opened(template: Template) -> Template:
    """The template with symbols for channels and features: the run will find their sizes."""
    dims, dtype = template
    symbol = "C" if type(dims[1]) is int and len(dims) > 2 else "F"
    return tuple(d if isinstance(d, str) else symbol for d in dims), dtype


def own_sizes(template: Template, position: int, symbols: Collection[str] = _CHANNELS) -> Template:
    """The template with sizes of its own, ``C2`` or ``F2`` for the second input.

    Inputs share batch and spatial lengths, the tensors of a list the batch alone.
    """
    dims, dtype = template
    if position == 0:
        return template
    return tuple(f"{d}{position + 1}" if d in symbols else d for d in dims), dtype
