"""The calls of one run as a ``torch.fx.Graph``, in which sizes are the ints of this run."""

from __future__ import annotations

import types
from collections.abc import Mapping
from typing import Any

import torch
from torch import fx, nn
from torch.utils import _pytree as pytree

from shapelint.worker.python.length import Length, LengthFloat
from shapelint.worker.tensor import ShapeTensor

_PLAIN = frozenset({int, float, str, bool, complex, type(None), type(...)})
_OTHERS = (int, float, str, complex, torch.dtype, torch.device, torch.layout, torch.memory_format)


class CallGraph:
    """Builds the graph; parameters, buffers and constants become one ``get_attr`` node each.

    ``modules`` are those of the model, by path.
    """

    def __init__(self, graph: fx.Graph, modules: Mapping[str, nn.Module]) -> None:
        self.graph = graph
        self._names: dict[int, str] = {}
        for path, module in modules.items():
            for name, tensor in (*module._parameters.items(), *module._buffers.items()):
                self._names.setdefault(id(tensor), f"{path}.{name}" if path else name)
        self._nodes: dict[str, fx.Node] = {}
        self._constants: list[torch.Tensor] = []  # kept alive, so that no id is used twice

    def placeholder(self, name: str) -> fx.Node:
        """An input of the model."""
        return self.graph.create_node("placeholder", name, (), {})

    def call(self, func: Any, name: str, args: Any, kwargs: Any) -> fx.Node:
        """A call of the function or method ``func``."""
        method = isinstance(func, (types.MethodDescriptorType, types.WrapperDescriptorType))
        target = name.removeprefix("Tensor.") if method else func
        kind = "call_method" if method else "call_function"
        plain_args = tuple(map(self.argument, args))
        plain_kwargs = {k: self.argument(v) for k, v in kwargs.items()}
        node = self.graph.create_node(kind, target, (), {}, name.strip("_"))
        node.args = plain_args  # set afterwards, as create_node would look for SymInts in them
        if kwargs:
            node.kwargs = plain_kwargs
        return node

    def item(self, node: fx.Node, index: int) -> fx.Node:
        """One of several results."""
        return self.graph.create_node("call_function", _getitem, (node, index), {})

    def output(self, result: Any) -> None:
        """What ``forward`` returned."""
        self.graph.create_node("output", "output", (self.argument(result),), {})

    def argument(self, value: Any) -> Any:
        """An argument as it stands in the graph: nodes for tensors, ints for lengths."""
        kind = type(value)
        if kind in _PLAIN:
            return value
        if kind is ShapeTensor:
            return value.node
        if isinstance(value, torch.Tensor):
            return self._attribute(value)
        if isinstance(value, (Length, LengthFloat)):
            return int(value) if isinstance(value, int) else float(value)
        if isinstance(value, (tuple, list)) and not hasattr(value, "_fields"):
            return (list if kind is list else tuple)(map(self.argument, value))
        if isinstance(value, dict):
            return {k: self.argument(v) for k, v in value.items()}
        if isinstance(value, slice):
            return slice(*map(self.argument, (value.start, value.stop, value.step)))
        return value if isinstance(value, _OTHERS) else repr(value)

    def _attribute(self, tensor: torch.Tensor) -> fx.Node:
        name = self._names.get(id(tensor))
        if name is None:
            name = self._names[id(tensor)] = f"_tensor_constant{len(self._names)}"
            self._constants.append(tensor)
        if name not in self._nodes:
            label = name.replace(".", "_")
            self._nodes[name] = self.graph.create_node("get_attr", name, (), {}, label)
        return self._nodes[name]


class ForeignTensor(BaseException):
    """A replayed call met a tensor of another run. No Exception: a model must not catch it."""


class SideGraph(CallGraph):
    """The graph of a replayed call, which knows no tensor of the run but those passed to it."""

    def __init__(self, main: CallGraph) -> None:
        vars(self).update(vars(main))
        self.graph, self._nodes = fx.Graph(), {}

    def argument(self, value: Any) -> Any:
        """An argument. Raises ForeignTensor for a tensor of another graph."""
        if type(value) is ShapeTensor and value.node.graph is not self.graph:
            raise ForeignTensor
        return super().argument(value)


def _getitem(values: Any, index: int) -> Any:
    """Element of a result, in pytree order."""
    return [t for t in pytree.tree_leaves(values) if isinstance(t, torch.Tensor)][index]
