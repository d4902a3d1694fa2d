"""One worker for all tests of this folder, and a way to ask it about a few lines of code."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from shapelint.client import WorkerSession
from shapelint.process import Limits, Worker

Ask = Callable[..., WorkerSession]


@pytest.fixture(scope="session")
def worker() -> Iterator[Worker]:
    worker = Worker(sys.executable, Limits(seconds=60, megabytes=2048))
    yield worker
    worker.close()


@pytest.fixture
def ask(worker: Worker, tmp_path: Path) -> Iterator[Ask]:
    """``ask(source, name="model.py", **other files)``: asks about one of these files."""
    sessions = []

    def session(source: str, name: str = "model.py", **others: str) -> WorkerSession:
        files = {name: source, **{k.replace("__", "/") + ".py": v for k, v in others.items()}}
        for relative, text in files.items():
            path = tmp_path / relative.replace("INIT", "__init__")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text))
        sessions.append(WorkerSession(worker, tmp_path / name, tmp_path))
        return sessions[-1]

    yield session
    for opened in sessions:
        opened.close()
