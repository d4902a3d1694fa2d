from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import pytest

from shapelint.config import Declared
from shapelint.errors import UsageError
from shapelint.facts import ClassFacts, Facts
from shapelint.project.classes import Project
from shapelint.project.discovery import (
    Place,
    may_hold_models,
    places,
    project_files,
    project_root,
    python_files,
)
from shapelint.project.options import options_for
from shapelint.project.targets import plans
from shapelint.source.literals import NotLiteral, literal

FILES = {
    "pyproject.toml": "",
    "models/unet.py": """
from torch import nn
WIDTHS = (8, 16)
class Block(nn.Module):
    pass
class Deep(Block):
    pass
class Fancy(nn.Sequential):
    pass
class UNet(nn.Module):
    def __init__(self, channels, widths=()):
        self.down = Block()
    def forward(self, x: Deep) -> Fancy:
        assert isinstance(x, Inherits)
class Config:
    def forward(self): pass
class Inherits(elsewhere.Base):
    def forward(self, x): pass
class Other(elsewhere.Base):
    pass
class Step(torch.autograd.Function):
    def forward(ctx, x): pass
if __name__ == "__main__":
    net = UNet(-3, widths=WIDTHS)
""",
    "train.py": """
import models.unet as m
from torch import nn
size = load()
a = m.UNet(1, widths=[2 * 4, 8])
b = m.UNet(size)
c = m.UNet(**options)
""",
    "src/pkg/mod.py": "x = 1",
    "src/pkg/__init__.py": "",
    "lit.py": """
import lightning as L
from models.unet import UNet
class Lit(L.LightningModule):
    def __init__(self):
        self.net = UNet(size)
""",
    "broken.py": "UNet( = 3",
    "notes.txt": "UNet(4)",
    ".hidden/a.py": "UNet(5)",
    ".venv/a.py": "UNet(5)",
    "myenv/pyvenv.cfg": "",
    "myenv/a.py": "UNet(6)",
    "build/a.py": "UNet(7)",
    "lib/site-packages/a.py": "UNet(8)",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def test_files_that_are_walked(root: Path) -> None:
    found = [str(p.relative_to(root)) for p in python_files(root)]
    assert found == [
        "broken.py",
        "lit.py",
        "train.py",
        "models/unet.py",
        "src/pkg/__init__.py",
        "src/pkg/mod.py",
    ]


ARGUMENTS = [
    pytest.param("models/unet.py", [("models/unet.py", "")], id="file"),
    pytest.param("models", [("models/unet.py", "")], id="folder"),
    pytest.param("models/unet.py:UNet", [("models/unet.py", "UNet")], id="class in a file"),
    pytest.param("models.unet:UNet", [("models/unet.py", "UNet")], id="object in a module"),
    pytest.param("pkg.mod:x", [("src/pkg/mod.py", "x")], id="module below src"),
    pytest.param("pkg:y", [("src/pkg/__init__.py", "y")], id="package"),
    pytest.param(
        "lib/site-packages/a.py", [("lib/site-packages/a.py", "")], id="skipped, but named"
    ),
]


@pytest.mark.parametrize(("argument", "wanted"), ARGUMENTS)
def test_places(
    root: Path, monkeypatch: pytest.MonkeyPatch, argument: str, wanted: list[tuple[str, str]]
) -> None:
    monkeypatch.chdir(root)
    found = [(p.path.absolute(), p.target) for p in places(argument, root)]
    assert found == [(root / path, target) for path, target in wanted]


@pytest.mark.parametrize(
    "argument", ["nowhere.py", "nowhere", "models.nowhere:UNet", "nowhere.py:X"]
)
def test_places_that_do_not_exist(root: Path, argument: str) -> None:
    with pytest.raises(FileNotFoundError):
        list(places(argument, root))


def test_the_root_is_where_the_project_file_is(root: Path) -> None:
    assert project_root(root / "src" / "pkg" / "mod.py") == root


def test_without_a_project_file_the_root_is_above_the_package(tmp_path: Path) -> None:
    inner = tmp_path / "pkg" / "sub"
    inner.mkdir(parents=True)
    for folder in (inner, inner.parent):
        (folder / "__init__.py").touch()
    assert project_root(inner / "mod.py") == tmp_path


UNPACKED = [
    pytest.param("other/README.md", "work/models", id="nothing above says so"),
    pytest.param("work/README.md", "work", id="README above"),
    pytest.param("work/models/requirements.txt", "work/models", id="the nearest"),
    pytest.param("work/train.py", "work", id="imported by a script beside the folder"),
    pytest.param("work/other.py", "work/models", id="a script that has nothing to do with it"),
]


@pytest.mark.parametrize(("file", "root"), UNPACKED)
def test_root_of_an_unpacked_archive(tmp_path: Path, file: str, root: str) -> None:
    (tmp_path / "work" / "models").mkdir(parents=True)
    (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / file).write_text("import modelset" if "other" in file else "from models.a import A")
    assert project_root(tmp_path / "work" / "models" / "a.py") == tmp_path / root


INSIDE = [
    pytest.param("", "setup.cfg", False, id="folder of projects"),
    pytest.param("setup.cfg", "setup.cfg", True, id="project with a package of its own"),
    pytest.param("setup.cfg", ".git", False, id="project with a checkout of another"),
]


@pytest.mark.parametrize(("above", "inside", "own"), INSIDE)
def test_projects_inside_a_folder(tmp_path: Path, above: str, inside: str, own: bool) -> None:
    (tmp_path / "part").mkdir()
    for name in ("part/a.py", f"part/{inside}", "b.py", above or "notes"):
        (tmp_path / name).touch()
    found = {str(p.relative_to(tmp_path)) for p in project_files(tmp_path, ".py")}
    assert found == ({"b.py", "part/a.py"} if own else {"b.py"})


def test_defaults_of_the_command_line_are_read_off_the_parser(root: Path) -> None:
    (root / "cli.py").write_text("""
from models.unet import UNet
def get_args():
    parser.add_argument("--n-classes", "-c", type=int, default=2)
    parser.add_argument("--bilinear", action="store_true")
    parser.add_argument("--size", type=int)
    return parser.parse_args()
args = get_args()
net = UNet(args.n_classes, bilinear=args.bilinear)
net = UNet(args.size)
net = UNet(other.n_classes)
""")
    calls = Project(root).constructions("UNet", root / "models/unet.py")
    assert [(c.args, c.kwargs) for c in calls if c.path.name == "cli.py"] == [
        ((2,), {"bilinear": False})
    ]


CALLS = {
    "a dict that is spread": (
        "options = dict(c=1, d={'e': 2})\nUNet(**options)",
        "(c=1, d={'e': 2})",
    ),
    "an item of a dict": ("cfg = {'net': {'c': 4}}\nUNet(cfg['net']['c'])", "(4)"),
    "a list that is spread": ("UNet(*[1, 2])", "(1, 2)"),
    "variables of a function": ("def main():\n    c = 4\n    UNet(c)", "(4)"),
    "defaults of a factory": ("def tiny(c=4, *, d=5):\n    return UNet(c, d=d)", "(4, d=5)"),
    "a main block": ("if __name__ == '__main__':\n    c = 4\n    UNet(c)", "(4)"),
    "options of another file": ("def main(args):\n    UNet(args.depth)", "(7)"),
    "the caller of a factory": ("def f(c, d):\n    UNet(c, d)\nf(4, d=5)", "(4, 5)"),
    "callers of callers": (
        "def f(c):\n    UNet(c)\ndef g(c):\n    f(c)\ndef main():\n    w = 2\n    g(w * 4)",
        "(8)",
    ),
    "the caller of a method": (
        "class A:\n    def f(self, c):\n        UNet(c)\n    def g(self):\n        self.f(4)",
        "(4)",
    ),
    "the caller of a constructor": (
        "class A:\n    def __init__(self, c):\n        UNet(c)\nA(4)",
        "(4)",
    ),
    "one command line of several": ("def main(args):\n    UNet(args.a, args.b)", "(3, 4)"),
    "command lines together": ("def main(args):\n    UNet(args.a, args.e)", ""),
    "options that an object keeps": (
        "class A:\n    def f(self):\n        UNet(self.args.depth)",
        "(7)",
    ),
    "chosen from a dict": (
        "def main(args):\n    nets = {'a': Other, 'u': unet.UNet}\n    nets[args.net](args.depth)",
        "(7)",
    ),
    "chosen from a dict of others": ("nets = {'a': Other}\nnets[name](7)\nprint(UNet)", ""),
    "a layer": ("from torch import nn\nUNet(act=nn.ReLU())", "(act=nn.ReLU())"),
    "a class": ("from models.unet import Block\nUNet(Block)", "(Block)"),
    "a model in a variable": (
        "from models import unet as u\nb = u.Block(2).to(dev)\nUNet(b, 3)",
        "(u.Block(2), 3)",
    ),
    "a class of the script": ("class Own: ...\nUNet(Own)", "(Own)"),
    "a config of another file": (
        "hps = load()\ndef main(hps):\n    UNet(hps.data.c // 2, act=hps['net']['act'])",
        "(4, act='relu')",
    ),
    "a part of a config that is spread": ("def main(hps):\n    UNet(**hps.net)", "(act='relu')"),
    "keys that no config has": ("def main(hps):\n    UNet(hps.data.d)", ""),
    "keys of the object itself": ("def main(self):\n    UNet(self.data.c)", ""),
    "a method of something else": (
        "class A:\n    def f(self, c):\n        UNet(c)\nwriter.f(4)",
        "",
    ),
    "a caller that says no value": ("def f(c):\n    UNet(c)\nf(load())", ""),
    "a function that calls itself": ("def f(c):\n    UNet(c)\n    f(c)", ""),
    "a class of a class": ("class A:\n    c = 1\ndef f():\n    UNet(c)", ""),
    "set in a loop": ("for c in (1, 2):\n    UNet(c)", "(1)"),
    "two set in a loop": ("for c, d in [(1, 2), (3, 4)]:\n    UNet(c, d)", "(1, 2)"),
    "given in a loop": ("def f(c):\n    UNet(c)\nfor c in [1, 2]:\n    f(c)", "(1)"),
    "set in a loop over something": ("for c in sizes():\n    UNet(c)", ""),
    "set in a loop and changed": ("for c in (1, 2):\n    c += 1\n    UNet(c)", ""),
    "set before a loop": ("c = 1\nfor c in (1, 2):\n    UNet(c)", ""),
    "set twice": ("c = 1\nc = 2\nUNet(c)", ""),
    "set in place": ("c = 1\nc += 1\nUNet(c)", ""),
    "set in the function too": ("c = 1\ndef f():\n    c = load()\n    UNet(c)", ""),
    "a call that may do anything": ("UNet(load_model())", ""),
    "a function without a name": ("UNet(lambda: 1)", ""),
    "a number that is computed": ("import math\nUNet(math.ceil(math.log2(9)))", "(4)"),
    "a name from nowhere": ("UNet(Block)", ""),
}


@pytest.mark.parametrize(("source", "expected"), CALLS.values(), ids=CALLS)
def test_arguments_that_can_be_read_off(root: Path, source: str, expected: str) -> None:
    (root / "options.py").write_text("parser.add_argument('--depth', type=int, default=7)")
    for path, a, b in (("train.sh.py", 1, "E"), ("eval.py", 3, 4), ("more.py", 5, 6)):
        (root / path).write_text(
            f"p.add_argument('--a', default={a})\np.add_argument('--b', default={b})"
        )
    (root / "config.json").write_text('{"data": {"c": 8}, "net": {"act": "relu"}}')
    (root / "use.py").write_text(source)
    calls = Project(root).constructions("UNet", root / "models/unet.py")
    found = [str(c).partition(", as in")[0] for c in calls if c.path.name == "use.py"]
    assert found == ([f"UNet{expected}"] if expected else [])


IMPORTS = {
    "absolute": ("import a.b as c\nUNet(c.D)", "import a.b as c"),
    "relative": ("from ..pkg.mod import D\nUNet(D())", "from src.pkg.mod import D"),
    "of the script": ("def f(): ...\nclass D: ...\nUNet(D)", "from src.pkg.use import D"),
    "what is not used": ("import e\nfrom f import D\nUNet(D)", "from f import D"),
}


@pytest.mark.parametrize(("source", "expected"), IMPORTS.values(), ids=IMPORTS)
def test_what_the_names_in_arguments_mean(root: Path, source: str, expected: str) -> None:
    (root / "src" / "__init__.py").touch()
    (root / "src" / "pkg" / "use.py").write_text(source)
    calls = Project(root).constructions("UNet", root / "models/unet.py")
    assert [c.imports for c in calls if c.path.name == "use.py"] == [(expected,)]


CONFIGS = {
    "YAML with the name": ("a.yaml", "net: {name: Net, width: 8, lr: 0.1}", "(width=8)"),
    "JSON with the name": ("a.json", '[{"type": "Net", "width": 8}]', "(width=8)"),
    "Hydra": ("a.yml", "_target_: models.net.Net\nwidth: [8, 16]", "(width=[8, 16])"),
    "parameters of their own": ("a.yaml", "type: Net\nparams:\n  width: 8", "(width=8)"),
    "all that is under params": (
        "a.yaml",
        "{target: m.Net, params: {width: 8, rate: 1}}",
        "(width=8)",
    ),
    "a section with its name": ("a.yaml", "net:\n  width: 8\n  depth: 2", "(width=8, depth=2)"),
    "a section with more": ("a.yaml", "net:\n  width: 8\n  lr: 0.1", ""),
    "a dict in Python": ("a.py", "w = 8\nnet = dict(type='Net', width=w * 2)", "(width=16)"),
    "a dict in a dict": ("a.py", "nets = [{'head': dict(type='m.Net', width=8)}]", "(width=8)"),
    "a dict that is made": ("a.py", "net = dict(type='Net', width=load())", ""),
    "a dict with the class itself": ("a.py", "net = dict(type=Net, width=8)", ""),
    "a power of ten": ("a.yaml", "name: Net\nwidth: 1e3", "(width=1000.0)"),
    "another class": ("a.yaml", "name: NetTwo\nwidth: 8", ""),
    "filled in elsewhere": ("a.yaml", "name: Net\nwidth: ${size}", ""),
    "not valid": ("a.yaml", "name: Net\n  width: [8", ""),
    "a tag of their own": ("a.yaml", "name: Net\nwidth: !size 8", ""),
}
OPEN = """
from torch import nn
class Hourglass(nn.Module):
    def __init__(self, stacks, width=4, **more): ...
"""
PASSED_ON = {
    "params": ("{target: m.Hourglass, params: {width: 8, rate: 1}}", {"width": 8, "rate": 1}),
    "a section and what stands beside it": (
        "{hour_glass: {width: 8}, data: {stacks: 2, lr: 1}}",
        {"stacks": 2, "width": 8},
    ),
}


@pytest.mark.parametrize(("text", "kwargs"), PASSED_ON.values(), ids=PASSED_ON)
def test_configs_with_more_than_a_class_names(
    tmp_path: Path, text: str, kwargs: dict[str, object]
) -> None:
    (tmp_path / "net.py").write_text(OPEN)
    (tmp_path / "conf.yaml").write_text(text)
    (found,) = Project(tmp_path).described("Hourglass", tmp_path / "net.py", ["stacks", "width"])
    assert found.kwargs == kwargs


OBJECTS = {
    "attributes": ("h.a + self.h.b", "(h=SimpleNamespace(**{'a': 1, 'b': 2, 'c': 3}))"),
    "keys": ("h['a'] + h['b']", "(h={'a': 1, 'b': 2, 'c': 3})"),
    "methods are no keys": ("h.get('a') + h['c']", "(h={'a': 1, 'b': 2, 'c': 3})"),
    "one that is not there": ("h.a + h.d", ""),
    "nothing": ("h + 1", ""),
}


@pytest.mark.parametrize(("name", "text", "expected"), CONFIGS.values(), ids=CONFIGS)
def test_configs_that_name_a_class(root: Path, name: str, text: str, expected: str) -> None:
    (root / "conf").mkdir()
    (root / "conf" / name).write_text(text)
    found = Project(root).described("Net", root / "models/unet.py", ["width", "depth"])
    built = [str(c).partition(", as in")[0] for c in found]
    assert built == ([f"Net{expected}"] if expected else [])


@pytest.mark.parametrize(("body", "expected"), OBJECTS.values(), ids=OBJECTS)
def test_configs_with_all_that_a_class_reads(root: Path, body: str, expected: str) -> None:
    (root / "config.json").write_text('{"a": 1, "b": 2, "c": 3}')
    net = root / "net.py"
    net.write_text(f"class Net(nn.Module):\n    def __init__(self, h):\n        x = {body}")
    found = Project(root).described("Net", net, ["h"])
    assert [str(c).partition(", as in")[0] for c in found] == ([f"Net{expected}"] * bool(expected))


SETTINGS = {
    "built of its attributes": (
        "from words import WORDS\nh = tf.HParams(a=1, b=len(WORDS))",
        "SimpleNamespace(**{'a': 1, 'b': len(WORDS)})",
    ),
    "the command line": (
        "p.add_argument('-a', default=1)\np.add_argument('--b', default=2, type=int)",
        "SimpleNamespace(**{'a': 1, 'b': 2})",
    ),
    "an attribute is missing": ("h = HParams(a=1)", ""),
}


@pytest.mark.parametrize(("source", "expected"), SETTINGS.values(), ids=SETTINGS)
def test_code_with_all_that_a_class_reads(root: Path, source: str, expected: str) -> None:
    (root / "settings.py").write_text(source)
    net = root / "net.py"
    net.write_text("class Net(nn.Module):\n    def __init__(self, h, n=1):\n        x = h.a + h.b")
    found = Project(root).described("Net", net, ["h", "n"])
    assert [str(c.kwargs["h"]) for c in found] == ([expected] if expected else [])


def test_settings_that_change_are_read_again(root: Path) -> None:
    (root / "settings.py").write_text("h = HParams(a=1)")
    before = Project(root).mentions(["Net"])
    (root / "settings.py").write_text("h = HParams(a=2)")
    assert Project(root).mentions(["Net"]) != before


def test_a_config_that_changes_is_read_again(root: Path) -> None:
    before = Project(root).mentions(["Net"])
    (root / "config.json").write_text("{}")
    assert Project(root).mentions(["Net"]) != before


NOTEBOOK = {
    "cells": [
        {"cell_type": "markdown", "source": ["UNet(1)"]},
        {"cell_type": "code", "source": ["%matplotlib inline\n", "!pip install x\n", "c = 6"]},
        {"cell_type": "code", "source": ["from models.unet import UNet\n", "net = UNet(c)"]},
    ]
}
NOTEBOOKS = {
    "cells are one program": (json.dumps(NOTEBOOK), [(6,)]),
    "no notebook": ("[]", []),
    "not Python": (json.dumps(NOTEBOOK).replace("c = 6", "c ="), []),
}


@pytest.mark.parametrize(("text", "args"), NOTEBOOKS.values(), ids=NOTEBOOKS)
def test_a_notebook_says_how_a_class_is_built(
    root: Path, text: str, args: list[tuple[int, ...]]
) -> None:
    (root / "demo.ipynb").write_text(text)
    calls = Project(root).constructions("UNet", root / "models/unet.py")
    shown = [(c.args, str(c)) for c in calls if c.path.suffix == ".ipynb"]
    assert shown == [(a, f"UNet({a[0]}), as in demo.ipynb") for a in args]


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


OTHERS = [
    pytest.param("N, B = x.shape", False, id="a variable"),
    pytest.param("return models.B()(x)", True, id="behind a dot"),
    pytest.param("B = models.B()\n        return B(x)", True, id="both"),
    pytest.param("return B()(x)", True, id="nobody knows where it comes from"),
]


@pytest.mark.parametrize(("body", "owned"), OTHERS)
def test_what_a_name_in_another_file_means(tmp_path: Path, body: str, owned: bool) -> None:
    head, forward = "from torch import nn\n", "(nn.Module):\n    def forward(self, x):\n        "
    (tmp_path / "models.py").write_text(f"{head}class B{forward}return x\n")
    (tmp_path / "other.py").write_text(f"{head}import models\nclass Net{forward}{body}\n")
    found = Project(tmp_path).owners("B", tmp_path / "models.py")
    assert found == [(tmp_path / "other.py", "Net")] * owned


def test_constructor_calls_with_literal_arguments(root: Path) -> None:
    calls = Project(root).constructions("UNet", root / "models/unet.py")
    assert [(c.path.name, c.line, c.args, c.kwargs) for c in calls] == [
        ("unet.py", 24, (-3,), {"widths": (8, 16)}),
        ("train.py", 5, (1,), {"widths": [8, 8]}),
    ]


OTHERS = [
    pytest.param("from models.unet import UNet\nUNet(9)", 1, id="imported from there"),
    pytest.param("from models import UNet\nUNet(9)", 1, id="through the package"),
    pytest.param("from .unet import *\nUNet(9)", 1, id="star"),
    pytest.param("from monai.nets import UNet\nUNet(9)", 0, id="from another package"),
    pytest.param("from train import *\nUNet(9)", 0, id="from another file beside it"),
    pytest.param("class UNet:\n    pass\nUNet(9)", 0, id="a class of its own"),
]


@pytest.mark.parametrize(("source", "calls"), OTHERS)
def test_calls_of_a_class_of_the_same_name(root: Path, source: str, calls: int) -> None:
    (root / "other.py").write_text(source)
    found = Project(root).constructions("UNet", root / "models/unet.py")
    assert [c.path.name for c in found].count("other.py") == calls


MENTIONS = [
    pytest.param(b"from torch import nn", True, id="torch and nn"),
    pytest.param(b"import torch\nclass A(torch.nn.Module): pass", True, id="dotted"),
    pytest.param(b"import torch\nx = torch.zeros(1)", False, id="torch without modules"),
    pytest.param(b"from tensorflow import nn", False, id="another library"),
]


@pytest.mark.parametrize(("source", "answer"), MENTIONS)
def test_quick_look(source: bytes, answer: bool) -> None:
    assert may_hold_models(source) is answer


LITERALS = [
    pytest.param("3", 3, id="number"),
    pytest.param("-1.5", -1.5, id="negative"),
    pytest.param("'same'", "same", id="text"),
    pytest.param("None", None, id="None"),
    pytest.param("(1, [2, {3}])", (1, [2, {3}]), id="containers"),
    pytest.param("{'a': K, 2: ()}", {"a": 64, 2: ()}, id="dict with a constant"),
    pytest.param("2 * K - 1", 127, id="arithmetic"),
    pytest.param("L", (64, 128), id="constant of constants"),
    pytest.param("[K * 2**i for i in range(3)]", [64, 128, 256], id="one for each level"),
    pytest.param("[n for n in L if n > K]", [128], id="those that are left"),
    pytest.param("1 if K == 64 else unknown", 1, id="what is chosen"),
    pytest.param("int(K * 0.75) + max(L)", 176, id="computed"),
]
NOT_LITERALS = [
    pytest.param("unknown", id="name"),
    pytest.param("f(3)", id="call"),
    pytest.param("LOOP", id="constant that refers to itself"),
    pytest.param("1 / 0", id="division by zero"),
    pytest.param("9 ** 9 ** 9", id="power"),
    pytest.param("10**9 * 'x'", id="repetition"),
    pytest.param("[f(n) for n in L]", id="call for each"),
    pytest.param("[n for n in K]", id="nothing to go through"),
    pytest.param("1 if unknown else 2", id="what nobody knows decides"),
    pytest.param("int('x')", id="a function that raises"),
    pytest.param("len(range(10**12))", id="too long"),
    pytest.param("K < 'x'", id="cannot be compared"),
    pytest.param("[*K]", id="unpacking"),
    pytest.param("{**K}", id="dict unpacking"),
]
CONSTANTS = {
    "K": ast.parse("64", mode="eval").body,
    "L": ast.parse("(K, 2 * K)", mode="eval").body,
    "LOOP": ast.parse("LOOP", mode="eval").body,
}


@pytest.mark.parametrize(("text", "value"), LITERALS)
def test_literals(text: str, value: object) -> None:
    assert literal(ast.parse(text, mode="eval").body, CONSTANTS) == value


@pytest.mark.parametrize("text", NOT_LITERALS)
def test_not_literals(text: str) -> None:
    with pytest.raises(NotLiteral):
        literal(ast.parse(text, mode="eval").body, CONSTANTS)


README = """# Net
```bash
pip install net
```
```python
from net import Net
model = Net(width = 8)
...
```
```python
from elsewhere import Net
Net(1)
```
```py
Net(  # an excerpt
```
"""


def test_a_readme_says_how_a_class_is_built(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text(README)
    source = tmp_path / "net" / "net.py"
    source.parent.mkdir()
    source.write_text("from torch import nn\nclass Net(nn.Module): ...\n")
    (call,) = Project(tmp_path).constructions("Net", source)
    assert (call.args, call.kwargs, call.path.name, call.line) == ((), {"width": 8}, "README.md", 7)


@pytest.mark.parametrize(
    ("source", "calls"),
    [
        pytest.param("h = 8\nNet(h)", 1, id="a constant"),
        pytest.param(
            "h = None\ndef main():\n    global h\n    h = load()\n    Net(h)", 0, id="set later"
        ),
    ],
)
def test_a_name_that_a_function_sets_is_no_constant(
    tmp_path: Path, source: str, calls: int
) -> None:
    (tmp_path / "use.py").write_text(source)
    assert len(Project(tmp_path).constructions("Net", tmp_path / "net.py")) == calls


# -- what is named on the command line -------------------------------------------------------------

NETS = """
import torch.nn as nn, collections
from parts import Decoder as Dec
class Net(nn.Module):
    pass
def build():
    return Net()
small = build()
"""


def named(path: Path, name: str) -> str:
    facts = Facts(str(path), "nets", (ClassFacts("Net", 4),))
    (plan,) = plans(facts, Place(path, name), Project(path.parent), {})
    return plan.name


@pytest.mark.parametrize("name", ["Net", "build", "small", "Dec", "collections", "build().half"])
def test_what_a_file_may_hold_is_left_to_python(tmp_path: Path, name: str) -> None:
    (path := tmp_path / "nets.py").write_text(NETS)
    assert named(path, name) == name


def test_anything_may_come_with_a_star(tmp_path: Path) -> None:
    (path := tmp_path / "nets.py").write_text("from parts import *\n")
    assert named(path, "Decoder") == "Decoder"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        pytest.param("net", "there is no 'net'; did you mean 'Net'?", id="a typo"),
        pytest.param("Decoder", "there is no 'Decoder'; there is Net", id="something else"),
    ],
)
def test_a_name_that_does_not_occur_is_refused(tmp_path: Path, name: str, words: str) -> None:
    (path := tmp_path / "nets.py").write_text(NETS)
    with pytest.raises(UsageError, match=re.escape(words)):
        named(path, name)
    declared = Declared(path, name)
    (plan, _) = plans(
        Facts(str(path), "nets", (ClassFacts("Net", 4),)),
        Place(path),
        Project(tmp_path),
        {},
        [declared],
    )
    assert plan.refused == f"described in the config file, but {words}"
