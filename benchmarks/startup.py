"""What starting costs, and what a whole tree costs, as ratios measured side by side.

Run ``python benchmarks/startup.py``; :file:`benchmarks/README.md` says how to read the table.
"""

from __future__ import annotations

import argparse
import compileall
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
MODEL = (ROOT / "fixtures" / "bad" / "autoencoder.py").read_text()
CLEAN = MODEL.replace("kernel_size=3", "kernel_size=4")
MODULE = "import os\n\n\ndef name(number):\n    return os.path.join('a', str(number))\n"
FILES = 2000
SOME, MODELS = 10, 100

Work = Callable[[], object]

ENVIRONMENT = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
"""With compiled files beside the sources, as pip installs them."""


def python(*arguments: str, cwd: Path = ROOT) -> Work:
    """A whole Python process, from its start to its end."""
    return lambda: subprocess.run(
        [sys.executable, *arguments], cwd=cwd, env=ENVIRONMENT, capture_output=True, check=False
    )


def shapelint(*arguments: str, cwd: Path = ROOT) -> Work:
    """A whole run."""
    return python("-m", "shapelint", *arguments, cwd=cwd)


def compiled(tree: Path) -> Work:
    """Every file of a tree compiled from its source."""
    return python("-m", "compileall", "-q", "-f", str(tree))


class Cost(NamedTuple):
    """What a process costs, with all the processes that it waits for."""

    clock: float
    """Seconds that pass; on a busy machine this says as much about the others."""
    processors: float
    """Seconds of processors, those of the system included."""


def cost(work: Work) -> Cost:
    """Of one run."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    work()
    clock, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return Cost(clock, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def ratio(work: Work, unit: Work, rounds: int) -> Cost:
    """Least cost of ``work`` over least cost of ``unit``, measured in turns after a first try.

    Without rounds the first try counts: what takes minutes needs no second one.
    """
    pairs = [(cost(work), cost(unit)) for _ in range(rounds + 1)][-rounds:]
    return Cost(*(min(w[i] for w, _ in pairs) / min(u[i] for _, u in pairs) for i in range(2)))


def written(folder: Path, texts: dict[str, str]) -> Path:
    """A project of these files."""
    folder.mkdir()
    for name, text in {"pyproject.toml": "", **texts}.items():
        (folder / name).write_text(text)
    return folder


def rows(folder: Path, rounds: int) -> Sequence[tuple[str, str, Work, Work, int]]:
    """What is measured, against what, and how often."""
    one = written(folder / "one", {"model.py": CLEAN})
    many = written(folder / "many", {f"m{i}.py": MODEL for i in range(MODELS)})
    tree = written(folder / "tree", {f"f{i}.py": MODULE for i in range(FILES)})
    bare, torch = python("-c", "pass"), python("-c", "import torch")
    cold = shapelint("model.py", "--no-cache", cwd=one)
    some = written(folder / "some", {f"m{i}.py": MODEL for i in range(SOME)})
    few = max(1, rounds // 3)
    return [
        ("`shapelint --help`", "`python -c pass`", shapelint("--help"), bare, rounds),
        ("`shapelint rule`", "`python -c pass`", shapelint("rule"), bare, rounds),
        ("`shapelint model.py`, cached", "`python -c pass`", shapelint("model.py", cwd=one), bare,
         rounds),
        ("`shapelint model.py`, cached", "the same without the cache",
         shapelint("model.py", cwd=one), cold, few),
        ("`shapelint autoencoder.py`", '`python -c "import torch"`',
         shapelint("m0.py", "--no-cache", cwd=some), torch, few),
        (f"`shapelint .` on {FILES} files without models", "`python -m compileall` on them",
         shapelint(".", cwd=tree), compiled(tree), few),
        (f"{SOME} model files, two at the same time", "one after the other",
         shapelint(".", "--no-cache", "--jobs", "2", cwd=some),
         shapelint(".", "--no-cache", "--jobs", "1", cwd=some), few),
        (f"{MODELS} model files in one run", "one of them", shapelint(".", "--no-cache", cwd=many),
         shapelint("m0.py", "--no-cache", cwd=many), 0),
    ]  # fmt: skip


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15, help="measurements of each (15)")
    rounds = parser.parse_args().rounds
    compileall.compile_dir(ROOT / "shapelint", quiet=1)
    folder = Path(tempfile.mkdtemp())
    try:
        print("| what | measured against | time | processor time |\n|---|---|---|---|")
        for what, unit, work, base, times in rows(folder, rounds):
            found = ratio(work, base, times)
            print(f"| {what} | {unit} | {found.clock:.2g} | {found.processors:.2g} |", flush=True)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
