"""Paths in, report out: what goes wrong with one model is said, and the others go on."""

from __future__ import annotations

import textwrap

import pytest

from shapelint import engine
from shapelint.config import Selection, Settings
from shapelint.errors import UsageError
from shapelint.lengths.domain import condition_of

FILES = {
    "good.py": """
        from torch import nn
        class Good(nn.Module):
            def __init__(self, width=4):
                super().__init__()
                self.conv = nn.Conv1d(1, width, 3, padding=1)
            def forward(self, x):
                return self.conv(x)
        """,
    "bad.py": """
        from torch import nn
        class Bad(nn.Module):
            def __init__(self):
                super().__init__()
                self.down = nn.Conv1d(1, 4, 3, 2, 1)
                self.up = nn.ConvTranspose1d(4, 1, 3, 2, 1)
            def forward(self, x):
                return self.up(self.down(x))
        """,
    "needs_arguments.py": """
        from torch import nn
        class Unknown(nn.Module):
            def __init__(self, mystery):
                super().__init__()
            def forward(self, x):
                return x
        """,
    "does_not_load.py": """
        from torch import nn
        class Broken(nn.Module:
            pass
        """,
    "no_model.py": "x = 1",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("project")
    for name, text in FILES.items():
        (folder / name).write_text(textwrap.dedent(text))
    return folder


@pytest.fixture(scope="module")
def report(folder):
    return engine.check(Settings((str(folder),)))


def test_files_without_models_are_not_opened(report):
    assert report.files == 4


EVIDENCE = {
    "good.py": ("Good", "proven"),
    "bad.py": ("Bad", "proven"),
    "needs_arguments.py": ("Unknown", "not-checked"),
    "does_not_load.py": ("", "not-checked"),
}


@pytest.mark.parametrize(("name", "said"), EVIDENCE.items(), ids=EVIDENCE)
def test_every_model_has_its_evidence(report, folder, name, said):
    (target,) = [t for t in report.targets if t.path == str(folder / name)]
    assert (target.class_name, target.evidence) == said
    assert bool(target.reason) == (said[1] != "proven")
    assert (target.valid_sizes is None) == (said[1] == "not-checked")


FOUND = {
    "good.py": [],
    "bad.py": ["roundtrip-length"],
    "needs_arguments.py": ["cannot-construct"],
    "does_not_load.py": ["import-failed"],
}


@pytest.mark.parametrize(("name", "rules"), FOUND.items(), ids=FOUND)
def test_what_is_found_where(report, folder, name, rules):
    assert [d.name for d in report.diagnostics if d.span.path == str(folder / name)] == rules


def test_declared_sizes_and_severities_are_respected(folder):
    declared = Settings((str(folder / "bad.py"),), lengths=(condition_of("L % 2 == 1"),))
    assert engine.check(declared).diagnostics == ()
    warn = Selection(warn=("roundtrip-length",))
    warned = Settings((str(folder / "bad.py"),), selections=(warn,))
    assert [d.severity for d in engine.check(warned).diagnostics] == ["warning"]


def test_one_target_is_examined_closely(folder):
    seen = engine.examine(f"{folder / 'bad.py'}:Bad", Settings())
    assert seen.report.class_name == "Bad"
    assert [n.op for n in seen.trace.nodes] == ["placeholder", "conv1d", "conv_transpose1d"]
    assert seen.junctions == ()


WRONG = {
    "a path that is not there": (("nowhere.py",), {}, "no such file"),
    "no size is left": (("bad.py",), {"lengths": (condition_of("L % 2 == 2"),)}, "no size is left"),
}


@pytest.mark.parametrize(("paths", "rest", "error"), WRONG.values(), ids=WRONG)
def test_a_request_that_makes_no_sense_is_refused(folder, paths, rest, error):
    with pytest.raises(UsageError, match=error):
        engine.check(Settings(tuple(str(folder / p) for p in paths), **rest))
