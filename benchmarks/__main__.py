"""``python -m benchmarks``: every table, measured now; each in a process of its own."""

from __future__ import annotations

import argparse
import importlib
import subprocess
import sys

from benchmarks.page import write

MEASURED = ("unet", "startup", "growth", "alternatives", "peers", "hostile")
NAMES = (*MEASURED, "corpus")


def main() -> None:
    """Print the tables that were asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", help=f"which tables: {', '.join(NAMES)} (all)")
    parser.add_argument("--rounds", type=int, default=15, help="measurements of each (15)")
    parser.add_argument("--write", action="store_true", help="also into benchmarks/README.md")
    options = parser.parse_args()
    if not set(options.names) <= set(NAMES):
        parser.error(f"tables are {', '.join(NAMES)}")
    if len(options.names) == 1 and options.names[0] in MEASURED:
        _measure(options.names[0], options.rounds, options.write)
        return
    to_page = ["--write"] * options.write
    for name in options.names or NAMES:  # one that holds torch would make the others look small
        once_more = ["benchmarks", name, f"--rounds={options.rounds}"]
        command = ["benchmarks.corpus"] if name == "corpus" else once_more
        subprocess.run([sys.executable, "-m", *command, *to_page], check=True)


def _measure(name: str, rounds: int, to_page: bool) -> None:
    lines = []
    for line in importlib.import_module(f"benchmarks.{name}").lines(rounds):
        print(line, flush=True)
        lines.append(line)
    if to_page:
        write(name, lines)


if __name__ == "__main__":
    main()
