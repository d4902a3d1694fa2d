"""``import shapelint`` and what it gives."""

from __future__ import annotations

import resource
import signal
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

import shapelint
from shapelint.analysis import Analysis, Prediction
from shapelint.errors import UsageError
from shapelint.lengths.domain import DomainError, domain_of

FIXTURES = Path(__file__).parents[1] / "fixtures"


def _autoencoder(output_padding: int = 0) -> nn.Module:
    up = nn.ConvTranspose1d(4, 1, 3, 2, 1, output_padding=output_padding)
    return nn.Sequential(nn.Conv1d(1, 4, 3, 2, 1), up)


PUBLIC = [
    "Analysis",
    "Diagnostic",
    "Prediction",
    "Report",
    "SizeSet",
    "analyze",
    "assert_roundtrip",
    "check",
]


@pytest.mark.parametrize("name", PUBLIC)
def test_public_names_are_there_and_listed(name):
    assert getattr(shapelint, name).__name__ == name
    assert name in dir(shapelint)


def test_other_names_are_not():
    with pytest.raises(AttributeError, match=r"'shapelint' has no attribute 'chekc'"):
        shapelint.chekc  # noqa: B018  # reading it is the test


def test_analyze_predicts_what_the_module_does():
    module = _autoencoder()
    analysis = shapelint.analyze(module, inputs=[("N", 1, "L")])
    assert isinstance(analysis, Analysis)
    for length in range(1, 20):
        shape = tuple(module(torch.zeros(2, 1, length)).shape)
        assert analysis.predict({"N": 2, "L": length}) == Prediction(True, [shape], "proven", "")


FORMS = {
    "dims": ([("N", 1, "L")], {}),
    "a text": (["N 1 L"], {}),
    "a single text": ("N,1,L", {}),
    "a dtype in a text": (["N 1 L:float64"], {}),
    "a dtype beside dims": ([("N", 1, "L")], {"dtypes": [torch.float64]}),
    "the name of a dtype": ([("N", 1, "L")], {"dtypes": ["float64"]}),
}


@pytest.mark.parametrize(("inputs", "rest"), FORMS.values(), ids=FORMS)
def test_inputs_are_dims_or_texts(inputs, rest):
    module = _autoencoder()
    is_double = rest or "float64" in str(inputs)
    analysis = shapelint.analyze(module.double() if is_double else module, inputs, **rest)
    assert analysis.evidence == "proven"
    assert analysis.roundtrip_sizes.text == "L % 2 == 1"


def test_inputs_may_have_the_names_of_parameters():
    class Masked(nn.Module):
        def forward(self, x, mask):
            return x[mask.long()] if mask.dim() == 1 else x * mask

    analysis = shapelint.analyze(Masked(), ["mask=N,L:bool", "x=N,T"])
    expected = ["L == 1 or L == T or T == 1"]
    assert analysis.valid_sizes == domain_of(expected, analysis.valid_sizes.symbols)


REFUSED = {
    "a dim that is none": (lambda: shapelint.analyze(nn.ReLU(), ["N -1"]), UsageError),
    "no inputs": (lambda: shapelint.check(nn.ReLU()), UsageError),
    "training mode for a module": (
        lambda: shapelint.check(nn.ReLU(), "N L", train=True),
        UsageError,
    ),
    "fewer dtypes than inputs": (
        lambda: shapelint.analyze(nn.ReLU(), ["N", "M"], dtypes=["int64"]),
        ValueError,
    ),
    "a symbol that is not there": (
        lambda: shapelint.check(nn.ReLU(), "N L", lengths=["H % 2 == 0"]),
        DomainError,
    ),
    "a path that is not there": (lambda: shapelint.check("no-such-file.py"), UsageError),
}


@pytest.mark.parametrize(("call", "error"), REFUSED.values(), ids=REFUSED)
def test_what_makes_no_sense_is_refused(call, error):
    with pytest.raises(error):
        call()


def test_check_of_a_module_that_works_finds_nothing():
    report = shapelint.check(_autoencoder(1), "N 1 L", lengths={"L": "even"})
    (target,) = report.targets
    assert (target.evidence, target.class_name, target.valid_sizes.text) == (
        "proven",
        "Sequential",
        "L % 2 == 0",
    )
    assert report.diagnostics == ()


def test_check_of_a_module_reports_what_is_wrong_and_how_to_fix_it():
    report = shapelint.check(_autoencoder(), "N 1 L")
    (finding,) = report.diagnostics
    assert isinstance(finding, shapelint.Diagnostic)
    assert (finding.code, finding.witness) == ("SHP101", {"N": 2, "L": 2})
    assert finding.fixes[0].title == "output_padding=1"


def test_check_of_a_module_says_what_is_less_than_proven():
    class Lossy(nn.Module):
        def forward(self, x):
            return x[: int(str(x.shape[0]))]

    report = shapelint.check(Lossy(), "N L")
    (target,) = report.targets
    assert target.evidence == "checked"
    assert [d.code for d in report.diagnostics if d.evidence == "checked"]


@pytest.mark.parametrize(
    ("kind", "lengths", "codes"),
    [(str, {"L": "odd"}, []), (Path, (), ["SHP101"])],
    ids=["a text, declared sizes", "a Path"],
)
def test_check_of_a_path_asks_a_worker(kind, lengths, codes):
    path = FIXTURES / "bad" / "autoencoder.py"
    report = shapelint.check(kind(path), lengths=lengths)
    assert report.files == 1
    assert [t.path for t in report.targets] == [str(path)]
    assert [d.code for d in report.diagnostics] == codes


def test_check_of_a_path_may_train(tmp_path):
    """There batch norm wants more than one value for each channel."""
    path = tmp_path / "model.py"
    path.write_text(
        "from torch import nn\nnorm = nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3))\n"
    )
    for train, valid in ((False, "every size"), (True, "N >= 2")):
        (target,) = shapelint.check(path, inputs="N 3", train=train).targets
        assert target.valid_sizes.text == valid


def test_check_of_a_path_goes_by_config_files(tmp_path):
    """Unless it is isolated; what the call says comes first."""
    (tmp_path / "model.py").write_bytes((FIXTURES / "bad" / "autoencoder.py").read_bytes())
    (tmp_path / "shapelint.toml").write_text('lengths = { L = "L % 4 == 1" }')
    path = tmp_path / "model.py"

    def sizes(**rest) -> str:
        (target,) = shapelint.check(path, **rest).targets
        return target.valid_sizes.text

    assert sizes() == "L % 4 == 1"
    assert sizes(isolated=True) == "every size"
    assert sizes(lengths=["L % 2 == 1"]) == "L % 2 == 1"
    (tmp_path / "shapelint.toml").write_text('ignore = ["SHP7"]')
    with pytest.raises(UsageError, match="no rule matches 'SHP7'"):
        shapelint.check(path)


# -- in a notebook and in a test --------------------------------------------------------------


class Endless(nn.Module):
    def forward(self, x):
        while x.dim():
            try:
                x = x + 0
            except Exception:  # a limit passes through this
                continue


class Hoarder(nn.Module):
    def forward(self, x):
        return x, bytearray(2**34)


LIMITED = {
    "time": (Endless(), {"timeout": 0.2}, "timeout", "took longer than 0.2 s"),
}
if sys.platform == "linux":  # elsewhere memory is not limited
    LIMITED["memory"] = (Hoarder(), {"memory": 1000}, "cannot-trace", "MemoryError")


@pytest.mark.parametrize(("module", "limit", "rule", "said"), LIMITED.values(), ids=LIMITED)
def test_check_of_a_module_has_limits(module, limit, rule, said):
    before = resource.getrlimit(resource.RLIMIT_DATA), signal.getsignal(signal.SIGALRM)
    found = shapelint.check(module, "N 1 L", **limit)
    assert [(d.name, t.evidence) for d, t in zip(found.diagnostics, found.targets)] == [
        (rule, "not-checked")
    ]
    assert said in found.diagnostics[0].message
    assert (resource.getrlimit(resource.RLIMIT_DATA), signal.getsignal(signal.SIGALRM)) == before


def test_analyze_has_limits():
    with pytest.raises(TimeoutError, match=r"took longer than 0\.2 s"):
        shapelint.analyze(Endless(), "N 1 L", timeout=0.2)


def test_a_report_prints_as_on_the_command_line_and_shows_with_colours():
    report = shapelint.check(_autoencoder(), "N 1 L")
    headline = "output is 1 shorter than the input for every even L"
    assert str(report).startswith(f"error[roundtrip-length]: {headline}")
    assert str(report).endswith("\nChecked 1 model: 1 error\n")
    shown = report._repr_html_()
    assert f": {headline}</span>" in shown
    assert "-&gt;" in shown
    assert "\x1b" not in shown


HOLDS = {
    "every size": (_autoencoder, "N 1 L", ["L % 2 == 1"]),
    "declared as a mapping": (_autoencoder, "N 1 L", {"L": "33"}),
    "no size is declared and all come back": (lambda: nn.Conv1d(1, 1, 3, padding=1), "N 1 L", ()),
}


@pytest.mark.parametrize(("make", "inputs", "lengths"), HOLDS.values(), ids=HOLDS)
def test_assert_roundtrip_is_silent_where_it_holds(make, inputs, lengths):
    shapelint.assert_roundtrip(make(), inputs, lengths)


class Values(nn.Module):
    """Its length depends on values."""

    def forward(self, x):
        return x[..., : int(x.sum() > 0) + 3]


FAILS = {
    "the smallest size is named": (
        _autoencoder(),
        (),
        r"does not come back at L = 2; comes back at L % 2 == 1\n\nerror\[roundtrip-length\]",
    ),
    "of those that are declared": (_autoencoder(1), {"L": "3..9"}, r"come back at L = 3; comes"),
    "where it raises nothing comes back": (nn.MaxPool1d(2, 1), {"L": "1..2"}, "come back at L = 1"),
    "what nobody can tell": (Values(), {"L": "4"}, r"^not proven: .*item\(\)"),
}


@pytest.mark.parametrize(("module", "lengths", "message"), FAILS.values(), ids=FAILS)
def test_assert_roundtrip_says_why_it_does_not_hold(module, lengths, message):
    with pytest.raises(AssertionError, match=message):
        shapelint.assert_roundtrip(module, "N 1 L", lengths)


class Spectra(nn.Module):
    """A head over frames: as many dims as the input, and nothing of it comes back."""

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Conv1d(80, 8, 3, 2), nn.Conv1d(8, 40, 1))

    def forward(self, x):
        return self.layers(x)


def test_nothing_is_said_of_sizes_that_are_not_meant_to_come_back():
    (told,) = shapelint.check(Spectra(), "N 80 L").targets
    assert (told.valid_sizes.text, told.roundtrip_sizes) == ("L >= 3", None)
