"""Arithmetic on doubles computed from lengths: each remembers how it came about."""

from __future__ import annotations

from typing import Any, TypeVar

from shapelint.lengths.real import Real
from shapelint.worker.python.compared import Compared, operand
from shapelint.worker.python.escapes import became_key, became_text
from shapelint.worker.recorder import current

D = TypeVar("D", bound="Double")


class Double(Compared, float):
    """A double computed from lengths."""

    formula: Real
    """How it was computed (``real`` is taken: every float has one)."""

    def __new__(cls: type[D], value: float, formula: Real) -> D:
        """``value`` is what ``formula`` is in this run."""
        self = super().__new__(cls, value)
        self.formula = formula
        return self

    def __bool__(self) -> bool:
        return bool(self != 0.0)

    def __hash__(self) -> int:
        became_key()
        return float.__hash__(self)

    def __repr__(self) -> str:
        became_text()
        return float.__repr__(self)

    def __format__(self, spec: str) -> str:
        became_text()
        return float.__format__(self, spec)

    def __deepcopy__(self: D, memo: object) -> D:
        return self

    def __reduce__(self) -> Any:
        return float, (float(self),)


_DIVIDING = frozenset({"/", "//", "%"})


def _binary(op: str, reverse: bool) -> Any:
    def method(self: Double, other: Any) -> Any:
        if not isinstance(other, (int, float)):
            return NotImplemented
        sides = (other, self) if reverse else (self, other)
        if op in _DIVIDING and isinstance(sides[1], Compared):
            bool(sides[1] == 0)  # Python raises there: another way through the model
        real = Real(op, tuple(operand(s) for s in sides))
        return type(self)(real.at(sizes_of_run()), real)

    return method


for _name, _op in {
    "add": "+", "sub": "-", "mul": "*", "truediv": "/", "floordiv": "//", "mod": "%", "pow": "**",
}.items():  # fmt: skip
    setattr(Double, f"__{_name}__", _binary(_op, reverse=False))
    setattr(Double, f"__r{_name}__", _binary(_op, reverse=True))


def _unary(op: str) -> Any:
    def method(self: Double) -> Double:
        real = Real(op, (self.formula,))
        return type(self)(real.at(sizes_of_run()), real)

    return method


Double.__neg__ = _unary("neg")  # type: ignore[method-assign]
Double.__abs__ = _unary("abs")  # type: ignore[method-assign]


def sizes_of_run() -> dict[str, int]:
    """The sizes of the run under way. Raises RuntimeError outside of one."""
    recorder = current()
    if recorder is None:
        raise RuntimeError("a length is used outside the run it belongs to")
    return recorder.sizes
