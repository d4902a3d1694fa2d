"""Many random networks: ``python -m tests.random_networks --networks 10000 --log random.jsonl``.

Each seed is a block of a hundred networks and a line of the log; seeds that are in the log are not
run again, so a run that was stopped goes on where it was. A network that disagrees with PyTorch is
printed as a file to paste, with the size, after steps that do not matter were left out.
"""

from __future__ import annotations

import argparse
import collections
import json
import resource
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded
from hypothesis import strategies as st

from tests.random_networks.network import Network
from tests.random_networks.strategy import networks
from tests.random_networks.trial import smallest, tried, written

BLOCK = 100
_MEMORY = 10 << 30
"""Bytes: what asks for more fails, instead of the machine."""


def block(seed: int) -> dict[str, Any]:
    """Counts of the networks of one seed; what disagrees is printed."""
    counts: collections.Counter[str] = collections.Counter()
    doubts: collections.Counter[str] = collections.Counter()
    start = time.process_time()

    @seeded(seed)
    @settings(
        max_examples=BLOCK,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(networks(), st.integers(0, 2**32))
    def run(network: Network, sizes: int) -> None:
        trial = tried(network, sizes)
        counts.update(["networks", trial.evidence], sizes=trial.compared)
        doubts.update(d[:100] for d in trial.doubts)
        if trial.problem:
            counts[trial.problem] += 1
            print(f"# seed {seed}", written(*smallest(network, sizes, trial)), sep="\n", flush=True)

    run()
    return {"seed": seed, "seconds": round(time.process_time() - start), **counts, "doubts": doubts}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run seeds until enough networks are in the log."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--networks", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0, help="the first seed")
    parser.add_argument("--log", type=Path, default=Path("random_networks.jsonl"))
    options = parser.parse_args(arguments)
    lines = options.log.read_text().splitlines() if options.log.exists() else []
    done = {row["seed"]: row for row in map(json.loads, lines)}
    seed, total = options.seed, collections.Counter[str]()
    while total["networks"] < options.networks:
        if seed not in done:
            done[seed] = block(seed)
            with options.log.open("a") as log:
                print(json.dumps(done[seed]), file=log)
        total.update({k: n for k, n in done[seed].items() if k not in ("seed", "doubts")})
        print(f"seed {seed}:", ", ".join(f"{n:,} {k}" for k, n in total.items()), file=sys.stderr)
        seed += 1
    return int(bool(total["differs"] or total["crash"] or total["slow"]))


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, resource.RLIM_INFINITY))
    sys.exit(main())
