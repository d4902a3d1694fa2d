"""Files at the same time: the report is the same, and nothing is left behind."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest

from shapelint import lanes
from tests.hostile.files import GOOD
from tests.hostile.test_files import alive

# -- how many -------------------------------------------------------------------------------

CASES = {
    "one file": (None, 1, False, 1),
    "few files": (None, 3, False, 1),
    "two files for each process": (None, 4, False, 2),
    "as many as there are cores": (None, 100, False, 6),
    "a process with threads": (None, 100, True, 1),
    "what was asked for": (3, 100, True, 3),
    "one was asked for": (1, 100, False, 1),
    "more than there are files": (9, 2, False, 2),
}


@pytest.mark.parametrize(("asked", "files", "threads", "expected"), CASES.values(), ids=CASES)
def test_how_many_files_at_the_same_time(monkeypatch, asked, files, threads, expected):
    monkeypatch.setattr(lanes, "_cores", lambda: 6)
    monkeypatch.setattr(lanes, "_has_threads", lambda: threads)
    assert lanes.number_of_lanes(asked, files) == expected


def test_never_more_than_eight_unasked(monkeypatch):
    monkeypatch.setattr(lanes, "_cores", lambda: 128)
    monkeypatch.setattr(lanes, "_has_threads", lambda: False)
    assert lanes.number_of_lanes(None, 1000) == 8


# -- what becomes of each file --------------------------------------------------------------

SHARED_OUT = """
import io, os, signal, sys, time
from pathlib import Path
from shapelint.project.discovery import Place
from shapelint.errors import UsageError
from shapelint.lanes import inspected_in_lanes
from shapelint.model import Inspected

def look(worker, place):
    name = place.path.name
    if name == "dies": os.kill(os.getpid(), signal.SIGKILL)
    if name == "leaves": os._exit(3)
    if name.startswith("late"): time.sleep(0.2)
    if "wrong" in name: raise UsageError(name)
    return Inspected((), (), classes=(name,))

try:
    places = [Place(Path(name)) for name in sys.argv[2:]]
    for place, found in inspected_in_lanes(io.StringIO, places, look, int(sys.argv[1])):
        print(place.path, *found.classes, *(d.message for d in found.diagnostics))
except UsageError as exc:
    print("error", exc)
"""
"""Copies of a process without threads, as the command line is one and a test is not."""

DEAD = "{0} a process of shapelint ended with status {1}".format

OUTCOMES = {
    "none": ([], []),
    "fewer than processes": (["a"], ["a a"]),
    "more than processes": ([*"abcde"], [f"{n} {n}" for n in "abcde"]),
    "one kills its process": (["dies", *"abc"], ["a a", "b b", "c c", DEAD("dies", -9)]),
    "all of them do": (["leaves"] * 3 + ["a"], ["a a", *[DEAD("leaves", 3)] * 3]),
    "a request that makes no sense": (["a", "wrong"], ["a a", "error wrong"]),
    "the first of two such": (["late wrong", "wrong"], ["error late wrong"]),
}


@pytest.mark.parametrize(("names", "expected"), OUTCOMES.values(), ids=OUTCOMES)
def test_one_file_never_loses_another(names, expected):
    command = [sys.executable, "-W", "error", "-c", SHARED_OUT, "2", *names]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert (sorted(done.stdout.splitlines()), done.stderr) == (sorted(expected), "")


def _run(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "shapelint", ".", "--output-format", "json", *options]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_the_report_does_not_depend_on_it(tmp_path):
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "a_slow.py").write_bytes(GOOD + b"\nimport time; x = time.sleep(1)\n")
    (tmp_path / "b_exits.py").write_bytes(GOOD + b"\nx = __import__('os')._exit(3)\n")
    (tmp_path / "c_syntax.py").write_bytes(GOOD + b"\nclass :\n")
    for name in ("d.py", "e.py"):
        (tmp_path / name).write_bytes(GOOD)
    one = _run(tmp_path, "--no-cache", "--jobs", "1")
    several = _run(tmp_path, "--jobs", "3")
    cached = _run(tmp_path)
    assert several.stdout == one.stdout == cached.stdout
    assert several.returncode == one.returncode == 1
    assert several.stderr == one.stderr == ""
    assert len(json.loads(one.stdout)["targets"]) == 5


# -- the end --------------------------------------------------------------------------------

STOPPED = "\ninterrupted\n"
"""The first line is the one in which a terminal shows ^C."""

ENDS = {
    "Ctrl-C": (signal.SIGINT, os.killpg, 7, 130, STOPPED),
    "Ctrl-C while torch is imported": (signal.SIGINT, os.killpg, 5, 130, STOPPED),
    "kill": (signal.SIGTERM, os.kill, 7, 143, ""),
    "kill of the group": (signal.SIGTERM, os.killpg, 5, 143, ""),
    "kill -9": (signal.SIGKILL, os.kill, 7, -9, ""),
}
"""A signal, to whom, and when: the client, two copies, two workers and, later, a child of each."""


@pytest.mark.skipif(sys.platform != "linux", reason="processes are found in /proc")
@pytest.mark.parametrize(("number", "kill", "when", "code", "said"), ENDS.values(), ids=ENDS)
def test_no_process_is_left_behind(tmp_path, number, kill, when, code, said):
    (tmp_path / "temporary").mkdir()
    for name in ("a.py", "b.py", "c.py"):
        (tmp_path / name).write_bytes(GOOD + b"\nx = __import__('time').sleep(98765)\n")
    mark = uuid.uuid4().hex
    run = subprocess.Popen(
        [sys.executable, "-m", "shapelint", ".", "--jobs", "2", "--no-cache"],
        cwd=tmp_path,
        env={**os.environ, "SHAPELINT_TEST": mark, "TMPDIR": str(tmp_path / "temporary")},
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    _wait_for(lambda: len(alive(mark)) >= when)
    kill(run.pid, number)
    _, errors = run.communicate(timeout=60)
    assert (run.returncode, errors) == (code, said)
    if number != signal.SIGKILL:
        assert alive(mark) == []
    _wait_for(lambda: not alive(mark) and not os.listdir(tmp_path / "temporary"))


def _wait_for(condition) -> None:
    """Fails if a condition does not come true within a minute."""
    for _ in range(1200):
        if condition():
            return
        time.sleep(0.05)
    pytest.fail("waited for a minute")


# -- how far it is --------------------------------------------------------------------------

SLOW = """
import sys, time
from shapelint.cli import _progress
_progress._PATIENCE = 0.1
def found():
    for name in "ab":
        time.sleep(float(sys.argv[1]))
        yield name
print(*_progress.watched(found(), 2))
"""

CLEAR = "\r\x1b[K"
LINES = "".join(f"{CLEAR}files linted: {done} of 2" for done in range(3))


def _on_terminal(*command: str) -> tuple[str, str]:
    """Standard output, and what stands on the terminal that is standard error."""
    ours, terminal = os.openpty()
    try:
        command = (sys.executable, *command)
        done = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=terminal, text=True, check=False
        )
        shown = os.read(ours, 10_000) if select.select([ours], [], [], 0)[0] else b""
        return done.stdout, shown.decode()
    finally:
        os.close(ours)
        os.close(terminal)


PROGRESS = {
    "soon done": ("0", ""),
    "longer than a moment": ("0.3", LINES + CLEAR),
}


@pytest.mark.parametrize(("seconds", "expected"), PROGRESS.values(), ids=PROGRESS)
def test_how_far_it_is(seconds, expected):
    assert _on_terminal("-c", SLOW, seconds) == ("a b\n", expected)


def test_nobody_is_told_where_there_is_no_terminal():
    command = [sys.executable, "-c", SLOW, "0.3"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("a b\n", "")


def test_a_whole_run_takes_the_line_back(tmp_path):
    (tmp_path / "model.py").write_bytes(GOOD + b"\nx = __import__('time').sleep(1)\n")
    command = ("-m", "shapelint", str(tmp_path), "--no-cache", "--output-format", "concise")
    report, terminal = _on_terminal(*command)
    assert report.endswith("Checked 1 model in 1 file: 1 error\n")
    shown = [f"{CLEAR}files linted: {done} of 1" for done in range(2)]
    assert terminal == "".join(shown) + CLEAR + "1 fix available with --unsafe-fixes\r\n"
