"""``[x] * n``: a list that is as long as a length says.

To stack or join its members takes no more than their number. Whatever goes through them speaks for
the sizes that give as many, so it is a branch.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.utils import _pytree as pytree

from shapelint.worker.python.compared import fixed

_JOINS = frozenset({"cat", "concat", "concatenate", "stack"})


class Repeated(list[Any]):
    """The list as it is in this run. Whatever depends on its length, or changes it, is a branch."""

    members: list[Any]
    times: Any = None
    """How often ``members`` stand in the list: a length; None once it is as long as in this run."""

    @staticmethod
    def of(members: list[Any], times: Any) -> Repeated:
        """``members * times``."""
        self = Repeated(members * int(times))
        self.members, self.times = members, times
        return self

    def settle(self) -> None:
        """From here on it is as long as it is in this run."""
        if self.times is not None:
            fixed(self.times, "a sequence is repeated as often as a length says")
            self.times = None


def _settling(name: str) -> Callable[..., Any]:
    own = getattr(list, name)

    def method(self: Repeated, *args: Any, **kwargs: Any) -> Any:
        self.settle()
        return own(self, *args, **kwargs)

    return method


for _name in """
    __add__ __contains__ __delitem__ __eq__ __ge__ __getitem__ __gt__ __iadd__ __imul__ __iter__
    __le__ __len__ __lt__ __mul__ __ne__ __repr__ __reversed__ __rmul__ __setitem__ append clear
    copy count extend index insert pop remove reverse sort
""".split():  # noqa: SIM905
    setattr(Repeated, _name, _settling(_name))


def _radd(self: Repeated, other: list[Any]) -> list[Any]:
    self.settle()
    return [*other, *list.__iter__(self)]


Repeated.__radd__ = _radd  # type: ignore[attr-defined]


def joins(name: str, args: Any, kwargs: Any) -> bool:
    """Whether a call joins the members of such a list along one dim."""
    repeated = args[0] if args else None
    return (
        name in _JOINS
        and type(repeated) is Repeated
        and kwargs.get("out") is None
        and repeated.times is not None
        and all(isinstance(member, torch.Tensor) for member in repeated.members)
        and repeated.times >= 1
    )


def joined(func: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    """The result of such a call: the members joined once, and then repeated."""
    repeated, *rest = args
    times: Any = repeated.times
    once = func(repeated.members, *rest, **kwargs)
    dim = rest[0] if rest else kwargs.get("dim", kwargs.get("axis", 0))
    return once.repeat([times if d == dim % once.dim() else 1 for d in range(once.dim())])


def _flatten(repeated: Repeated) -> tuple[list[Any], None]:
    return list(repeated), None


def _unflatten(members: Any, _: None) -> list[Any]:
    return list(members)


pytree.register_pytree_node(Repeated, _flatten, _unflatten)
