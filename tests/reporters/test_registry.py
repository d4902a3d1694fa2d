"""Reporters are found by walking the package, and a wrong name is told the right ones."""

import importlib
import pkgutil

import pytest

import shapelint.reporters
from shapelint.errors import UsageError
from shapelint.reporters import REPORTERS, find_reporter

MODULES = [m.name for m in pkgutil.iter_modules(shapelint.reporters.__path__)]


@pytest.mark.parametrize("name", MODULES)
def test_a_module_holds_the_reporter_of_its_name(name):
    module = importlib.import_module(f"shapelint.reporters.{name}")
    assert find_reporter(name) is getattr(module, name)


def test_nothing_else_is_registered():
    assert sorted(REPORTERS) == sorted(MODULES)


def test_an_unknown_format_is_told_the_known_ones():
    with pytest.raises(UsageError) as raised:
        find_reporter("jason")
    known = ", ".join(sorted(MODULES))
    assert str(raised.value) == f"no output format 'jason' ({known}); did you mean 'json'?"
