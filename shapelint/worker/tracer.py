"""PyTorch runs, lengths ride along.

:class:`ShapeTracer` runs ``forward`` once on the meta device. Every call that PyTorch would make
passes through :meth:`ShapeTracer.call`: the real operation runs on meta tensors, the operation's
transfer function computes the symbolic shape, and the two must agree at the hint. The calls form a
``torch.fx.Graph``, in which sizes are the ints of this run.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import fx, nn
from torch.overrides import TorchFunctionMode
from torch.utils import _pytree as pytree

from shapelint.lengths.expr import Bounds, symbol
from shapelint.trace import Failure, Node, Span, Trace
from shapelint.worker import output_size
from shapelint.worker.autograd import run_forward_only
from shapelint.worker.caches import Caches
from shapelint.worker.call_cache import CachedCall
from shapelint.worker.claim import ShapeMismatch, explained, symbolic
from shapelint.worker.decompose import BY_PARTS, decomposed
from shapelint.worker.dtypes import converted
from shapelint.worker.frames import raised_at, user_span
from shapelint.worker.graph import CallGraph, SideGraph
from shapelint.worker.kernels import run_on_meta, unrecorded
from shapelint.worker.loading.stubs import is_missing
from shapelint.worker.masks import not_compared
from shapelint.worker.merging import PathMerger
from shapelint.worker.messages import Quiet, error_text
from shapelint.worker.modules import ModuleCalls
from shapelint.worker.names import op_name, renamed, transfer_of
from shapelint.worker.nested import has_lengths, tensors_in
from shapelint.worker.ops import LAX, QUERIES
from shapelint.worker.probe import probe
from shapelint.worker.python.caught import called, is_caught
from shapelint.worker.python.index_bounds import picks_outside
from shapelint.worker.python.legacy import constructors
from shapelint.worker.python.length import Length
from shapelint.worker.python.propagation import UNREAD, answered, propagation_of, with_numbers
from shapelint.worker.python.ranges.interval import mark_given
from shapelint.worker.python.repeated import joined, joins
from shapelint.worker.python.swaps import swapped
from shapelint.worker.python.uncounted import Pieces, PieceShapes
from shapelint.worker.record import OpCall, Records, exprs
from shapelint.worker.recorder import NeedFailed, Recorder, recording
from shapelint.worker.replay_cache import ReplayCache
from shapelint.worker.shapes import Shape, shape_of
from shapelint.worker.shown import wrapped
from shapelint.worker.tensor import ShapeTensor

TensorSpec = tuple[tuple[int | str, ...], torch.dtype]
"""An input: dims (ints, or names of symbols) and a dtype."""

Patch = Callable[["ShapeTracer", str, tuple[Any, ...], dict[str, Any]], Any]
"""What is to happen before a node runs: gives the arguments it runs with."""


class _Mode(TorchFunctionMode):
    def __init__(self, tracer: ShapeTracer) -> None:
        super().__init__()
        self.call = tracer.call

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return self.call(func, args, kwargs or {})


class ShapeTracer(fx.Tracer):
    """Runs a module at concrete sizes and records shapes, needs and branches.

    ``constructed`` maps ``id(module)`` to the spans that built it, innermost first; ``caches`` are
    shared by the runs of one model.
    """

    def __init__(
        self,
        constructed: Mapping[int, Sequence[Span]] | None = None,
        caches: Caches | None = None,
    ) -> None:
        super().__init__()
        self.constructed = constructed or {}
        self.caches = caches or Caches()

    # -- the run ----------------------------------------------------------------------------

    def run(
        self,
        root: nn.Module,
        inputs: Mapping[str, TensorSpec],
        hints: Mapping[str, int],
        known: Bounds | None = None,
        kwargs: Mapping[str, Any] | None = None,
        patches: Mapping[str, Patch] | None = None,
        crossed: Collection[int] = (),
    ) -> Trace:
        """Run ``root`` on ``inputs`` at the sizes ``hints``.

        ``inputs`` maps parameter names of ``forward`` to specs (integer keys are positions).
        ``known`` bounds the sizes of the domain, ``kwargs`` are constant keyword arguments,
        ``patches`` act before the graph nodes of these names. The branches whose indices among the
        events are in ``crossed`` are forced to the other side. An exception of the model ends up in
        the trace; raises ShapeMismatch for a bug of shapelint, and what :func:`is_missing` knows.
        """
        self._prepare(root, Recorder(hints, known, is_caught, crossed), patches or {})
        result: Any = None
        with recording(self.recorder), torch.no_grad(), self._watching(root):
            try:
                tensors = {n: self._placeholder(n, *spec) for n, spec in inputs.items()}
                result = called(root, tensors, kwargs or {})
                self.calls.output(result)
                self._ends_well()
            except Exception as exc:
                if (isinstance(exc, ShapeMismatch) and not crossed) or is_missing(exc):
                    raise
                return self.ended_by(exc)
        return self._trace(tensors_in(result))

    def _prepare(self, root: nn.Module, recorder: Recorder, patches: Mapping[str, Patch]) -> None:
        self.root = root
        self.graph = fx.Graph(tracer_cls=type(self))
        self.modules = ModuleCalls(root, self.constructed)
        self.calls = CallGraph(self.graph, self.modules.named)
        self.records = Records(self.modules)
        self.recorder = recorder
        self.patches = patches
        self.replay_cache: ReplayCache | None = None
        self._failed: Failure | None = None

    @property
    def nodes(self) -> list[Node]:
        """The calls so far."""
        return self.records.nodes

    @contextmanager
    def _watching(self, root: nn.Module) -> Iterator[None]:
        """While active, all calls of PyTorch functions and all uses of sizes are recorded."""
        with (
            Quiet(),
            _Mode(self),
            self.modules.routed(PathMerger(self).call),
            swapped(self.caches.swaps(root)),
            output_size.as_needs(self._ahead_of),
            not_compared(),
            swapped(constructors()),
            run_forward_only(),
        ):
            yield

    @contextmanager
    def side_run(self, recorder: Recorder, cache: ReplayCache) -> Iterator[CallGraph]:
        """While active, calls are recorded by ``recorder`` and are no part of this run."""
        kept = dict(vars(self))
        self.replay_cache = cache
        self.recorder, self.calls, self.records = (
            recorder,
            SideGraph(self.calls),
            Records(self.modules),
        )
        try:
            with recording(recorder):
                yield self.calls
        finally:
            vars(self).update(kept)

    def _placeholder(self, name: str, dims: Sequence[int | str], dtype: torch.dtype) -> ShapeTensor:
        sizes = self.recorder.sizes
        lengths = Shape(Length(sizes[d], symbol(d)) if isinstance(d, str) else d for d in dims)
        with torch._C.DisableTorchFunction():
            meta = torch.empty(tuple(map(int, lengths)), dtype=dtype, device="meta")
        name = name.replace(".", "_")
        node = self.calls.placeholder(f"input_{name}" if name[0].isdigit() else name)
        self.records.add(OpCall(None, "placeholder", None, (), {}, node, []), (lengths,))
        return mark_given(ShapeTensor.wrap(meta, lengths, node))

    def _ends_well(self) -> None:
        """Called when ``forward`` has returned: what PyTorch raised until then was caught."""
        if self._failed is not None and not self._failed.explained:
            self.recorder.lost(f"what PyTorch raises is caught: {self._failed.error}")
        self._failed = None
        self.recorder.ends_well()

    def ended_by(self, exc: Exception) -> Trace:
        """The trace of a run that ``exc`` has ended."""
        if self._failed is None:
            last = self.recorder.events[-1] if self.recorder.events else None
            explained = last is not None and last.kind == "need" and not last.holds
            self._failed = Failure(-1, error_text(exc), explained, raised_at(exc))
        return self._trace(())

    def _trace(self, results: Sequence[torch.Tensor]) -> Trace:
        return Trace(
            hints=dict(self.recorder.sizes),
            nodes=tuple(self.nodes),
            events=tuple(self.recorder.events),
            outputs=tuple(exprs(shape_of(t)) for t in results),
            failure=self._failed,
            checked=tuple(self.recorder.checked),
            lax=self.recorder.lax,
            replayed=tuple(self.recorder.replayed),
            raising=tuple(self.recorder.raising),
            inputs=tuple(n.index for n in self.nodes if n.op == "placeholder"),
            results=tuple(map(self.records.index_of, results)),
        )

    # -- one call ---------------------------------------------------------------------------

    def call(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Run one PyTorch function: the handler of ``__torch_function__``.

        Gives what the function returns, its lengths symbolic and, where they follow from sizes, its
        contents known.
        """
        name = op_name(func)
        if joins(name, args, kwargs):
            with _Mode(self):
                return joined(func, args, kwargs)
        number = answered(name, args)
        if number is not UNREAD:
            return number
        args, kwargs = with_numbers(name, args, renamed(func, kwargs))
        propagation = propagation_of(func, name, args, kwargs)
        result = self._made(func, name, args, kwargs)
        if propagation is not None:
            propagation.attach_to(result)
        return result

    def _made(self, func: Any, name: str, args: Any, kwargs: Any) -> Any:
        """What the function returns; wrapped and recorded if a length goes in, or if it fails."""
        lengths = has_lengths(args) or has_lengths(kwargs.values())
        if not lengths and not picks_outside(name, transfer_of(func), args, kwargs):
            return self.caches.kernels.without_lengths(func, args, kwargs)
        if (asked := QUERIES.get(name)) is not None:
            return asked(*args, **kwargs)
        func = BY_PARTS.get(name, func)
        transfer = transfer_of(func)
        if transfer is None and isinstance(func, types.FunctionType):
            with _Mode(self):  # written in Python: the calls that its body makes are seen
                return decomposed(func)(*args, **kwargs)
        if transfer is None and name.startswith("__get__"):
            return unrecorded(run_on_meta, func, args, kwargs)
        return self._apply(func, name, transfer, args, kwargs)

    def _apply(self, func: Any, name: str, transfer: Any, args: Any, kwargs: Any) -> Any:
        node = self.calls.call(func, name, args, kwargs)
        if node.name in self.patches:
            args, kwargs = self.patches[node.name](self, node.name, args, kwargs)
        call = OpCall(func, name, transfer, args, kwargs, node, tensors_in((args, kwargs)))
        self.recorder.node = len(self.nodes)
        found = self.caches.calls.look_up(call, self.recorder)
        claim, cached = found.claim, found.entry
        self.recorder.lax |= name in LAX
        try:
            real = cached and cached.result(args, claim.shapes)
            if real is None:
                real = self.caches.kernels.of(call, claim.shapes)
            if claim.failed is not None:
                raise claim.failed.error(str(claim.failed))
        except Exception as exc:
            if claim.failed is None or not claim.failed.caught:
                self._failed_at(call, exc, explained(call, claim, exc))
            raise
        if real is NotImplemented:  # ``x == "text"``: Python answers
            return real
        if claim.broken is not None:
            raised = f"{name}: transfer function raised {claim.broken!r}"
            raise ShapeMismatch(raised) from claim.broken
        if transfer is None:
            return self._wrap(call, real, probe(func, name, args, kwargs, real, self.recorder))
        result = self._wrap(call, converted(real, claim.dtypes), claim.shapes, cached)
        self.caches.calls.store(found, call, real, self.nodes[-1].local)
        return result

    def _ahead_of(self, func: Any, args: Any, demands: Callable[[], None]) -> None:
        """Record the needs that ``demands`` states as needs of a call that is about to be made."""
        self.recorder.node = len(self.nodes)
        try:
            demands()
        except NeedFailed as exc:
            name, error = op_name(func), exc.error(str(exc))
            node = self.calls.call(func, name, args, {})
            call = OpCall(func, name, None, args, {}, node, tensors_in(args))
            if not exc.caught:
                self._failed_at(call, error, explained=True)
            raise error from None

    def _failed_at(self, call: OpCall, exc: Exception, explained: bool) -> None:
        self._failed = Failure(len(self.nodes), error_text(exc), explained, user_span())
        self.records.add(call, ())

    def _wrap(self, call: OpCall, real: Any, claimed: Any, cached: CachedCall | None = None) -> Any:
        """The real result with symbolic lengths, after checking that the two agree."""
        shapes = symbolic(call, claimed, real)
        self.records.add(call, shapes, cached.local if cached else None)
        if isinstance(real, torch.Tensor):
            return wrapped(call, real, shapes[0], call.node)
        left = iter(enumerate(shapes))

        def one(tensor: torch.Tensor) -> ShapeTensor:
            index, shape = next(left)
            item = self.calls.item(call.node, index)
            self.records.add_item(item, call.node)
            return wrapped(call, tensor, shape, item, index)

        tensors = pytree.tree_map_only(torch.Tensor, one, real)
        return Pieces.of(tensors, claimed.cut) if isinstance(claimed, PieceShapes) else tensors

    def create_arg(self, a: Any) -> Any:
        """An argument as it stands in the graph: nodes for tensors, ints for lengths."""
        return self.calls.argument(a)
