"""Einstein sums.

Rules: https://docs.pytorch.org/docs/stable/generated/torch.einsum.html; texts of errors:
``aten/src/ATen/native/Linear.cpp``.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from typing import Any

from shapelint.worker.ops import op
from shapelint.worker.shapes import Shape, broadcast_length, eq, need, shape_of

Labels = list[Hashable]
"""Letters; a dim under the ellipsis is ``(..., k)``, counted from the right."""


@op("einsum")
def einsum(equation: Any, *operands: Any, **kwargs: Any) -> Shape:
    """The length of each output label; equal labels have equal lengths, or 1."""
    terms, output, tensors = parse(equation, operands)
    shapes = [shape_of(t) for t in tensors]
    rows = [_expanded(t, len(s) - len(t) + 1) for t, s in zip(terms, shapes, strict=True)]
    lengths: dict[Hashable, int] = {}
    for i, (labels, shape) in enumerate(zip(rows, shapes, strict=True)):
        _see(lengths, i, labels, shape)
    if output is None:
        output = _implicit(terms)
    widest = max(
        (len(s) - len(t) + 1 for t, s in zip(terms, shapes, strict=True) if ... in t), default=0
    )
    return Shape(lengths[label] for label in _expanded(output, widest))


def parse(equation: Any, operands: Sequence[Any]) -> tuple[list[Labels], Labels | None, list[Any]]:
    """Labels of every operand, of the output if it is given, and the operands.

    Reads ``"ij,jk->ik", x, y`` and ``x, [0, 1], y, [1, 2], [0, 2]``.
    """
    if not isinstance(equation, str):
        flat = [equation, *operands]
        count = len(flat) // 2
        output = _letters(flat[-1]) if len(flat) % 2 else None
        return [_letters(flat[2 * i + 1]) for i in range(count)], output, flat[0 : 2 * count : 2]
    if len(operands) == 1 and isinstance(operands[0], (tuple, list)):
        operands = operands[0]
    left, arrow, right = equation.replace(" ", "").partition("->")
    return [_labels(t) for t in left.split(",")], _labels(right) if arrow else None, [*operands]


def _labels(term: str) -> Labels:
    return [... if m == "..." else m for m in re.findall(r"\.\.\.|[A-Za-z]", term)]


def _letters(numbers: Iterable[Any]) -> Labels:
    """0 to 25 are ``A`` to ``Z``, 26 to 51 ``a`` to ``z``."""
    return [... if n is ... else chr(n + 65 if n < 26 else n - 26 + 97) for n in numbers]


def _expanded(labels: Labels, dims: int) -> Labels:
    """The ellipsis as ``dims`` labels of its own."""
    out: Labels = []
    for label in labels:
        out += [(..., k) for k in reversed(range(dims))] if label is ... else [label]
    return out


def _implicit(terms: list[Labels]) -> Labels:
    """The ellipsis, then in alphabetical order what occurs once."""
    counts = Counter(label for term in terms for label in term if label is not ...)
    once = sorted(str(label) for label, n in counts.items() if n == 1)
    return [*([...] if any(... in t for t in terms) else []), *once]


def _see(lengths: dict[Hashable, int], operand: int, labels: Labels, shape: Shape) -> None:
    for j, (label, n) in enumerate(zip(labels, shape, strict=True)):
        if label in labels[:j]:
            _diagonal(label, operand, n, shape[labels.index(label)])
            continue
        before = lengths.get(label, 1)

        def why(label: Any = label, n: int = n, j: int = j, before: int = before) -> str:
            if isinstance(label, str):
                return (
                    f"einsum(): subscript {label} has size {int(n)} for operand {operand} which "
                    f"does not broadcast with previously seen size {int(before)}"
                )
            return (
                f"einsum(): dimension {j} covered by ellipsis in operand {operand}has size "
                f"{int(n)} which does not broadcast with previously seen ellipsis with size "
                f"{int(before)} for the respective dimension"
            )

        lengths[label] = broadcast_length(before, n, why)


def _diagonal(label: Hashable, operand: int, n: int, first: int) -> None:
    need(
        eq(n, first),
        "match",
        lambda: (
            f"einsum(): subscript {label} is repeated for operand {operand} but the sizes don't "
            f"match, {int(n)} != {int(first)}"
        ),
        n,
        first,
    )
