"""What a model takes, found with no hint but the model itself."""

from __future__ import annotations

from ast import literal_eval
from pathlib import Path
from typing import Any, cast

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from shapelint.facts import ForwardCall, Given
from shapelint.model import Input
from shapelint.worker.loading.annotations import annotated, annotated_inputs, read_dims
from shapelint.worker.loading.build import build
from shapelint.worker.loading.examples import generalised
from shapelint.worker.loading.inputs import guess_inputs
from shapelint.worker.loading.stubs import Stub

jaxtyping = Stub("jaxtyping")


class Flat(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(784, 10)

    def forward(self, x):
        return self.layer(x.view(-1, 784))


class Windowed(nn.Module):
    """Tests its last dim before any layer gets it."""

    def __init__(self, last: int) -> None:
        super().__init__()
        self.last, self.conv = last, nn.Conv1d(1, 4, 3)

    def forward(self, x):
        assert x.shape[-1] == self.last
        return self.conv(x.transpose(1, 2) if self.last == 1 else x)


class Siamese(nn.Module):
    """Has a layer that says more about its channels before the one that gets the images."""

    def __init__(self) -> None:
        super().__init__()
        self.norm, self.conv = nn.InstanceNorm2d(8), nn.Conv2d(3, 8, 3)

    def forward(self, a, b):
        a, b = self.conv(torch.cat([2 * a - 1, 2 * b - 1])).chunk(2)
        return a * b


class FromThreeVectors(nn.Module):
    """One of which has a name by which it would be whole numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.linear, self.conv = nn.Linear(74, 128), nn.Conv2d(8, 3, 3)

    def forward(self, noise, labels, code):
        made = self.linear(torch.cat((noise, labels, code), -1))
        return self.conv(made.view(len(made), 8, 4, 4))


class BesideAPlane(nn.Module):
    """Joins an image with a plane that a layer makes of a vector."""

    def __init__(self) -> None:
        super().__init__()
        self.linear, self.conv = nn.Linear(8, 64 * 48), nn.Conv2d(4, 8, 3)

    def forward(self, x, z):
        plane = self.linear(z).view(len(z), 1, 64, 48)
        return self.conv(torch.cat((2 * x - 1, plane), 1))


class AsLargeAsTheOther(nn.Module):
    """Makes an image of a vector, in the shape of another image."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(10, 3 * 32 * 32)
        self.layers = nn.Sequential(nn.Conv2d(6, 8, 3), nn.BatchNorm2d(8))

    def forward(self, image, z):
        return self.layers(torch.cat((image, self.linear(z).view(*image.shape)), 1))


class Halves(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3)

    def forward(self, pair):
        left, right = pair.chunk(2, dim=1)
        return self.conv(left) + self.conv(right)


class TimeStep(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(4, 8, 3, padding=1)
        self.time = nn.Linear(1, 8)

    def forward(self, x, t):
        return self.conv(x) + self.time(t[:, None])[:, :, None, None]


class Spectrogram(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 8, 3)

    def forward(self, x):
        return self.conv(x.unsqueeze(1))


class Spectra(nn.Module):
    """Samples, too many for the first sizes that are tried."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 8, 3)

    def forward(self, x):
        x = F.pad(x, (400, 400), mode="reflect").squeeze(1)
        return self.conv(x.stft(800, center=False, return_complex=True).abs().unsqueeze(1))


class Tokens(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(100, 16)
        self.out = nn.Linear(16, 100)

    def forward(self, x):
        batch, length = x.shape
        return self.out(self.embed(x)).view(batch, length, 100)


class TwoImages(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(6, 8, 3)

    def forward(self, a, b):
        return self.conv(torch.cat([a, b], 1))


class ChannelsLast(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv1d(5, 8, 3)

    def forward(self, x):
        _batch, _length, _channels = x.shape
        return self.conv(x.permute(0, 2, 1))


class Grid(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(8)

    def forward(self, x):
        _batch, _height, _width, _channels = x.shape
        return self.norm(x)


class Conditional(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(10, 8)
        self.layer = nn.Linear(8 + 100, 64)

    def forward(self, z, labels):
        return self.layer(torch.cat([z, self.embed(labels)], 1))


class Codebooks(nn.Module):
    """Embeds the codes of each codebook, as language models of audio do."""

    def __init__(self) -> None:
        super().__init__()
        self.tables = nn.ModuleList([nn.Embedding(17, 8) for _ in range(4)])

    def forward(self, codes):
        _, books, _ = codes.shape
        return sum(self.tables[k](codes[:, k]) for k in range(books))


class Labelled(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(10, 24)

    def forward(self, noise, labels):
        return noise * self.embed(labels)


class Unused(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(10, 24)
        self.layer = nn.Linear(24, 24)

    def forward(self, noise):
        return self.layer(noise)


class Optional(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3)

    def forward(self, x, mask=None):
        return self.conv(x)


class FailsLater(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 8, 3)
        self.layer = nn.Linear(999, 2)

    def forward(self, x):
        return self.layer(self.conv(x).flatten(1))


class Annotated(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, padding=1)

    def forward(
        self,
        x: jaxtyping.Float[torch.Tensor, "b c rows cols"],  # noqa: F722  (dims, not a type)
    ) -> jaxtyping.Float[torch.Tensor, "b 8 rows cols"]:  # noqa: F722
        return self.conv(x)


class WithExample(Optional):
    example_input_array = torch.zeros(1, 3, 32, 48)


class WithDummies(Optional):
    dummy_inputs = {"x": torch.zeros(1, 3, 32, 32)}


class WithConfig(Optional):
    default_cfg = {"input_size": (3, 224, 224)}


class Batched(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(4, 2)

    def forward(self, x):
        return torch.softmax(self.layer(x), dim=2)


class Denoiser(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(4, 4, 3, padding=1)

    def forward(self, x, timesteps=None, context=None):
        return self.conv(x) * timesteps.view(-1, 1, 1, 1)


class Dice(nn.Module):
    def forward(self, input, target):
        assert input.size() == target.size(), "must have the same shape"
        return (input * target).flatten(2).sum(2)


class Padded(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(4, 4)

    def forward(self, x, x_lengths):
        return self.layer(x).cumsum(1)[:, :2] * x_lengths.view(-1, 1)


class Video(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3)

    def forward(self, x):
        frames = x.shape[1]
        return self.conv(x.flatten(0, 1)).unflatten(0, (-1, frames))


class Frames(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv3d(3, 8, 3)

    def forward(self, x):
        return self.conv(x.permute(0, 2, 1, 3, 4))


class Variadic(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv1d(4, 8, 3)

    def forward(self, *args, training=False, **kwargs):
        return self.conv(*args)


class Conditioned(nn.Module):
    """A U-Net of one size that says when its labels are missing."""

    def __init__(self, *labels: str) -> None:
        super().__init__()
        self.labels = labels
        self.conv, self.classes = nn.Conv2d(3, 8, 3, padding=1), nn.Embedding(10, 8)

    def forward(self, x: torch.Tensor, class_labels: Any = None, **more: Any) -> torch.Tensor:
        assert x.shape[1:] == (3, 64, 64)
        assert (class_labels is None) == bool(self.labels)
        told = self.told(**more) if self.labels else class_labels
        return self.conv(x) + self.classes(told).view(-1, 8, 1, 1)

    def told(self, *, classes: torch.Tensor, **rest: torch.Tensor) -> torch.Tensor:
        return rest["labels"] if "labels" in self.labels else classes


class Aligned(nn.Module):
    """Reads values before anything takes the sounds."""

    def __init__(self) -> None:
        super().__init__()
        self.words = nn.Sequential(nn.Embedding(10, 8), nn.Conv1d(8, 8, 1))
        self.sounds = nn.Conv1d(6, 8, 1)

    def forward(self, words, words_lengths, sounds):
        read = self.words[0](words)[:, : max(words_lengths.cpu().numpy())]
        return torch.cat([self.words[1](read.transpose(1, 2)), self.sounds(sounds)], 2)


class OneMore(nn.Module):
    """No size that is tried passes the test, so nothing reaches the convolution."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        assert x.shape[2] % 11 == 1
        return cast(torch.Tensor, self.conv(x))


CASES = [
    pytest.param(OneMore(), [("N", 3, "H", "W")], id="channels of a layer that is not reached"),
    pytest.param(Batched(), [("N", "H", "W", 4)], id="an op that asks for more dims"),
    pytest.param(nn.Conv1d(2, 4, 3), [("N", 2, "L")], id="Conv1d"),
    pytest.param(nn.Conv2d(6, 4, 3), [("N", 6, "H", "W")], id="Conv2d"),
    pytest.param(nn.ConvTranspose2d(6, 4, 3), [("N", 6, "H", "W")], id="ConvTranspose2d"),
    pytest.param(nn.Conv3d(1, 4, 3), [("N", 1, "D", "H", "W")], id="Conv3d"),
    pytest.param(nn.Linear(7, 4), [("N", 7)], id="Linear"),
    pytest.param(nn.AvgPool2d(2), [("N", "C", "H", "W")], id="a layer that takes any channels"),
    pytest.param(nn.Sequential(nn.Flatten(), nn.Linear(784, 4)), [("N", 784)], id="flatten"),
    pytest.param(Flat(), [("N", 784)], id="view, then linear"),
    pytest.param(Spectrogram(), [("N", "H", "W")], id="the model adds the channel dim"),
    pytest.param(Spectra(), [("N", "F")], id="what fits is not told by sizes that are too small"),
    pytest.param(TwoImages(), [("N", 3, "H", "W")] * 2, id="channels are shared out"),
    pytest.param(
        FromThreeVectors(),
        [("N", 25), ("N", 25), ("N", 24)],
        id="features of what is joined, shared out as far as that is whole",
    ),
    pytest.param(
        BesideAPlane(), [("N", 3, "H", "W"), ("N", 8)], id="the rank that a join asks for"
    ),
    pytest.param(
        AsLargeAsTheOther(),
        [("N", "C", "H", "W"), ("N", 10)],
        id="as many elements as a vector is made into",
    ),
    pytest.param(Halves(), [("N", 6, "H", "W")], id="channels that are divided first"),
    pytest.param(Siamese(), [("N", 3, "H", "W")] * 2, id="two in one batch"),
    pytest.param(ChannelsLast(), [("N", "L", 5)], id="channels last"),
    pytest.param(
        nn.Sequential(nn.LayerNorm(8), nn.Unflatten(1, (2, -1))),
        [("N", "L", 8)],
        id="features last",
    ),
    pytest.param(Grid(), [("N", "H", "W", 8)], id="an image with channels last"),
    pytest.param(Denoiser(), [("N", 4, "H", "W"), ("N",)], id="optional, but None does not do"),
    pytest.param(Dice(), [("N", "C", "H", "W")] * 2, id="shapes that must be the same"),
    pytest.param(Video(), [("N", "D", 3, "H", "W")], id="frames before channels"),
    pytest.param(Frames(), [("N", "D", 3, "H", "W")], id="frames that become depth"),
    pytest.param(Unused(), [("N", 24)], id="an embedding that is not used"),
    pytest.param(Optional(), [("N", 3, "H", "W")], id="optional inputs are left out"),
    pytest.param(TimeStep(), [("N", 4, "H", "W"), ("N",)], id="time step"),
    pytest.param(FailsLater(), [("N", 1, "H", "W")], id="a failure further on is no concern here"),
    pytest.param(Annotated(), [("b", 3, "rows", "cols")], id="annotation, channels from the layer"),
    pytest.param(WithExample(), [("N", 3, "H", "W")], id="example_input_array"),
    pytest.param(Variadic(), [("N", 4, "L")], id="an option behind all that has a position"),
    pytest.param(Windowed(100), [("N", 1, "L")], id="a length that is tested first"),
    pytest.param(Windowed(1), [("N", "L", 1)], id="channels that are tested first"),
]


@pytest.mark.parametrize(("model", "dims"), CASES)
def test_dims(model: nn.Module, dims: list[tuple[int | str, ...]]) -> None:
    guess = guess_inputs(build(lambda device: model), Path(__file__))
    assert [i.dims for i in guess.inputs] == dims
    assert {i.dtype for i in guess.inputs} == {"float32"}


ONE_SIZE = Input("x", ("N", 3, "H", "W"))
WHOLE = [
    pytest.param(Tokens(), [Input("x", ("N", "L"), "int64")], id="embedding"),
    pytest.param(
        Codebooks(), [Input("codes", ("N", "C", "L"), "int64")], id="rows embedded one by one"
    ),
    pytest.param(
        Conditional(),
        [Input("z", ("N", 100)), Input("labels", ("N",), "int64")],
        id="floats beside labels",
    ),
    pytest.param(
        Padded(),
        [Input("x", ("N", 4)), Input("x_lengths", ("N",), "int64")],
        id="lengths of what is padded",
    ),
    pytest.param(
        Labelled(),
        [Input("noise", ("N", 24)), Input("labels", ("N",), "int64")],
        id="floats times labels",
    ),
    pytest.param(
        Conditioned(),
        [ONE_SIZE, Input("class_labels", ("N",), "int64")],
        id="None does not do, says the model, at the size that it asserts",
    ),
    pytest.param(
        Conditioned("classes"),
        [ONE_SIZE, Input("classes", ("N",), "int64")],
        id="an argument is missing further on",
    ),
    pytest.param(
        Conditioned("classes", "labels"),
        [ONE_SIZE, Input("classes", ("N",), "int64"), Input("labels", ("N",), "int64")],
        id="a key is missing",
    ),
]


@pytest.mark.parametrize(("model", "inputs"), WHOLE)
def test_whole_numbers(model: nn.Module, inputs: list[Input]) -> None:
    assert list(guess_inputs(build(lambda device: model), Path(__file__)).inputs) == inputs


def test_a_run_with_values_tells_features() -> None:
    guess = guess_inputs(build(lambda device: Aligned()), Path(__file__))
    dims = [("N", "L"), ("N",), ("N", 6, "L")]
    assert [i.dims for i in guess.inputs] == dims


def test_floats_are_of_the_dtype_of_the_weights():
    guess = guess_inputs(build(lambda device: Optional().double()), Path(__file__))
    assert [i.dtype for i in guess.inputs] == ["float64"]


HOW = [
    pytest.param(Annotated(), "annotations of forward", id="annotations"),
    pytest.param(WithExample(), "example_input_array", id="Lightning"),
    pytest.param(WithDummies(), "dummy_inputs", id="Hugging Face"),
    pytest.param(WithConfig(), 'default_cfg["input_size"]', id="timm"),
    pytest.param(Optional(), "first layer conv = Conv2d(3, 8", id="first layer"),
]


@pytest.mark.parametrize(("model", "how"), HOW)
def test_it_says_how_it_was_found(model: nn.Module, how: str) -> None:
    assert guess_inputs(build(lambda device: model), Path(__file__)).how.startswith(how)


class Options(nn.Module):
    """Runs in one mode alone, and with at least one step."""

    def forward(self, x, mode, steps=0, verbose: bool = False):
        if mode != "full":
            raise ValueError(mode)
        return torch.stack([x] * steps)


class Flagged(nn.Module):
    def forward(self, x, everything: bool):
        return (x, x) if everything else x


HERE, THERE = str(Path(__file__)), "train.py"
IMAGE, TENSOR, FULL = Given(shape=(1, 3, 64, 64)), Given(), Given(literal="'full'")
STEPS = (("steps", Given(literal="5")),)
POOL = nn.AvgPool2d(2)
CALLED: list[Any] = [
    pytest.param(POOL, [], ("N", "C", "H", "W"), {}, id="nobody calls it"),
    pytest.param(POOL, [((IMAGE,), (), HERE)], ("N", 3, "H", "W"), {}, id="channels in its file"),
    pytest.param(
        POOL, [((IMAGE,), (), THERE)], ("N", "C", "H", "W"), {}, id="another file may build another"
    ),
    pytest.param(
        POOL,
        [((IMAGE,), (("classes", Given()),), HERE), ((IMAGE, IMAGE), (), HERE)],
        ("N", "C", "H", "W"),
        {},
        id="forward takes no such arguments",
    ),
    pytest.param(
        Options(),
        [((TENSOR, Given(literal="'half'")), (), HERE), ((TENSOR, FULL), STEPS, THERE)],
        ("N", "C", "H", "W"),
        {"mode": "full", "steps": 5},
        id="the call that runs",
    ),
    pytest.param(Flagged(), [], ("N", "C", "H", "W"), {"everything": False}, id="flags are off"),
]


@pytest.mark.parametrize(("model", "calls", "dims", "constants"), CALLED)
def test_calls_in_the_project(
    model: nn.Module, calls: list[Any], dims: tuple[Any, ...], constants: dict[str, Any]
) -> None:
    found = [ForwardCall(*call, line=3) for call in calls]
    guess = guess_inputs(build(lambda device: model), Path(__file__), found)
    assert [i.dims for i in guess.inputs] == [dims]
    assert literal_eval(guess.kwargs) == constants


SAID = [
    pytest.param(POOL, (IMAGE,), (), "called on (1, 3, 64, 64), as in test_inputs.py:3", id="on"),
    pytest.param(
        Options(),
        (IMAGE, FULL),
        STEPS,
        "called on (1, 3, 64, 64) with mode='full', steps=5, as in test_inputs.py:3",
        id="on and with",
    ),
]


@pytest.mark.parametrize(("model", "args", "kwargs", "said"), SAID)
def test_it_says_which_call_it_goes_by(model: nn.Module, args: Any, kwargs: Any, said: str) -> None:
    call = ForwardCall(args, kwargs, HERE, 3)
    assert guess_inputs(build(lambda device: model), Path(__file__), [call]).how == said


def test_arguments_that_the_user_gives_come_first() -> None:
    call = ForwardCall((TENSOR, Given(literal="'half'")), (), HERE, 3)
    given = {"mode": "full", "steps": 1}
    guess = guess_inputs(build(lambda device: Options()), Path(__file__), [call], given)
    assert literal_eval(guess.kwargs) == given


DIMS = [
    pytest.param("n 3 h w", ("n", 3, "h", "w"), id="names and sizes"),
    pytest.param("*batch c t", ("batch", "c", "t"), id="any number of batch dims is one"),
    pytest.param("... c", ("N", "c"), id="ellipsis"),
    pytest.param("n _ t", ("n", "d1", "t"), id="unnamed"),
    pytest.param("#n c=4", ("n", 4), id="prefixes"),
    pytest.param("n 2*t", ("n", "d_2_t"), id="arithmetic is a length of its own"),
    pytest.param("n {self.t}", None, id="an attribute is no length"),
]


@pytest.mark.parametrize(("text", "dims"), DIMS)
def test_jaxtyping_dims(text: str, dims: tuple[int | str, ...] | None) -> None:
    assert read_dims(text) == dims


class Unnamed(nn.Module):
    def forward(
        self,
        x: jaxtyping.Float[torch.Tensor, "n _ t"],  # noqa: F722
        y: jaxtyping.Float[torch.Tensor, "n _c t"],  # noqa: F722
    ) -> torch.Tensor:
        return torch.cat([x, y], dim=1)


def test_unnamed_dims_of_two_inputs_are_two_sizes() -> None:
    assert read_dims("n _ t", {"n", "d1", "t"}) == ("n", "d1_2", "t")
    assert read_dims("d1 _", {"d1_2"}) == ("d1", "d1_3")
    assert read_dims("_ _") == ("d0", "d1")
    dims = {name: template[0] for name, template in annotated_inputs(Unnamed).items()}
    assert dims == {"x": ("n", "d1", "t"), "y": ("n", "d1_2", "t")}


def test_annotations_of_other_packages_say_nothing() -> None:
    assert annotated_inputs(Optional) == {}
    assert annotated(Optional).returns == ("",)
    assert annotated(Annotated).returns == ("b 8 rows cols",)


EXAMPLES = [
    pytest.param((1, 3, 32, 32), "float32", (("N", 3, "H", "W"), "float32"), id="image"),
    pytest.param((2, 1, 800), "float16", (("N", 1, "L"), "float16"), id="signal"),
    pytest.param((1, 77), "int64", (("N", "L"), "int64"), id="tokens"),
    pytest.param((), "float32", None, id="a number"),
]


@pytest.mark.parametrize(("shape", "dtype", "template"), EXAMPLES)
def test_examples_are_generalised(shape: tuple[int, ...], dtype: str, template: object) -> None:
    assert generalised(shape, dtype) == template
