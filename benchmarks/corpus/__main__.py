"""``python -m benchmarks.corpus``: every model against PyTorch, one process each."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

from benchmarks.corpus.models import MODELS
from benchmarks.corpus.table import Result, line, table, totals
from benchmarks.page import write


def _default_cache() -> Path:
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "shapelint-corpus"


def _told(index: int, cache: Path, seconds: float) -> dict[str, dict[str, object]]:
    """What the child told before it ended, or before its time was up."""
    command = [sys.executable, "-m", "benchmarks.corpus.child", str(index), str(cache)]
    try:
        output = subprocess.run(command, capture_output=True, timeout=seconds, check=False)
        printed, complaint = output.stdout, output.stderr
    except subprocess.TimeoutExpired as exc:
        printed, complaint = exc.stdout or b"", f"took longer than {seconds:g} s".encode()
    told: dict[str, dict[str, object]] = {}
    for text in printed.decode().splitlines():
        if text.startswith("{"):
            told |= json.loads(text)
    if "export" not in told:
        print(f"    ended early: {complaint.decode()[-600:].strip()}")
    return told


def main() -> None:
    """Run the models that were asked for and print what came out."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.corpus", description=__doc__)
    parser.add_argument("models", nargs="*", help="words in the name of package or model (all)")
    parser.add_argument("--cache", type=Path, default=_default_cache(), help="what PyTorch does")
    parser.add_argument("--seconds", type=float, default=600, help="time limit for a model (600)")
    parser.add_argument("--write", action="store_true", help="the table into benchmarks/README.md")
    options = parser.parse_args()
    results = []
    for index, entry in enumerate(MODELS):
        name = f"{entry.package} {entry.name}".lower()
        if options.models and not any(word.lower() in name for word in options.models):
            continue
        results.append(Result(entry, _told(index, options.cache, options.seconds)))
        print(line(results[-1]), flush=True)
    print(f"\n{totals(results)}")
    if options.write:
        write("corpus", [totals(results), table(results)])


if __name__ == "__main__":
    main()
