"""How a change is written down: which edits give the layers their new arguments.

The same change can often be written in several places: at the call that builds the layer, where
the factory or block around it is called, or in the dict that the arguments come from. All of them
are given, the one closest to how the code is written first; which one is right is found out by
building the model from the edited source.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shapelint.model import Edit
from shapelint.source.calls import Slot, call_at, function_around, insertion, replaced, source_of
from shapelint.source.configs import dict_values, row_edits, values_of_key
from shapelint.source.edits import Unwritable
from shapelint.source.texts import Texts
from shapelint.trace import Span

if TYPE_CHECKING:
    from shapelint.fixes import Change

_ALTERNATIVES = 3
_DEFAULTS = {"output_padding": "0", "padding": "0", "ceil_mode": "False"}


@dataclass(frozen=True)
class Writing:
    """One set of edits that makes a change."""

    edits: tuple[Edit, ...]
    uniform: bool = True
    """Whether every layer that an edited call builds is to be changed."""


def writings(changes: Sequence[Change], files: Texts) -> Iterator[Writing]:
    """Every known set of edits that makes these changes, the most natural one first."""
    seen = set()
    for outermost in (True, False):
        for choice in range(_ALTERNATIVES):
            try:
                found = _written(changes, files, outermost, choice)
            except Unwritable:
                continue
            if found.edits and found.edits not in seen:
                seen.add(found.edits)
                yield found


def _written(changes: Sequence[Change], files: Texts, outermost: bool, choice: int) -> Writing:
    groups: dict[Slot, list[Change]] = {}
    for change in changes:
        groups.setdefault(_slot(change, files, outermost), []).append(change)
    edits: list[Edit] = []
    uniform = True
    for slot, group in groups.items():
        if not all(c.kept for c in group):
            alternatives = list(_alternatives(slot, group, files))
            if not alternatives:
                raise Unwritable("one call would have to say different things")
            edits += alternatives[min(choice, len(alternatives) - 1)]
            uniform &= not any(c.kept for c in group)
    return Writing(tuple(_merged(edits)), uniform)


def _alternatives(slot: Slot, group: Sequence[Change], files: Texts) -> Iterator[list[Edit]]:
    """Alternative edits that give every layer that one call builds its new argument."""
    current = slot.value(files)
    for inward in (group, group[::-1]):  # a decoder is often built from its end
        in_rows = row_edits(files, slot, [None if c.kept else c.value for c in inward])
        if in_rows:
            yield in_rows
    if current is not None:
        key = _config_key(current)
        yield from _in_config(slot, group, values_of_key(files, slot.span.path, key))
    value = _common(group) or _expression(slot, group, files)
    if not value:
        return
    if current is not None:
        yield [replaced(slot.span.path, current, value)]
    elif _DEFAULTS.get(slot.keyword) == value and not _takes_dicts(slot, files):
        yield []
    else:
        for node in dict_values(files, slot.span, slot.keyword):
            yield [replaced(slot.span.path, node, value)]
        yield insertion(files, slot.span, slot.keyword, value)


def _common(group: Sequence[Change]) -> str:
    values = {c.value for c in group}
    return values.pop() if len(values) == 1 else ""


def _takes_dicts(slot: Slot, files: Texts) -> bool:
    call = call_at(files, slot.span)
    return call is None or any(k.arg is None for k in call.keywords)


def _in_config(
    slot: Slot, group: Sequence[Change], places: Sequence[ast.expr]
) -> Iterator[list[Edit]]:
    """The value comes from a dict: one for all layers, or one for each, in their order."""
    if len(places) == len(group):
        pairs = [(p, c.value) for p, c in zip(places, group, strict=True) if not c.kept]
    elif len(places) == 1 and _common(group):
        pairs = [(places[0], _common(group))]
    else:
        return
    yield [replaced(slot.span.path, place, value) for place, value in pairs]


def _config_key(value: ast.expr) -> str:
    """``"op"`` of ``config["op"]`` and of ``config.op``; empty for anything else."""
    if isinstance(value, ast.Subscript) and isinstance(value.slice, ast.Constant):
        return str(value.slice.value)
    return value.attr if isinstance(value, ast.Attribute) else ""


# -- where an argument comes from -----------------------------------------------------------------


def _slot(change: Change, files: Texts, outermost: bool) -> Slot:
    """The argument to change: that of the layer's call, or the one that is passed on to it."""
    node = change.node
    first = node.layer_span or node.span
    if first is None:
        raise Unwritable("nobody knows where it was built")
    of = Slot.of_layer if node.layer_span else Slot.of_function
    slot = of(first, change.keyword, node.op)
    around = [b for b in node.builders if b != first]
    while outermost and node.layer_span:
        further = _passed_on(slot, around, files)
        if further is None:
            break
        slot = further
    return slot


def _passed_on(slot: Slot, around: Sequence[Span], files: Texts) -> Slot | None:
    """The argument of the call further out that becomes this one; None if there is none."""
    function = function_around(files, slot.span)
    call = call_at(files, slot.span)
    if function is None or call is None:
        return None
    outer = _call_of(function, slot.span, around, files)
    value = slot.value(files)
    if outer is None:
        return None
    if isinstance(value, ast.Name) and not _assigned(function, value.id):
        names = [a.arg for a in (*function.args.posonlyargs, *function.args.args)]
        if value.id in names:
            bound = names[:1] == ["self"]
            return Slot(outer, value.id, names.index(value.id) - bound)
        if value.id in [a.arg for a in function.args.kwonlyargs]:
            return Slot(outer, value.id)
    rest = function.args.kwarg.arg if function.args.kwarg else None
    unpacked = [k.value for k in call.keywords if k.arg is None]
    forwarded = [v.id for v in unpacked if isinstance(v, ast.Name)]
    return Slot(outer, slot.keyword) if value is None and rest in forwarded else None


def _call_of(
    function: ast.FunctionDef | ast.AsyncFunctionDef,
    inside: Span,
    around: Sequence[Span],
    files: Texts,
) -> Span | None:
    """The call that ran the function, or built the class whose constructor it is."""
    names = {function.name}
    if function.name == "__init__":
        classes = [n for n in files.nodes(inside.path) if isinstance(n, ast.ClassDef)]
        names.update(c.name for c in classes if function in c.body)
    for span in around:
        call = call_at(files, span)
        called = call.func if call else None
        if not names.isdisjoint((getattr(called, "id", ""), getattr(called, "attr", ""))):
            return span
    return None


def _assigned(function: ast.AST, name: str) -> bool:
    nodes = (n for n in ast.walk(function) if isinstance(n, ast.Name) and n.id == name)
    return any(isinstance(n.ctx, ast.Store) for n in nodes)


# -- one expression for several layers ------------------------------------------------------------

_LAWS: dict[str, Callable[[int, int, int], int]] = {
    "{s} % 2": lambda s, p, k: s % 2,
    "{s} - 1": lambda s, p, k: s - 1,
    "{s} + 2 * {p} - {k}": lambda s, p, k: s + 2 * p - k,
}
"""What it takes to multiply by the stride: ``s*n = (n - 1)s - 2p + k + output_padding``."""


def shared_expression(changes: Sequence[Change], files: Texts) -> str:
    """``stride % 2``, if one call builds all the layers and that is what they need; else empty."""
    for outermost in (True, False):
        with suppress(Unwritable):
            first, *others = {_slot(c, files, outermost) for c in changes}
            found = "" if others or first.value(files) else _expression(first, changes, files)
            if found:
                return found
    return ""


def _expression(slot: Slot, group: Sequence[Change], files: Texts) -> str:
    """One expression in the arguments of the call that gives each layer its value; else empty."""
    if slot.keyword != "output_padding":
        return ""
    for template, law in _LAWS.items():
        if all(_follows(law, c) for c in group):
            used = {w[1]: n for w, n in _NAMES.items() if w in template}
            texts = {w: _plain(slot, n, group[0], files) for w, n in used.items()}
            if all(texts.values()):
                return _for_every_dim(template, texts, group)
    return ""


_NAMES = {"{s}": "stride", "{p}": "padding", "{k}": "kernel_size"}


def _follows(law: Callable[[int, int, int], int], change: Change) -> bool:
    """Whether a law of stride, padding and kernel gives what the layer gets in every dim."""
    shapes = change.node.input_shapes
    kernel = [n.const for n in shapes[1][2:]] if len(shapes) > 1 else [0]
    s, p = (
        _per_dim(change.node.attrs.get(n, d), kernel) for n, d in (("stride", 1), ("padding", 0))
    )
    wanted = [law(*numbers) for numbers in zip(s, p, kernel)]
    return wanted == _per_dim(ast.literal_eval(change.value), kernel)


def _per_dim(value: Any, kernel: Sequence[int]) -> list[int]:
    return list(value) if isinstance(value, (list, tuple)) else [value] * len(kernel)


def _for_every_dim(template: str, texts: Mapping[str, str], group: Sequence[Change]) -> str:
    """``tuple(s - 1 for s in stride)`` where strides differ from dim to dim."""
    strides = [_per_dim(c.node.attrs.get("stride", 1), [0]) for c in group]
    if all(len(set(stride)) == 1 for stride in strides):
        return template.format(**texts)
    return f"tuple({template.format(**{**texts, 's': 's'})} for s in {texts['s']})"


def _plain(slot: Slot, keyword: str, change: Change, files: Texts) -> str:
    """The source of another argument of the call, if it can be written twice; else empty."""
    value = Slot.of_layer(slot.span, keyword, change.node.op).value(files)
    allowed = (ast.Name, ast.Attribute, ast.Subscript, ast.Constant, ast.BinOp)
    if value is None or any(isinstance(n, (ast.Call, ast.NamedExpr)) for n in ast.walk(value)):
        return ""
    if not isinstance(value, allowed):
        return ""
    text = source_of(files, slot.span.path, value)
    return f"({text})" if isinstance(value, ast.BinOp) else text


def _merged(edits: Sequence[Edit]) -> Iterator[Edit]:
    """Insertions at one place become one."""
    by_place: dict[Span, list[str]] = {}
    for edit in edits:
        texts = by_place.setdefault(edit.span, [])
        if edit.text not in texts:
            texts.append(edit.text)
    for span, texts in by_place.items():
        yield Edit(span, "".join(texts))
