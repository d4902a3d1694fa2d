"""Fourier transforms, against the CPU."""

from __future__ import annotations

import pytest
import torch

from tests.ops.oracle import SMALL, assert_agrees, case

LONG = range(1, 30)
COMPLEX = torch.complex64


def _stft(x, n_fft=8, **kwargs):
    window = torch.ones(kwargs.get("win_length", n_fft), device=x.device)
    return torch.stft(x, n_fft, window=window, **{"return_complex": True, **kwargs})


def _istft(x, n_fft=8, hop=2, **kwargs):
    window = torch.ones(n_fft, device=x.device)
    return torch.istft(x, n_fft, hop, window=window, **kwargs)


@pytest.mark.parametrize(
    ("f", "inputs", "sizes"),
    [
        case("centered", _stft, "N L", N=[1, 2], L=LONG),
        case("one signal", _stft, "L", L=LONG),
        case("other hop", lambda x: _stft(x, 9, hop_length=3), "L", L=LONG),
        case("zeros around it", lambda x: _stft(x, pad_mode="constant"), "2 L", L=LONG),
        case("as it is", lambda x: _stft(x, 8, center=False, win_length=6), "2 L", L=LONG),
        case("both sides", lambda x: _stft(x, 7, onesided=False), "2 L", L=LONG),
        case("pairs of reals", lambda x: torch.view_as_real(_stft(x)), "2 L", L=LONG),
        case("complex input", _stft, ("2 L", COMPLEX), L=LONG),
        case("method", lambda x: x.stft(8, return_complex=True, window=None), "L", L=LONG),
    ],
)
@pytest.mark.filterwarnings("ignore:A window was not provided")
def test_stft(f, inputs, sizes):
    assert_agrees(f, inputs, sizes, words=False)


@pytest.mark.parametrize(
    ("f", "inputs", "sizes"),
    [
        case("centered", _istft, ("2 5 T", COMPLEX), T=SMALL),
        case("one signal", _istft, ("5 T", COMPLEX), T=SMALL),
        case("from the first sample", lambda x: _istft(x, center=False), ("5 T", COMPLEX), T=SMALL),
        case("length", lambda x: _istft(x, length=20), ("5 T", COMPLEX), T=SMALL),
        case("both sides", lambda x: _istft(x, onesided=False), ("8 T", COMPLEX), T=SMALL),
        case("other frequencies", _istft, ("K 4", COMPLEX), K=range(4, 9)),
        case("no window", lambda x: torch.istft(x, 9, 3), ("5 T", COMPLEX), T=SMALL),
        case("there and back", lambda x: _istft(_stft(x), length=x.size(-1)), "2 L", L=LONG),
        case("there and back, shorter", lambda x: _istft(_stft(x)), "2 L", L=LONG),
    ],
)
@pytest.mark.filterwarnings("ignore:A window was not provided", "ignore:The length of signal")
def test_istft(f, inputs, sizes):
    assert_agrees(f, inputs, sizes, words=False)


@pytest.mark.parametrize(
    ("f", "inputs", "sizes"),
    [
        case("same length", torch.fft.fft, "2 L", L=SMALL),
        case("along another dim", lambda x: torch.fft.ifft(x, dim=0), "L 2", L=SMALL),
        case("points", lambda x: torch.fft.fft(x, n=5), "2 L", L=SMALL),
        case("of no rows", lambda x: torch.fft.rfft(x[3:]), "L 4", L=SMALL),
        case("pictures of no rows", lambda x: torch.fft.irfft2(x[3:], s=(4, 4)), "L 4 4", L=SMALL),
        case("frames of no rows", lambda x: _stft(x[3:]), "L 16", L=SMALL),
        case("half of them", torch.fft.rfft, "2 L", L=SMALL),
        case("and back", lambda x: torch.fft.irfft(torch.fft.rfft(x)), "2 L", L=SMALL),
        case("exactly back", lambda x: torch.fft.irfft(x, n=x.size(1)), "2 L", L=SMALL),
        case("hermitian", torch.fft.hfft, "2 L", L=SMALL),
        case("of a real spectrum", torch.fft.ihfft, "2 L", L=SMALL),
        case("pictures", torch.fft.rfft2, "2 H W", H=SMALL, W=SMALL),
        case("pictures back", torch.fft.irfft2, "2 H W", H=SMALL, W=SMALL),
        case("to a size", lambda x: torch.fft.irfft2(x, s=(4, 6)), "2 H W", H=SMALL, W=SMALL),
        case("all dims", torch.fft.fftn, "2 H W", H=SMALL, W=SMALL),
        case("last dims", lambda x: torch.fft.rfftn(x, s=(4, -1)), "2 H W", H=SMALL, W=SMALL),
        case("named dims", lambda x: torch.fft.irfftn(x, dim=(1, 0)), "H W 2", H=SMALL, W=SMALL),
        case("no points", lambda x: torch.fft.rfft(x, n=0), "2 L", L=SMALL),
        case("points of a length", lambda x: torch.fft.fft(x, x.size(1) // 3), "2 L", L=SMALL),
        case("shifted", lambda x: torch.fft.fftshift(x, dim=1), "2 L", L=SMALL),
        case("frequencies", lambda x: torch.fft.fftfreq(x.size(0), d=2.0), "L", L=SMALL),
        case("half the frequencies", lambda x: torch.fft.rfftfreq(x.size(0)), "L", L=SMALL),
    ],
)
def test_fft(f, inputs, sizes):
    assert_agrees(f, inputs, sizes)
