"""Models that start from pretrained weights are built without a network."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from shapelint.client import WorkerSession
from shapelint.process import Limits, Unanswered, Worker

PACKAGES = {
    "huggingface_hub/__init__.py": "from .file_download import hf_hub_download",
    "huggingface_hub/file_download.py": """
        def hf_hub_download(repo_id, filename, revision=None):
            if filename == "cached.json":
                return __file__
            raise FileNotFoundError("offline, and nothing in the cache")
    """,
    "safetensors/__init__.py": "",
    "safetensors/torch.py": """
        def load_file(filename, device="cpu"):
            raise FileNotFoundError(filename)
    """,
}
"""As those of the same names are without a network."""

MODELS = """
    import torch
    from huggingface_hub import hf_hub_download
    from safetensors.torch import load_file
    from torch import nn

    class Pretrained(nn.Module):
        def __init__(self, fetch=True):
            super().__init__()
            self.conv = nn.Conv2d(3, 4, 3)
            if fetch:
                hf_hub_download("lab/net", "config.json", revision="main")
                path = hf_hub_download("lab/net", filename="model.safetensors")
                self.load_state_dict(load_file(path, device="cpu"))
                self.load_state_dict(torch.load(hf_hub_download("lab/net", "model.bin"))["model"])

        def forward(self, x):
            return self.conv(x)

    class Cached(Pretrained):
        def __init__(self):
            super().__init__(fetch=False)
            open(hf_hub_download("lab/net", "cached.json"))

    class Configured(Pretrained):
        def __init__(self):
            super().__init__(fetch=False)
            open(hf_hub_download("lab/net", "config.json"))
"""


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[WorkerSession]:
    packages, project = tmp_path / "packages", tmp_path / "project"
    project.mkdir()
    for name, text in PACKAGES.items():
        path = packages / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))
    (project / "model.py").write_text(textwrap.dedent(MODELS))
    monkeypatch.setenv("PYTHONPATH", str(packages), prepend=":")
    worker = Worker(sys.executable, Limits(seconds=60, megabytes=2048))
    opened = WorkerSession(worker, project / "model.py", project)
    yield opened
    opened.close()
    worker.close()


@pytest.mark.parametrize("name", ["Pretrained", "Cached"])
def test_weights_are_neither_fetched_nor_read(session: WorkerSession, name: str) -> None:
    assert session.build(name).parameters == 4 * 3 * 9 + 4


def test_what_is_no_weights_and_is_read_is_named(session: WorkerSession) -> None:
    with pytest.raises(Unanswered, match=r"lab/net/config\.json"):
        session.build("Configured")
