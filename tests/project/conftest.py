"""A small project: models, a script, and files that are none."""

from __future__ import annotations

from pathlib import Path

import pytest

FILES = {
    "pyproject.toml": "",
    "models/unet.py": """
from torch import nn
WIDTHS = (8, 16)
class Block(nn.Module):
    pass
class Deep(Block):
    pass
class Fancy(nn.Sequential):
    pass
class UNet(nn.Module):
    def __init__(self, channels, widths=()):
        self.down = Block()
    def forward(self, x: Deep) -> Fancy:
        assert isinstance(x, Inherits)
class Config:
    def forward(self): pass
class Inherits(elsewhere.Base):
    def forward(self, x): pass
class Other(elsewhere.Base):
    pass
class Step(torch.autograd.Function):
    def forward(ctx, x): pass
if __name__ == "__main__":
    net = UNet(-3, widths=WIDTHS)
""",
    "train.py": """
import models.unet as m
from torch import nn
size = load()
a = m.UNet(1, widths=[2 * 4, 8])
b = m.UNet(size)
c = m.UNet(**options)
""",
    "src/pkg/mod.py": "x = 1",
    "src/pkg/__init__.py": "",
    "lit.py": """
import lightning as L
from models.unet import UNet
class Lit(L.LightningModule):
    def __init__(self):
        self.net = UNet(size)
""",
    "broken.py": "UNet( = 3",
    "notes.txt": "UNet(4)",
    ".hidden/a.py": "UNet(5)",
    ".venv/a.py": "UNet(5)",
    "myenv/pyvenv.cfg": "",
    "myenv/a.py": "UNet(6)",
    "build/a.py": "UNet(7)",
    "lib/site-packages/a.py": "UNet(8)",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path
