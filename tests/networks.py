"""Random networks as the text of a model file: what a failing test prints can be pasted.

A network is a list of steps. A step may build one layer and is one or more lines of ``forward`` on
the running map ``x``, of shape ``(N, 4, L)`` or ``(N, 4, H, W)``; maps that were left behind are
``skip0``, ``skip1`` … Hyper-parameters are random and may be illegal, for a size or for all.
"""

from __future__ import annotations

import linecache
import types
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st
from torch import nn

__all__ = ["Network", "module_of", "networks"]

CHANNELS = 4


@dataclass(frozen=True)
class Step:
    """One thing that a network does to ``x``."""

    lines: tuple[str, ...]
    """Lines of ``forward``; ``{layer}`` stands for the layer it built."""
    layer: str = ""
    """The constructor call of that layer, if there is one."""


@dataclass(frozen=True)
class Network:
    """A model file with one class, ``Net``, and the template of its input."""

    inputs: str
    steps: tuple[Step, ...]

    @property
    def symbols(self) -> tuple[str, ...]:
        """The spatial symbols."""
        return ("L",) if self.inputs.endswith("L") else ("H", "W")

    @property
    def source(self) -> str:
        """The text of the file."""
        layers = [f"        self.layer{i} = {s.layer}" for i, s in enumerate(self.steps) if s.layer]
        body = [
            f"        {line.format(layer=f'self.layer{i}')}"
            for i, step in enumerate(self.steps)
            for line in step.lines
        ]
        return "\n".join(
            [
                "import torch",
                "from torch import nn",
                "from torch.nn import functional as F",
                "",
                "",
                "class Net(nn.Module):",
                "    def __init__(self):",
                "        super().__init__()",
                *layers,
                "",
                "    def forward(self, x):",
                "        image = x",
                *body,
                "        return x",
                "",
            ]
        )


def module_of(network: Network, path: str = "random_network.py") -> nn.Module:
    """The model of a network. Raises what PyTorch's constructors raise."""
    source = network.source
    linecache.cache[path] = (len(source), None, source.splitlines(True), path)
    file = types.ModuleType("random_network")
    exec(compile(source, path, "exec"), vars(file))
    net: nn.Module = file.Net()
    return net.eval()


# -- what a step may be -------------------------------------------------------------------------

Draw = Any
Steps = st.SearchStrategy[Step]


def _n(low: int, high: int) -> st.SearchStrategy[int]:
    return st.integers(low, high)


def _of(*texts: str) -> st.SearchStrategy[str]:
    return st.sampled_from(texts)


def _calls(layer: str) -> Step:
    return Step(("x = {layer}(x)",), layer)


def _does(*lines: str) -> Step:
    return Step(lines)


def _last(rank: int, dim: int) -> str:
    """An index that keeps every dim but one of the last ``rank`` whole: ``..., {}, :``."""
    return "..., {}" + ", :" * (rank - 1 - dim)


@st.composite
def _conv(draw: Draw, rank: int) -> Step:
    k, s, p, d = draw(_n(1, 5)), draw(_n(1, 4)), draw(_n(0, 2)), draw(_n(1, 2))
    padding = draw(st.sampled_from([p, p, p, "'same'", "'valid'"]))
    rest = draw(_of("", "", "", ", groups=2", ", padding_mode='reflect'"))
    rest += draw(_of("", "", ", padding_mode='circular'")) if not rest else ""
    return _calls(f"nn.Conv{rank}d(4, 4, {k}, {s}, {padding}, dilation={d}{rest})")


@st.composite
def _grow(draw: Draw, rank: int) -> Step:
    k, s, p, extra, d = (draw(_n(*r)) for r in ((1, 5), (1, 4), (0, 2), (0, 2), (1, 2)))
    return _calls(
        f"nn.ConvTranspose{rank}d(4, 4, {k}, {s}, {p}, output_padding={extra}, dilation={d})"
    )


@st.composite
def _grow_to(draw: Draw, rank: int, skips: int) -> Step:
    k, s, p = draw(_n(2, 5)), draw(_n(2, 3)), draw(_n(0, 1))
    to = f"skip{draw(_n(0, skips - 1))}" if skips else "image"
    call = f"x = {{layer}}(x, output_size={to}.shape[2:])"
    return Step((call,), f"nn.ConvTranspose{rank}d(4, 4, {k}, {s}, {p})")


@st.composite
def _pool(draw: Draw, rank: int) -> Step:
    k, s, p = draw(_n(1, 4)), draw(_n(1, 3)), draw(_n(0, 2))
    ceil = draw(st.booleans())
    window = f"{k}, {s}, padding={p}, ceil_mode={ceil}"
    return _calls(
        draw(
            _of(
                f"nn.MaxPool{rank}d({window}, dilation={draw(_n(1, 2))})",
                f"nn.AvgPool{rank}d({window}, count_include_pad={draw(st.booleans())})",
                f"nn.LPPool{rank}d(2, {k}, {s}, ceil_mode={ceil})",
                f"nn.AdaptiveAvgPool{rank}d({draw(_n(1, 7))})",
                f"nn.AdaptiveMaxPool{rank}d({draw(_n(1, 7))})",
            )
        )
    )


@st.composite
def _resize(draw: Draw, rank: int) -> Step:
    smooth = ("linear", "bilinear")[rank - 1]
    mode = draw(_of("nearest", "nearest-exact", "area", smooth))
    corners = draw(_of("", ", align_corners=True")) if mode == smooth else ""
    size = draw(
        _of(
            "scale_factor=2",
            "scale_factor=0.5",
            "scale_factor=3",
            "scale_factor=1.5",
            "scale_factor=0.25",
            "size=image.shape[2:]",
            "size=[2 * n for n in x.shape[2:]]",
            "size=[(n + 1) // 2 for n in x.shape[2:]]",
            "size=tuple(max(n // 3, 1) for n in x.shape[2:])",
            "scale_factor=2, recompute_scale_factor=True",
        )
    )
    return _does(f"x = F.interpolate(x, {size}, mode='{mode}'{corners})")


@st.composite
def _pad(draw: Draw, rank: int) -> Step:
    mode = draw(_of("constant", "reflect", "replicate", "circular"))
    low = -2 if mode == "constant" else 0
    amounts = [draw(_n(low, 3)) for _ in range(2 * rank)]
    return _does(f"x = F.pad(x, {amounts}, mode='{mode}')")


@st.composite
def _norm(draw: Draw, rank: int) -> Step:
    return _calls(
        draw(
            _of(
                f"nn.BatchNorm{rank}d(4)",
                f"nn.InstanceNorm{rank}d(4)",
                "nn.GroupNorm(2, 4)",
                "nn.PReLU(4)",
                "nn.GELU()",
                f"nn.Dropout{rank}d()",
            )
        )
    )


@st.composite
def _cut(draw: Draw, rank: int) -> Step:
    """Slices, steps, pieces and windows along one dim."""
    dim = draw(_n(0, rank - 1))
    d, k, at = 2 + dim, draw(_n(1, 5)), _last(rank, dim)
    return _does(
        draw(
            _of(
                f"x = x[{at.format(f'{k}:')}]",
                f"x = x[{at.format(f':-{k}')}]",
                f"x = x[{at.format(f'::{k}')}]",
                f"x = x[{at.format(f'1::{k}')}]",
                f"x = x.narrow({d}, 0, {k})",
                f"x = x.chunk({k}, {d})[-1]",
                f"x = x.split({k}, {d})[0]",
                f"x = torch.cat(x.chunk({k}, {d})[::-1], {d})",
                f"x = x.unfold({d}, {k}, {draw(_n(1, 3))}).mean(-1)",
                f"x = x.roll({k}, {d}).flip({d}).cumsum({d})",
                f"x = x.repeat_interleave({k}, {d})",
                f"x = torch.diff(x, dim={d})",
                f"x = x.unflatten({d}, (-1, {k})).amax(-1)",
                f"x = x.flatten({d}, {d})",
                f"x = x[{at.format(f'torch.arange(x.shape[{d}] // {k})')}]",
                f"x = x.tensor_split({k}, {d})[0]",
            )
        )
    )


@st.composite
def _view(draw: Draw, rank: int) -> Step:
    """The same elements in another arrangement, and what it demands of their number."""
    r = draw(_n(2, 4))
    if rank == 1:
        return _does(
            draw(
                _of(
                    f"x = x.view(x.shape[0], 4, -1, {r}).mean(-1)",
                    f"x = x.reshape(x.shape[0], 4, x.shape[2] // {r}, {r}).flatten(2)",
                    "x = x @ (x.transpose(1, 2) @ x).softmax(-1)",
                    "x = torch.einsum('ncl,ncm->nlm', x, x).mean(1, keepdim=True) + x",
                    f"x = x.reshape(x.shape[0], 4 * {r}, -1)[:, :4]",
                )
            )
        )
    return _does(
        draw(
            _of(
                f"x = F.pixel_unshuffle(x, {r})[:, :4]",
                f"x = F.pixel_shuffle(x.repeat(1, {r * r}, 1, 1), {r})",
                "x = x.flatten(2).transpose(1, 2).reshape(x.shape[0], *x.shape[2:], 4)"
                ".permute(0, 3, 1, 2)",
                f"x = x.reshape(x.shape[0], 4, x.shape[2] // {r}, {r}, -1).mean(3)",
                "x = x.transpose(2, 3)",
                "x = x @ x.transpose(2, 3)",
                f"x = F.fold(F.unfold(x, {r}, stride={r}), x.shape[2:], {r}, stride={r})",
                f"x = x.view(x.shape[0], 4, -1, {r}).amax(-1).unflatten(2, (-1, x.shape[3]))",
            )
        )
    )


@st.composite
def _branch(draw: Draw, rank: int) -> Step:
    """Code that asks how long ``x`` is."""
    dim = draw(_n(0, rank - 1))
    d, k, at = 2 + dim, draw(_n(2, 6)), _last(rank, dim)
    after = ", 0" * 2 * (rank - 1 - dim)
    pads = after.removeprefix(", ") + (", " if after else "")
    return _does(
        *draw(
            st.sampled_from(
                [
                    (f"if x.shape[{d}] % 2:", f"    x = F.pad(x, [{pads}0, 1])"),
                    (f"if x.shape[{d}] > {k}:", f"    x = x[{at.format(f':-{k // 2}')}]"),
                    (f"x = F.pad(x, [{pads}0, -x.shape[{d}] % {k}])",),
                    (f"assert x.shape[{d}] % {k} < {k - 1}, 'length'",),
                    (f"if x.shape[{d}] < {k}:", "    raise ValueError('too short')"),
                    (f"if x.size({d}) == image.size({d}):", "    x = x + image"),
                    (f"x = x[{at.format(f':x.shape[{d}] - x.shape[{d}] % {k}')}]",),
                    (f"x = x[{at.format(f':min(x.shape[{d}], {3 * k})')}]",),
                    (
                        f"for _ in range(x.shape[{d}] // {4 * k}):",
                        f"    x = x[{at.format('1:')}]",
                    ),
                ]
            )
        )
    )


_JOINS = {
    "cat": ("x = torch.cat([x, {to}], 1)[:, 2:6]",),
    "add": ("x = x + {to}",),
    "fit": ("x = F.interpolate(x, size={to}.shape[2:]) + {to}",),
    "crop": ("x = x[..., : {to}.shape[-1]]",),
    "centre": (
        "d = (x.shape[-1] - {to}.shape[-1]) // 2",
        "x = x[..., d : d + {to}.shape[-1]] + {to}",
    ),
    "pad": (
        "d = {to}.shape[-1] - x.shape[-1]",
        "x = torch.cat([F.pad(x, [d // 2, d - d // 2]), {to}], 1)[:, :4]",
    ),
    "both": (
        "d = min(x.shape[-1], {to}.shape[-1])",
        "x = x[..., :d] * {to}[..., :d]",
    ),
    "loss": ("x = x + F.mse_loss(x, {to})",),
    "where": ("x = torch.where(x > 0, x, {to})",),
}


@st.composite
def _join(draw: Draw, skips: int) -> Step:
    to = f"skip{draw(_n(0, skips - 1))}" if skips else "image"
    return _does(*(line.format(to=to) for line in _JOINS[draw(_of(*_JOINS))]))


@st.composite
def _head(draw: Draw, rank: int) -> Step:
    """What a network may end with."""
    k = draw(_n(1, 40))
    last = "x.flatten(1)"
    return draw(
        st.sampled_from(
            [
                Step((f"x = {{layer}}({last})",), f"nn.Linear({4 * k}, 3)"),
                Step(("x = {layer}(x.flatten(2))",), f"nn.Linear({k}, 3)"),
                Step(("x = {layer}(x.flatten(2).mean(-1))",), "nn.Linear(4, 3)"),
                Step(
                    ("x = {layer}(x.flatten(2).transpose(1, 2))[0]",),
                    "nn.LSTM(4, 3, batch_first=True)",
                ),
                Step(
                    ("h = x.flatten(2).transpose(1, 2)", "x = {layer}(h, h, h)[0]"),
                    "nn.MultiheadAttention(4, 2, batch_first=True)",
                ),
                Step(("x = x.mean(dim=(1, -1)).squeeze()",)),
                Step(("x = F.mse_loss(x, image)",)),
                Step(("x = {layer}(x)",), f"nn.LayerNorm({k})"),
                Step(("x = (x, x.shape[-1] * torch.ones(x.shape[2], 2))",)),
            ]
        )
    )


@st.composite
def networks(draw: Draw) -> Network:
    """A network of up to ten steps on a 1-d or 2-d input."""
    rank = draw(st.sampled_from([1, 1, 2]))
    inner = st.one_of(_conv(rank), _pool(rank), _norm(rank), _cut(rank), _branch(rank))
    steps: list[Step] = []
    skips = draw(_n(0, 3))
    for i in range(skips):
        steps.append(_does(f"skip{i} = x"))
        steps += draw(st.lists(inner | _conv(rank) | _pad(rank), min_size=0, max_size=2))
    back: Sequence[Steps] = (
        _grow(rank),
        _grow_to(rank, skips),
        _resize(rank),
        _join(skips),
        _join(skips),
        _view(rank),
        _conv(rank),
        _cut(rank),
        _branch(rank),
        _pad(rank),
        _norm(rank),
    )
    steps += draw(st.lists(st.one_of(*back), min_size=0, max_size=4))
    steps += draw(st.lists(_head(rank), min_size=0, max_size=1))
    return Network("N 4 L" if rank == 1 else "N 4 H W", tuple(steps))
