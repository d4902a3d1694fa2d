"""Matrix products in all their spellings: linear, matmul, bmm, addmm, bilinear, tensordot.

The lengths that are summed over must be equal. Rules:
https://docs.pytorch.org/docs/stable/generated/torch.matmul.html; texts of errors:
``aten/src/ATen/native/LinearAlgebra.cpp`` (those of contiguous tensors).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from shapelint.worker.ops import ANYWHERE, COMPARING, op
from shapelint.worker.shapes import (
    Shape,
    broadcast,
    concrete,
    dim_index,
    either,
    eq,
    need,
    numel,
    shape_of,
)

COMPARING.update(dict.fromkeys(("linear", "matmul", "__matmul__", "bmm"), ANYWHERE))


@op("linear")
def linear(input: Any, weight: Any, bias: Any = None) -> Shape:
    """``in_features`` in the last dim become ``out_features``."""
    shape, matrix = shape_of(input), shape_of(weight)
    if len(matrix) == 1:
        return product(shape, matrix)
    out_features, in_features = matrix
    rows = numel(shape[:-1])
    _multiply((rows, shape[-1]), (in_features, out_features))
    if bias is not None:
        expands(shape_of(bias), (rows, out_features))
    return Shape((*shape[:-1], out_features))


@op("bilinear")
def bilinear(input1: Any, input2: Any, weight: Any, bias: Any = None) -> Shape:
    """``in1_features`` and ``in2_features`` in the last dims become ``out_features``."""
    first, second = shape_of(input1), shape_of(input2)
    out_features, *features = shape_of(weight)
    for i, (a, b) in enumerate(zip(first[:-1], second[:-1], strict=True)):
        _equal(a, b, "match", partial_text(
            "bilinear(): input batch dimensions do not match at dim {}: got {} and {}", i, a, b
        ))  # fmt: skip
    for i, n in enumerate((first[-1], second[-1])):
        _equal(n, features[i], "features", partial_text(
            "bilinear(): input{} size does not match weight size: got {} but expected {}",
            i + 1, n, features[i],
        ))  # fmt: skip
    return Shape((*first[:-1], out_features))


# -- matmul ---------------------------------------------------------------------------------------


@op("matmul", "__matmul__", "linalg_matmul")
def matmul(input: Any, other: Any, **kwargs: Any) -> Shape:
    """Rows by columns in the last two dims; the dims before them broadcast."""
    return product(shape_of(input), shape_of(other))


@op("__rmatmul__")
def reflected_matmul(self: Any, other: Any) -> Shape:
    """``other @ self``."""
    return product(shape_of(other), shape_of(self))


def product(a: Shape, b: Shape) -> Shape:
    """The shape of ``a @ b``; a vector on the left is a row, on the right a column."""
    if len(b) == 1:
        _times_vector(a, b[0])
        return Shape(a[:-1])
    if len(b) == 2:
        _multiply((numel(a[:-1]), a[-1]), b)
        return Shape((*a[:-1], b[1]))
    row = len(a) == 1
    batch = broadcast(a[:-2], b[:-2])
    _multiply_batches(numel(batch), a[-1], b[-2])
    return Shape((*batch, *(() if row else (a[-2],)), b[-1]))


def _times_vector(a: Shape, n: int) -> None:
    if len(a) == 1:
        _dot(a[0], n)
        return
    rows = numel(a[:-1])
    _equal(a[-1], n, "features", lambda: (
        f"size mismatch, got input ({int(rows)}), mat ({int(rows)}x{int(a[-1])}), vec ({int(n)})"
    ))  # fmt: skip


@op("mm", "_mm")
def mm(input: Any, mat2: Any, **kwargs: Any) -> Shape:
    """``(n, m) @ (m, p)``."""
    (n, m), (k, p) = shape_of(input), shape_of(mat2)
    _multiply((n, m), (k, p))
    return Shape((n, p))


@op("bmm")
def bmm(input: Any, mat2: Any, **kwargs: Any) -> Shape:
    """``(b, n, m) @ (b, m, p)``; the batches do not broadcast."""
    (b, n, m), (b2, k, p) = shape_of(input), shape_of(mat2)
    _equal(b, b2, "match", _batch2(b, m, b2, k))
    _equal(m, k, "features", _batch2(b, m, b2, k))
    return Shape((b, n, p))


@op("mv")
def mv(input: Any, vec: Any, **kwargs: Any) -> Shape:
    """``(n, m) @ (m,)``."""
    (n, m), (k,) = shape_of(input), shape_of(vec)
    _times_vector(Shape((n, m)), k)
    return Shape((n,))


@op("dot", "vdot")
def dot(input: Any, other: Any, **kwargs: Any) -> Shape:
    """A number, of two vectors of one length."""
    (n,), (k,) = shape_of(input), shape_of(other)
    _dot(n, k)
    return Shape(())


@op("inner")
def inner(input: Any, other: Any, **kwargs: Any) -> Shape:
    """All products of last dims."""
    a, b = shape_of(input), shape_of(other)
    if not a or not b:
        return a or b
    _equal(a[-1], b[-1], "features", lambda: (
        "inner() the last dimension must match on both input tensors but got shapes "
        f"{concrete(a)} and {concrete(b)}"
    ))  # fmt: skip
    return Shape((*a[:-1], *b[:-1]))


@op("outer", "ger")
def outer(input: Any, vec2: Any, **kwargs: Any) -> Shape:
    """Every element of one vector times every element of another."""
    (n,), (m,) = shape_of(input), shape_of(vec2)
    return Shape((n, m))


@op("kron")
def kron(input: Any, other: Any, **kwargs: Any) -> Shape:
    """Lengths multiply; missing dims in front are 1."""
    a, b = shape_of(input), shape_of(other)
    rank = max(len(a), len(b))
    left, right = ((*[1] * (rank - len(s)), *s) for s in (a, b))
    return Shape(n * m for n, m in zip(left, right, strict=True))


# -- with a sum -----------------------------------------------------------------------------------


@op("addmm", "_addmm_activation")
def addmm(input: Any, mat1: Any, mat2: Any, **kwargs: Any) -> Shape:
    """``input + mat1 @ mat2``; the input broadcasts."""
    out: Shape = mm(mat1, mat2)
    expands(shape_of(input), out)
    return out


@op("baddbmm")
def baddbmm(input: Any, batch1: Any, batch2: Any, **kwargs: Any) -> Shape:
    """``input + batch1 @ batch2``; the input broadcasts."""
    out: Shape = bmm(batch1, batch2)
    expands(shape_of(input), out)
    return out


@op("addbmm")
def addbmm(input: Any, batch1: Any, batch2: Any, **kwargs: Any) -> Shape:
    """``input`` plus all ``batch1[i] @ batch2[i]``."""
    (b, n, m), (b2, k, p) = shape_of(batch1), shape_of(batch2)
    expands(shape_of(input), (n, p))
    _equal(b, b2, "match", partial_text(
        "batch1 and batch2 must have same number of batches, got {} and {}", b, b2
    ))  # fmt: skip
    _equal(m, k, "features", lambda: (
        f"Incompatible matrix sizes for bmm ({int(n)}x{int(m)} and {int(k)}x{int(p)})"
    ))  # fmt: skip
    return Shape((n, p))


@op("addmv")
def addmv(input: Any, mat: Any, vec: Any, **kwargs: Any) -> Shape:
    """``input + mat @ vec``; the input is as long as the result, or 1."""
    (n, m), (k,) = shape_of(mat), shape_of(vec)
    size = numel(shape_of(input))
    text = f"size mismatch, got input ({int(size)}), mat ({int(n)}x{int(m)}), vec ({int(k)})"
    _equal(m, k, "features", text)
    need(either(eq(size, n), eq(size, 1)), "match", text, size, n)
    return Shape((n,))


@op("addr")
def addr(input: Any, vec1: Any, vec2: Any, **kwargs: Any) -> Shape:
    """``input`` plus the outer product; the input broadcasts."""
    out: Shape = outer(vec1, vec2)
    expands(shape_of(input), out)
    return out


@op("tensordot")
def tensordot(a: Any, b: Any, dims: Any = 2, dims_other: Any = None, **kwargs: Any) -> Shape:
    """What is not summed over of ``a``, then of ``b``; a summed length of 1 stretches."""
    first, second = shape_of(a), shape_of(b)
    left, right = _contracted(dims, dims_other)
    for i, j in zip(left, right, strict=True):
        n, m = first[i], second[j]
        need(
            either(eq(n, m), eq(n, 1), eq(m, 1)),
            "match",
            partial_text(
                "contracted dimensions need to match, but first has size {} in dim {} and "
                "second has size {} in dim {}", n, i, m, j,
            ),
            n,
            m,
        )  # fmt: skip
    return Shape((*_without(first, left), *_without(second, right)))


def _contracted(dims: Any, dims_other: Any) -> tuple[Sequence[int], Sequence[int]]:
    if dims_other is not None:
        return dims, dims_other
    if isinstance(dims, int):
        return range(-dims, 0), range(dims)
    left, right = dims
    return ([left], [right]) if isinstance(left, int) else (left, right)


def _without(shape: Shape, dims: Sequence[int]) -> list[int]:
    gone = {dim_index(d, len(shape)) for d in dims}
    return [n for i, n in enumerate(shape) if i not in gone]


# -- needs and their texts ------------------------------------------------------------------------


def partial_text(text: str, *values: int) -> Callable[[], str]:
    """The text with sizes filled in, once somebody wants to read it."""
    return lambda: text.format(*map(int, values))


def _equal(a: int, b: int, kind: Any, why: str | Callable[[], str]) -> None:
    need(eq(a, b), kind, why, a, b)


def _multiply(a: Sequence[int], b: Sequence[int]) -> None:
    text = "mat1 and mat2 shapes cannot be multiplied ({}x{} and {}x{})"
    _equal(a[1], b[0], "features", partial_text(text, *a, *b))


def _multiply_batches(batches: int, m: int, k: int) -> None:
    _equal(m, k, "features", _batch2(batches, m, batches, k))


def _batch2(b: int, m: int, b2: int, k: int) -> Callable[[], str]:
    return partial_text(
        "Expected size for first two dimensions of batch2 tensor to be: [{}, {}] "
        "but got: [{}, {}].", b, m, b2, k,
    )  # fmt: skip


def _dot(n: int, k: int) -> None:
    _equal(n, k, "features", partial_text(
        "inconsistent tensor size, expected tensor [{0}] and src [{1}] to have the same number "
        "of elements, but got {0} and {1} elements respectively", n, k,
    ))  # fmt: skip


def expands(shape: Sequence[int], target: Sequence[int]) -> None:
    """Need that a tensor expands to ``target``: each length is equal or 1."""
    offset = len(target) - len(shape)
    for i in reversed(range(len(shape))):
        n, wanted = shape[i], target[offset + i]
        need(
            either(eq(n, wanted), eq(n, 1)),
            "match",
            lambda n=n, wanted=wanted, dim=offset + i: (  # type: ignore[misc]
                f"The expanded size of the tensor ({int(wanted)}) must match the existing size "
                f"({int(n)}) at non-singleton dimension {dim}.  Target sizes: "
                f"{concrete(target)}.  Tensor sizes: {concrete(shape)}"
            ),
            n,
            wanted,
        )
