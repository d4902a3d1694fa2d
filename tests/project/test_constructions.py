"""Calls that build a class, and what their arguments are."""

from __future__ import annotations

from pathlib import Path

import pytest

from shapelint.project.classes import Project


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
    "a device that nobody knows": (
        "class A:\n    def f(self):\n        UNet(4, self.device, torch.device(0))",
        "(4, 'cpu', torch.device(0))",
    ),
    "a size that nobody knows": ("class A:\n    def f(self):\n        UNet(4, self.size)", ""),
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
    "an object of which attributes are set": (
        "from m import C\nc = C(1)\nc.a = 2 + 2\nif new:\n    c.b.d = c.a, 'x'\nUNet(c, c.a)",
        "(with_attributes(C(1), {'a': 2 + 2, 'b.d': (2 + 2, 'x')}), 4)",
    ),
    "an object of which something unknown is set": (
        "from models.unet import C\nc = C()\nc.a = load()\nUNet(c)",
        "(C())",
    ),
    "a number beside what is called as it": ("c = 4\ncolor.c.a = 1\nUNet(c)", "(4)"),
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


def test_a_star_brings_what_else_is_defined_beside(root: Path) -> None:
    (root / "models" / "use.py").write_text("from unet import *\nUNet(Block())")
    calls = Project(root).constructions("UNet", root / "models/unet.py")
    assert [c.imports for c in calls if c.path.name == "use.py"] == [("from unet import Block",)]


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
    pytest.param("from models.unet import UNet as Net\nNet(9)", 1, id="under another name"),
    pytest.param("from models.unet import Block as Net\nNet(9)", 0, id="another one's name"),
    pytest.param("from monai.nets import UNet\nUNet(9)", 0, id="from another package"),
    pytest.param("from train import *\nUNet(9)", 0, id="from another file beside it"),
    pytest.param("from train import *\nfrom models.unet import *\nUNet(9)", 1, id="two stars"),
    pytest.param("from copies.unet import UNet\nUNet(9)", 0, id="from another folder"),
    pytest.param("class UNet:\n    pass\nUNet(9)", 0, id="a class of its own"),
]


@pytest.mark.parametrize(("source", "calls"), OTHERS)
def test_calls_of_a_class_of_the_same_name(root: Path, source: str, calls: int) -> None:
    (root / "copies" / "scripts").mkdir(parents=True)
    (root / "copies" / "unet.py").write_text("class UNet: ...")
    for folder in (root, root / "copies" / "scripts"):
        other = folder / "other.py"
        other.write_text(source)
        found = Project(root).constructions("UNet", root / "models/unet.py")
        assert [c.path for c in found].count(other) == calls


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
