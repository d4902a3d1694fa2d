"""Mutated model files, and what shapelint makes of them.

``python -m tests.hostile.mutants SEED`` prints one again; ``python -m benchmarks hostile`` is the
long run.
"""

from __future__ import annotations

import json
import os
import random
import re
import resource
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

from tests.fixture_models import FIXTURES

_MOST_MEMORY = 12 << 30
"""Of one process of a run, the client's included: a linter that takes more is broken."""

_BUG = "internal-error"
"""The rule that says of a file that shapelint itself failed."""

_SEEDS = sorted(p.read_bytes() for p in FIXTURES.rglob("*.py"))
_NUMBERS = [b"0", b"-1", b"1", b"2", b"3", b"7", b"1.5", b"10**9", b"None", b"True", b"'x'", b"[]"]
_WORD = re.compile(rb"[A-Za-z_]\w*")
_NUMBER = re.compile(rb"\b\d+\b")


def mutant(seed: int) -> bytes:
    """A fixture after a few random changes."""
    rng = random.Random(seed)
    source = rng.choice(_SEEDS)
    for _ in range(rng.choice((1, 1, 1, 2, 3, 8))):
        source = rng.choice(_MUTATIONS)(rng, source)
    return source


def _number(rng: random.Random, source: bytes) -> bytes:
    found = list(_NUMBER.finditer(source))
    return _replaced(source, rng.choice(found), rng.choice(_NUMBERS)) if found else source


def _word(rng: random.Random, source: bytes) -> bytes:
    found = list(_WORD.finditer(source))
    return _replaced(source, rng.choice(found), rng.choice(found)[0]) if found else source


def _replaced(source: bytes, found: re.Match[bytes], text: bytes) -> bytes:
    return source[: found.start()] + text + source[found.end() :]


def _line(rng: random.Random, source: bytes) -> bytes:
    """A line is lost, said twice, or said elsewhere."""
    lines = source.split(b"\n")
    at = rng.randrange(len(lines))
    line = lines[at]
    if rng.random() < 0.6:
        del lines[at]
    if rng.random() < 0.6:
        lines.insert(rng.randrange(len(lines) + 1), line)
    return b"\n".join(lines)


def _byte(rng: random.Random, source: bytes) -> bytes:
    at = rng.randrange(len(source) + 1)
    return source[:at] + rng.randbytes(rng.randrange(3)) + source[at + rng.randrange(3) :]


def _operator(rng: random.Random, source: bytes) -> bytes:
    found = list(re.finditer(rb"[-+*/%,()=.:\[\]]", source))
    return _replaced(source, rng.choice(found), rng.choice(found)[0]) if found else source


def _crossed(rng: random.Random, source: bytes) -> bytes:
    """The end of another fixture behind the beginning of this one."""
    other = rng.choice(_SEEDS)
    head = source.split(b"\n")[: rng.randrange(source.count(b"\n") + 1)]
    return b"\n".join([*head, *other.split(b"\n")[rng.randrange(other.count(b"\n") + 1) :]])


_MUTATIONS: tuple[Callable[[random.Random, bytes], bytes], ...] = (
    *[_number] * 5,
    *[_word] * 4,
    *[_line] * 3,
    *[_operator] * 2,
    _byte,
    _crossed,
)


def outcomes(folder: Path, sources: Iterable[tuple[str, bytes]]) -> Counter[str]:
    """How often each evidence, or what stands in its way, was said in one run.

    Raises AssertionError if the run crashed, complained or hung.
    """
    folder.mkdir()
    for name, source in sources:
        (folder / f"{name}.py").write_bytes(source)
    done = subprocess.run(
        [sys.executable, "-m", "shapelint", ".", "--timeout", "20", "--output-format", "json"],
        cwd=folder,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (_MOST_MEMORY, _MOST_MEMORY)),
        capture_output=True,
        timeout=120 + 60 * len(list(folder.iterdir())),
        check=False,
    )
    report = json.loads(done.stdout or b'{"diagnostics": []}')
    bugs = [(d["path"], d["message"]) for d in report["diagnostics"] if d["name"] == _BUG]
    assert (done.returncode in (0, 1), done.stderr, bugs) == (True, b"", []), done.returncode
    evidence = Counter(target["evidence"] for target in report["targets"])
    return evidence + Counter(diagnostic["name"] for diagnostic in report["diagnostics"])


if __name__ == "__main__":
    sys.stdout.buffer.write(mutant(int(sys.argv[1])))
