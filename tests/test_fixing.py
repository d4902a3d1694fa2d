"""``--fix``, ``--unsafe-fixes`` and ``--diff`` on the command line, from end to end."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from shapelint.cli import _fixing as fixing
from shapelint.cli import run
from shapelint.text.diff import unified

BROKEN = b"""\
from torch import nn

model = nn.Sequential(
    nn.Conv1d(1, 4, 3, stride=2, padding=1),  # halves
    nn.ConvTranspose1d(4, 1, 3, stride=2, padding=1),
)
"""
REPAIRED = BROKEN.replace(b"padding=1),\n)", b"padding=1, output_padding=1),\n)")
assert REPAIRED != BROKEN

DECLARED = ("--length", "L % 2 == 0")


@pytest.fixture
def model(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "model.py"
    path.write_bytes(BROKEN)
    return path


def lint(*flags: str) -> int:
    return run(["check", "model.py", "--python", sys.executable, "--no-cache", *flags])


@pytest.mark.parametrize(
    ("flags", "expected"),
    [((), BROKEN), (("--unsafe-fixes",), REPAIRED)],
    ids=["what is not safe is not written", "unless it is asked for"],
)
def test_without_declared_sizes_nothing_is_safe(model, capsys, flags, expected):
    lint("--fix", *flags)
    assert model.read_bytes() == expected
    assert ("Fixed 1 finding in 1 file" in capsys.readouterr().err) == (expected == REPAIRED)


def test_a_safe_fix_is_written_through_a_link_and_only_once(model, capsys):
    real = model.with_name("real.py")
    model.rename(real)
    model.symlink_to(real.name)
    assert lint("--fix", *DECLARED) == 0
    assert model.is_symlink()
    assert real.read_bytes() == REPAIRED
    assert "Fixed 1 finding in 1 file" in capsys.readouterr().err
    written = real.stat().st_mtime_ns
    assert lint("--fix", *DECLARED) == 0
    assert real.stat().st_mtime_ns == written
    assert "Fixed" not in capsys.readouterr().err


def test_a_diff_can_be_applied_and_writes_nothing(model, capsys):
    assert lint("--diff", *DECLARED) == 1
    out, err = capsys.readouterr()
    assert model.read_bytes() == BROKEN
    assert "Would fix 1 finding in 1 file" in err
    subprocess.run(["git", "apply"], input=out.encode(), check=True, cwd=model.parent)
    assert model.read_bytes() == REPAIRED
    assert lint("--diff", *DECLARED) == 0
    assert capsys.readouterr().out == ""


def test_a_diff_names_an_absolute_path_as_git_does():
    head = unified("/tmp/model.py", BROKEN, REPAIRED).splitlines()[:2]
    assert head == ["--- a/tmp/model.py", "+++ b/tmp/model.py"]


def test_a_file_that_cannot_be_written_is_left_alone(model, capsys):
    os.link(model, model.with_name("other.py"))
    assert lint("--fix", *DECLARED) == 2
    assert model.read_bytes() == BROKEN
    assert "error: model.py: left alone, it has several names" in capsys.readouterr().err


def edited(model):
    model.write_bytes(b"# an edit\n" + BROKEN)


def repaired(model):
    model.write_bytes(REPAIRED)


MEANWHILE = {
    "nothing": (lambda model: None, REPAIRED, 0, "Fixed 1 finding in 1 file\n"),
    "another run repairs it": (repaired, REPAIRED, 0, "Fixed 1 finding in 1 file\n"),
    "somebody edits it": (
        edited,
        b"# an edit\n" + BROKEN,
        2,
        "error: model.py: left alone, it was changed meanwhile\n",
    ),
    "somebody deletes it": (
        Path.unlink,
        None,
        2,
        "error: model.py: not written: No such file or directory\n",
    ),
}


@pytest.mark.parametrize(("happens", "text", "code", "said"), MEANWHILE.values(), ids=MEANWHILE)
def test_what_happens_to_a_file_while_it_is_linted(
    model, capsys, monkeypatch, happens, text, code, said
):
    """Between the run that found something and the moment at which its fix is written."""
    look = fixing.fixed

    def looked(*args):
        time.sleep(0.02)  # clocks of file systems are coarse
        done = look(*args)
        happens(model)
        return done

    monkeypatch.setattr(fixing, "fixed", looked)
    assert lint("--fix", *DECLARED) == code
    assert (model.read_bytes() if model.exists() else None) == text
    assert capsys.readouterr().err.startswith(said)


def test_flags_that_would_fix_more_are_named(model, capsys):
    """On standard error, so that a diff on standard output can be applied."""
    assert lint() == 1
    assert capsys.readouterr().err == "1 fix available with --unsafe-fixes\n"
    assert lint("--diff") == 0
    out, err = capsys.readouterr()
    assert (out, err.splitlines()[0]) == ("", "1 fix available with --unsafe-fixes")
    assert lint(*DECLARED) == 1
    assert capsys.readouterr().err == "1 fix available with --fix\n"
    lint("--output-format", "json")
    assert "available" not in capsys.readouterr().err
