"""Each hostile file gets its diagnostic, the others are linted, and nothing is left behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.hostile.files import CASES, GOOD, SLOW_CASES, Case


@dataclass(frozen=True)
class Ran:
    """A run of the command, and what it left behind."""

    code: int
    report: Any
    errors: str
    written: set[str]
    temporary: list[str]
    alive: list[str]

    def about(self, name: str) -> list[tuple[str, str]]:
        """Rule and message of all that is said about one file."""
        return [(d["name"], d["message"]) for d in self.report["diagnostics"] if d["path"] == name]


def lint(folder: Path, *options: str, paths: Iterable[str] = (".",)) -> Ran:
    """Run the command in a folder of its own, with a place for temporary files of its own."""
    mark, temporary = uuid.uuid4().hex, folder.parent / f"{folder.name}-temporary"
    temporary.mkdir()
    before = _tree(folder)
    command = (sys.executable, "-m", "shapelint", *paths, "--output-format", "json", "--no-cache")
    nobody_types, keyboard = os.pipe()  # who reads stdin waits for ever
    try:
        done = subprocess.run(
            [*command, *options],
            cwd=folder,
            env={**os.environ, "SHAPELINT_TEST": mark, "TMPDIR": str(temporary)},
            stdin=nobody_types,
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        os.close(nobody_types)
        os.close(keyboard)
    report = json.loads(done.stdout or "{}")
    written = _tree(folder) - before
    left = sorted(os.listdir(temporary))
    return Ran(done.returncode, report, done.stderr, written, left, alive(mark))


def _tree(folder: Path) -> set[str]:
    return {os.path.join(here, n) for here, _, names in os.walk(folder) for n in names}


def alive(mark: str) -> list[str]:
    """Command lines of the processes that a run has left behind, however they were started."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (process / "environ").read_bytes():
                found.append((process / "cmdline").read_text().replace("\0", " "))
        except OSError:  # it went away, or is not ours
            continue
    return [line for line in found if line]  # a zombie has no command line


def start(folder: Path, *options: str, mark: str = "") -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "shapelint", ".", "--output-format", "concise", *options],
        cwd=folder,
        env={**os.environ, "SHAPELINT_TEST": mark, "TMPDIR": str(folder / "temporary")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _name(case: Case) -> str:
    return f"{case.reason.replace(' ', '_')}.py"


def _folder(parent: Path, cases: Iterable[Case]) -> Path:
    folder = parent / "project"
    folder.mkdir()
    for case in cases:
        path = folder / _name(case)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(case.source)
    for name in ("aaa_first.py", "zzz_last.py"):
        (folder / name).write_bytes(GOOD)
    return folder


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    return lint(_folder(tmp_path_factory.mktemp("quick"), CASES), "--timeout", "20")


@pytest.fixture(scope="module")
def ran_slowly(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    return lint(_folder(tmp_path_factory.mktemp("slow"), SLOW_CASES), "--timeout", "3")


@pytest.mark.parametrize("name", ["aaa_first.py", "zzz_last.py"])
def test_the_other_files_are_linted(ran: Ran, ran_slowly: Ran, name: str) -> None:
    for run in (ran, ran_slowly):
        assert [rule for rule, _ in run.about(name)] == ["roundtrip-length"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.reason)
def test_a_hostile_file(ran: Ran, case: Case) -> None:
    ((rule, message),) = ran.about(_name(case))
    assert rule == case.rule
    assert case.said in message


@pytest.mark.parametrize("case", SLOW_CASES, ids=lambda case: case.reason)
def test_a_file_that_takes_for_ever(ran_slowly: Ran, case: Case) -> None:
    assert ran_slowly.about(_name(case)) == [("timeout", "took longer than 3 s")]


@pytest.mark.parametrize("run", ["ran", "ran_slowly"])
def test_nothing_is_left_behind(run: str, request: pytest.FixtureRequest) -> None:
    found: Ran = request.getfixturevalue(run)
    assert (found.code, found.errors) == (1, "")
    assert (found.written, found.temporary, found.alive) == (set(), [], [])


def test_the_test_above_can_fail(tmp_path: Path) -> None:
    mark = uuid.uuid4().hex
    sleeper = subprocess.Popen(["sleep", "98765"], env={"SHAPELINT_TEST": mark})
    try:
        assert _eventually(lambda: alive(mark)) == ["sleep 98765 "]
    finally:
        sleeper.kill()
        sleeper.wait()


def _eventually(condition: Callable[[], Any]) -> Any:
    """The first true answer of ``condition``, or its last one after a minute."""
    for _ in range(600):
        if answer := condition():
            break
        time.sleep(0.1)
    return answer
