"""Several tensors in one argument of ``forward``, each an input named ``argument.item``.

==========================  ====================================================
code of ``forward``         inputs
==========================  ====================================================
``text, mels = batch``      ``batch.text`` and ``batch.mels``, packed in a tuple
``batch["image"]``          ``batch.image``, packed in a dict
==========================  ====================================================

Inputs named by numbers, ``batch.0`` and ``batch.1``, are packed in a tuple as well: how many
tensors a list has that ``forward`` indexes or loops over, only runs tell.
"""

from __future__ import annotations

import ast
import inspect
import re
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from torch import nn

from shapelint.worker.python.rewriting import definition_of

_LIST = re.compile(r"'?(List|list|Sequence)\[(Float)?Tensor\]'?")


def packed(root: nn.Module, tensors: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of ``forward`` by name, for ``tensors`` by the name of the input.

    Elements of a tuple for which there is no tensor are None.
    """
    plain: dict[str, Any] = {}
    parts: dict[str, dict[str, Any]] = defaultdict(dict)
    for name, tensor in tensors.items():
        argument, _, item = name.partition(".")
        plain[argument] = tensor
        if item:
            plain[argument] = parts[argument]
            parts[argument][item] = tensor
    return plain | {name: _together(root, name, items) for name, items in parts.items()}


def _together(root: nn.Module, argument: str, items: Mapping[str, Any]) -> Any:
    names = _unpacked(_forward(root), argument)
    if all(item.isdigit() for item in items):
        names = [str(i) for i in range(1 + max(map(int, items)))]
    return tuple(items.get(name) for name in names) if names else dict(items)


def items_of(root: nn.Module, argument: str) -> list[str]:
    """The inputs that ``forward`` takes out of an argument; none if it may be a tensor itself.

    It may be one if ``forward`` tests what it is, or rebinds its name before taking items.
    """
    forward = _forward(root)
    read = {n.id for n in _walk(forward) if isinstance(n, ast.Name) and _is_read(n)}
    names = [name for name in _unpacked(forward, argument) if name in read]
    return [f"{argument}.{name}" for name in names or dict.fromkeys(_keys(forward, argument))]


def is_list(root: nn.Module, argument: str) -> bool:
    """Whether ``forward`` takes an argument apart as it would a list of tensors.

    ``features[-1]``, ``features[i]``, ``for x in features``: of a tensor that would be its batch.
    So it does if the argument is annotated as one, ``list[torch.Tensor]``.
    """
    if _LIST.fullmatch(_annotation(root, argument)):
        return True
    for node in _as_given(_forward(root), argument):
        if isinstance(node, (ast.For, ast.comprehension)) and _is(argument, node.iter):
            return True
        if isinstance(node, ast.Subscript) and _is(argument, node.value):
            number = not isinstance(node.slice, (ast.Tuple, ast.Slice, ast.Compare))
            constant = node.slice.value if isinstance(node.slice, ast.Constant) else 0
            if number and isinstance(constant, int) and _is_read(node):
                return True
    return False


def _annotation(root: nn.Module, argument: str) -> str:
    """The text of its annotation, without the modules that names come from; else empty."""
    parameter = inspect.signature(root.forward).parameters.get(argument)
    if parameter is None or parameter.annotation is parameter.empty:
        return ""
    return re.sub(r"\w+\.", "", inspect.formatannotation(parameter.annotation))


def _unpacked(forward: ast.AST | None, argument: str) -> list[str]:
    """The names in ``text, mels = argument``; none if there is no such statement."""
    for node in _as_given(forward, argument):
        if isinstance(node, ast.Assign) and _is(argument, node.value):
            (target, *_) = node.targets
            names = target.elts if isinstance(target, (ast.Tuple, ast.List)) else []
            if names and all(isinstance(name, ast.Name) for name in names):
                return [name.id for name in names if isinstance(name, ast.Name)]
    return []


def _keys(forward: ast.AST | None, argument: str) -> Iterator[str]:
    """The keys in ``argument["key"]``."""
    for node in _as_given(forward, argument):
        if isinstance(node, ast.Subscript) and _is(argument, node.value) and _is_read(node):
            key = node.slice.value if isinstance(node.slice, ast.Constant) else None
            if isinstance(key, str) and key.isidentifier():
                yield key


def _as_given(forward: ast.AST | None, argument: str) -> Iterator[ast.AST]:
    """The nodes that run whatever the argument is, before its name is bound to another value."""
    names = (n for n in _walk(forward) if isinstance(n, ast.Name) and _is(argument, n))
    last = min((n.lineno for n in names if not _is_read(n)), default=sys.maxsize)
    asked = {
        inside
        for node in _walk(forward)
        if isinstance(node, (ast.If, ast.IfExp)) and any(_is(argument, n) for n in _walk(node.test))
        for inside in _walk(node)
    }
    for node in _walk(forward):
        if node not in asked and getattr(node, "lineno", 0) <= last:
            yield node


def _forward(root: nn.Module) -> ast.AST | None:
    """The definition of ``forward``; None if there is no source."""
    code = getattr(inspect.unwrap(root.forward), "__code__", None)
    return definition_of(code, code.co_filename) if code is not None else None


def _walk(tree: ast.AST | None) -> Iterator[ast.AST]:
    return ast.walk(tree) if tree is not None else iter(())


def _is(name: str, node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _is_read(node: ast.Name | ast.Subscript) -> bool:
    return isinstance(node.ctx, ast.Load)
