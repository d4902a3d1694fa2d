"""Which module is running: every ``module(...)`` of a run passes through here."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

from torch import nn

from shapelint.trace import Span
from shapelint.worker.lazy import materialize

_CALL = "_compiled_call_impl"
"""The attribute of a module that is called instead of it: ``torch.nn.Module.compile`` sets it."""


class ModuleCalls:
    """The stack of modules whose ``forward`` is under way, outermost first.

    ``constructed`` maps ``id(module)`` to the spans that built it, innermost first.
    """

    def __init__(self, root: nn.Module, constructed: Mapping[int, Sequence[Span]]) -> None:
        self._constructed = constructed
        self.named = dict(root.named_modules())
        self._paths = {id(m): path for path, m in self.named.items()}
        self._stack: list[nn.Module] = []

    @contextmanager
    def routed(self, through: Callable[..., Any]) -> Iterator[None]:
        """While active, calls made by a module are known to be its own.

        All but that of the root are made by ``through(module, call, args, kwargs)``. A module that
        is built in forward is a function like any other. To replace a method of ``nn.Module`` takes
        Python a look at every class of modules there is, and what it knew of each is forgotten.
        """

        def call(module: nn.Module, *args: Any, **kwargs: Any) -> Any:
            materialize(module, args, kwargs)
            original: Callable[..., Any] = type(module)._call_impl
            if id(module) not in self._paths:  # a copy made in forward
                return original(module, *args, **kwargs)
            self._stack.append(module)
            try:
                if len(self._stack) > 1:
                    return through(module, original, args, kwargs)
                return original(module, *args, **kwargs)
            finally:
                self._stack.pop()

        before = [(m.__dict__, m.__dict__.get(_CALL)) for m in self.named.values()]
        for module in self.named.values():
            module.__dict__[_CALL] = partial(call, module)
        try:
            yield
        finally:
            for attributes, compiled in before:
                attributes[_CALL] = compiled
                if compiled is None:
                    del attributes[_CALL]

    @property
    def path(self) -> str:
        """The path of the innermost module, ``""`` for the root and for none."""
        return self._paths.get(id(self._stack[-1]), "") if self._stack else ""

    @property
    def type_name(self) -> str:
        """The class of the innermost module, ``""`` for none."""
        return type(self._stack[-1]).__name__ if self._stack else ""

    @property
    def layer_span(self) -> Span | None:
        """The constructor call of the innermost module, if that runs as a layer of PyTorch."""
        if not self._stack or not _runs_torch(self._stack[-1]):
            return None
        built = self._constructed.get(id(self._stack[-1]), ())
        return built[0] if built else None

    @property
    def builders(self) -> tuple[Span, ...]:
        """The constructor calls of all modules around, innermost first, each once."""
        if not self._constructed:
            return ()
        spans: dict[Span, None] = {}
        for module in reversed(self._stack):
            spans.update(dict.fromkeys(self._constructed.get(id(module), ())))
        return tuple(spans)


def _runs_torch(module: nn.Module) -> bool:
    """Whether its ``forward`` is one of PyTorch: a layer, or a class derived from one."""
    return str(getattr(type(module).forward, "__module__", "")).startswith("torch.nn")
