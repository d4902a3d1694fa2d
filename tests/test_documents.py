"""Facts about transposed convolutions that are documented, asked or explained again and again.

Each is stated once, with its true value, and tested twice: what ``analyze`` predicts, and what
PyTorch does on the CPU.
"""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from shapelint.analysis import Analysis
from shapelint.interface import analyze
from shapelint.lint import diagnose
from shapelint.rules import find_rule
from tests.fixture_models import FIXTURES, load

torch.set_num_threads(1)


def predicted(module: nn.Module, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The output shape that is predicted, from an analysis with every spatial size symbolic."""
    names = "DHW"[-(len(shape) - 2) :] if len(shape) > 3 else "L"
    analysis = analyze(module, inputs=[("N", shape[1], *names)])
    found = analysis.predict({"N": shape[0], **dict(zip(names, shape[2:], strict=True))})
    assert found.ok, found.reason
    assert found.evidence == "proven"
    assert found.shapes is not None
    return found.shapes[0]


def actual(module: nn.Module, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The output shape of a run."""
    with torch.no_grad():
        return tuple(module(torch.rand(shape)).shape)


class Told(nn.Module):
    """A transposed convolution that is told how long its output should be."""

    def __init__(self, down: nn.Module, up: nn.Module) -> None:
        super().__init__()
        self.down, self.up = down, up

    def forward(self, x):
        return self.up(self.down(x), output_size=x.shape[2:])


def up1d(*args: int, **kwargs: int) -> nn.Module:
    return nn.ConvTranspose1d(2, 3, *args, **kwargs)


def up2d(*args: object, **kwargs: object) -> nn.Module:
    return nn.ConvTranspose2d(2, 3, *args, **kwargs)


@pytest.mark.parametrize(
    ("module", "given", "returned"),
    [
        pytest.param(up2d(3, 1, 1), (32, 32), (32, 32), id="k3 s1 p1 keeps 32"),
        pytest.param(up2d(5, 1, 2), (32, 32), (32, 32), id="k5 s1 p2 keeps 32"),
        pytest.param(up2d(1), (7, 9), (7, 9), id="k1 keeps"),
        pytest.param(up1d(3, 2), (10,), (21,), id="k3 s2: 10 -> 21"),
        pytest.param(up1d(3, 2, 1), (10,), (19,), id="k3 s2 p1: 10 -> 19"),
        pytest.param(up1d(3, 2, 1, 1), (10,), (20,), id="k3 s2 p1 with output_padding: 10 -> 20"),
        pytest.param(up2d(7, 2, 3), (32, 32), (63, 63), id="k7 s2 p3: 32 -> 63"),
        pytest.param(up2d(7, 2, 3, 1), (32, 32), (64, 64), id="k7 s2 p3 op1: 32 -> 64"),
        pytest.param(up2d(3, 2, 1), (6, 6), (11, 11), id="k3 s2 p1: 6 -> 11"),
        pytest.param(up2d(3, 2, 1, output_padding=1), (6, 6), (12, 12), id="and with op1 -> 12"),
        pytest.param(up2d(4, 2, 1), (6, 11), (12, 22), id="k4 s2 p1 doubles"),
        pytest.param(up2d(2, 2), (6, 11), (12, 22), id="k2 s2 doubles"),
        pytest.param(
            up2d((3, 5), (2, 1), padding=(4, 2)), (50, 100), (93, 100), id="not square: 50 -> 93"
        ),
        pytest.param(up2d(3, dilation=2), (8, 8), (12, 12), id="dilation 2 adds 4"),
        pytest.param(
            up2d(3, 2, dilation=3, output_padding=2), (8, 8), (23, 23), id="op < dilation"
        ),
        pytest.param(
            nn.ConvTranspose2d(2, 4, 3, 2, 1, 1, groups=2), (8, 9), (16, 18), id="depthwise groups"
        ),
        pytest.param(
            nn.ConvTranspose3d(2, 3, 4, 2, 1), (4, 5, 6), (8, 10, 12), id="volumes double as well"
        ),
    ],
)
def test_transposed_convolutions(module, given, returned):
    shape = (2, 2, *given)
    assert predicted(module, shape)[2:] == returned
    assert actual(module, shape)[2:] == returned


def pair(op: int = 0) -> nn.Module:
    """The pair that everybody writes first: k3 s2 p1, down and up."""
    return nn.Sequential(nn.Conv1d(1, 2, 3, 2, 1), nn.ConvTranspose1d(2, 1, 3, 2, 1, op))


def even_kernel() -> nn.Module:
    return nn.Sequential(nn.Conv1d(1, 2, 3, 2, 1), nn.ConvTranspose1d(2, 1, 4, 2, 1))


def told() -> nn.Module:
    return Told(nn.Conv1d(1, 2, 3, 2, 1), nn.ConvTranspose1d(2, 1, 3, 2, 1))


@pytest.mark.parametrize(
    ("make", "comes_back"),
    [
        pytest.param(told, "every size", id="output_size serves every length"),
        pytest.param(lambda: pair(1), "L % 2 == 0", id="output_padding=1 serves even lengths"),
        pytest.param(even_kernel, "L % 2 == 0", id="k4 s2 p1 serves even lengths"),
        pytest.param(pair, "L % 2 == 1", id="without either, odd lengths come back"),
    ],
)
def test_lengths_that_come_back(make, comes_back):
    module = make()
    analysis = analyze(module, inputs=[("N", 1, "L")])
    assert analysis.roundtrip_sizes.text == comes_back
    for n in range(1, 66):
        back = actual(module, (1, 1, n))[2] == n
        assert ({"N": 1, "L": n} in analysis.roundtrip_sizes) == back, n


def test_64_comes_back_from_the_repaired_pair_and_not_from_the_other():
    assert actual(pair(1), (1, 1, 64)) == predicted(pair(1), (1, 1, 64)) == (1, 1, 64)
    assert actual(pair(), (1, 1, 64)) == predicted(pair(), (1, 1, 64)) == (1, 1, 63)


def test_output_size_chooses_among_as_many_lengths_as_the_stride():
    """6 -> 11 or 12 with k3 s2 p1; PyTorch refuses any other."""

    class Chosen(nn.Module):
        def __init__(self, size):
            super().__init__()
            self.up, self.size = nn.ConvTranspose1d(1, 1, 3, 2, 1), size

        def forward(self, x):
            return self.up(x, output_size=[self.size])

    for size, runs in ((10, False), (11, True), (12, True), (13, False)):
        analysis = analyze(Chosen(size), inputs=[("N", 1, "L")])
        assert analysis.predict({"N": 1, "L": 6}).ok is runs
        if runs:
            assert actual(Chosen(size), (1, 1, 6)) == (1, 1, size)
        else:
            with pytest.raises(ValueError, match="requested an output size"):
                actual(Chosen(size), (1, 1, 6))


# -- what is said about the pair ------------------------------------------------------------


def only(analysis: Analysis, code: str):
    """The one diagnostic, which must be of this rule."""
    (diagnostic,) = analysis.diagnostics
    assert diagnostic.code == code
    return diagnostic


def test_kernel_3_stride_2_is_flagged_with_both_fixes_and_the_sizes_of_each():
    diagnostic = only(analyze(pair(), inputs=[("N", 1, "L")]), "SHP101")
    assert diagnostic.message == "output is 1 shorter than the input for every even L"
    sizes = {f.title: f.sizes_after for f in diagnostic.fixes}
    assert sizes == {
        "output_padding=1": "L % 2 == 0",
        "output_size=x.shape[-1:] in forward": "every size",
        "kernel_size=4 (k4 s2 p1)": "L % 2 == 0",
    }


def test_a_fix_says_which_sizes_it_costs():
    diagnostic = only(analyze(pair(), inputs=[("N", 1, "L")]), "SHP101")
    notes = {f.title: f.note for f in diagnostic.fixes}
    assert "odd L" in notes["output_padding=1"]
    assert "checkpoints still load" in notes["output_padding=1"]
    assert "weights change shape" in notes["kernel_size=4 (k4 s2 p1)"]
    assert "odd" not in notes["output_size=x.shape[-1:] in forward"]


@pytest.mark.parametrize(
    ("stride", "dilation", "refused"),
    [
        pytest.param(2, 1, False, id="1 < stride"),
        pytest.param(1, 2, False, id="1 < dilation"),
        pytest.param(1, 1, True, id="1 is not smaller than stride and dilation of 1"),
    ],
)
def test_output_padding_must_be_smaller_than_stride_or_dilation(stride, dilation, refused):
    module = nn.ConvTranspose2d(1, 1, 3, stride, 1, 1, dilation=dilation)
    analysis = analyze(module, inputs=[("N", 1, "H", "W")])
    assert [d.code for d in analysis.diagnostics] == (["SHP301"] if refused else [])
    assert analysis.valid_sizes.text == ("no size" if refused else "every size")
    if refused:
        with pytest.raises(RuntimeError, match="output padding must be smaller than"):
            actual(module, (1, 1, 8, 8))
        assert "output padding must be smaller than" in analysis.diagnostics[0].error
    else:
        actual(module, (1, 1, 8, 8))


@pytest.mark.parametrize(
    ("kernel", "stride", "uneven"),
    [
        pytest.param(2, 2, False, id="k2 s2"),
        pytest.param(4, 2, False, id="k4 s2"),
        pytest.param(6, 3, False, id="k6 s3"),
        pytest.param(3, 1, False, id="without a stride all overlap alike"),
        pytest.param(3, 2, True, id="k3 s2"),
        pytest.param(5, 2, True, id="k5 s2"),
        pytest.param(4, 3, True, id="k4 s3"),
    ],
)
def test_checkerboards_come_from_kernels_that_the_stride_does_not_divide(kernel, stride, uneven):
    """All weights 1: the output counts how many windows meet at each place."""
    module = nn.ConvTranspose1d(1, 1, kernel, stride, bias=False)
    nn.init.ones_(module.weight)
    counts = module(torch.ones(1, 1, 20)).detach()[0, 0, 3 * kernel : -3 * kernel]
    assert (len(counts.unique()) > 1) == uneven
    analysis = analyze(module, inputs=[("N", 1, "L")])
    found = diagnose(analysis, [find_rule("checkerboard-kernel")]).diagnostics
    assert [d.label for d in found] == (
        [f"{kernel} % {stride} = {kernel % stride}"] if uneven else []
    )


# -- where transposed convolutions are used ---------------------------------------------------


def fixture(name: str, target: str, **kwargs: int) -> nn.Module:
    return vars(load(FIXTURES / f"{name}.py"))[target](**kwargs).eval()


class Decoder(nn.Module):
    """One decoder stage of a U-Net: k2 s2, cat, conv."""

    def __init__(self) -> None:
        super().__init__()
        self.up = nn.ConvTranspose2d(8, 4, 2, stride=2)
        self.conv = nn.Conv2d(8, 4, 3, padding=1)

    def forward(self, deep, skip):
        return self.conv(torch.cat([self.up(deep), skip], dim=1))


def test_a_decoder_stage_of_a_unet_needs_a_skip_of_twice_the_size():
    template = [("N", 8, "H", "W"), ("N", 4, "A", "B")]
    analysis = analyze(Decoder(), inputs=template)
    for a in range(1, 20):
        sizes = {"N": 1, "H": 8, "W": 8, "A": a, "B": 16}
        assert bool(analysis.predict(sizes).ok) == (a == 16)
    deep = torch.rand(1, 8, 8, 8)
    assert Decoder()(deep, torch.rand(1, 4, 16, 16)).shape == (1, 4, 16, 16)
    with pytest.raises(RuntimeError, match="Sizes of tensors must match"):
        Decoder()(deep, torch.rand(1, 4, 17, 16))


@pytest.mark.parametrize(
    ("module", "given", "returned"),
    [
        pytest.param(
            fixture("good/dcgan_generator", "Generator", ngf=2),
            (2, 8, 1, 1),
            (2, 3, 64, 64),
            id="a DCGAN generator makes 64 x 64 of 1 x 1",
        ),
        pytest.param(
            nn.Sequential(
                nn.Linear(4, 8 * 7 * 7),
                nn.Unflatten(1, (8, 7, 7)),
                nn.ConvTranspose2d(8, 4, 3, 2, 1, 1),
                nn.ConvTranspose2d(4, 1, 3, 2, 1, 1),
            ),
            (3, 4),
            (3, 1, 28, 28),
            id="a VAE decoder makes 28 x 28 of a code",
        ),
        pytest.param(
            fixture("good/fcn_head", "FCN"), (1, 3, 61, 47), (1, 3, 61, 47), id="an FCN, any size"
        ),
        pytest.param(
            fixture("good/segformer_head", "SegFormerLike"),
            (1, 3, 61, 47),
            (1, 2, 16, 12),
            id="a SegFormer head gives a quarter",
        ),
    ],
)
def test_decoders(module, given, returned):
    names = ("N", given[1], *("H", "W")[: len(given) - 2])
    analysis = analyze(module, inputs=[names])
    sizes = {n: g for n, g in zip(names, given, strict=True) if isinstance(n, str)}
    assert analysis.predict(sizes).shapes == [returned]
    assert actual(module, given) == returned
    assert analysis.evidence == "proven"


def test_interpolation_doubles_where_an_odd_length_was_halved():
    """The other decoder people write: 7 -> 3 -> 6, and exact if it is told the size."""

    class Halved(nn.Module):
        def __init__(self, exact):
            super().__init__()
            self.exact = exact

        def forward(self, x):
            h = F.max_pool1d(x, 2)
            return F.interpolate(h, size=x.shape[2:]) if self.exact else F.interpolate(h, None, 2)

    for exact, returned in ((False, 6), (True, 7)):
        assert predicted(Halved(exact), (1, 1, 7)) == actual(Halved(exact), (1, 1, 7))
        assert actual(Halved(exact), (1, 1, 7))[2] == returned
