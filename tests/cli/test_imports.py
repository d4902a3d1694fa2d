"""``--help`` must not wait for heavy imports."""

import gc
import os
import signal
import subprocess
import sys
import warnings

import pytest

from shapelint.cli import main
from shapelint.signals import SIGNALS

HEAVY = ("torch", "numpy", "networkx", "islpy", "rich", "shapelint.engine")
SLOW = ("dataclasses", "json", "pathlib", "pkgutil", "subprocess", "traceback")
"""What of the standard library takes a noticeable part of a bare start."""

SCRIPT = """
import sys
import click
before = set(sys.modules)  # some versions of Python import more for click than others
from shapelint.cli import run
code = run({arguments!r})
{after}
loaded = [name for name in {watched!r} if name in sys.modules.keys() - before]
print(code, *loaded, file=sys.stderr)
"""


def loaded_by(arguments: list[str], after: str = "", watched: tuple[str, ...] = HEAVY) -> str:
    """The exit code and those of the watched modules that are loaded after a command."""
    script = SCRIPT.format(arguments=arguments, watched=watched, after=after)
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    return done.stderr.splitlines()[-1]


LIGHT = {
    "help": ["--help"],
    "help of the default command": ["check", "--help"],
    "help of trace": ["trace", "--help"],
    "help of sizes": ["sizes", "-h"],
    "version": ["--version"],
}


@pytest.mark.parametrize("arguments", LIGHT.values(), ids=LIGHT)
def test_nothing_heavy_is_imported(arguments):
    assert loaded_by(arguments) == "0"


LIGHTEST = {
    "help": ["--help"],
    "the list of rules": ["rule"],
    "the page of a rule": ["rule", "roundtrip-length"],
}


@pytest.mark.parametrize("arguments", LIGHTEST.values(), ids=LIGHTEST)
def test_nothing_slow_is_imported(arguments):
    assert loaded_by(arguments, watched=HEAVY + SLOW) == "0"


def test_a_run_without_config_file_and_baseline_does_not_import_what_reads_them(tmp_path):
    watched = ("tomllib", "tomli", "shapelint.configfile.kinds", "shapelint.findings.baseline")
    assert loaded_by([str(tmp_path)], watched=watched) == "0"
    (tmp_path / "shapelint.toml").touch()
    (tmp_path / "known.json").write_text('{"version": 1, "findings": []}')
    loaded = loaded_by([str(tmp_path), "--baseline", str(tmp_path / "known.json")], watched=watched)
    assert set(watched[2:]) <= set(loaded.split())


def test_a_run_does_not_load_openssl(tmp_path):
    (tmp_path / "model.py").write_text("from torch import nn\n")
    assert loaded_by([str(tmp_path / "model.py")], watched=("_hashlib",)) == "0"
    assert list(tmp_path.glob(".shapelint_cache/files/*.json"))  # whose names are digests
    assert loaded_by(["--help"], "import hashlib", watched=("_hashlib",)) == "0 _hashlib"


@pytest.mark.parametrize("closed", [False, True], ids=["as ever", "stdout is closed"])
def test_the_process_ends_without_taking_its_modules_apart(closed, monkeypatch, capsys):
    ended = []
    if closed:
        monkeypatch.setattr(sys, "stdout", None)
    before = [signal.getsignal(number) for number in SIGNALS]
    threshold = gc.get_threshold()
    monkeypatch.setattr(sys, "argv", ["shapelint", "no-such-file.py"])
    monkeypatch.setattr(os, "_exit", ended.append)
    try:
        with warnings.catch_warnings():
            main()
    finally:
        for number, handler in zip(SIGNALS, before):
            signal.signal(number, handler)
        gc.set_threshold(*threshold)
    assert ended == [2]
    assert "no-such-file.py" in capsys.readouterr().err


OBSERVERS = {
    "nobody": (["-m"], ""),
    "a profiler": (["-m", "cProfile", "-m"], " function calls "),
    "a tracer": (["-m", "trace", "--listfuncs", "--module"], "functions called:"),
}


@pytest.mark.parametrize(("observer", "said"), OBSERVERS.values(), ids=OBSERVERS)
def test_what_observes_the_process_has_its_say_at_the_end(observer, said):
    command = (sys.executable, *observer, "shapelint", "no-such-file.py")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "error: path not found: no-such-file.py" in done.stderr
    assert said in done.stdout


def test_a_wrong_path_is_found_before_anything_heavy_is_imported():
    assert loaded_by(["no-such-file.py"]) == "2"


def test_this_test_can_fail():
    assert loaded_by(["--help"], after="import networkx") == "0 networkx"
    assert loaded_by(["--help"], after="import zipfile", watched=("zipfile",)) == "0 zipfile"
