"""What is named on the command line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from shapelint.config import Declared
from shapelint.errors import UsageError
from shapelint.facts import ClassFacts, Facts
from shapelint.project.classes import Project
from shapelint.project.discovery import (
    Place,
)
from shapelint.project.targets import plans

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
