"""The way of a length through a model, and what makes a finding the same one in two runs."""

from dataclasses import replace

import pytest
from torch import nn

from shapelint.findings.fingerprints import fingerprints, identity
from shapelint.flow import flow
from shapelint.interface import analyze, check
from shapelint.text.sources import Sources
from tests.fixture_models import FIXTURES
from tests.reports import ROUNDTRIP, finding


def steps(analysis, sizes):
    return [step.message for step in flow(analysis.subject, {"N": 1, **sizes})]


PAIR = nn.Sequential(nn.Conv1d(1, 2, 3, 2, 1), nn.ConvTranspose1d(2, 1, 3, 2, 1))

FLOWS = {
    "a layer that keeps the length is no step": (
        nn.Conv1d(1, 1, 3, padding=1),
        8,
        ["input: L = 8"],
    ),
    "every change of resolution is one": (
        PAIR,
        16,
        ["input: L = 16", "0 (Conv1d), L: 16 -> 8", "1 (ConvTranspose1d), L: 8 -> 15"],
    ),
    "what raises is the last": (
        nn.Sequential(nn.MaxPool1d(2), nn.MaxPool1d(2)),
        3,
        ["input: L = 3", "0 (MaxPool1d), L: 3 -> 1", "1 (MaxPool1d) raises"],
    ),
}


@pytest.mark.parametrize(("module", "length", "expected"), FLOWS.values(), ids=FLOWS)
def test_flow(module, length, expected):
    assert steps(analyze(module, inputs=[("N", 1, "L")]), {"L": length}) == expected


@pytest.fixture(scope="module")
def twice(tmp_path_factory):
    """The findings about a U-Net, and about the same file with one more line at its top."""
    folder = tmp_path_factory.mktemp("models")
    source = (FIXTURES / "bad" / "unet.py").read_text("utf-8")
    (folder / "unet.py").write_text(source, "utf-8")
    (folder / "moved.py").write_text(f"# one more line\n{source}", "utf-8")
    reports = check(folder).diagnostics
    return [[d for d in reports if name in d.target] for name in ("unet.py", "moved.py")]


def test_a_finding_about_a_junction_names_the_call_and_both_sides(twice):
    found = next(d for d in twice[0] if d.code == "SHP201")
    assert found.modules == ("cat", "pool", "up.0")
    assert found.flow[-2].message == "up.0 (ConvTranspose2d), H: 1 -> 2, W: 1 -> 2"
    assert found.flow[-1].message == "cat raises"


def test_fingerprints_stay_when_lines_move(twice):
    before, after = twice
    assert [d.span.line + 1 for d in before] == [d.span.line for d in after]
    renamed = [replace(d, target=b.target) for d, b in zip(after, before, strict=True)]
    told = fingerprints(before, Sources())
    assert told == fingerprints(renamed, Sources())
    assert len({*told}) == len(told) > 1


OTHERS = {
    "another rule": replace(ROUNDTRIP, name="residue-sensitive"),
    "another target": replace(ROUNDTRIP, target="models/ae.py:AE2"),
    "another pair": replace(ROUNDTRIP, modules=("dec", "enc.0")),
    "the same again": ROUNDTRIP,
}


@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS)
def test_two_findings_of_a_report_have_two_fingerprints(other):
    first, second = fingerprints([ROUNDTRIP, other], Sources())
    assert first != second


def test_the_path_of_the_identity_is_relative(tmp_path):
    absolute = finding(target=f"{tmp_path}/m.py:AE")
    assert identity(absolute, Sources(root=tmp_path)) == ("m.py:AE", "skip-length-mismatch")
    assert identity(finding(target="AE"), Sources()) == ("AE", "skip-length-mismatch")
    whole_file = finding(target=f"{tmp_path}/m.py")
    assert identity(whole_file, Sources(root=tmp_path)) == ("m.py", "skip-length-mismatch")
