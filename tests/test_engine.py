"""One model after the other: what goes wrong with one is said, and the others are linted."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from shapelint import engine
from shapelint.cli import BUG
from shapelint.cli.check import exit_code
from shapelint.config import Declared, Selection, Settings
from shapelint.configfile.layers import Layers
from shapelint.rules import find_rule

TWO_MODELS = """
import torch
from torch import nn

first = nn.Sequential(nn.Conv1d(1, 1, 3, 2, 1), nn.ConvTranspose1d(1, 1, 3, 2, 1))
second = nn.Sequential(nn.Conv1d(1, 1, 3, 2, 1), nn.ConvTranspose1d(1, 1, 3, 2, 1))
"""

NET = """
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.down = nn.Conv1d(1, 1, 3, 2, 1)
        self.up = nn.ConvTranspose1d(1, 1, 3, 2, 1)

    def forward(self, x):
        return self.up(self.down(x))
"""

WIDTHS = NET.replace("(self)", "(self, {0})").replace("1, 1, 3", "in_channels, in_channels, 3")
WIDTHS = WIDTHS.replace("in_channels", "{0}").replace("class Net", "class {1}")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").touch()
    return tmp_path


def linted(folder: Path, **files: str) -> engine.Report:
    for name, source in files.items():
        (folder / f"{name}.py").write_text(source)
    return engine.check(Settings(paths=(str(folder),)))


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


def test_a_class_whose_base_is_not_installed_is_said_not_to_be_checked(project: Path) -> None:
    source = """
from torch import nn
from no_such_package import Base

class Encoder(nn.Module):
    def __init__(self, width=8):
        super().__init__()
        self.conv = nn.Conv1d(1, width, 4, 2, 1)
    def forward(self, x):
        return self.conv(x)

class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.conv = nn.Conv1d(1, width, 4, 2, 1)
    def forward(self, x):
        return self.conv(x)

class Codec(Base):
    def __init__(self, width):
        self.encoder, self.block = Encoder(width), Block(width)
    def forward(self, x):
        return self.block(self.encoder(x))
"""
    (project / "codec.py").write_text(source)
    report = engine.check(Settings(paths=(str(project / "codec.py"),)))
    evidence = {t.class_name: t.evidence for t in report.targets}
    assert evidence == {"Encoder": "proven", "Codec": "not-checked"}
    (said,) = (d for d in report.diagnostics if d.name == "cannot-construct")
    assert said.message == "needs no_such_package, which is not installed"
    assert said.span.line == 19


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


def test_a_part_of_a_model_in_another_file_that_nobody_can_build(project: Path) -> None:
    """It is linted by itself; a part of one that can be built is looked at there."""
    parts = NET.replace("class Net", "class Part")
    owner = """
from torch import nn
from parts import Part

class {name}(nn.Module):
    def __init__(self, {parameters}):
        super().__init__()
        self.part = Part()

    def forward(self, x):
        return self.part(x)
"""
    lost = owner.format(name="Lost", parameters="part, quantizer")
    found = linted(project, parts=parts, lost=lost)
    assert "Part" in {t.class_name for t in found.targets}
    (project / "other").mkdir()
    (project / "other" / "pyproject.toml").touch()
    whole = owner.format(name="Owner", parameters="")
    found = linted(project / "other", parts=parts, lost=lost, owner=whole)
    assert "Part" not in {t.class_name for t in found.targets}


def test_a_class_is_no_part_of_a_model_that_has_another_of_its_name(project: Path) -> None:
    model = """
from torch import nn
from parts import Part as Other

class Part(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(4, 4)

    def forward(self, x):
        return self.layer(x)

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.part = Other()

    def forward(self, x):
        return self.part(x)
"""
    report = linted(project, parts=NET.replace("class Net", "class Part"), model=model)
    assert {t.class_name for t in report.targets if "model" in t.path} == {"Net", "Part"}


OWNERS = """
import torch
from torch import nn
import parts

class LightningModule(nn.Module):
    pass

class Whole(nn.Module):
    def __init__(self):
        super().__init__()
        self.part = parts.Held(1)

class Downloads(nn.Module):
    def __init__(self):
        super().__init__()
        self.part = parts.Before(1)
        open("weights.pt")
        self.other = parts.Behind(1)

class Chooses(nn.Module):
    def __init__(self, deep=False):
        super().__init__()
        self.part = parts.Deep(1) if deep else parts.Held(1)

def deep():
    return Chooses(deep=True)

class Optional(nn.Module):
    def __init__(self, width, scaled=False):
        super().__init__()
        self.part = parts.Chosen(width) if scaled else nn.Identity()

class Stack(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(*(Optional(len(str(n))) for n in range(2)))

class Base(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.part = parts.Inherited(width)
        open("weights.pt")

class Heir(Base):
    def __init__(self):
        super().__init__(1)

class Trainer(LightningModule):
    def __init__(self, width=1):
        super().__init__()
        self.net = parts.Trained(len(torch.ones(width)))
"""


def test_a_part_is_built_as_its_owner_builds_it(project: Path) -> None:
    """Where the owner is not linted with it: it raises, or has it under other options only."""
    names = ("Held", "Before", "Behind", "Deep", "Inherited", "Trained", "Chosen")
    parts = "".join(WIDTHS.format("width", name) for name in names)
    report = linted(project, parts=parts, owners=OWNERS)
    found = {t.class_name: t.assumed[0] for t in report.targets if t.evidence == "proven"}
    assert found == {
        "Before": "built as Downloads builds it",
        "Deep": "built as Chooses builds it",
        "Chosen": "built as Stack, with scaled=True in Optional, builds it",
        "Inherited": "built as Heir builds it",
        "Trained": "built as Trainer builds it",
    }
    severities = {d.target.rpartition(":")[2]: d.severity for d in report.diagnostics}
    assert {name: severities[name] for name in found} == {
        **dict.fromkeys(("Before", "Deep", "Inherited", "Chosen"), "info"),
        "Trained": "error",
    }
    assert not {"Held", "Behind"} & severities.keys()


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


def test_a_name_with_a_usual_value_is_enough_to_look(project: Path) -> None:
    report = linted(project, net=WIDTHS.format("in_channels", "Net"))
    (target,), (finding,) = report.targets, report.diagnostics
    assert (target.evidence, target.assumed[0]) == ("proven", "in_channels = 3")
    assert (finding.name, finding.severity) == ("roundtrip-length", "info")
    assert "assumed in_channels = 3" in finding.notes[-1]
    assert {fix.applicability for fix in finding.fixes} <= {"display"}
    loud = (Selection(error=("ALL",)),)
    again = engine.check(Settings(paths=(str(project),), selections=loud))
    assert [d.severity for d in again.diagnostics] == ["info"]


NORM = """
from torch import nn
net = nn.Sequential(nn.Conv2d(3, 8, 4, 4), nn.BatchNorm2d(8))
"""


def test_training_needs_more_than_one_value_per_channel(project: Path) -> None:
    (project / "net.py").write_text(NORM)
    settings = Settings(paths=(str(project),))
    declared = (Declared(project / "net.py", "net", train=True),)
    kinds = {"eval": {}, "flag": {"train": True}, "config": {"models": declared}}
    runs = {k: engine.check(dataclasses.replace(settings, **v)) for k, v in kinds.items()}
    assert {k: r.targets[0].valid_sizes.text for k, r in runs.items()} == {
        "eval": "H >= 4 and W >= 4",
        "flag": "H >= 4 and W >= 4 and (N >= 2 or H >= 8 or W >= 8)",
        "config": "H >= 4 and W >= 4 and (N >= 2 or H >= 8 or W >= 8)",
    }
    assert [k for k, r in runs.items() if "training mode" in r.targets[0].assumed] == [
        "flag",
        "config",
    ]
    assert "more than 1 value per channel" in runs["flag"].diagnostics[0].error


PARTS = """
from torch import nn

class Coder(nn.Module):
    def __init__(self, kind, act):
        super().__init__()
        self.layers = nn.Sequential(kind(1, 1, 3, 2, 1), act)

    def forward(self, x):
        return self.layers(x)

class Codec(nn.Module):
    def __init__(self, *, encoder, decoder):
        super().__init__()
        self.encoder, self.decoder = encoder, decoder

    def forward(self, x):
        return self.decoder(self.encoder(x))
"""
SCRIPT = """
import torch
from torch import nn
from parts import Codec, Coder

def main():
    act = nn.ReLU()
    encoder = Coder(nn.Conv1d, act).to("cuda")
    model = Codec(encoder=encoder, decoder=Coder(nn.ConvTranspose1d, act=act))
    train(model)
"""


def test_a_model_is_built_of_what_a_script_builds_it_of(project: Path) -> None:
    (target,) = linted(project, parts=PARTS, script=SCRIPT).targets
    assert (target.class_name, target.evidence) == ("Codec", "proven")
    assert target.roundtrip_sizes.text == "L % 2 == 1"
    assert "Codec(encoder=Coder(nn.Conv1d, nn.ReLU())" in target.assumed[0]


FIRST_FAILS = {
    "the next call is tried": ("Net(rate=None)\nNet(rate=1)", "proven"),
    "all fail": ("Net(rate=None)\nNet(rate=nn.ReLU())", "not-checked"),
}


@pytest.mark.parametrize(("calls", "evidence"), FIRST_FAILS.values(), ids=FIRST_FAILS)
def test_a_call_that_does_not_build(project: Path, calls: str, evidence: str) -> None:
    source = f"{WIDTHS.format('rate', 'Net')}\ndef use():\n    {calls.replace(chr(10), '; ')}"
    (target,) = linted(project, net=source).targets
    assert target.evidence == evidence


def test_a_call_builds_what_its_defaults_do_not(project: Path) -> None:
    source = WIDTHS.format("rate", "Net").replace("(self, rate)", "(self, rate=None)")
    (target,) = linted(project, net=f"{source}\ndef use():\n    Net(rate=1)").targets
    assert (target.evidence, target.assumed[0][:22]) == ("proven", "built as Net(rate=1), ")


NO_MODELS = """
from torch import nn

def norm_of(kind="batch"):
    def add(layer):
        return nn.Sequential(layer, nn.BatchNorm2d(8))
    return add

def chain(*layers):
    return nn.Sequential(*layers)
"""


def test_a_function_that_gives_no_model_is_none(project: Path) -> None:
    assert linted(project, net=NO_MODELS).targets == ()


UNBUILT = {
    "a name without a usual value": WIDTHS.format("width_of_things", "Net"),
    "a usual value that the constructor refuses": WIDTHS.format("in_channels", "Net").replace(
        "super().__init__()", "super().__init__(); assert in_channels == 5"
    ),
    "a usual value with which no size runs": WIDTHS.format("in_channels", "Net").replace(
        "self.up(", "self.up(5 + x[:, :2] +"
    ),
    "two of them are one line": WIDTHS.format("rate", "Net") + WIDTHS.format("rate", "Other"),
    "the one that others derive from is theirs": WIDTHS.format("rate", "Base")
    + "\nclass Net(Base):\n    def __init__(self, other):\n        super().__init__(other)",
    "a part for which no input is found is its owner's": """
from torch import nn

class Table(nn.Module):
    def forward(self, tables):
        return tables["x"]

class Net(nn.Module):
    def __init__(self, rate):
        super().__init__()
        self.table = Table()

    def forward(self, x):
        return self.table({"x": x})
""",
    "a part with a free signature is its owner's": """
from torch import nn

class Conv(nn.Conv1d):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)

class Net(nn.Module):
    def __init__(self, rate):
        super().__init__()
        self.conv = Conv(1, 1, rate)

    def forward(self, x):
        return self.conv(x)
""",
}


FREE = """
from torch import nn

class Net(nn.Conv1d):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
"""
BASES = """
from torch import nn

class Interface(nn.Module):
    def forward(self, x):
        \"\"\"What heirs do.\"\"\"
        raise NotImplementedError

class Base(nn.Module):
    def forward(self, x):
        return self.compute(x) + x

    def compute(self, x):
        raise NotImplementedError

class Net(Base):
    def compute(self, x):
        return nn.functional.relu(x)
"""


def test_what_others_derive_from_is_no_model_of_its_own(project: Path) -> None:
    report = linted(project, net=BASES)
    assert [t.class_name for t in report.targets] == ["Net"]
    (project / "other").mkdir()
    (project / "other" / "pyproject.toml").touch()
    alone = linted(project / "other", net=BASES.partition("class Net")[0])
    assert [t.class_name for t in alone.targets] == ["Base"]


LACKING = {
    "parameters": WIDTHS.format("rate", "Net"),
    "parameters of the base": FREE,
}


@pytest.mark.parametrize("source", LACKING.values(), ids=LACKING)
def test_a_block_to_paste_is_right_except_for_its_values(project: Path, source: str) -> None:
    (finding,) = linted(project, net=source).diagnostics
    where, *block = finding.notes[0].splitlines()
    assert where.endswith(f"add it to {project / 'pyproject.toml'}:")
    (project / "pyproject.toml").write_text("\n".join(block).replace("...", "1"))
    settings = Layers({"paths": (str(project),)}).of_run()
    (target,) = engine.check(settings).targets
    assert (target.class_name, target.evidence) == ("Net", "proven")


@pytest.mark.parametrize("source", UNBUILT.values(), ids=UNBUILT)
def test_what_cannot_be_built_is_one_line_of_its_file(project: Path, source: str) -> None:
    report = linted(project, net=source)
    (found,) = report.diagnostics
    assert (found.name, found.severity) == ("cannot-construct", "warning")
    assert found.target.endswith(":Net")
    assert "args = {" in found.notes[0]
    rest = {t.class_name for t in report.targets} - {"Net"}
    assert all(f"not built either: {name} needs" in found.notes[-1] for name in rest)


def test_a_comment_silences_one_of_those_that_cannot_be_built(project: Path) -> None:
    known = WIDTHS.format("rate", "Net").replace(":", ":  # shapelint: ignore[SHP902]", 1)
    report = linted(project, net=known + WIDTHS.format("rate", "Other"))
    told = [d.target.rpartition(":")[2] for d in report.diagnostics]
    assert (told, [s.diagnostic.span.line for s in report.suppressed]) == (["Other"], [4])
