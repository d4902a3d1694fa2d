"""What a run of a guess says about the next one.

A channel or feature need that fails, ``C == 64``, says what a dim must be; the first layer that an
input reaches says which rank and dtype it wants.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from torch import nn

from shapelint.trace import Node, Trace
from shapelint.worker.loading.demanded import demanded
from shapelint.worker.loading.examples import FORMS, Template
from shapelint.worker.loading.layer_inputs import wanted

Guess = dict[str, Template]


@dataclass
class Attempt:
    """A guess, and the run that it was given."""

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


def cures(attempt: Attempt, root: nn.Module, known: Mapping[str, Template]) -> Iterator[Guess]:
    """Guesses without what is wrong with this one, the likeliest first."""
    sizes = demanded(attempt.trace, fixed="NHWDL" if settled(attempt, root) else "NHD")
    if not any(reached(attempt, root)):  # a length that is tested first is none of channels
        sizes = {s: n for s, n in sizes.items() if s[0] not in "LW" or _is_wanted(n, root)}
    if sizes:
        yield dict(_resized(attempt, sizes))
        return
    for name, layer, node in reached(attempt, root):
        want = wanted(layer, root)
        if want is not None and name not in known:
            for template in _corrected(attempt.guess[name], want, node, layer):
                yield {**attempt.guess, name: template}


def _is_wanted(channels: int | str, root: nn.Module) -> bool:
    """Whether a layer wants so many channels; of a model without such layers nobody knows."""
    wants = [w[0][1] for m in root.modules() if (w := wanted(m, root)) is not None]
    return channels in wants or not wants


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
            yield opened(want)
        elif rank != len(dims) and rank in FORMS:
            form = FORMS[rank] if rank > len(want[0]) else ("N", *want[0][2:])
            yield (form if len(form) == rank else FORMS[rank]), dtype


def _resized(attempt: Attempt, sizes: Mapping[str, int | str]) -> Iterator[tuple[str, Template]]:
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


def settled(attempt: Attempt, root: nn.Module) -> bool:
    """Whether the first layers took every input: what fails later is the model's affair.

    But ``Linear`` takes every rank, and an op that finds no such dim asks for another one.
    """
    failure = attempt.trace.failure
    if failure is not None and "Dimension out of range" in failure.error:
        return False
    taken = {name for name, _, node in reached(attempt, root) if node.shapes}
    last = attempt.trace.events[-1] if attempt.trace.events else None
    joined = last is not None and not last.holds and last.need == "match"
    return taken == set(attempt.guess) or (joined and bool(taken))


def reached(attempt: Attempt, root: nn.Module) -> Iterator[tuple[str, nn.Module, Node]]:
    """For each input: the first layer it reaches, and the call of that layer."""
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
    """The torch layer that made a call, if it has an opinion about its input."""
    if not node.module:
        return None
    layer = root.get_submodule(node.module)
    return layer if wanted(layer, root) is not None else None


def other_ranks(guess: Guess, known: Mapping[str, Template]) -> Iterator[Guess]:
    """Every other usual form, first for all inputs alike, then for one at a time."""
    alike = {n for n, (d, dtype) in guess.items() if dtype == "float32" and len(d) > 1} - {*known}
    for rank in (4, 3, 2) if len(alike) > 1 else ():
        forms = {n: own_channels((FORMS[rank], "float32"), i) for i, n in enumerate(guess)}
        yield {n: forms[n] if n in alike else template for n, template in guess.items()}
    for position, name in enumerate(guess):
        if name not in known:
            for rank in (4, 3, 2, 1, 5):
                form = own_channels((FORMS[rank], "float32"), position)
                yield {**guess, name: form}
            yield {**guess, name: (("N",), "int64")}
            yield {**guess, name: (("N", "L"), "int64")}


def opened(template: Template) -> Template:
    """Channels and features as symbols: what they must be, the run will say."""
    dims, dtype = template
    symbol = "C" if type(dims[1]) is int and len(dims) > 2 else "F"
    return tuple(d if isinstance(d, str) else symbol for d in dims), dtype


def own_channels(template: Template, position: int) -> Template:
    """Inputs share batch and spatial lengths, not channels: ``C2``, ``F2`` for the second."""
    dims, dtype = template
    if position == 0:
        return template
    return tuple(f"{d}{position + 1}" if d in ("C", "F") else d for d in dims), dtype
