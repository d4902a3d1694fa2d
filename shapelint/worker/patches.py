"""Changes tried on a built model, and undone.

A patch is a JSON object whose ``kind`` says what it does:

``{"kind": "attr", "module": path, "name": "output_padding", "value": [1]}``
    sets an attribute; lists become tuples.
``{"kind": "kernel", "module": path, "kernel_size": [4], "padding": [1]}``
    resizes the kernel of a convolution or pooling layer.
``{"kind": "linear", "module": path, "in_features": n}``
    resizes a linear layer.
``{"kind": "lazy", "module": path}``
    lets a linear layer take its width from its first input.
``{"kind": "channels", "module": path, "in_channels": n}`` or ``"out_channels"``
    resizes a convolution.
``{"kind": "output_size", "module": decoder, "like": encoder}``
    passes ``output_size``, the spatial lengths of what the encoder layer got.
``{"kind": "fit", "node": name, "argument": i, "like": j, "dims": [-1]}``
    pads or crops, before a graph node runs, its ``i``-th tensor to the lengths of the ``j``-th.
``{"kind": "flatten", "node": name}``
    lets a view keep the batch and flatten the rest.
``{"kind": "argument", "node": name, "name": "output_padding", "value": [1]}``
    passes a keyword to the function of a graph node; with ``"position": i`` the argument at that
    position if it is there, with ``"rest": true`` the values instead of all arguments from there.
``{"kind": "multiple", "of": [16, 16], "behind": [0, 0], "least": [0, 0], "dims": [-2, -1]}``
    pads the first input of the model to so much behind a multiple, and at least to the ``least``
    lengths, and crops every output.
``{"kind": "cross", "events": [3, 8]}``
    forces a traced run to the other side of the branches with these indices in its events.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.modules.conv import _ConvTransposeNd
from torch.nn.parameter import is_lazy
from torch.utils import _pytree as pytree

from shapelint.worker.shapes import shape_of
from shapelint.worker.tracer import Patch, ShapeTracer


@contextmanager
def patched(root: nn.Module, patches: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Patch]]:
    """While active, patches are applied to ``root``; gives those that act before graph nodes.

    Raises KeyError for an unknown kind, AttributeError for an unknown module.
    """
    before_nodes: dict[str, Patch] = {}
    with ExitStack() as undo:
        for patch in patches:
            if patch["kind"] in _BEFORE_NODES:
                before = _BEFORE_NODES[patch["kind"]](patch)
                before_nodes[patch["node"]] = _both(before_nodes.get(patch["node"]), before)
            elif patch["kind"] == "multiple":
                _multiple(root, patch, undo)
            elif patch["kind"] != "cross":
                _KINDS[patch["kind"]](root.get_submodule(patch["module"]), root, patch, undo)
        yield before_nodes


def crossed(patches: Sequence[Mapping[str, Any]]) -> frozenset[int]:
    """The indices among the events of the branches that are forced to their other side."""
    return frozenset(i for p in patches if p["kind"] == "cross" for i in p["events"])


def _set(module: nn.Module, name: str, value: Any, undo: ExitStack) -> None:
    undo.callback(setattr, module, name, getattr(module, name))
    setattr(module, name, value)


def _resize(module: nn.Module, name: str, shape: Sequence[int], undo: ExitStack) -> None:
    """Give a parameter another shape, unless it takes that from the first input.

    Its values average their inputs, as in :func:`~.loading.build.fill_parameters`.
    """
    old = getattr(module, name)
    if old is not None and not is_lazy(old):
        value = 1 / max(1, torch.Size(shape[1:]).numel())
        _set(module, name, nn.Parameter(old.new_full(tuple(shape), value)), undo)


def _attr(module: nn.Module, root: nn.Module, patch: Mapping[str, Any], undo: ExitStack) -> None:
    value = patch["value"]
    _set(module, patch["name"], tuple(value) if isinstance(value, list) else value, undo)


def _kernel(module: nn.Module, root: nn.Module, patch: Mapping[str, Any], undo: ExitStack) -> None:
    size = tuple(patch["kernel_size"])
    for name in ("kernel_size", "padding", "stride", "output_padding"):
        if name in patch:
            _set(module, name, tuple(patch[name]), undo)
    weight = getattr(module, "weight", None)
    if weight is not None and not is_lazy(weight):
        _resize(module, "weight", (*weight.shape[:2], *size), undo)


def _linear(module: nn.Module, root: nn.Module, patch: Mapping[str, Any], undo: ExitStack) -> None:
    features = patch["in_features"]
    _set(module, "in_features", features, undo)
    _resize(module, "weight", (module.out_features, features), undo)  # type: ignore[arg-type]


def _lazy(module: nn.Module, root: nn.Module, patch: Mapping[str, Any], undo: ExitStack) -> None:
    above, _, name = patch["module"].rpartition(".")
    old = root.get_submodule(patch["module"])
    assert isinstance(old, nn.Linear)
    bias, weight = old.bias is not None, old.weight
    lazy = nn.LazyLinear(old.out_features, bias, device=weight.device, dtype=weight.dtype)
    _set(root.get_submodule(above), name, lazy, undo)


def _channels(
    module: nn.Module, root: nn.Module, patch: Mapping[str, Any], undo: ExitStack
) -> None:
    for name in ("in_channels", "out_channels"):
        if name in patch:
            _set(module, name, patch[name], undo)
    channels: list[Any] = [module.out_channels, module.in_channels]
    if isinstance(module, _ConvTransposeNd):
        channels.reverse()
    channels[1] //= module.groups
    _resize(module, "weight", (*channels, *module.kernel_size), undo)  # type: ignore[misc]
    _resize(module, "bias", (module.out_channels,), undo)  # type: ignore[arg-type]


def _output_size(
    module: nn.Module, root: nn.Module, patch: Mapping[str, Any], undo: ExitStack
) -> None:
    got: list[Any] = []

    def remember(encoder: nn.Module, args: Any) -> None:
        got.append(args[0].shape[2:])

    def pass_on(decoder: nn.Module, args: Any, kwargs: Any) -> Any:
        return args, {**kwargs, "output_size": list(got[-1])}

    encoder = root.get_submodule(patch["like"])
    undo.callback(encoder.register_forward_pre_hook(remember).remove)
    undo.callback(module.register_forward_pre_hook(pass_on, with_kwargs=True).remove)


_KINDS = {
    "attr": _attr,
    "kernel": _kernel,
    "linear": _linear,
    "lazy": _lazy,
    "channels": _channels,
    "output_size": _output_size,
}


def _multiple(root: nn.Module, patch: Mapping[str, Any], undo: ExitStack) -> None:
    """``F.pad(x, (0, -w % m, 0, -h % m))`` on the way in, ``[..., :h, :w]`` on the way out."""
    dims, steps = patch["dims"], list(zip(patch["of"], patch["behind"], patch["least"]))
    got: list[Any] = []

    def pad(module: nn.Module, args: Any, kwargs: Any) -> Any:
        leaves, spec = pytree.tree_flatten((args, kwargs))
        first = next(i for i, leaf in enumerate(leaves) if isinstance(leaf, torch.Tensor))
        got.append([leaves[first].shape[d] for d in dims])
        padding = [
            (0, max((r - n) % m, least - n) if least else (r - n) % m)
            for n, (m, r, least) in zip(got[-1], steps)
        ]
        leaves[first] = F.pad(leaves[first], [p for pair in reversed(padding) for p in pair])
        return pytree.tree_unflatten(leaves, spec)

    def crop(module: nn.Module, args: Any, output: Any) -> Any:
        window = (..., *(slice(n) for n in got.pop()))
        return pytree.tree_map_only(torch.Tensor, lambda t: t[window], output)

    undo.callback(root.register_forward_pre_hook(pad, with_kwargs=True).remove)
    undo.callback(root.register_forward_hook(crop).remove)


def _both(first: Patch | None, second: Patch) -> Patch:
    """One patch after the other."""
    if first is None:
        return second

    def before(tracer: ShapeTracer, node: str, args: Any, kwargs: Any) -> Any:
        args, kwargs = first(tracer, node, args, kwargs)
        return second(tracer, node, args, kwargs)

    return before


def _argument(patch: Mapping[str, Any]) -> Patch:
    name, value = patch["name"], patch["value"]
    given = tuple(value) if isinstance(value, list) else value

    def before(tracer: ShapeTracer, node: str, args: Any, kwargs: Any) -> Any:
        position = patch.get("position")
        if patch.get("rest"):
            return (*args[:position], *given), {}
        if position is not None and position < len(args):
            return (*args[:position], given, *args[position + 1 :]), kwargs
        return args, {**kwargs, name: given}

    return before


def _flatten(patch: Mapping[str, Any]) -> Patch:
    def before(tracer: ShapeTracer, node: str, args: Any, kwargs: Any) -> Any:
        return (args[0], shape_of(args[0])[0], -1), {}

    return before


def _fit(patch: Mapping[str, Any]) -> Patch:
    """Negative padding crops, so one call to ``F.pad`` does both."""

    def before(tracer: ShapeTracer, node: str, args: Any, kwargs: Any) -> Any:
        leaves, spec = pytree.tree_flatten((args, kwargs))
        at = [i for i, leaf in enumerate(leaves) if isinstance(leaf, torch.Tensor)]
        which = at[patch["argument"]]
        tensor, like = leaves[which], leaves[at[patch["like"]]]
        leaves[which] = tracer.call(F.pad, (tensor, _padding(tensor, like, patch["dims"])), {})
        return pytree.tree_unflatten(leaves, spec)

    return before


def _padding(tensor: Any, like: Any, dims: Sequence[int]) -> list[int]:
    """The argument of ``F.pad`` that gives ``tensor`` the lengths of ``like`` in ``dims``."""
    old, new = shape_of(tensor), shape_of(like)
    from_end = [d % len(old) - len(old) for d in dims]
    out: list[int] = []
    for d in range(-1, min(from_end) - 1, -1):
        out += [0, new[d] - old[d] if d in from_end else 0]
    return out


_BEFORE_NODES = {"fit": _fit, "flatten": _flatten, "argument": _argument}
