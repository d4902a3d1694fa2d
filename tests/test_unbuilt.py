"""What cannot be built, or is no model of its own: it is said once, and how to declare it."""

from __future__ import annotations

from pathlib import Path

import pytest

from shapelint import engine
from shapelint.config import Settings
from shapelint.configfile.layers import Layers
from tests.projects import WIDTHS, linted


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
from argparse import Namespace
from torch import nn

class Table(nn.Module):
    def forward(self, tables):
        return tables.letters

class Net(nn.Module):
    def __init__(self, rate):
        super().__init__()
        self.table = Table()

    def forward(self, x):
        return self.table(Namespace(letters=x))
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


ATTRIBUTES = """
from torch import nn

class Base(nn.Module):
    def forward(self, x):
        return self.head(nn.functional.relu(x))

class Net(Base):
    def __init__(self):
        super().__init__()
        self.head = nn.Conv1d(1, 1, 3)
"""
FIRST = ATTRIBUTES.replace("self.head(nn.functional.relu(x))", "self.head(x)")


LEAVING = {"a method": BASES, "an attribute": ATTRIBUTES, "the first thing used": FIRST}


@pytest.mark.parametrize("source", LEAVING.values(), ids=LEAVING)
def test_what_others_derive_from_is_no_model_of_its_own(project: Path, source: str) -> None:
    report = linted(project, net=source)
    assert [t.class_name for t in report.targets] == ["Net"]
    (project / "other").mkdir()
    (project / "other" / "pyproject.toml").touch()
    alone = linted(project / "other", net=source.partition("class Net")[0])
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
