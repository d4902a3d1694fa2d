"""Sets of sizes in the shortest words that are still exact.

Several texts are written for a set. Each is read back by :mod:`.domain` and counts only if isl
confirms that it means the same set; of those the shortest is taken.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import reduce

from shapelint.lengths.conditions import Compare, Condition, all_of
from shapelint.lengths.domain import condition_of
from shapelint.lengths.effort import TooHard, at_most
from shapelint.lengths.patterns import Stretch, stretches, stretches_inside
from shapelint.lengths.phrases import (
    MAX_LISTED,
    between,
    comparison,
    excluded,
    scattered,
    stretch_text,
    union,
)
from shapelint.lengths.presburger import NotPresburger
from shapelint.lengths.sets import SizeSet

_SAID = 2_000_000
"""Steps for the words of the code, which are one way among several."""

_MAX_PARTS = 12
"""With more alternatives or conjuncts than this no shorter form is searched for."""

_MAX_MEMBERS = 64
"""Common factors are looked for among so many sizes."""

_MAX_EXCLUDED = 4
"""The complement of more alternatives is too costly to look at."""


def set_text(sizes: SizeSet) -> str:
    """``H % 16 == 0 and W >= 32``: the sizes in words.

    Symbols that are free are not mentioned. The text of an exact set reads back as the same set;
    where sizes were listed, the window follows: ``(checked for L <= 1024)``.
    """
    return _body(sizes) + _window(sizes)


def _body(sizes: SizeSet) -> str:
    if sizes.is_empty:
        return "no size"
    groups = [g for g in sizes.split() if not g.is_universe]
    groups.sort(key=lambda g: sizes.symbols.index(g.symbols[0]))
    return _all([_one(g) if len(g.symbols) == 1 else _several(g) for g in groups])


def _window(sizes: SizeSet) -> str:
    if not sizes.window:
        return ""
    spans = [
        f"{s} <= {high}" if low <= 1 else f"{low} <= {s} <= {high}"
        for s, (low, high) in sizes.window.items()
    ]
    return f" (checked for {', '.join(spans)})"


def _all(texts: Sequence[str]) -> str:
    if len(texts) < 2:
        return texts[0] if texts else "every size"
    return " and ".join(f"({t})" if " or " in t else t for t in texts)


def _meeting(condition: Condition, like: SizeSet) -> SizeSet:
    """The sizes inside the window of ``like`` that meet it. Raises NotPresburger."""
    return SizeSet.of(condition, like.symbols, within=like.everywhere())


def _understood(condition: Condition, like: SizeSet) -> SizeSet | None:
    """The same; None for some products."""
    try:
        return _meeting(condition, like)
    except NotPresburger:
        return None


def _means(text: str, sizes: SizeSet) -> bool:
    """Whether a text reads back as this set."""
    return _understood(condition_of(text or "every size"), sizes) == sizes


def _shortest(candidates: Iterable[str], sizes: SizeSet) -> str:
    for text in sorted(filter(None, dict.fromkeys(candidates)), key=len):
        if _means(text, sizes):
            return text
    return _alternatives(sizes.pieces(sizes.everywhere()))


def _alternatives(pieces: Iterable[Iterable[Compare]]) -> str:
    """Pieces as they are: correct, not always short."""
    return " or ".join(" and ".join(map(comparison, p)) or "every size" for p in pieces)


# -- one symbol -----------------------------------------------------------------------------------


def _one(sizes: SizeSet) -> str:
    for name, (_, high) in (sizes.window or {}).items():
        found = _stretches(sizes)
        if found is not None and len(found) > _MAX_PARTS:
            return scattered(name, [m[name] for m in sizes.members(high) or ()])
    return _shortest(_one_candidates(sizes), sizes)


def _one_candidates(sizes: SizeSet) -> Iterator[str]:
    """The stretches; what lies between them; and one stretch with its exceptions."""
    (name,) = sizes.symbols
    lowest = (sizes.window or {}).get(name, (1, 0))[0]
    inside, outside = _stretches(sizes), _stretches(sizes.everywhere() - sizes)
    if inside is None or outside is None or len(inside) > _MAX_PARTS:
        return
    yield from (union(name, inside, lowest, neighbours) for neighbours in (1, 2))
    yield " and ".join(excluded(name, outside, lowest))
    for main in reversed(inside):
        for anywhere in (False, True):
            text = stretch_text(name, main, lowest, anywhere=anywhere)
            base = _meeting(condition_of(text or "every size"), sizes)
            more, fewer = _stretches(sizes - base), _stretches(base - sizes)
            if more is not None and fewer is not None:
                kept = " and ".join(filter(None, [text, *excluded(name, fewer, lowest)]))
                yield " or ".join(filter(None, [union(name, more, lowest), kept]))


def _stretches(sizes: SizeSet) -> list[Stretch] | None:
    if not sizes.window:
        return stretches(sizes)
    (name,) = sizes.symbols
    low, high = sizes.window[name]
    members = sizes.members(high)
    return None if members is None else stretches_inside([m[name] for m in members], low, high)


# -- several symbols that depend on each other ----------------------------------------------------


def _several(sizes: SizeSet) -> str:
    few = sizes.members(MAX_LISTED)
    cut = sizes.boxes()
    if sizes.window and cut is not None and len(cut) > _MAX_PARTS:
        return _some(sizes, [high for _, high in sizes.window.values()])
    candidates = [*_as_said(sizes), *([_listed(sizes, few)] if few else [])]
    if cut is None:
        return _shortest([*candidates, *_tied(sizes)], sizes)
    alone = {s: sizes.project((s,)) for s in sizes.symbols}
    common = [_one(a) for a in alone.values() if not a.is_universe]
    inside = _either([_box(parts, alone) for parts in cut])
    everywhere = {s: a.everywhere() for s, a in alone.items()}
    candidates += [_either([_box(p, everywhere) for p in cut]), _all([*common, inside])]
    return _shortest(candidates, sizes)


def _as_said(sizes: SizeSet) -> list[str]:
    """``ceil(H/4)*ceil(W/4) == 49``: what was asked of products, and what of each symbol."""
    ways = (("==", 1), (">=", 1), (">=", -1))
    either_side = [Compare(op, test.expr * sign) for test in sizes.said for op, sign in ways]
    with suppress(TooHard), at_most(_SAID, "what was said"):
        return list(_by_products(sizes.said, sizes)) or list(_by_products(either_side, sizes))
    return []


def _by_products(tests: Sequence[Compare], sizes: SizeSet) -> Iterator[str]:
    """One of these is enough, or all that hold are, with what each symbol says."""
    told = [(comparison(test), _understood(test, sizes)) for test in tests]
    enough = [text for text, means in told if means is not None and means <= sizes]
    needed = [text for text, means in told if means is not None and sizes <= means]
    if enough:
        yield _either(enough)
    projections = [sizes.project((s,)) for s in sizes.symbols]
    for alone in (_factors, _conjuncts) if needed else ():
        texts = [part for p in projections if not p.is_universe for part in alone(p)] + needed
        if _means(_all(texts), sizes):
            yield _all(_needed(texts, sizes))


def _factors(sizes: SizeSet) -> list[str]:
    """What divides all of a few sizes."""
    (name,) = sizes.symbols
    members = sizes.members(_MAX_MEMBERS)
    return [f"{name} % {math.gcd(*(m[name] for m in members))} == 0"] if members else []


def _conjuncts(sizes: SizeSet) -> list[str]:
    """What is said of one symbol, in parts."""
    text = _one(sizes)
    return [text] if " or " in text else text.split(" and ")


def _either(texts: Iterable[str]) -> str:
    return " or ".join(dict.fromkeys(texts))


def _box(parts: Mapping[str, SizeSet], known: Mapping[str, SizeSet]) -> str:
    """A product in words, where what ``known`` says of each symbol is not repeated."""
    ordered = ((s, parts[s]) for s in known if s in parts)
    return " and ".join(filter(None, (_part(part, known[s]) for s, part in ordered)))


def _part(part: SizeSet, known: SizeSet) -> str:
    """``32 <= H <= 96``: as a range of the known sizes if it is one."""
    (name,) = part.symbols
    (low, high), (least, greatest) = part.bounds()[name], known.bounds()[name]
    window = {name: (low or 1, high)}
    if known & SizeSet.inside(window, (name,)) != part:
        return _one(part)
    return between(name, None if low == least else low, None if high == greatest else high)


def _tied(sizes: SizeSet) -> Iterator[str]:
    """Texts about symbols that comparisons tie together."""
    order = sizes.symbols.index
    pieces = sizes.pieces(sizes.everywhere())
    pieces.sort(key=lambda p: sorted(order(s) for c in p for s in c.symbols))
    if len(pieces) <= _MAX_PARTS:
        yield " or ".join(_conjunction(_meeting(all_of(p), sizes)) for p in pieces)
        yield _alternatives(_apart([_widened(p, sizes) for p in pieces], sizes))
        yield _conjunction(sizes)
        if len(pieces) <= _MAX_EXCLUDED:
            yield _negated(sizes.everywhere() - sizes)


def _widened(piece: list[Compare], sizes: SizeSet) -> list[Compare]:
    """A piece of a set without the comparisons that the other pieces make up for."""
    for part in list(piece):
        rest = [p for p in piece if p is not part]
        if rest and _meeting(all_of(rest), sizes) <= sizes:
            piece = rest
    return piece


def _apart(pieces: list[list[Compare]], sizes: SizeSet) -> list[list[Compare]]:
    """The pieces without those that the others cover."""
    sets = [_meeting(all_of(p), sizes) for p in pieces]
    kept = list(range(len(pieces)))
    for i in sorted(kept, key=lambda i: -len(pieces[i])):
        others = [sets[j] for j in kept if j != i]
        if others and sets[i] <= reduce(SizeSet.__or__, others):
            kept.remove(i)
    return [pieces[i] for i in kept]


def _listed(sizes: SizeSet, few: Sequence[dict[str, int]]) -> str:
    points = ", ".join(str(tuple(p.values())) for p in few)
    return f"({', '.join(sizes.symbols)}) in {{{points}}}"


def _some(sizes: SizeSet, window: Iterable[int | None]) -> str:
    """Listed sizes without a pattern: the smallest, and how many there are."""
    every = sizes.members(math.prod(high or 1 for high in window)) or ()
    shown = sorted(every, key=lambda member: sum(member.values()))[:MAX_LISTED]
    return f"{_listed(sizes, shown)[:-1]}, ...}} ({len(every)} sizes)"


def _conjunction(sizes: SizeSet) -> str:
    """What each symbol says by itself, and what remains to be said about them together."""
    known, texts = sizes.everywhere(), []
    for name in sizes.symbols:
        alone = sizes.project((name,))
        if not alone.is_universe:
            texts.append(_one(alone))
            known = known & alone.over(sizes.symbols)
    together = sizes.pieces(known)
    if len(together) == 1:
        texts += map(comparison, together[0])
    else:
        texts.append(_alternatives(together))
    return _all(_needed(texts, sizes))


def _needed(texts: list[str], sizes: SizeSet) -> list[str]:
    """The texts without those that follow from the others."""
    if len(texts) > _MAX_PARTS:
        return texts
    for i in sorted(range(len(texts)), key=lambda i: (-len(texts[i]), -i)):
        rest = [t for j, t in enumerate(texts) if j != i and t]
        if _means(_all(rest), sizes):
            texts = [t if j != i else "" for j, t in enumerate(texts)]
    return [t for t in texts if t]


def _negated(outside: SizeSet) -> str:
    """``H != W``: nothing but a few equations is excluded."""
    pieces = outside.pieces(outside.everywhere())
    if any(len(p) != 1 or p[0].op != "==" for p in pieces):
        return ""
    return " and ".join(comparison(p[0], "!=") for p in pieces)
