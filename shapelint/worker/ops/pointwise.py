"""Operations on one element at a time: activations, arithmetic, comparisons, dropout.

With several tensors they broadcast (https://docs.pytorch.org/docs/stable/notes/broadcasting.html);
in place, the broadcast shape must be the shape of the tensor that is written to. Texts of errors:
``aten/src/ATen/ExpandUtils.cpp``, ``aten/src/ATen/TensorIterator.cpp``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from shapelint.lengths.conditions import all_of
from shapelint.worker.ops import COMPARING, FROM_THE_BACK, PER_CHANNEL, op
from shapelint.worker.shapes import (
    Shape,
    broadcast,
    broadcast_into,
    concrete,
    dim_index,
    divides,
    eq,
    need,
    numel,
    shape_of,
)


def _words(table: str) -> list[str]:
    return table.split()


ONE_TENSOR = _words(
    """
    __abs__ __invert__ __neg__ __pos__ _standard_gamma abs absolute acos acosh alpha_dropout angle
    arccos arccosh arcsin arcsinh arctan arctanh asin asinh atan atanh bernoulli bitwise_not cauchy
    ceil celu conj conj_physical cos cosh deg2rad digamma dropout elu erf erfc erfinv exp exp2 expm1
    exponential fake_quantize_per_tensor_affine feature_alpha_dropout feature_dropout fix floor frac
    fused_moving_avg_obs_fake_quant gelu geometric hardshrink hardsigmoid hardswish hardtanh i0
    isfinite isinf isnan isneginf isposinf isreal leaky_relu lgamma log log10 log1p log2 log_normal
    log_sigmoid logical_not logit mish mvlgamma nan_to_num neg negative poisson positive rad2deg
    random reciprocal relu relu6 resolve_conj resolve_neg round rrelu rrelu_with_noise rsqrt selu
    sgn sigmoid sign signbit silu sin sinc sinh softplus softshrink sqrt square tan tanh threshold
    trunc uniform imag real __get__real __get__imag special_airy_ai special_bessel_j0
    special_bessel_j1 special_bessel_y0 special_bessel_y1 special_digamma special_entr special_erf
    special_erfc special_erfcx special_erfinv special_exp2 special_expit special_expm1
    special_gammaln special_i0 special_i0e special_i1 special_i1e special_log1p special_log_ndtr
    special_logit special_modified_bessel_i0 special_modified_bessel_i1 special_modified_bessel_k0
    special_modified_bessel_k1 special_multigammaln special_ndtr special_ndtri special_psi
    special_round special_scaled_modified_bessel_k0 special_scaled_modified_bessel_k1 special_sinc
    special_spherical_bessel_j0
    """
)

IN_PLACE = _words(
    """
    add addcdiv addcmul arctan2 atan2 bitwise_and bitwise_left_shift bitwise_or bitwise_right_shift
    bitwise_xor clamp clamp_max clamp_min clip copysign div divide eq float_power floor_divide fmod
    gcd ge greater greater_equal gt heaviside hypot igamma igammac lcm ldexp le lerp less less_equal
    logical_and logical_or logical_xor lt mul multiply ne nextafter not_equal pow remainder sub
    subtract true_divide xlogy
    """
)
"""Broadcasting operations that have a form with a trailing underscore, too."""

BROADCASTING = _words(
    """
    __add__ __and__ __div__ __eq__ __floordiv__ __ge__ __gt__ __le__ __lshift__ __lt__ __mod__
    __mul__ __ne__ __or__ __pow__ __radd__ __rand__ __rdiv__ __rmul__ __ror__ __rshift__
    __rtruediv__ __rxor__ __sub__ __truediv__ __xor__ complex fmax fmin isclose logaddexp logaddexp2
    maximum minimum polar polygamma special_chebyshev_polynomial_t special_chebyshev_polynomial_u
    special_chebyshev_polynomial_v special_chebyshev_polynomial_w special_gammainc special_gammaincc
    special_hermite_polynomial_h special_hermite_polynomial_he special_laguerre_polynomial_l
    special_legendre_polynomial_p special_polygamma special_shifted_chebyshev_polynomial_t
    special_shifted_chebyshev_polynomial_u special_shifted_chebyshev_polynomial_v
    special_shifted_chebyshev_polynomial_w special_xlog1py special_xlogy special_zeta
    """
)

ASSIGNING = _words(
    """
    __iadd__ __iand__ __idiv__ __ifloordiv__ __ilshift__ __imod__ __imul__ __ior__ __ipow__
    __irshift__ __isub__ __itruediv__ __ixor__
    """
)

COMPARING.update(dict.fromkeys((*ONE_TENSOR, *BROADCASTING, *IN_PLACE), FROM_THE_BACK))
COMPARING["prelu"] = PER_CHANNEL


@op(*ONE_TENSOR)
def one_tensor(input: Any, *args: Any, **kwargs: Any) -> Shape:
    """The shape of the input."""
    return shape_of(input)


@op(*BROADCASTING, *IN_PLACE)
def broadcasting(*args: Any, **kwargs: Any) -> Shape:
    """The broadcast shape of all tensors; numbers have the empty shape."""
    named = (v for k, v in kwargs.items() if k != "out")
    return broadcast(*map(shape_of, (*args, *named)))


@op("rsub", "__rsub__", "__rpow__", "__rmod__", "__rfloordiv__", "__rlshift__", "__rrshift__")
def reflected(input: Any, other: Any, **kwargs: Any) -> Shape:
    """``other - input`` and its like: PyTorch looks at ``other`` first."""
    return broadcast(shape_of(other), shape_of(input))


@op(*ASSIGNING, *(f"{name}_" for name in IN_PLACE))
def in_place(input: Any, *args: Any, **kwargs: Any) -> Shape:
    """The shape of ``input``, which the broadcast shape must equal."""
    shape = shape_of(input)
    others = [v for v in (*args, *kwargs.values()) if isinstance(v, torch.Tensor)]
    if len(others) < 2:
        broadcast_into(shape, *map(shape_of, others))
    else:
        written_to(shape, broadcasting(input, *args, **kwargs))
    return shape


def written_to(shape: Sequence[int], common: Sequence[int]) -> None:
    """Need that what is computed in the shape ``common`` can be written into ``shape``."""
    need(
        all_of(eq(a, b) for a, b in zip(shape, common, strict=True)),
        "match",
        lambda: (
            f"output with shape {concrete(shape)} doesn't match the broadcast shape "
            f"{concrete(common)}"
        ),
        *shape,
    )


@op("prelu", "_prelu_kernel")
def prelu(input: Any, weight: Any) -> Shape:
    """The shape of the input; one weight in all, or one for each channel (dim 1).

    https://docs.pytorch.org/docs/stable/generated/torch.nn.PReLU.html
    """
    shape, weights = shape_of(input), numel(shape_of(weight))
    channels = shape[1] if len(shape) > 1 else 1
    if weights != 1:
        need(
            eq(weights, channels),
            "channels",
            lambda: (
                "Mismatch of parameter numbers and input channel size. Found parameter numbers = "
                f"{int(weights)} and channel size = {int(channels)}."
            ),
            channels,
            weights,
        )
    return shape


@op("glu")
def glu(input: Any, dim: int = -1) -> Shape:
    """Half the length along ``dim``, which must be even.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.GLU.html
    """
    shape = shape_of(input)
    at = dim_index(dim, len(shape))
    need(
        divides(2, shape[at]),
        "view",
        lambda: f"Halving dimension must be even, but dimension {at} is size {int(shape[at])}",
        shape[at],
    )
    return Shape((*shape[:at], shape[at] // 2, *shape[at + 1 :]))


@op("fake_quantize_per_channel_affine")
def fake_quantize_per_channel(
    input: Any, scale: Any, zero_point: Any, axis: int, *args: Any, **kwargs: Any
) -> Shape:
    """The shape of the input; a scale and a zero point for each index along ``axis``."""
    shape = shape_of(input)
    (scales,), (zeros,) = shape_of(scale), shape_of(zero_point)
    need(
        eq(scales, zeros),
        "match",
        "scale and zero-point need to have the same dimensions",
        scales,
        zeros,
    )
    need(
        eq(scales, shape[axis]),
        "channels",
        "dimensions of scale and zero-point are not consistent with input tensor",
        shape[axis],
        scales,
    )
    return shape


@op("view_as_real")
def view_as_real(input: Any) -> Shape:
    """Real and imaginary part in a new last dim."""
    return Shape((*shape_of(input), 2))


@op("view_as_complex")
def view_as_complex(input: Any) -> Shape:
    """Without the last dim, which holds real and imaginary part."""
    *rest, parts = shape_of(input)
    need(eq(parts, 2), "view", "Tensor must have a last dimension of size 2", parts)
    return Shape(rest)
