from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from shapelint import interpreters
from shapelint.errors import NoInterpreter
from shapelint.interpreters import Interpreter, find_interpreter


def _python(folder: Path, has_torch: bool) -> str:
    """An executable that answers the question as a Python with or without torch does."""
    python = folder / "bin" / "python"
    python.parent.mkdir(parents=True)
    answer = json.dumps({"torch": has_torch, "path": []})
    python.write_text(f"#!/bin/sh\necho '{answer}'\n")
    python.chmod(0o755)
    return str(python)


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("VIRTUAL_ENV", "CONDA_PREFIX"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("PATH", "/nowhere")


def test_the_running_python_comes_after_all_environments(tmp_path: Path) -> None:
    found = find_interpreter(tmp_path)
    assert found == Interpreter(sys.executable, "the Python that runs shapelint")


@pytest.mark.parametrize("variable", ["VIRTUAL_ENV", "CONDA_PREFIX"])
def test_an_active_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, str(tmp_path / "env"))
    python = _python(tmp_path / "env", has_torch=True)
    assert find_interpreter(tmp_path) == Interpreter(python, variable)


def test_the_nearest_environment_upwards(tmp_path: Path) -> None:
    python = _python(tmp_path / "project" / ".venv", has_torch=True)
    _python(tmp_path / ".venv", has_torch=True)
    near = tmp_path / "project" / "models"
    near.mkdir()
    assert find_interpreter(near) == Interpreter(python, "nearest .venv")


def test_an_environment_without_torch_is_passed_over(tmp_path: Path) -> None:
    _python(tmp_path / ".venv", has_torch=False)
    assert find_interpreter(tmp_path).python == sys.executable


def test_the_one_asked_for_and_no_other(tmp_path: Path) -> None:
    python = _python(tmp_path / "asked", has_torch=True)
    assert find_interpreter(tmp_path, python) == Interpreter(python, "--python")


def test_inside_a_hook_the_active_environment_is_found_on_the_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """pre-commit puts its own environment first; neither has shapelint's Python torch there."""
    hook = _python(tmp_path / "hook", has_torch=False)
    monkeypatch.setenv("VIRTUAL_ENV", str(tmp_path / "hook"))
    monkeypatch.setattr(sys, "executable", hook)
    active = _python(tmp_path / "active", has_torch=True)
    folders = [Path(python).parent for python in (hook, active)]
    monkeypatch.setenv("PATH", os.pathsep.join(map(str, folders)))
    monkeypatch.setattr(interpreters, "what_lacks", lambda p: "" if p == active else "all")
    assert find_interpreter(tmp_path) == Interpreter(active, "PATH")


def test_no_place_is_named_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hook = _python(tmp_path / "hook", has_torch=False)
    monkeypatch.setenv("VIRTUAL_ENV", str(tmp_path / "hook"))
    monkeypatch.setenv("PATH", str(tmp_path / "hook" / "bin"))
    monkeypatch.setattr(interpreters, "what_lacks", lambda python: "has no torch")
    with pytest.raises(NoInterpreter) as caught:
        find_interpreter(tmp_path)
    assert caught.value.searched == (
        f"VIRTUAL_ENV: {hook} (has no torch)",
        f"the Python that runs shapelint: {sys.executable} (has no torch)",
    )


BROKEN = {
    "hangs at its start": ("#!/bin/sh\nexec sleep 98765\n", "does not start within 1 s"),
    "crashes at its start": ("#!/bin/sh\nkill -SEGV $$\n", "is no Python that works"),
    "says something else": ("#!/bin/sh\necho 3.11\n", "is no Python that works"),
    "is no program": ("nothing\n", "cannot be run: Exec format error"),
}


@pytest.mark.parametrize(("program", "why"), BROKEN.values(), ids=BROKEN)
def test_what_is_wrong_with_one_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str, why: str
) -> None:
    monkeypatch.setattr(interpreters, "_LONGEST_START", 1)
    monkeypatch.setenv("PATH", "/bin")
    python = Path(_python(tmp_path, has_torch=True))
    python.write_text(program)
    with pytest.raises(NoInterpreter) as caught:
        find_interpreter(tmp_path, str(python))
    assert caught.value.searched == (f"--python: {python} ({why})",)


@pytest.mark.parametrize(("exists", "why"), [(True, "has no torch"), (False, "does not exist")])
def test_nothing_found_says_where_it_looked(tmp_path: Path, exists: bool, why: str) -> None:
    python = str(tmp_path / "asked" / "bin" / "python")
    if exists:
        _python(tmp_path / "asked", has_torch=False)
    with pytest.raises(NoInterpreter) as caught:
        find_interpreter(tmp_path, python)
    assert caught.value.searched == (f"--python: {python} ({why})",)
    assert os.path.dirname(python) in str(caught.value)
