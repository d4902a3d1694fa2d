"""Which module is running: every ``module(...)`` of a run passes through here."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from torch import nn

from shapelint.trace import Span
from shapelint.worker.lazy import materialize


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

        All but that of the root are made by ``through(module, call, args, kwargs)``. To replace
        ``__call__`` itself takes Python a look at every class of modules there is.
        """
        original: Callable[..., Any] = nn.Module._call_impl

        def call(module: nn.Module, *args: Any, **kwargs: Any) -> Any:
            materialize(module, args, kwargs)
            if id(module) not in self._paths:  # built in forward: a function like any other
                return original(module, *args, **kwargs)
            self._stack.append(module)
            try:
                if len(self._stack) > 1:
                    return through(module, original, args, kwargs)
                return original(module, *args, **kwargs)
            finally:
                self._stack.pop()

        nn.Module._call_impl = call  # type: ignore[method-assign,assignment]
        try:
            yield
        finally:
            nn.Module._call_impl = original  # type: ignore[method-assign]

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
        spans: dict[Span, None] = {}
        for module in reversed(self._stack):
            spans.update(dict.fromkeys(self._constructed.get(id(module), ())))
        return tuple(spans)


def _runs_torch(module: nn.Module) -> bool:
    """Whether its ``forward`` is one of PyTorch: a layer, or a class derived from one."""
    return str(getattr(type(module).forward, "__module__", "")).startswith("torch.nn")
