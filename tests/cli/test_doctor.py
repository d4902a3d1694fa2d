"""``shapelint doctor``: which interpreter, why, and whether torch works there."""

import sys

import pytest
import torch

import shapelint as package
from shapelint.errors import NoInterpreter
from shapelint.interpreters import Interpreter


@pytest.fixture
def found(monkeypatch):
    """Make the search find an interpreter, or raise."""

    def set_to(result):
        def find(near, asked=None):
            if isinstance(result, Exception):
                raise result
            return result

        monkeypatch.setattr("shapelint.cli.doctor.find_interpreter", find)

    return set_to


def facts(out: str) -> dict[str, str]:
    return {line[:13].strip(): line[13:] for line in out.splitlines()}


def test_it_says_what_is_used_and_why(shapelint, found, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found(Interpreter(sys.executable, "VIRTUAL_ENV"))
    code, out, err = shapelint("doctor")
    told = facts(out)
    assert (code, err) == (0, "")
    assert told["interpreter"] == f"{sys.executable} (VIRTUAL_ENV)"
    assert told["torch"] == f"{torch.__version__} on Python {sys.version.split()[0]}"
    assert told["shapelint"].startswith(f"{package.__version__} on Python ")
    assert {"platform", "click", "islpy", "networkx", "config"} <= told.keys()
    assert told["cache"].endswith("/.shapelint_cache (0 files)")


def test_without_an_interpreter_it_lists_the_places_searched(shapelint, found):
    found(NoInterpreter(("VIRTUAL_ENV: /a (has no torch)", "nearest .venv: /b (does not exist)")))
    code, out, _ = shapelint("doctor")
    assert code == 2
    assert out.endswith(
        "interpreter  none with torch; searched\n"
        "             VIRTUAL_ENV: /a (has no torch)\n"
        "             nearest .venv: /b (does not exist)\n"
    )


def test_a_torch_that_cannot_be_imported_is_told_by_its_error(shapelint, found, monkeypatch):
    monkeypatch.setattr("shapelint.cli.doctor._QUESTION", "raise ImportError('libtorch.so')")
    found(Interpreter(sys.executable, "--python"))
    code, out, _ = shapelint("doctor")
    assert (code, facts(out)["torch"]) == (2, "cannot be imported: ImportError: libtorch.so")


def test_an_interpreter_that_cannot_be_started_is_told(shapelint, found, tmp_path):
    found(Interpreter(str(tmp_path / "python"), "--python"))
    code, out, _ = shapelint("doctor")
    assert code == 2
    assert facts(out)["torch"].startswith("cannot be asked: ")


def test_the_interpreter_asked_for_is_looked_at(shapelint):
    code, out, _ = shapelint("doctor", "--python", "/no/such/python")
    assert code == 2
    assert out.endswith("--python: /no/such/python (does not exist)\n")
