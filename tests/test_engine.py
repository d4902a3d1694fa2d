"""One model after the other: what goes wrong with one is said, and the others are linted."""

from __future__ import annotations

from pathlib import Path

import pytest

from shapelint import engine
from shapelint.cli import BUG
from shapelint.cli.check import exit_code
from shapelint.config import Declared, Settings
from shapelint.rules import find_rule
from tests.projects import NET, linted

TWO_MODELS = """
import torch
from torch import nn

first = nn.Sequential(nn.Conv1d(1, 1, 3, 2, 1), nn.ConvTranspose1d(1, 1, 3, 2, 1))
second = nn.Sequential(nn.Conv1d(1, 1, 3, 2, 1), nn.ConvTranspose1d(1, 1, 3, 2, 1))
"""


def said(report: engine.Report, evidence: str = "") -> dict[str, list[str]]:
    """The names of the diagnostics of each target, by the target's own name."""
    found: dict[str, list[str]] = {
        t.target.rpartition(":")[2]: [] for t in report.targets if evidence in t.evidence
    }
    for d in report.diagnostics:
        name = d.target.rpartition(":")[2]
        if name in found:
            found[name].append(d.name)
    return found


def test_an_exception_in_a_rule_costs_one_model_alone(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(subject):  # type: ignore[no-untyped-def]
        if subject.target.endswith("first"):
            raise ZeroDivisionError("no such pair")
        yield from ()

    monkeypatch.setattr(type(find_rule("asymmetric-pair")), "__call__", _instead(fails))
    report = linted(project, model=TWO_MODELS)
    assert said(report) == {"first": ["internal-error"], "second": ["roundtrip-length"]}
    bug = report.diagnostics[0]
    assert bug.message == "shapelint raised ZeroDivisionError: no such pair"
    assert "in fails" in "".join(bug.notes)
    assert exit_code(report, Settings()) == BUG


def test_memory_without_end_costs_one_model_alone(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def takes(subject):  # type: ignore[no-untyped-def]
        if subject.target.endswith("first"):
            bytearray(2**30)
        yield from ()

    monkeypatch.setattr(type(find_rule("asymmetric-pair")), "__call__", _instead(takes))
    (project / "model.py").write_text(TWO_MODELS)
    report = engine.check(Settings(paths=(str(project),), memory=500))
    assert said(report) == {"first": ["cannot-trace"], "second": ["roundtrip-length"]}
    assert report.diagnostics[0].message == "its sizes take more than --memory (500 MB)"


def _instead(other):  # type: ignore[no-untyped-def]
    """``Rule.__call__`` with another generator for one of the rules."""

    def call(rule, subject):  # type: ignore[no-untyped-def]
        return (other if rule.name == "asymmetric-pair" else rule.check)(subject)

    return call


def test_a_report_without_bugs_is_no_crash(project: Path) -> None:
    report = linted(project, model=TWO_MODELS)
    assert said(report) == {"first": ["roundtrip-length"], "second": ["roundtrip-length"]}
    assert exit_code(report, Settings()) == 1


def test_shapes_that_pytorch_denies_are_not_printed(project: Path) -> None:
    source = """
import numpy as np
import torch
from torch import nn

class Noisy(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)
    def forward(self, x):
        x = self.fc(x)
        noise = np.zeros((int(str(x.shape[0])), 4), dtype=np.float32)
        return x + torch.from_numpy(noise).to(x.device)
"""
    (project / "noisy.py").write_text(source)
    (target,) = engine.check(Settings(paths=(str(project / "noisy.py"),))).targets
    assert target.evidence == "checked"
    assert "PyTorch (meta) raised" in target.reason or "returned" in target.reason
    assert target.valid_sizes.window is not None
    assert target.outputs == ()


def test_imports_in_a_circle(project: Path) -> None:
    """As modules they work; a name that is not there yet is missing in one file, not in all."""
    ends = {
        "encoder": f"import decoder\n{NET.replace('Net', 'Encoder')}",
        "decoder": f"import encoder\n{NET.replace('Net', 'Decoder')}",
    }
    assert {t.class_name: t.evidence for t in linted(project, **ends).targets} == {
        "Encoder": "proven",
        "Decoder": "proven",
    }
    ends["decoder"] = f"from encoder import Encoder\n{NET.replace('Net', 'Decoder')}"
    ends["alone"] = NET.replace("Net", "Alone")
    report = linted(project, **ends)
    evidence = {t.class_name: t.evidence for t in report.targets}
    assert evidence["Alone"] == evidence["Encoder"] == "proven"
    assert not any(d.name == "internal-error" for d in report.diagnostics)


def test_a_finding_about_a_class_is_said_once(project: Path) -> None:
    report = linted(project, net=f"{NET}\na = Net()\nb = Net()\n")
    of_net = [d for d in report.diagnostics if Path(d.span.path).name == "net.py"]
    assert len({t.target for t in report.targets if t.class_name == "Net"}) == 2
    assert len(of_net) == len({(d.code, d.message) for d in of_net}) > 0


NORM = """
from torch import nn
net = nn.Sequential(nn.Conv2d(3, 8, 4, 4), nn.BatchNorm2d(8))
trained = nn.Sequential(nn.Conv2d(3, 8, 4, 4), nn.BatchNorm2d(8))
"""


def test_training_needs_more_than_one_value_per_channel(project: Path) -> None:
    (project / "net.py").write_text(NORM)
    declared = (Declared(project / "net.py", "trained", train=True),)
    by_config = Settings(paths=(str(project),), models=declared)
    by_flag = Settings(paths=(f"{project / 'net.py'}:net",), train=True)
    config, flag = engine.check(by_config), engine.check(by_flag)
    told = [
        (t.target.rpartition(":")[2], t.valid_sizes.text, "training mode" in t.assumed)
        for t in (*config.targets, *flag.targets)
    ]
    several = "H >= 4 and W >= 4 and (N >= 2 or H >= 8 or W >= 8)"
    assert sorted(told) == [
        ("net", "H >= 4 and W >= 4", False),
        ("net", several, True),
        ("trained", several, True),
    ]
    assert "more than 1 value per channel" in flag.diagnostics[0].error
