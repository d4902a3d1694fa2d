import signal
from pathlib import Path

import pytest

from shapelint.cli import run

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # so a shell starts what runs in the background, and what that starts inherits it
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def shapelint(capsys):
    """Run a command line; its exit code, standard output and standard error."""

    def call(*arguments: str) -> tuple[int, str, str]:
        code = run(arguments)
        return code, *capsys.readouterr()

    return call


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """An empty folder that is the root of a project."""
    (tmp_path / "pyproject.toml").touch()
    return tmp_path
