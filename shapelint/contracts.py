"""What a model promises about its result: annotated shapes, and ``roundtrip = true``.

The shapes are those of jaxtyping (https://docs.kidger.site/jaxtyping/api/array/): sizes, names,
``h*2`` and other arithmetic, ``h/2`` where it comes out even, ``_`` and ``...`` for anything,
``*batch`` for several dims, ``#h`` for ``h`` or 1. A name stands for what the annotated inputs make
of it; one that only the result has stands for whatever its first dim is.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from shapelint.explore.paths import refused, set_of
from shapelint.facts import Annotated
from shapelint.lengths.conditions import Condition, divides, equal
from shapelint.lengths.domain import DomainError, expression_of
from shapelint.lengths.expr import Expr, as_expr, symbol
from shapelint.lengths.sets import NotPresburger, SizeSet
from shapelint.model import Contract, Evidence, Input
from shapelint.source.texts import Texts
from shapelint.span import Span

if TYPE_CHECKING:
    from shapelint.subject import Subject

Dims = Mapping[str, tuple[Expr, ...]]
"""What the names stand for: one dim, or for ``*batch`` several."""


class Unreadable(ValueError):
    """An annotation that is not about lengths."""


@dataclass(frozen=True)
class Promise:
    """The annotated shape of one output."""

    output: int
    words: tuple[str, ...]
    names: Dims = field(default_factory=dict)

    @property
    def text(self) -> str:
        """As it was written."""
        return " ".join(self.words)


def promises(annotated: Annotated, inputs: tuple[Input, ...]) -> tuple[Promise, ...]:
    """The promises of a model, one for each annotated output."""
    names = dict(_named(annotated, inputs))
    texts = enumerate(annotated.returns)
    return tuple(Promise(i, tuple(text.split()), names) for i, text in texts if text)


def conditions_on_inputs(annotated: Annotated, inputs: tuple[Input, ...]) -> Iterator[Condition]:
    """What arithmetic in the annotations of inputs says: ``h*2`` is twice ``h``."""
    names = dict(_named(annotated, inputs))
    for word, dim in _dims_of_inputs(annotated, inputs):
        if not _plain(word).isidentifier() and not _plain(word).isdigit() and _plain(word):
            try:
                value, divisor = _value(word, names)
                yield equal(_length(dim) * divisor, value)
            except Unreadable:  # it names something that no input has
                continue


def _named(annotated: Annotated, inputs: tuple[Input, ...]) -> Iterator[tuple[str, tuple[Expr]]]:
    """What the annotated inputs make of the names; the first to name a dim counts."""
    for word, dim in reversed([*_dims_of_inputs(annotated, inputs)]):
        if _plain(word).isidentifier():
            yield _plain(word), (_length(dim),)


def _dims_of_inputs(
    annotated: Annotated, inputs: tuple[Input, ...]
) -> Iterator[tuple[str, int | str]]:
    texts = dict(annotated.takes)
    for position, given in enumerate(inputs):
        by_position = [text for _, text in annotated.takes][position : position + 1]
        text = texts.get(given.name, "") if not given.name.isdigit() else "".join(by_position)
        words = text.split()
        if len(words) == len(given.dims):
            yield from zip(words, given.dims)


def _plain(word: str) -> str:
    """A name or size without what is said about it; empty for what stands for anything."""
    if word.startswith(("_", "?")) or word == "...":
        return ""
    return word.lstrip("#*").rpartition("=")[2]


def _length(dim: int | str) -> Expr:
    return symbol(dim) if isinstance(dim, str) else as_expr(dim)


_QUOTIENT = re.compile(r"(?P<value>[\w*]+|\([^()]*\))/(?P<divisor>[1-9]\d*)")
"""``h/2``, which jaxtyping computes as Python does: no odd ``h`` has such a length."""


def _value(word: str, names: Dims) -> tuple[Expr, int]:
    """A value and a divisor: together the length that a word stands for. Raises Unreadable."""
    quotient = _QUOTIENT.fullmatch(_plain(word))
    try:
        found = expression_of(quotient["value"] if quotient else _plain(word))
    except DomainError as exc:
        raise Unreadable(f"{word!r} is no length") from exc
    unknown = sorted(name for name in found.symbols if len(names.get(name, ())) != 1)
    if unknown:
        raise Unreadable(f"{word!r}: no input is annotated with {', '.join(unknown)}")
    value = found.substitute({name: names[name][0] for name in found.symbols})
    return value, int(quotient["divisor"]) if quotient else 1


# -- what is kept ---------------------------------------------------------------------------------


def kept(subject: Subject) -> Iterator[tuple[Promise, SizeSet | str]]:
    """For each promise the sizes at which the model runs and keeps it, or why that is not known."""
    names = dict(subject.promises[0].names) if subject.promises else {}
    for promise in subject.promises:
        try:
            yield promise, _kept_at(promise, subject, names)
        except (Unreadable, NotPresburger) as exc:
            yield promise, str(exc)


def _kept_at(promise: Promise, subject: Subject, names: dict[str, tuple[Expr, ...]]) -> SizeSet:
    """Adds the names that only the result has to ``names``."""
    nothing = SizeSet.empty(subject.domain.symbols)
    if promise.output >= len(subject.base.outputs):
        return nothing
    shape = subject.base.outputs[promise.output]
    matched = _matched(promise.words, len(shape), names)
    if matched is None:
        return nothing
    sizes = subject.valid
    for dim, word in enumerate(matched):
        if isinstance(word, str) and _plain(word).isidentifier():
            names.setdefault(_plain(word), (shape[dim],))
        if isinstance(word, Expr) or _plain(word):
            sizes = sizes & _agreeing(word, names, subject, promise.output, dim)
    return sizes


def _agreeing(word: str | Expr, names: Dims, subject: Subject, output: int, dim: int) -> SizeSet:
    """The sizes at which a dim is what a word says."""
    if isinstance(word, Expr):
        return subject.outputs.where(output, dim, word)
    value, divisor = _value(word, names)
    even = set_of(divides(divisor, value), subject.valid)
    found = subject.outputs.where(output, dim, value // divisor) & even
    return found | subject.outputs.where(output, dim, as_expr(1)) if "#" in word else found


def _matched(words: tuple[str, ...], rank: int, names: Dims) -> tuple[str | Expr, ...] | None:
    """A word for each dim, with several for ``...`` and ``*batch``; None if there is no way."""
    stretches = [i for i, w in enumerate(words) if w == "..." or w.startswith("*")]
    if not stretches:
        return words if len(words) == rank else None
    at, room = stretches[0], rank - len(words) + 1
    if len(stretches) > 1:
        raise Unreadable("more than one part of any number of dims")
    known = names.get(_plain(words[at]))
    if room < 0 or (known is not None and len(known) != room):
        return None
    middle: tuple[str | Expr, ...] = known if known is not None else ("_",) * room
    return (*words[:at], *middle, *words[at + 1 :])


def contracts(subject: Subject, evidence: Evidence, denied: bool) -> Iterator[Contract]:
    """Every contract, and whether it is proven, disproved, or what is known about it."""
    for promise, sizes in kept(subject):
        text = f'returns "{promise.text}"'
        if isinstance(sizes, str):
            yield Contract(text, "not-checked", sizes)
        else:
            yield _judged(text, sizes, subject, evidence, denied)
    if subject.roundtrip:
        yield _judged("roundtrip = true", subject.roundtrips, subject, evidence, denied)


def _judged(
    text: str, sizes: SizeSet, subject: Subject, evidence: Evidence, denied: bool
) -> Contract:
    if denied or not subject.valid:
        why = "no size runs" if subject.never_works else "no size is known to run"
        why = "PyTorch did something else than predicted" if denied else why
        return Contract(text, "not-checked", why)
    if any(refused(f.trace) for f in subject.exploration.failures):
        return Contract(text, "not-checked", "a type checker raises at some sizes")
    if subject.valid - sizes:
        holds = sizes.text if sizes else "for no size"
        return Contract(text, "disproved", f"holds {holds}")
    return Contract(text, evidence)


# -- where it is written --------------------------------------------------------------------------


def return_span(annotated: Annotated, files: Texts) -> Span | None:
    """The place of the annotation behind ``->``."""
    if not annotated.path:
        return None
    for node in files.nodes(annotated.path):
        if isinstance(node, ast.FunctionDef) and node.name == "forward" and node.returns:
            first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
            if first <= annotated.line <= node.lineno:
                at = node.returns
                end = at.end_lineno or at.lineno, (at.end_col_offset or 0) + 1
                return Span(annotated.path, at.lineno, at.col_offset + 1, *end)
    return None
