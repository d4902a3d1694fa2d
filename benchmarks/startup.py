"""What starting costs, and what whole trees and large models cost, in other processes."""

from __future__ import annotations

import compileall
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import NamedTuple

from benchmarks.page import head, row
from benchmarks.timing import ROOT, Process, cost_ratio, python
from benchmarks.together import most_held

MODEL = (ROOT / "fixtures" / "bad" / "autoencoder.py").read_text()
CLEAN = MODEL.replace("kernel_size=3", "kernel_size=4")
BIG = (ROOT / "benchmarks" / "models" / "big.py").read_text()
MODULE = "import os\n\n\ndef name(number):\n    return os.path.join('a', str(number))\n"
FILES = 2000
SOME, MODELS = 10, 100
TORCH, IMPORT_TORCH = python("-c", "import torch"), '`python -c "import torch"`'
TORCH_HELD = python("-c", "import torch, time; time.sleep(0.2)")
"""Torch alone, held until its memory has been looked at: it takes most of all at its end."""


class Compared(NamedTuple):
    """A process, and what it is measured against how often."""

    what: str
    process: Process
    against: str
    unit: Process
    rounds: int


def lines(rounds: int) -> Iterator[str]:
    """The table."""
    compileall.compile_dir(ROOT / "shapelint", quiet=1)
    yield head("what", "measured against", "time", "processor time", "memory of the largest")
    with tempfile.TemporaryDirectory() as folder:
        for what, process, against, unit, times in compared(Path(folder), rounds):
            ratio = cost_ratio(process, unit, times)
            yield row(what, against, *(f"{r:.2g}" for r in ratio[:3]))
        yield from _together(Path(folder) / "big", rounds)


def _together(folder: Path, rounds: int) -> Iterator[str]:
    """What one model holds in all processes at once, next to torch alone."""
    whole = shapelint("model.py", "--no-cache", folder=folder)
    pairs = [(most_held(whole), most_held(TORCH_HELD)) for _ in range(max(1, rounds // 3))]
    ratio = median(all_of_them for all_of_them, _ in pairs) / median(torch for _, torch in pairs)
    yield "\nMemory of all processes at the same time (PSS: a page that two share counts once):\n"
    yield head("what", "measured against", "memory of all")
    yield row("a model of 10 billion parameters", IMPORT_TORCH, f"{ratio:.3g}")


def shapelint(*arguments: str, folder: Path) -> Process:
    """A whole run."""
    return python("-m", "shapelint", *arguments, folder=folder)


def written(folder: Path, texts: dict[str, str]) -> Path:
    """A project of these files."""
    folder.mkdir()
    for name, text in {"pyproject.toml": "", **texts}.items():
        (folder / name).write_text(text)
    return folder


def compared(folder: Path, rounds: int) -> Iterator[Compared]:
    """What takes longer is measured less often."""
    one = written(folder / "one", {"model.py": CLEAN})
    many = written(folder / "many", {f"m{i}.py": MODEL for i in range(MODELS)})
    tree = written(folder / "tree", {f"f{i}.py": MODULE for i in range(FILES)})
    some = written(folder / "some", {f"m{i}.py": MODEL for i in range(SOME)})
    big = written(folder / "big", {"model.py": BIG})
    few = max(1, rounds // 3)

    bare, nothing = python("-c", "pass"), "`python -c pass`"
    cached = "`shapelint model.py`, cached"
    yield Compared("`shapelint --help`", shapelint("--help", folder=one), nothing, bare, rounds)
    yield Compared("`shapelint rule`", shapelint("rule", folder=one), nothing, bare, rounds)
    again, cold = shapelint("model.py", folder=one), shapelint("model.py", "--no-cache", folder=one)
    yield Compared(cached, again, nothing, bare, rounds)
    yield Compared(cached, again, "the same without the cache", cold, few)

    first = shapelint("m0.py", "--no-cache", folder=many)
    yield Compared("`shapelint autoencoder.py`", first, IMPORT_TORCH, TORCH, few)
    large = shapelint("model.py", "--no-cache", folder=big)
    yield Compared("a model of 10 billion parameters", large, IMPORT_TORCH, TORCH, few)

    files, compiled = shapelint(".", folder=tree), python("-m", "compileall", "-qf", str(tree))
    what = f"`shapelint .` on {FILES} files without models"
    yield Compared(what, files, "`python -m compileall` on them", compiled, few)
    two, alone = (shapelint(".", "--no-cache", "--jobs", n, folder=some) for n in "21")
    what = f"{SOME} model files, two at the same time"
    yield Compared(what, two, "one after the other", alone, few)
    every = shapelint(".", "--no-cache", folder=many)
    yield Compared(f"{MODELS} model files in one run", every, "one of them", first, 0)
