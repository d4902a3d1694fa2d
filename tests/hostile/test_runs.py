"""Hostile surroundings: paths, permissions, full disks, signals, neighbours, memory."""

from __future__ import annotations

import ctypes
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.hostile.files import GOOD
from tests.hostile.test_files import lint, start

NAMES = ("with space.py", "new\nline.py", "ünïcödé.py", "-dash.py", "1digit.py", "a.b.py", "'.py")
NO_TEXT = "\udcff.py" if sys.platform == "linux" else "a.py"
"""A name whose bytes are not UTF-8, where a file can have one."""
FORMATS = ("sarif", "json", "github", "gitlab", "junit", "rdjson", "markdown", "html")


def test_odd_names_and_things_that_are_no_files(tmp_path: Path) -> None:
    folder = tmp_path / "sp ace"
    folder.mkdir()
    for name in (*NAMES, NO_TEXT):
        (folder / name).write_bytes(GOOD)
    (folder / "loop").symlink_to(".")
    (folder / "self.py").symlink_to("self.py")
    (folder / "dangling.py").symlink_to("nowhere.py")
    (folder / "folder.py").mkdir()
    (folder / "empty.py").touch()
    os.mkfifo(folder / "pipe.py")
    reports = {form: tmp_path / form for form in FORMATS}
    ran = lint(folder, *(f"--output={form}:{path}" for form, path in reports.items()))
    assert sorted(t["path"] for t in ran.report["targets"]) == sorted([*NAMES, NO_TEXT])
    assert json.loads(reports["json"].read_bytes()) == ran.report
    assert b'"%FF.py"' in reports["sarif"].read_bytes() or NO_TEXT.isascii()
    assert {d["name"] for d in ran.report["diagnostics"]} == {"roundtrip-length"}
    assert (ran.code, ran.errors, ran.alive) == (1, "", [])


def _like_anybody() -> None:
    """In a child: root without the right to pass over permissions, see capabilities(7)."""
    drop_from_bounding_set, overriding, searching = 24, 1, 2
    for capability in (overriding, searching):
        ctypes.CDLL(None).prctl(drop_from_bounding_set, capability, 0, 0, 0)


def _run_like_anybody(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "shapelint", *arguments, "--output-format", "concise"],
        cwd=folder,
        preexec_fn=_like_anybody,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.skipif(sys.platform != "linux", reason="permissions do not bind root elsewhere")
def test_a_tree_that_may_not_be_written_and_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    for name in ("good.py", "secret.py"):
        (tmp_path / name).write_bytes(GOOD)
    (tmp_path / "secret.py").chmod(0)
    tmp_path.chmod(0o555)
    done = _run_like_anybody(tmp_path, ".")
    first, second, _ = done.stdout.splitlines()
    assert first.startswith("good.py:11:19: error[roundtrip-length]")
    assert second.startswith("secret.py:1:1: warning[import-failed] PermissionError: [Errno 13]")
    assert (done.returncode, done.stderr) == (1, "1 fix available with --unsafe-fixes\n")
    done = _run_like_anybody(tmp_path, "good.py", "--fix", "--unsafe-fixes")
    assert done.stderr.startswith("error: good.py: not written: Permission denied\n")
    assert (done.returncode, (tmp_path / "good.py").read_bytes()) == (2, GOOD)


REPAIRED = GOOD.replace(b"(4, 1, 3, 2, 1)", b"(4, 1, 3, 2, 1, output_padding=1)")
FULL = "/dev/full"


@pytest.mark.skipif(not os.path.exists(FULL), reason="no device that is always full")
@pytest.mark.parametrize("to", ["report", "standard output", "rule"])
def test_a_full_disk(tmp_path: Path, to: str) -> None:
    (tmp_path / "good.py").write_bytes(GOOD)
    options = ["-o", f"json:{FULL}"] if to == "report" else []
    asked = "rule" if to == "rule" else str(tmp_path)
    with open(os.devnull if to == "report" else FULL, "w") as output:
        done = subprocess.run(
            [sys.executable, "-m", "shapelint", asked, *options],
            stdout=output,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 2
    assert done.stderr.startswith("error: cannot write")
    assert "No space left on device" in done.stderr
    assert "Traceback" not in done.stderr


FULL_DISKS = {
    "a file system": (
        'mount -t tmpfs -o size=64k none "$PWD" && cd "$PWD" && cp "$0" model.py\n'
        "cat /dev/zero > full 2> /dev/null",
        "No space left on device",
    ),
    "a limit on files": ('cp "$0" model.py; ulimit -f 0', "File too large"),
}
AFTERWARDS = """
"$@"
echo "exit code $?"
find . -name "*.tmp" -o -name "*.json"
cat model.py
"""


@pytest.mark.parametrize(("fill", "said"), FULL_DISKS.values(), ids=FULL_DISKS)
def test_a_full_disk_for_cache_and_fixes(tmp_path: Path, fill: str, said: str) -> None:
    alone = ["unshare", "-m"] if "mount" in fill else []
    may_mount = ["unshare", "-m", "mount", "-t", "tmpfs", "none", str(tmp_path)]
    if alone and subprocess.run(may_mount, capture_output=True, check=False).returncode:
        pytest.skip("nothing may be mounted here")
    source, folder = tmp_path / "source.py", tmp_path / "project"
    source.write_bytes(GOOD)
    folder.mkdir()
    command = (sys.executable, "-m", "shapelint")
    options = ("--fix", "--unsafe-fixes", "--output-format", "concise", "--cache-dir", "cache")
    done = subprocess.run(
        [*alone, "sh", "-c", fill + AFTERWARDS, source, *command, "model.py", *options],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr.startswith(f"error: model.py: not written: {said}\n")
    assert done.stdout.endswith(f"\nexit code 2\n{GOOD.decode()}")


SHELLS = {
    "nothing to read from or to write to": (
        'exec "$@" <&- >&-',
        (1, "1 fix available with --unsafe-fixes\n"),
    ),
    "no files to be opened": (
        'ulimit -n 8; exec "$@"',
        (2, "error: Too many open files: a higher limit is needed (ulimit -n)\n"),
    ),
    "a stack that can grow": (
        'ulimit -S -s 128; exec "$@"',
        (1, "1 fix available with --unsafe-fixes\n"),
    ),
    "a stack that cannot grow": (
        'ulimit -s 128; exec "$@"',
        (2, "error: a stack of 128 KiB is too small: a higher limit is needed (ulimit -s)\n"),
    ),
    "no working directory": (
        'mkdir gone; cd gone; rmdir ../gone; exec "$@"',
        (2, "error: the working directory is gone\n"),
    ),
}


@pytest.mark.parametrize(("shell", "expected"), SHELLS.values(), ids=SHELLS)
def test_a_shell_that_withholds_what_is_usual(tmp_path: Path, shell: str, expected: object) -> None:
    model, temporary = tmp_path / "model.py", tmp_path / "temporary"
    model.write_bytes(GOOD)
    temporary.mkdir()
    done = subprocess.run(
        ["sh", "-c", shell, "sh", sys.executable, "-m", "shapelint", model, "--no-cache"],
        cwd=tmp_path,
        env={**os.environ, "TMPDIR": str(temporary)},
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == expected
    assert not os.listdir(temporary)


def test_a_path_that_is_too_long(tmp_path: Path) -> None:
    ran = lint(tmp_path, paths=["a" * 5000])
    assert ran.code == 2
    assert ran.errors.startswith("error: path not found")


def test_two_runs_at_once(project: Path) -> None:
    both = [start(project) for _ in range(2)]
    assert {run.communicate() for run in both} == {
        (_lines(), "3 fixes available with --unsafe-fixes\n")
    }
    assert [run.returncode for run in both] == [1, 1]


def test_two_repair_the_same_at_once(project: Path) -> None:
    """Each file is repaired once; who comes late may say what was so, or that it has changed."""
    both = [start(project, "--fix", "--unsafe-fixes") for _ in range(2)]
    said = [run.communicate() for run in both]
    assert {run.returncode for run in both} <= {0, 1, 2}
    assert {p.read_bytes() for p in project.glob("*.py")} == {REPAIRED}, said


def _lines() -> str:
    said = "error[roundtrip-length] output is 1 shorter than the input for every even L (SHP101)"
    found = "".join(f"{name}.py:11:19: {said}\n" for name in "abc")
    return f"{found}Checked 3 models in 3 files: 3 errors\n"


def test_the_memory_limit_holds_for_shared_memory_and_for_all_processes(tmp_path: Path) -> None:
    """Neither counts as data of the process, so the worker looks at what its child holds."""
    shared = (
        "\nx = __import__('mmap').mmap(-1, 2**30)\ny = [x.write(b'x' * 2**20) for _ in range(1000)]"
    )
    (tmp_path / "shared.py").write_bytes(GOOD + shared.encode() + b"\nz = time.sleep(5)\n")
    ran = lint(tmp_path, "--memory", "300")
    ((rule, message),) = ran.about("shared.py")
    assert (rule, message) == ("worker-crashed", "it took more memory than it may")
