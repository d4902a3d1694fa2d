"""What configs, notebooks and READMEs say about how a class is built."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from shapelint.project.classes import Project

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
    "a section with its settings": ("a.json", '{"net_config": {"width": 8}}', "(width=8)"),
    "a section of something like it": ("a.json", '{"net_optim": {"width": 8}}', ""),
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
    "attributes": ("h.a + self.h.b", "(h=Namespace(**{'a': 1, 'b': 2, 'c': 3}))"),
    "keys": ("h['a'] + h['b']", "(h={'a': 1, 'b': 2, 'c': 3})"),
    "methods are no keys": ("h.get('a') + h['c']", "(h={'a': 1, 'b': 2, 'c': 3})"),
    "one that is not there": ("h.a + h.d", ""),
    "one that is not there, on a condition": (
        "h.a + (h.d if h.b else h['e'])",
        "(h=Namespace(**{'a': 1, 'b': 2, 'c': 3}))",
    ),
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
        "Namespace(**{'a': 1, 'b': len(WORDS)})",
    ),
    "the command line": (
        "p.add_argument('-a', default=1)\np.add_argument('--b', default=2, type=int)",
        "Namespace(**{'a': 1, 'b': 2})",
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
