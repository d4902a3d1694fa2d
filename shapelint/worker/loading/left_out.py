"""Submodules that are left out of a model because they need a file or a download.

For example the network of a perceptual loss, which downloads its weights. The rest of the model is
built; a run that reaches the missing part raises :class:`LeftOut`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from types import TracebackType
from typing import Any, TypeVar

from torch import nn

from shapelint.worker.loading.construct import constructor_of
from shapelint.worker.messages import error_text
from shapelint.worker.python.swaps import replaced

_MOST = 4
"""Classes that are left out of one model."""

T = TypeVar("T")


class LeftOut(ImportError):
    """A run reached a submodule that could not be built."""


_WANTING = (OSError, LeftOut)


def without_the_missing(make: Callable[[], T]) -> T:
    """What ``make`` builds, without the submodules that need files that are missing.

    Raises what ``make`` raises.
    """
    try:
        return make()
    except OSError as exc:
        first = exc
    left: list[type[nn.Module]] = []
    while len(left) < _MOST:
        try:
            with _leaving_out(left):
                return make()
        except Exception as exc:  # what stands behind may need more than that a part is there
            begun = list(in_construction(exc.__traceback__))
            insists = [type(m) for m in begun[1:]]
            for module in begun:
                _leave_out(module, exc)
            if not isinstance(exc, _WANTING) or not insists or insists[-1] in left:
                break
            left.append(insists[-1])
    raise first


def left_out(root: nn.Module) -> tuple[str, ...]:
    """In words, the parts that a model was built without."""
    why = (m.why for m in root.modules() if isinstance(m, _Missing))
    return tuple(dict.fromkeys(f"without a part: {each}" for each in why))


def in_construction(at: TracebackType | None) -> Iterator[nn.Module]:
    """The modules in whose constructors an error was raised, the outer before the inner."""
    last = None
    while at is not None:
        module = constructor_of(at.tb_frame)
        if module is not None and module is not last:
            yield module
        at, last = at.tb_next, module or last


@contextmanager
def _leaving_out(kinds: list[type[nn.Module]]) -> Iterator[None]:
    """In the body constructors of these classes that miss something give a part left out."""
    with ExitStack() as stack:
        for kind, init in [(kind, _lenient(kind.__init__)) for kind in kinds]:
            stack.enter_context(replaced(kind, "__init__", init))
        yield


def _lenient(original: Callable[..., None]) -> Callable[..., None]:
    def init(self: nn.Module, *args: Any, **kwargs: Any) -> None:
        try:
            original(self, *args, **kwargs)
        except _WANTING as exc:
            _leave_out(self, exc)

    return init


def _leave_out(module: nn.Module, exc: Exception) -> None:
    kind = type(module)
    vars(module).clear()
    module.__class__ = type(kind.__name__, (_Missing, kind), {})
    nn.Module.__init__(module)
    vars(module)["why"] = f"{kind.__name__} could not be built: {error_text(exc)}"


class _Missing(nn.Module):
    """Stands for a submodule that was left out; calling it, or reading an attribute, raises."""

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        raise LeftOut(self.why)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise LeftOut(vars(self)["why"])
