"""A guessed input is corrected by what the analysis says; a wrong guess accuses nobody."""

from __future__ import annotations

from pathlib import Path

import pytest

from shapelint import engine
from shapelint.config import Settings

HEAD = "import torch\nfrom torch import nn\nimport torch.nn.functional as F\n\n"

TWO_IMAGES = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, padding=1)
        self.fc = nn.Linear(8 * 16 * 16, 1)

    def forward(self, a, b):
        return self.one(a), self.one(b)

    def one(self, x):
        return self.fc(self.conv(x).flatten(1))
"""

TWO_RESOLUTIONS = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.down = nn.Conv2d(3, 8, 2, stride=2)
        self.head = nn.Conv2d(11, 8, 1)

    def forward(self, image, small):
        return self.head(torch.cat([self.down(image), small], 1))
"""

COMPARED = """
class Net(nn.Module):
    def forward(self, input, target):
        return F.binary_cross_entropy_with_logits(input, target)
"""

MASKED = """
class Net(nn.Module):
    def forward(self, x, mask):
        return x * mask
"""

SLICED = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 8, 3, padding=1)

    def forward(self, x):
        return self.conv(x[:, 0:1]) + self.conv(x[:, 1:2])
"""

SAMPLES = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 8, 3)

    def forward(self, x):
        x = F.pad(x, (400, 400), mode="reflect").squeeze(1)
        return self.conv(x.stft(800, center=False, return_complex=True).abs().unsqueeze(1))
"""

MANY_KEYS = """
class Net(nn.Module):
    def forward(self, batch):
        for key in batch.keys():
            return batch[key]
"""

SERIES = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.square = nn.Conv2d(16, 16, 1)
        self.value, self.mark = nn.Conv1d(7, 16, 3, padding=1), nn.Linear(4, 16)

    def forward(self, x, x_mark, y_mark):
        x = self.value(x.permute(0, 2, 1)).permute(0, 2, 1) + self.mark(x_mark)
        return self.square(x.permute(0, 2, 1)[..., None]), self.mark(y_mark) + torch.ones(192, 1)
"""

PYRAMID = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.up = nn.ModuleList([nn.Conv2d(16, 8, 1), nn.Conv2d(8, 4, 1)])
        self.mix = nn.ModuleList([nn.Conv2d(16, 8, 1), nn.Conv2d(8, 2, 1)])

    def forward(self, features):
        x = features[-1]
        for level, skip in enumerate(features[-2::-1]):
            x = F.interpolate(self.up[level](x), scale_factor=2)
            x = self.mix[level](torch.cat([x, skip], 1))
        return x[:, :2]
"""

BESIDE_A_SKIP = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.up = nn.ConvTranspose2d(16, 8, 2, 2)

    def forward(self, x, skip):
        return torch.cat([self.up(x), skip], 1)
"""

BESIDE_A_PLANE = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear, self.conv = nn.Linear(8, 64 * 48), nn.Conv2d(4, 8, 3)

    def forward(self, x, z):
        plane = self.linear(z).view(len(z), 1, 64, 48)
        return self.conv(torch.cat((x, plane), 1))
"""

BROKEN = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Conv2d(3, 8, 3)
        self.b = nn.Conv2d(4, 8, 3)

    def forward(self, image):
        return self.b(self.a(image))
"""


def linted(folder: Path, source: str) -> tuple[engine.Report, list[str]]:
    (folder / "pyproject.toml").touch()
    (folder / "model.py").write_text(HEAD + source)
    report = engine.check(Settings(paths=(str(folder / "model.py"),)))
    return report, [f"{d.severity} {d.name}" for d in report.diagnostics if d.severity != "info"]


@pytest.mark.parametrize(
    ("source", "dims", "said"),
    [
        pytest.param(
            TWO_IMAGES,
            [("N", 3, "H", "W"), ("N", 3, "H", "W")],
            ["warning linear-in-features"],
            id="channels that only one size fits",
        ),
        pytest.param(
            TWO_RESOLUTIONS,
            [("N", 3, "H", "W"), ("N", 3, "H2", "W2")],
            [],
            id="inputs of different height",
        ),
        pytest.param(
            COMPARED,
            [("N", "C", "H", "W"), ("N", "C", "H", "W")],
            [],
            id="channels that are equal",
        ),
        pytest.param(
            MASKED,
            [("N", "C", "H", "W"), ("N", "C2", "H", "W")],
            [],
            id="a mask of one channel is meant to stretch",
        ),
        pytest.param(
            SLICED,
            [("N", 2, "H", "W")],
            [],
            id="the fewest channels that run",
        ),
        pytest.param(
            SERIES,
            [("N", "L", 7), ("N", "L", 4), ("N", 192, 4)],
            [],
            id="each has features of its own, and one a length",
        ),
        pytest.param(SAMPLES, [("N", "F")], [], id="features without an end are samples"),
        pytest.param(
            PYRAMID,
            [("N", 4, "H", "W"), ("N", 8, "H2", "W2"), ("N", 16, "H3", "W3")],
            [],
            id="a list of feature maps, each twice as long as the next",
        ),
        pytest.param(
            BESIDE_A_SKIP,
            [("N", 16, "H", "W"), ("N", "C2", "H2", "W2")],
            [],
            id="a skip of twice the length",
        ),
        pytest.param(
            BESIDE_A_PLANE,
            [("N", 3, "H", "W"), ("N", 8)],
            ["warning skip-length-mismatch"],
            id="a length that the model itself decides",
        ),
    ],
)
def test_a_guess_is_corrected(
    tmp_path: Path, source: str, dims: list[tuple[int | str, ...]], said: list[str]
) -> None:
    report, findings = linted(tmp_path, source)
    assert [i.dims for i in report.targets[0].inputs] == dims
    assert (report.targets[0].evidence, findings) == ("proven", said)


def test_a_wrong_guess_is_no_error(tmp_path: Path) -> None:
    report, findings = linted(tmp_path, MANY_KEYS)
    assert (report.targets[0].evidence, findings) == ("not-checked", ["warning cannot-trace"])
    assert "no input was found that runs" in report.diagnostics[0].message


ASKS_FOR_VALUES = """
class Net(nn.Module):
    def forward(self, x):
        if x.sum().item() > 1e9:
            return x
        return x + x.transpose(2, 3)
"""


def test_what_runs_with_values_is_no_wrong_guess(tmp_path: Path) -> None:
    report, findings = linted(tmp_path, ASKS_FOR_VALUES)
    assert (report.targets[0].evidence, findings) == ("checked", [])


HALF_BUILT = """
class Net(nn.Module):
    def __init__(self, width=8, shared=None):
        super().__init__()
        self.conv = nn.Conv2d(3, width, 3)
        self.shared = shared

    def forward(self, image):
        return self.shared(self.conv(image))
"""

FORGOTTEN = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Sequential(nn.Conv2d(3, 8, 4, 4), nn.InstanceNorm2d(8))

    def forward(self, image):
        features = self.conv(image)
        return self.head(features)
"""


TESTED = """
class Net(nn.Module):
    def forward(self, x):
        assert x.dtype == torch.int8
        return x
"""


def test_an_assert_without_a_text_is_told_by_its_place(tmp_path: Path) -> None:
    report, _ = linted(tmp_path, TESTED)
    line = HEAD.count("\n") + TESTED.partition("assert")[0].count("\n") + 1
    assert report.diagnostics[0].message.endswith(f"AssertionError (model.py:{line})")


def test_a_missing_argument_is_no_error(tmp_path: Path) -> None:
    report, findings = linted(tmp_path, HALF_BUILT)
    assert (report.targets[0].evidence, findings) == ("not-checked", ["warning cannot-trace"])
    assert "an argument that is None by default may be missing" in report.diagnostics[0].message


def test_what_stops_every_size_is_blamed_not_what_stops_small_ones(tmp_path: Path) -> None:
    report, findings = linted(tmp_path, FORGOTTEN)
    assert findings == ["error size-mismatch"]
    assert "no attribute 'head'" in report.diagnostics[0].error


def test_a_model_that_never_runs_is_one(tmp_path: Path) -> None:
    report, findings = linted(tmp_path, BROKEN)
    assert (report.targets[0].evidence, findings) == ("proven", ["error channel-mismatch"])
    assert not any(note.startswith("input:") for note in report.diagnostics[0].notes)


def test_an_example_that_never_runs_is_told(tmp_path: Path) -> None:
    """It may be out of date, rather than the model broken."""
    called = "def use():\n    Net()(torch.rand(1, 4, 32, 32))\n"
    report, findings = linted(tmp_path, f"{BROKEN}\n{called}")
    assert findings == ["error channel-mismatch"]
    assert report.diagnostics[0].notes[-1] == "input: called on (1, 4, 32, 32), as in model.py:16"


def test_an_option_that_a_call_gives_is_no_tensor(tmp_path: Path) -> None:
    """The stack of no tensors raises, whatever goes in."""
    net = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv1d(1, 1, 3)

    def forward(self, x, steps=0):
        return torch.stack([self.conv(x)] * steps)


if __name__ == "__main__":
    print(Net()(torch.rand(2, 1, 64), steps=3).shape)
"""
    report, findings = linted(tmp_path, net)
    assert (report.targets[0].evidence, findings) == ("proven", [])
    assert "with steps=3" in report.targets[0].assumed[-1]


TWO_WORDS = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding, self.fc = nn.Embedding(9, 4), nn.Linear(3, 4)

    def forward(self, tokens, x):
        raise ValueError(self.embedding(tokens).shape, self.fc(x).shape)
"""


A_KEY = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(3, 4)

    def forward(self, batch):
        raise KeyError(self.fc(batch["x"]).shape)
"""


A_LIST = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.up = nn.ConvTranspose2d(8, 8, 2, stride=2)

    def forward(self, features):
        raise ValueError(self.up(features[-1]).shape)
"""


def test_a_list_of_tensors_is_told_from_a_tensor(tmp_path: Path) -> None:
    report, findings = linted(tmp_path, A_LIST)
    assert (report.targets[0].evidence, findings) == ("not-checked", ["warning cannot-trace"])
    assert report.diagnostics[0].message.endswith("; features may be a list of tensors")


@pytest.mark.parametrize(
    ("source", "options"),
    [
        pytest.param(
            A_LIST,
            "--input features.0=N,8,H,W --input features.1=N,8,H2,W2",
            id="a list",
        ),
        pytest.param(TWO_WORDS, "--input tokens=N,L:int64 --input x=N,3", id="two inputs"),
        pytest.param(A_KEY, "--input batch.x=N,3", id="one in a dict"),
    ],
)
def test_inputs_to_describe_are_options_of_the_command_line(
    tmp_path: Path, source: str, options: str
) -> None:
    report, _ = linted(tmp_path, source)
    assert report.diagnostics[0].notes == (
        f"describe the inputs: {options}; --kwarg NAME=VALUE for what is no tensor",
    )


COUNTER = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.register_buffer("calls", torch.tensor(0))

    def forward(self, x):
        return self.conv(x[:, :, 1:] if self.calls.item() == 0 else x)
"""


def test_the_first_layer_is_believed_of_a_model_that_reads_values(tmp_path: Path) -> None:
    report, findings = linted(tmp_path, COUNTER)
    assert (report.targets[0].evidence, findings) == ("checked", [])
    assert [i.dims for i in report.targets[0].inputs] == [("N", 3, "H", "W")]
    assert "H >= 4 and W >= 3" in report.targets[0].valid_sizes.text


PER_TOKEN = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(3, 4)

    def forward(self, x):
        y = self.fc(x)
        if y.ndim != 3:
            raise ValueError("expected 3 dims")
        return y
"""


def test_a_wrong_rank_that_the_code_refuses_accuses_nobody(tmp_path: Path) -> None:
    report, findings = linted(tmp_path, PER_TOKEN)
    assert "error" not in " ".join(findings)
    assert report.targets[0].evidence in ("proven", "not-checked")
