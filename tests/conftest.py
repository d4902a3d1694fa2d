import pytest

from shapelint.cli import run


@pytest.fixture
def shapelint(capsys):
    """Run a command line; its exit code, standard output and standard error."""

    def call(*arguments: str) -> tuple[int, str, str]:
        code = run(arguments)
        return code, *capsys.readouterr()

    return call
