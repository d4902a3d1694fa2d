"""Many random networks: ``python -m tests.random_networks --networks 10000 --log random.jsonl``.

Each seed is a block of a hundred networks and a line of the log; seeds that are in the log are not
run again, so a run that was stopped goes on where it was. A network that disagrees with PyTorch is
printed as a file to paste, with the size, after steps that do not matter were left out.
"""

from __future__ import annotations

import argparse
import collections
import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded
from hypothesis import strategies as st

from tests.random_networks.apart import Started, tried_apart
from tests.random_networks.network import Network, Step
from tests.random_networks.strategy import networks
from tests.random_networks.trial import SECONDS, smallest, tried, written

BLOCK = 100
_CHECKPOINT = Step(("x = torch.utils.checkpoint.checkpoint(F.relu, x, use_reentrant=False)",))
_BAD = ("differs", "crash")
_WORDS = {
    "proven": "proven",
    "checked": "checked",
    "not-checked": "not checked",
    "refused": "refused by a constructor of PyTorch",
    "slow": f"slow (over {SECONDS} s)",
    "torch crash": "at which PyTorch itself crashed",
    "crash": "at which shapelint crashed",
    "differs": "told wrongly",
}
"""What may come of a network."""


def block(seed: int, processes: int = 1) -> dict[str, Any]:
    """Counts of the networks of one seed; what disagrees is printed."""
    found = Counts(seed)
    running: collections.deque[Started] = collections.deque()

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
        if len(running) == processes:
            found.add(running.popleft())
        running.append(Started(network, sizes))

    run()
    for last in running:
        found.add(last)
    return found.row


class Counts:
    """What came of the networks of one seed."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._start = _seconds()
        self._counts: collections.Counter[str] = collections.Counter()
        self._doubts: collections.Counter[str] = collections.Counter()

    def add(self, started: Started) -> None:
        """Wait for one network; if it is told wrongly, print a file to paste."""
        trial = started.outcome()
        self._counts.update(["networks", trial.problem or trial.evidence])
        self._counts.update(sizes=trial.compared, unanswered=trial.unanswered)
        self._doubts.update(d[:100] for d in trial.doubts)
        if trial.problem:
            least = started.network, trial
            if trial.problem in _BAD:
                least = smallest(*least, started.seed, tried_apart)
            print(f"# seed {self._seed}", written(*least), sep="\n", flush=True)

    @property
    def row(self) -> dict[str, Any]:
        """A line of the log."""
        seconds = round(_seconds() - self._start)
        return {"seed": self._seed, "seconds": seconds, **self._counts, "doubts": self._doubts}


def _seconds() -> float:
    """Processor time of this process and of those it started and waited for."""
    return sum(os.times()[:4])


def summary(total: Mapping[str, int]) -> str:
    """What came of all networks, for people."""
    outcomes = ", ".join(f"{total[k]:,} {text}" for k, text in _WORDS.items() if total[k])
    return (
        f"{total['networks']:,} networks: {outcomes}; {total['sizes']:,} sizes compared,"
        f" at {total['unanswered']:,} PyTorch had not the memory or the time;"
        f" {total['seconds']:,} s of processor time"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run seeds until enough networks are in the log."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--networks", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0, help="the first seed")
    parser.add_argument("--log", type=Path, default=Path("random_networks.jsonl"))
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args(arguments)
    lines = options.log.read_text().splitlines() if options.log.exists() else []
    done = {row["seed"]: row for row in map(json.loads, lines)}
    tried(Network(("N 4 L",), (_CHECKPOINT,)), 0)  # imports what every process would import
    seed, total = options.seed, collections.Counter[str]()
    while total["networks"] < options.networks:
        if seed not in done:
            done[seed] = block(seed, options.processes)
            with options.log.open("a") as log:
                print(json.dumps(done[seed]), file=log)
        total.update({k: n for k, n in done[seed].items() if k not in ("seed", "doubts")})
        print(f"seed {seed}: {summary(total)}", file=sys.stderr)
        seed += 1
    print(summary(total))
    return int(any(total[k] for k in _BAD))


if __name__ == "__main__":
    sys.exit(main())
