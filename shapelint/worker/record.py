"""The calls of a run, recorded as the nodes of its trace."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import torch
from torch import fx

from shapelint.lengths.expr import Expr, constant
from shapelint.trace import Node
from shapelint.worker.frames import user_span
from shapelint.worker.local_map import local_map
from shapelint.worker.modules import ModuleCalls
from shapelint.worker.python.length import expr_of
from shapelint.worker.shapes import Shape
from shapelint.worker.tensor import ShapeTensor

_PLAIN = frozenset({type(None), bool, int, float, str})


@dataclass(frozen=True)
class OpCall:
    """One call of a PyTorch function."""

    func: Any
    name: str
    transfer: Any
    """The transfer function of ``func``; None if it has none."""
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    node: fx.Node
    tensors: list[torch.Tensor]
    """All tensors in its arguments, in pytree order."""


Local = tuple[Expr | None, ...]


class Records:
    """The nodes of a trace, in the order of execution."""

    def __init__(self, modules: ModuleCalls) -> None:
        self.nodes: list[Node] = []
        self._modules = modules
        self._index: dict[fx.Node, int] = {}

    def add(self, call: OpCall, shapes: tuple[Shape, ...], local: Local | None = None) -> None:
        """Record a call that returned tensors of these shapes; none if it failed.

        ``local`` is its :func:`local_map`, if that is known.
        """
        tensors, modules = call.tensors, self._modules
        if local is None:
            local = local_map(call.transfer, call.args, call.kwargs, shapes)
        record = Node(
            index=len(self.nodes),
            name=call.node.name,
            op=call.name.strip("_") if call.name != "__getitem__" else "getitem",
            inputs=tuple(map(self.index_of, tensors)),
            input_shapes=tuple(map(_exprs_of, tensors)),
            shapes=tuple(map(exprs, shapes)),
            module=modules.path,
            module_type=modules.type_name,
            attrs=_attrs(call),
            span=user_span(),
            layer_span=modules.layer_span,
            builders=modules.builders,
            local=local,
        )
        call.node.meta["lengths"] = shapes
        call.node.meta["record"] = record
        self._index[call.node] = record.index
        self.nodes.append(record)

    def index_of(self, tensor: torch.Tensor) -> int:
        """The node that made a tensor, -1 for one that no call of this run made."""
        return self._index.get(tensor.node, -1) if type(tensor) is ShapeTensor else -1

    def put_right(self, tensor: torch.Tensor, lengths: Shape) -> None:
        """Replace the shape in the node that made ``tensor``, if that returned nothing else."""
        index = self.index_of(tensor)
        if index >= 0 and len(self.nodes[index].shapes) == 1:
            self.nodes[index] = replace(self.nodes[index], shapes=(exprs(lengths),))

    def add_item(self, item: fx.Node, of: fx.Node) -> None:
        """Record that ``item`` is one of several results of the call ``of``."""
        self._index[item] = self._index[of]


def _exprs_of(tensor: torch.Tensor) -> tuple[Expr, ...]:
    if type(tensor) is ShapeTensor:
        return exprs(tensor.lengths)
    with torch._C.DisableTorchFunction():
        return tuple(map(constant, tensor.shape))


def exprs(shape: Sequence[int]) -> tuple[Expr, ...]:
    """The expressions of a shape."""
    return tuple(map(expr_of, shape))


def _attrs(call: OpCall) -> dict[str, Any]:
    """Plain arguments by the parameter names of the transfer function."""
    if call.transfer is None:
        return {}
    named = dict(zip(_parameters(call.transfer), call.args))
    named.update(call.kwargs)
    return {k: _plain(v) for k, v in named.items() if type(v) in _PLAIN or _is_plain(v)}


@lru_cache(maxsize=4096)
def _parameters(transfer: Any) -> tuple[str, ...]:
    code = transfer.__code__
    return tuple(code.co_varnames[: code.co_argcount])


def _is_plain(value: Any) -> bool:
    if isinstance(value, (tuple, list)):
        return all(map(_is_plain, value))
    return value is None or isinstance(value, (int, float, str))


def _plain(value: Any) -> Any:
    if type(value) in _PLAIN:
        return value
    if isinstance(value, (tuple, list)):
        return [_plain(v) for v in value]
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    return int(value) if isinstance(value, int) else float(value)
