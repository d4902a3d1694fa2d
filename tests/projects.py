"""Folders of sources, linted as projects."""

from __future__ import annotations

from pathlib import Path

from shapelint import engine
from shapelint.config import Settings

NET = """
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.down = nn.Conv1d(1, 1, 3, 2, 1)
        self.up = nn.ConvTranspose1d(1, 1, 3, 2, 1)

    def forward(self, x):
        return self.up(self.down(x))
"""

WIDTHS = NET.replace("(self)", "(self, {0})").replace("1, 1, 3", "in_channels, in_channels, 3")
WIDTHS = WIDTHS.replace("in_channels", "{0}").replace("class Net", "class {1}")


def linted(folder: Path, **files: str) -> engine.Report:
    """The report on a folder, once these files are in it."""
    for name, source in files.items():
        (folder / f"{name}.py").write_text(source)
    return engine.check(Settings(paths=(str(folder),)))
