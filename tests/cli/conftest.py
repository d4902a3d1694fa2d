import sys
import types

import pytest

from shapelint.config import Settings
from tests.reports import CLEAN


class Engine(types.ModuleType):
    """Stands in for the engine: answers with what a test gave it, remembers what it was asked."""

    def __init__(self):
        super().__init__("shapelint.engine")
        self.report = CLEAN
        self.examination = None
        self.settings: Settings | None = None
        self.target = None

    def check(self, settings, settings_for=None, texts=None, only=None, watched=None):
        self.settings = settings
        if isinstance(self.report, Exception):
            raise self.report
        return self.report

    def examine(self, target, settings):
        self.target, self.settings = target, settings
        return self.examination


@pytest.fixture
def engine(monkeypatch, tmp_path):
    """The engine of a command line that is run in an empty folder with one model file."""
    fake = Engine()
    monkeypatch.setitem(sys.modules, "shapelint.engine", fake)
    monkeypatch.chdir(tmp_path)
    for name in ("NO_COLOR", "FORCE_COLOR", "GITHUB_STEP_SUMMARY"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "model.py").write_text("import torch\n")
    return fake
