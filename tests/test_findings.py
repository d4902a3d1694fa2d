"""What is said about the fixture models, to the line; and every fix, applied and run again."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest
import torch
from torch.nn import functional as F

from shapelint.analysis import Analysis
from shapelint.lint import diagnose
from shapelint.model import Diagnostic, Fix
from shapelint.rules import all_rules
from shapelint.source.edits import applied
from shapelint.worker.loading.build import build
from tests.fixture_models import FIXTURES, Model, analysis_of, load, sweep
from tests.models import BAD, GOOD, MODELS
from tests.runs import analysed
from tests.test_sweep import came_back, real

torch.set_num_threads(1)

REFUSED = FIXTURES / "bad" / "same_padding.py"
"""The one fixture that cannot be built, so that there is nothing to analyse."""


@cache
def found(model: Model) -> tuple[Diagnostic, ...]:
    """The diagnostics of all rules that are on, and of those the row asks for."""
    _, analysis = analysis_of(model)
    rules = [r for r in all_rules() if r.enabled or r.code in model.also]
    return diagnose(analysis, rules).diagnostics


@pytest.mark.parametrize("model", GOOD, ids=lambda m: m.id)
def test_correct_models_are_not_accused(model):
    assert [d for d in found(model) if d.severity != "info"] == []


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.id)
def test_findings(model):
    assert sorted((d.code, d.span.line, d.severity) for d in found(model)) == model.findings
    assert {Path(d.span.path) for d in found(model)} <= {model.path}


class UnpooledTwice(torch.nn.Module):
    """What the second cannot take at any odd half, the first may take: it is up to the values."""

    def forward(self, x):
        half, wide = F.max_pool2d(x, 2, return_indices=True)
        y = F.max_unpool2d(*F.max_pool2d(half, 2, return_indices=True), 2)
        return F.max_unpool2d(y, wide, 2)


def test_what_always_fails_is_blamed_before_what_values_decide():
    (mismatch,) = (d for d in analysed(UnpooledTwice()).diagnostics if d.code == "SHP201")
    assert mismatch.label.startswith("2 and 3 at")


class Counted(torch.nn.Module):
    """A position for each of up to 8 separators, which a run need not have."""

    def __init__(self, separator):
        super().__init__()
        self.table, self.separator = torch.nn.Embedding(9, 4), separator

    def forward(self, ids):
        return self.table((ids == self.separator).cumsum(1))


@pytest.mark.parametrize(("separator", "notes"), [(0, []), (999, ["L = 9"])])
def test_what_only_some_values_break_is_said_so(separator, notes):
    (found,) = analysed(Counted(separator), "ids=N L:int64").diagnostics
    assert bool(found.error) == (not notes)
    passed = [note for note in found.notes if note.startswith("raises for some values;")]
    assert [note.split(" at ")[1].removesuffix(" passed") for note in passed] == notes


class Positions(torch.nn.Module):
    """Every length up to 16 has a position."""

    def __init__(self, added):
        super().__init__()
        self.table, self.added = torch.nn.Embedding(16, 4), added

    def forward(self, x):
        length = x.shape[1]
        rows = self.table.weight[:length] if self.added else self.table(torch.arange(length))
        return x + rows


class Never(torch.nn.Module):
    """Two lengths that never agree, behind what some sizes do not pass."""

    def __init__(self, before):
        super().__init__()
        self.before = before

    def forward(self, x):
        y = self.before(x)
        return torch.cat([y, F.pad(y, (0, 1))], 1)


NEVER = {
    "nothing": lambda x: x,
    "a kernel": lambda x: F.avg_pool1d(x, 4),
    "two kernels": lambda x: F.avg_pool1d(x, 4) + F.adaptive_avg_pool1d(F.avg_pool1d(x, 9), 1),
    "padding": lambda x: F.pad(x, (9, 9), "reflect"),
    "a view": lambda x: x.view(*x.shape[:-1], 2, -1).sum(-2),
    "a layer with features": lambda x: F.linear(x, x.new_zeros(6, 5)),
    "the end of a table": lambda x: x + x.new_zeros(32)[torch.arange(x.shape[-1])],
    "another junction": lambda x: x + F.interpolate(F.avg_pool1d(x, 2), scale_factor=2),
    "an assertion": lambda x: x if x.shape[-1] % 2 else x[:, :0],
    "an exception": lambda x: x if x.shape[-1] % 2 else float("x"),
}


NEVER_AGREE = ("SHP201", "lengths that are concatenated never agree: no size runs")
"""Not what stops some sizes before."""


@pytest.mark.parametrize("before", NEVER.values(), ids=NEVER)
def test_a_model_that_never_runs_is_an_error(before):
    analysis = analysed(Never(before), "N 4 L")
    assert not analysis.valid_sizes
    errors = [d for d in analysis.diagnostics if d.severity == "error"]
    assert [(d.code, d.message) for d in errors] == [NEVER_AGREE]


@pytest.mark.parametrize(("added", "code"), [(True, "SHP201"), (False, "SHP203")])
def test_the_end_of_a_table_is_information(added, code):
    (found,) = analysed(Positions(added), "N L 4").diagnostics
    assert (found.code, found.severity, found.witness["L"]) == (code, "info", 17)
    assert "L <= 16" in found.message


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.id)
def test_sizes_in_words(model):
    _, analysis = analysis_of(model)
    assert analysis.valid_sizes.text == model.valid
    assert analysis.roundtrip_sizes.text == model.roundtrip


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.id)
def test_witnesses_are_on_the_two_sides_of_the_claim(model):
    session, _ = analysis_of(model)
    for diagnostic in found(model):
        if diagnostic.witness:
            failed = real(session, model, diagnostic.witness) is None
            assert failed == bool(diagnostic.error), diagnostic.message
        if diagnostic.passing:
            assert real(session, model, diagnostic.passing) is not None, diagnostic.message


def test_every_fixture_is_in_the_table():
    folders = ("good", "bad")
    files = {f"{p.parent.name}/{p.stem}" for name in folders for p in FIXTURES.glob(f"{name}/*.py")}
    assert files - {"bad/same_padding"} == {m.file for m in MODELS}


def test_every_rule_is_seen_to_speak():
    spoken = {code for model in BAD for code, _, _ in model.findings} | {"SHP305"}
    about_models = {r.code for r in all_rules() if r.code < "SHP8"}
    assert spoken == about_models


def test_same_padding_with_a_stride_cannot_be_built():
    with pytest.raises(ValueError, match="padding='same' is not supported for strided"):
        build(lambda device: vars(load(REFUSED))["PortedEncoder"]())


# -- fixes ----------------------------------------------------------------------------------


def good(analysis: Analysis, after: Analysis):
    """The sizes that do what is expected of the model before the fix."""
    expected = analysis.subject.expects_roundtrip
    return after.roundtrip_sizes if expected else after.valid_sizes


def fixes(model: Model) -> list[Fix]:
    """Every fix that can be written down, once."""
    written = (f for d in found(model) for f in d.fixes if f.edits)
    return list({f.edits: f for f in written}.values())


FIXABLE = [m for m in MODELS if m.finds]


@pytest.mark.parametrize("model", FIXABLE, ids=lambda m: m.id)
def test_a_fix_does_what_it_says(model, tmp_path):
    """Applied to a copy of the file: the sizes are those that were printed, and PyTorch agrees."""
    _, before = analysis_of(model)
    for i, fix in enumerate(fixes(model)):
        copy = tmp_path / f"fixed_{i}.py"
        copy.write_bytes(applied(model.path.read_bytes(), fix.edits))
        session = model.session(copy)
        after = model.analysis(session)
        sizes_after = good(before, after)
        assert sizes_after.text == fix.sizes_after, fix.title
        for sizes in list(sweep(model))[::3]:
            if sizes not in after.exploration.domain:
                continue
            shapes = real(session, model, sizes)
            works = shapes is not None
            if before.subject.expects_roundtrip:
                works = came_back(model, after, sizes, shapes)
            assert works == (sizes in sizes_after), (fix.title, sizes)


FIX_TITLES = [
    (
        "bad/autoencoder",
        [
            "output_padding=1",
            "output_size=x.shape[-1:] in forward",
            "kernel_size=4 (k4 s2 p1)",
        ],
    ),
    ("bad/codec", ["output_padding=stride % 2"]),
    ("bad/script", ["output_padding=1", "kernel_size=4 (k4 s2 p1)"]),
    ("bad/classifier_width", ["in_features=32 in fc"]),
]


@pytest.mark.parametrize(("file", "titles"), FIX_TITLES, ids=[f for f, _ in FIX_TITLES])
def test_fixes_are_offered_in_the_order_of_least_damage(file, titles):
    model = next(m for m in MODELS if m.file == file)
    assert [f.title for f in fixes(model)] == titles


def test_only_the_odd_stride_of_a_codec_is_blamed():
    """Strides 2, 4 and 8 are undone exactly: 320 -> 312 is the fault of stride 5 alone."""
    diagnostic = found(next(m for m in MODELS if m.file == "bad/codec"))[0]
    assert diagnostic.witness["L"] == 320
    assert "320 -> 160 -> 40 -> 8 -> 1 -> 8 -> 39" in diagnostic.notes[0]
    fix = diagnostic.fixes[0]
    assert (fix.title, fix.sizes_after) == ("output_padding=stride % 2", "L % 320 == 0")
    assert len(fix.edits) == 1


# -- what a user sees -------------------------------------------------------------------------


def test_the_command_line_says_the_same(shapelint):
    """In a worker, with targets and inputs found by itself; scripts, and what cannot be built."""
    files = ["bad/script", "bad/argparse_autoencoder", "bad/unet", "good/script", "good/unet_pad"]
    paths = [str(FIXTURES / f"{f}.py") for f in files]
    code, out, _ = shapelint(
        "check", *paths, str(REFUSED), "--output-format", "concise", "--verbose"
    )
    line = re.compile(r".*fixtures/(.+)\.py:(\d+):\d+: (\w+)\[.*\((SHP\d+)\)")
    told = sorted(m.groups() for m in map(line.fullmatch, out.splitlines()) if m)
    rows = [m for m in MODELS if m.file in files and not m.lengths]
    expected = [(m.file, str(n), severity, c) for m in rows for c, n, severity in m.findings]
    assert told == sorted([*expected, ("bad/same_padding", "10", "error", "SHP305")])
    assert code == 1


class WaveNet(torch.nn.Module):
    """Each layer crops what it adds; the sum of skips is as long as what all have seen."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = torch.nn.ModuleList(torch.nn.Conv1d(1, 1, 2, dilation=d) for d in (1, 2, 4))

    def forward(self, x):
        left, total = x.shape[-1] - 7, 0
        for layer in self.layers:
            y = layer(x)
            x = y + x[..., -y.shape[-1] :]
            total = total + y[..., -left:]
        return total


def test_a_receptive_field_is_information():
    analysis = analysed(WaveNet(), "N 1 L")
    assert analysis.valid_sizes.text == "L >= 8"
    assert {d.severity for d in analysis.diagnostics} == {"info"}
    assert "SHP201" in {d.code for d in analysis.diagnostics}
