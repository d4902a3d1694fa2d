"""Decompositions, inverses and equations of matrices.

Shapes: https://docs.pytorch.org/docs/stable/linalg.html; texts of errors:
``aten/src/ATen/native/LinearAlgebraUtils.h``.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

from shapelint.lengths.conditions import all_of
from shapelint.worker.ops import op
from shapelint.worker.ops.linear import product
from shapelint.worker.shapes import Shape, broadcast, concrete, dim_index, eq, ge, need, shape_of


def _square(name: str, shape: Shape) -> None:
    n, m = shape[-2:]
    need(
        eq(n, m),
        "match",
        lambda: (
            f"{name}: A must be batches of square matrices, "
            f"but they are {int(n)} by {int(m)} matrices"
        ),
        n,
        m,
    )


def _keeps_shape(words: str) -> Callable[..., Shape]:
    def transfer(A: Any, *args: Any, **kwargs: Any) -> Shape:
        _square(words, shape_of(A))
        return shape_of(A)

    return transfer


def _number_each(words: str) -> Callable[..., Shape]:
    def transfer(A: Any, *args: Any, **kwargs: Any) -> Shape:
        _square(words, shape_of(A))
        return Shape(shape_of(A)[:-2])

    return transfer


op("inverse", "linalg_inv")(_keeps_shape("linalg.inv"))
op("linalg_cholesky")(_keeps_shape("linalg.cholesky"))
op("cholesky")(_keeps_shape("cholesky"))
op("matrix_exp", "linalg_matrix_exp")(_keeps_shape("linalg.matrix_exp"))
op("matrix_power", "linalg_matrix_power")(_keeps_shape("linalg.matrix_power"))
op("det", "linalg_det")(_number_each("linalg.det"))
op("logdet")(_number_each("logdet"))


@op("slogdet", "linalg_slogdet")
def slogdet(A: Any, **kwargs: Any) -> tuple[Shape, Shape]:
    """Sign and logarithm for each matrix."""
    _square("linalg.slogdet", shape_of(A))
    batch = Shape(shape_of(A)[:-2])
    return batch, batch


@op("trace")
def trace(input: Any) -> Shape:
    """A number; the matrix need not be square."""
    return Shape(())


@op("linalg_eigh")
def eigh(A: Any, UPLO: str = "L", **kwargs: Any) -> tuple[Shape, Shape]:
    """Eigenvalues and eigenvectors."""
    _square("linalg.eigh", shape_of(A))
    return Shape(shape_of(A)[:-1]), shape_of(A)


@op("linalg_eig")
def eig(A: Any, **kwargs: Any) -> tuple[Shape, Shape]:
    """Eigenvalues and eigenvectors."""
    _square("linalg.eig", shape_of(A))
    return Shape(shape_of(A)[:-1]), shape_of(A)


@op("linalg_eigvalsh")
def eigvalsh(A: Any, UPLO: str = "L", **kwargs: Any) -> Shape:
    """Eigenvalues."""
    _square("linalg.eigh", shape_of(A))
    return Shape(shape_of(A)[:-1])


@op("linalg_svd")
def linalg_svd(A: Any, full_matrices: bool = True, **kwargs: Any) -> tuple[Shape, Shape, Shape]:
    """``U``, ``S`` and ``Vh``."""
    *batch, n, m = shape_of(A)
    k = min(n, m)
    outer = (n, m) if full_matrices else (k, k)
    return Shape((*batch, n, outer[0])), Shape((*batch, k)), Shape((*batch, outer[1], m))


@op("svd")
def svd(input: Any, some: bool = True, compute_uv: bool = True) -> tuple[Shape, Shape, Shape]:
    """``U``, ``S`` and ``V``."""
    *batch, n, m = shape_of(input)
    k = min(n, m)
    outer = (k, k) if some and compute_uv else (n, m)
    return Shape((*batch, n, outer[0])), Shape((*batch, k)), Shape((*batch, m, outer[1]))


@op("linalg_svdvals")
def svdvals(A: Any, **kwargs: Any) -> Shape:
    """The singular values of each matrix."""
    *batch, n, m = shape_of(A)
    return Shape((*batch, min(n, m)))


@op("linalg_qr")
def linalg_qr(A: Any, mode: str = "reduced", **kwargs: Any) -> tuple[Shape, Shape]:
    """``Q`` and ``R``."""
    *batch, n, m = shape_of(A)
    k = n if mode == "complete" else min(n, m)
    q = Shape((0,)) if mode == "r" else Shape((*batch, n, k))
    return q, Shape((*batch, k, m))


@op("pinverse", "linalg_pinv")
def pinv(A: Any, *args: Any, **kwargs: Any) -> Shape:
    """Rows and columns change places."""
    *batch, n, m = shape_of(A)
    return Shape((*batch, m, n))


@op("linalg_solve")
def solve(A: Any, B: Any, *, left: bool = True, **kwargs: Any) -> Shape:
    """The unknown of ``AX = B``; one vector for each matrix if the shapes say so."""
    a, b = shape_of(A), shape_of(B)
    _square("linalg.solve", a)
    if len(b) == 1 or (len(b) == len(a) - 1 and _same(b, Shape(a[:-1]))):
        _fits_equation(a, Shape((*b, 1)), left)
        return Shape((*broadcast(a[:-1], b)[:-1], b[-1]))
    _fits_equation(a, b, left)
    return Shape((*broadcast(a[:-2], b[:-2]), *b[-2:]))


def _same(a: Shape, b: Shape) -> bool:
    return all(n == m for n, m in zip(a, b, strict=True))


def _fits_equation(a: Shape, b: Shape, left: bool) -> None:
    inner = b[-2] if left else b[-1]
    need(
        eq(a[-1], inner),
        "match",
        lambda: (
            f"linalg.solve: Incompatible shapes of A and B for the equation "
            f"{'AX' if left else 'XA'} = B "
            f"({int(a[-2])}x{int(a[-1])} and {int(b[-2])}x{int(b[-1])})"
        ),
        a[-1],
        inner,
    )


@op("linalg_cross")
def linalg_cross(input: Any, other: Any, *, dim: int = -1, **kwargs: Any) -> Shape:
    """The broadcast shape; three components along ``dim``."""
    a, b = shape_of(input), shape_of(other)
    n, m = a[dim], b[dim]
    need(
        all_of((eq(n, 3), eq(m, 3))),
        "match",
        lambda: (
            f"linalg.cross: inputs dimension {dim} must have length 3. Got {int(n)} and {int(m)}"
        ),
        n,
        m,
    )
    return broadcast(a, b)


@op("cross")
def cross(input: Any, other: Any, dim: int | None = None, **kwargs: Any) -> Shape:
    """As ``linalg.cross``, by default along the first dim of length 3."""
    if dim is None:
        threes = (i for i, n in enumerate(shape_of(input)) if n == 3)
        dim = next(threes, None)
    if dim is None:
        raise RuntimeError("no dimension of size 3 in input")
    out: Shape = linalg_cross(input, other, dim=dim)
    return out


@op("linalg_vecdot")
def vecdot(x: Any, y: Any, *, dim: int = -1, **kwargs: Any) -> Shape:
    """The broadcast shape without ``dim``; of two vectors a number, whatever ``dim``."""
    common = broadcast(shape_of(x), shape_of(y))
    at = 0 if len(shape_of(x)) == len(shape_of(y)) == 1 else dim_index(dim, len(common))
    return Shape((*common[:at], *common[at + 1 :]))


@op("linalg_multi_dot", "chain_matmul")
def multi_dot(*tensors: Any, **kwargs: Any) -> Shape:
    """A chain of products; the first and the last may be vectors."""
    many = tensors[0] if isinstance(tensors[0], (tuple, list)) else tensors
    shapes = [shape_of(t) for t in many]
    for i, (a, b) in enumerate(itertools.pairwise(shapes)):
        _chained(i, a, b)
    out = shapes[0]
    for shape in shapes[1:]:
        out = product(out, shape)
    return out


def _chained(i: int, a: Shape, b: Shape) -> None:
    need(
        eq(a[-1], b[0]),
        "features",
        lambda: (
            f"multi_dot(): tensors {i} and {i + 1} with shapes {concrete(a)} and "
            f"{concrete(b)} cannot be multiplied"
        ),
        a[-1],
        b[0],
    )


@op("linalg_matrix_rank", "linalg_cond")
def one_number_each(A: Any, *args: Any, **kwargs: Any) -> Shape:
    """One number for each matrix."""
    return Shape(shape_of(A)[:-2])


@op("diff")
def diff(input: Any, n: int = 1, dim: int = -1, prepend: Any = None, append: Any = None) -> Shape:
    """``n`` fewer along ``dim``, at least 0; what is prepended and appended counts."""
    shape = shape_of(input)
    at = dim_index(dim, len(shape))
    total = shape[at] + sum(shape_of(t)[at] for t in (prepend, append) if t is not None)
    left = total - n if total >= n else 0
    return Shape((*shape[:at], left, *shape[at + 1 :]))


@op("gradient")
def gradient(
    input: Any, *, spacing: Any = None, dim: Any = None, edge_order: int = 1
) -> tuple[Shape, ...]:
    """The shape of the input for each dim, every one of them long enough for its edges."""
    shape = shape_of(input)
    dims = range(len(shape)) if dim is None else [dim] if isinstance(dim, int) else dim
    for at in (dim_index(d, len(shape)) for d in dims):
        need(
            ge(shape[at], edge_order + 1),
            "fits",
            "torch.gradient expected each dimension size to be at least edge_order+1",
            shape[at],
        )
    return (shape,) * len(dims)


@op("cov", "corrcoef")
def cov(input: Any, **kwargs: Any) -> Shape:
    """A square matrix of the variables, which are the rows."""
    shape = shape_of(input)
    return Shape((shape[0], shape[0])) if len(shape) > 1 and shape[0] != 1 else Shape(())
