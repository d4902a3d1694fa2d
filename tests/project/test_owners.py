"""Which classes are models, and which are parts of which."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from shapelint.project.classes import Project
from shapelint.project.options import options_for


def test_classes_that_look_like_modules(root: Path) -> None:
    file = Project(root).parse(root / "models/unet.py")
    assert file is not None
    assert [(c.name, c.line) for c in file.classes] == [
        ("Block", 4),
        ("Deep", 6),
        ("Fancy", 8),
        ("UNet", 10),
        ("Inherits", 17),
    ]


def test_which_models_are_parts_of_which(root: Path) -> None:
    project = Project(root)
    file = root / "models/unet.py"
    owners = {name: project.owners(name, file) for name in ("Block", "Deep", "UNet")}
    assert owners == {"Block": [(root / "models/unet.py", "UNet")], "Deep": [], "UNet": []}


@pytest.mark.parametrize(
    ("written", "options"),
    [
        pytest.param("Part()", {}, id="always there"),
        pytest.param("Part() if deep() else None", {}, id="no parameter decides"),
        pytest.param("Part() if width > 4 else None", {}, id="not for one value alone"),
        pytest.param("Part() if scaled else None", {"scaled": True}, id="a flag"),
        pytest.param("None if scaled else Part()", {"scaled": False}, id="the other way"),
        pytest.param("Part() if not self.scaled else None", {"scaled": False}, id="kept"),
        pytest.param(
            "Part() if scaled and norm == 'l' else None", {"scaled": True, "norm": "l"}, id="both"
        ),
        pytest.param("Part() if norm != 'l' else None", {}, id="all but one"),
        pytest.param("Part() if norm in ('a', 'l') else None", {"norm": "a"}, id="one of these"),
        pytest.param("Part() if either else None", {"scaled": True}, id="worked out before"),
    ],
)
def test_options_with_which_a_model_has_a_part(written: str, options: dict[str, object]) -> None:
    source = "class Net(nn.Module):\n    def __init__(self, width, scaled=False, norm=None):\n"
    source += f"        either = deep() or scaled\n        self.part = {written}\n"
    (kind,) = ast.parse(source).body
    assert isinstance(kind, ast.ClassDef)
    assert options_for("Part", kind) == options


def test_what_a_model_makes_for_others_is_no_part_of_it(tmp_path: Path) -> None:
    """A class calls what makes its layers; nobody in it calls what makes a model beside it."""
    classes = "".join(f"class {n}(nn.Module):\n    def forward(self, x): pass\n" for n in "AB")
    codec = """\
class Codec(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = self.make_layer()
    def make_layer(self): return A()
    def language_model(self): return B()
"""
    file = tmp_path / "codec.py"
    file.write_text(f"from torch import nn\n{classes}{codec}")
    project = Project(tmp_path)
    assert project.owners("A", file) == [(file, "Codec")]
    assert project.owners("B", file) == []


FACTORY = """
from torch import nn
class Block(nn.Module):
    def forward(self, x): pass
class Backbone(nn.Module):
    def forward(self, x): pass
class Unused(nn.Module):
    def forward(self, x): pass
def small(width):
    net = Backbone(Block, width)
    return net
def train():
    Unused()
    return 0
"""
MADE = """
from torch import nn
{}
def chosen(kind):
    return {}(8)
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = chosen("small")
        train()
"""


@pytest.mark.parametrize(
    ("line", "called", "owned"),
    [
        pytest.param("from elsewhere import small, train", "small", [], id="another one"),
        pytest.param("", "other.small", [], id="not imported"),
        pytest.param("from factory import small, train", "small", ["Net"], id="the function"),
        pytest.param("from . import factory", "factory.small", ["Net"], id="its module"),
    ],
)
def test_what_functions_make_is_part_of_who_calls_them(
    tmp_path: Path, line: str, called: str, owned: list[str]
) -> None:
    (tmp_path / "factory.py").write_text(FACTORY)
    (tmp_path / "net.py").write_text(MADE.format(line, called))
    project, file = Project(tmp_path), tmp_path / "factory.py"
    for name, owners in {"Block": owned, "Backbone": owned, "Unused": []}.items():
        assert [n for _, n in project.owners(name, file, factories=True)] == owners
        assert project.owners(name, file) == []


def test_a_class_of_the_same_name_in_another_file_is_another_one(root: Path) -> None:
    other = root / "other.py"
    other.write_text(
        "from torch import nn\nclass Block(nn.Module):\n    def forward(self, x): pass\n"
    )
    assert Project(root).owners("Block", other) == []


BASE = """
from torch import nn
class Base(nn.Module):
    def forward(self, x): return self.part(x)
"""
HEIR = """
from torch import nn
{}
class Part(nn.Module):
    def forward(self, x): pass
class Net(Base):
    def __init__(self):
        super().__init__()
        self.part = Part()
"""


@pytest.mark.parametrize(
    ("line", "owned"),
    [
        pytest.param("from elsewhere import Base", False, id="of another package"),
        pytest.param("from trainers import Base", False, id="no model"),
        pytest.param("from cyclic import Base", False, id="of files that import each other"),
        pytest.param("from base import Base", True, id="a model"),
        pytest.param("from base import Other as Base", False, id="under another name"),
    ],
)
def test_a_model_may_inherit_its_forward_from_another_file(
    tmp_path: Path, line: str, owned: bool
) -> None:
    (tmp_path / "base.py").write_text(BASE)
    (tmp_path / "trainers.py").write_text("class Base: ...\n")
    (tmp_path / "cyclic.py").write_text("from net import Net\nclass Base(Net): ...\n")
    (tmp_path / "net.py").write_text(HEIR.format(line))
    found = Project(tmp_path).owners("Part", tmp_path / "net.py")
    assert [name for _, name in found] == ["Net"] * owned


OTHERS = [
    pytest.param("N, B = x.shape", False, id="a variable"),
    pytest.param("return models.B()(x)", True, id="behind a dot"),
    pytest.param("B = models.B()\n        return B(x)", True, id="both"),
    pytest.param("from models import B as C\n        return C()(x)", True, id="another name"),
    pytest.param("from models import A as C\n        return C()(x)", False, id="of another one"),
    pytest.param("return B()(x)", True, id="nobody knows where it comes from"),
]


@pytest.mark.parametrize(("body", "owned"), OTHERS)
def test_what_a_name_in_another_file_means(tmp_path: Path, body: str, owned: bool) -> None:
    head, forward = "from torch import nn\n", "(nn.Module):\n    def forward(self, x):\n        "
    (tmp_path / "models.py").write_text(f"{head}class B{forward}return x\n")
    (tmp_path / "other.py").write_text(f"{head}import models\nclass Net{forward}{body}\n")
    found = Project(tmp_path).owners("B", tmp_path / "models.py")
    assert found == [(tmp_path / "other.py", "Net")] * owned
