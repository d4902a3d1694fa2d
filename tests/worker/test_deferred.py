"""What PyTorch imports only to ask whether it compiles is imported by those who compile."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

_BEFORE = """
import importlib.util, sys, torch
from torch import nn
from shapelint.worker.loading.deferred import defer_compiler
from shapelint.worker.serve import _warm_up
defer_compiler()
_warm_up(lambda device: nn.Sequential(nn.Conv1d(1, 4, 3), nn.ReLU(), nn.BatchNorm1d(4)))
_warm_up(lambda device: nn.Sequential(nn.Conv1d(1, 4, 3), nn.ConvTranspose1d(4, 1, 3)))
"""
_EXPORT = """
length = torch.export.Dim("length", min=4, max=64)
shapes = {"input": {2: length}}
program = torch.export.export(nn.Conv1d(1, 1, 3), (torch.rand(2, 1, 16),), dynamic_shapes=shapes)
assert program.module()(torch.rand(2, 1, 9)).shape == (2, 1, 7)
"""
_SYMBOLS = """
from torch.fx.experimental.symbolic_shapes import ShapeEnv, expect_true, guard_or_false
assert (expect_true(True), guard_or_false(False)) == (True, False)
assert ShapeEnv.__module__ == "torch.fx.experimental.symbolic_shapes"
"""
_SYMPY = """
import sympy
from sympy.core.symbol import Symbol
assert importlib.util.find_spec("sympy").origin.endswith("__init__.py")
assert isinstance(Symbol("x"), sympy.Basic) and sympy.__version__
"""
AFTERWARDS = {
    "nothing else": ("", "False"),
    "sympy, unused": ("import sympy; assert importlib.util.find_spec('sympy')", "False"),
    "sympy": (_SYMPY, "True"),
    "the type of its expressions": (
        "exec('import sympy; assert not sympy.Basic().args', {})",
        "True",
    ),
    "all of sympy": ("from sympy import *; assert Symbol('x').is_symbol", "True"),
    "torch.export": (_EXPORT, "True"),
    "symbolic shapes": (_SYMBOLS, "True"),
    "torch._dynamo": ("assert torch._dynamo.config.cache_size_limit > 0", "True"),
}


_IN_CHILDREN = """
import json, os, traceback
torch.set_num_threads(1)
for name, code in json.load(sys.stdin).items():
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        continue
    try:
        exec(code, globals())
        told = str("sympy.core" in sys.modules)
    except BaseException:
        told = traceback.format_exc()
    print(json.dumps([name, told]), flush=True)
    os._exit(0)
"""


@pytest.fixture(scope="module")
def imported() -> dict[str, str]:
    """For each case whether sympy is imported afterwards; torch itself is imported once for all."""
    done = subprocess.run(
        [sys.executable, "-c", _BEFORE + _IN_CHILDREN],
        input=json.dumps({name: code for name, (code, _) in AFTERWARDS.items()}),
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return dict(map(json.loads, done.stdout.splitlines()))


@pytest.mark.parametrize("name", AFTERWARDS)
def test_sympy_is_imported_when_it_is_needed(imported: dict[str, str], name: str) -> None:
    assert imported[name] == AFTERWARDS[name][1]
