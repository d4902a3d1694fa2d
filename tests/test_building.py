"""What a class of a project is built of: as its owners, scripts and usual names say."""

from __future__ import annotations

from pathlib import Path

import pytest

from shapelint import engine
from shapelint.config import Selection, Settings
from tests.projects import NET, WIDTHS, linted


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


WITH_SETTINGS = """
from torch import nn

class Settings:
    width = None

SETTINGS = {"small": Settings()}

class Net(nn.Module):
    def __init__(self, settings):
        super().__init__()
        self.conv = nn.Conv1d(1, settings.width, 3)

    def forward(self, x):
        return self.conv(x)
"""
CHANGED_SETTINGS = """
from net import Net, SETTINGS

def main(args):
    settings = SETTINGS["small"]
    settings.width = 4 * 2
    train(Net(settings))
"""


def test_settings_are_as_a_script_changes_them(project: Path) -> None:
    (target,) = linted(project, net=WITH_SETTINGS, script=CHANGED_SETTINGS).targets
    assert target.evidence == "proven"
    assert "with_attributes(SETTINGS['small'], {'width': 4 * 2})" in target.assumed[0]


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


def test_a_call_makes_run_what_its_defaults_do_not(project: Path) -> None:
    source = NET.replace("(self)", "(self, act=None)").replace("return ", "return self.act(x) * ")
    source = source.replace("super().__init__()", "super().__init__()\n        self.act = act")
    (target,) = linted(project, net=f"{source}\ndef use():\n    Net(nn.ReLU())").targets
    assert (target.evidence, target.assumed[0][:20]) == ("proven", "built as Net(nn.ReLU")


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


WRITTEN_DOWN = """
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        with open("sizes/net.txt") as sizes:
            self.conv = nn.Conv2d(3, int(sizes.read()), 3)

    def forward(self, x):
        return self.conv(x)
"""


@pytest.mark.parametrize(
    ("folder", "evidence"),
    [
        pytest.param("elsewhere", "proven", id="as if started in the project"),
        pytest.param("project", "proven", id="started there"),
        pytest.param("project/sizes", "not-checked", id="started further inside"),
    ],
)
def test_a_model_may_read_files_of_its_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str, evidence: str
) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "project" / "sizes").mkdir(parents=True)
    (tmp_path / "project" / "pyproject.toml").touch()
    (tmp_path / "project" / "sizes" / "net.txt").write_text("8")
    monkeypatch.chdir(tmp_path / folder)
    (target,) = linted(tmp_path / "project", net=WRITTEN_DOWN).targets
    assert target.evidence == evidence
