"""Phrases that several rules share: chains of lengths, sizes, differences."""

from __future__ import annotations

import re

from shapelint.lengths.formulas import formula, map_text
from shapelint.lengths.phrases import size_text as size_text
from shapelint.lengths.sets import TOO_LONG, SizeSet
from shapelint.model import Label
from shapelint.stages import Stage
from shapelint.trace import Node, Span

_PARITY = {"0": "even", "1": "odd"}

_LONG = 60
"""Characters after which an example says more than all sizes."""


def for_sizes(sizes: SizeSet) -> str:
    """``even L``, ``H % 16 == 0``, as it reads after "for every" or "where"."""
    return re.sub(r"^(\w+) % 2 == ([01])$", lambda m: f"{_PARITY[m[2]]} {m[1]}", sizes.text)


def where(sizes: SizeSet) -> str:
    """``for even L``, ``where H % 16 == 0``: as it reads after "only"."""
    text = for_sizes(sizes)
    bare = text.startswith((*_PARITY.values(), "every", TOO_LONG))
    return f"for {text}" if bare else f"where {text}"


def only(verb: str, sizes: SizeSet) -> str:
    """``runs only for even L``, or ``runs at no size that was tried`` after a search."""
    return f"{verb} only {where(sizes)}" if sizes else f"{verb} at no size that was tried"


def every(sizes: SizeSet) -> str:
    """``every even L``, ``every L with L % 320 == 0``, ``every size``; of one size ``H == 64``."""
    text = for_sizes(sizes)
    if text.startswith(("every", TOO_LONG)) or not sizes:
        return text
    if text.startswith(tuple(_PARITY.values())):
        return f"every {text}"
    told = _told(sizes)
    if told.lexmin() == told.lexmax():
        return text
    return f"every {' and '.join(told.symbols)} with {text}"


def that_works(sizes: SizeSet) -> str:
    """``odd L, which works today,``; an example where the words are many."""
    text = for_sizes(sizes)
    if len(text) <= _LONG:
        return f"{text}, which works today,"
    return f"other sizes that work today, such as {size_text(_told(sizes).lexmin() or {})},"


def _told(sizes: SizeSet) -> SizeSet:
    """The same of the symbols that are not free."""
    return sizes.project([s for g in sizes.split() if not g.is_universe for s in g.symbols])


def difference(n: int, unit: str = "") -> str:
    """``1 shorter`` or ``3 longer``."""
    return f"{abs(n)}{unit} {'shorter' if n < 0 else 'longer'}"


def short(value: object) -> str:
    """A parameter of a layer as people write it: ``[1, 1]`` as ``1``, ``[1, 2]`` as ``(1, 2)``."""
    if isinstance(value, list) and len(set(value)) == 1:
        return str(value[0])
    return str(tuple(value) if isinstance(value, list) else value)


def whose(node: Node) -> str:
    """A node as people know it: its module and class, or the function."""
    return f"{node.module} ({node.module_type})" if node.module else node.op


def place(node: Node | None, otherwise: Span) -> Span:
    """Where to point for a layer: its constructor call, else the call in ``forward``."""
    if node is None:
        return otherwise
    return node.layer_span or node.span or otherwise


def map_label(stage: Stage) -> str:
    """``n -> 2n - 1``, or ``L -> ceil(L/2)`` where the input goes straight in."""
    if stage.local is not None:
        return f"n -> {map_text(stage.local)}"
    return f"{formula(stage.before)} -> {formula(stage.after)}"


def related_layer(stage: Stage, otherwise: Span) -> Label:
    """The other layer of a pair, with its map."""
    return Label(place(stage.node, otherwise), map_label(stage))
