"""One model in a process of its own: ``python -m benchmarks.corpus.child INDEX CACHE``.

Prints one JSON line for each thing that it found out. What does not depend on shapelint is kept in
the cache.
"""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from benchmarks.corpus.absent import make_importable
from benchmarks.corpus.analysed import analysed
from benchmarks.corpus.models import MODELS
from benchmarks.corpus.reality import exported, symbolically_traced, truth

Json = dict[str, Any]


def main() -> None:
    """The truth, then what shapelint says, then what plain PyTorch manages."""
    entry = MODELS[int(sys.argv[1])]
    cache = Path(sys.argv[2]) / f"{entry.key}-{torch.__version__}"
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    make_importable()
    known = _kept(cache.with_suffix(".truth.json"), lambda: truth(entry))
    _tell("truth", {"seconds": known["seconds"], "points": len(known["points"]),
                    "runs": sum(p["shapes"] is not None for p in known["points"])})  # fmt: skip
    _tell("analysis", analysed(entry, known))
    _tell("fx", _kept(cache.with_suffix(".fx.json"), lambda: symbolically_traced(entry)))
    export = cache.with_suffix(".export.json")
    _tell("export", _kept(export, lambda: exported(entry, known["points"])))


def _kept(path: Path, find_out: Callable[[], Json]) -> Json:
    if path.exists():
        kept: Json = json.loads(path.read_text())
        return kept
    found = find_out()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(found))
    return found


def _tell(what: str, answer: Json) -> None:
    print(json.dumps({what: answer}), flush=True)


if __name__ == "__main__":
    main()
