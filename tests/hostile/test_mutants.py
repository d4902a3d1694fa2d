"""Mutated model files: whatever they have become, no traceback of ours, no hang, nothing missed.

``SHAPELINT_MUTANTS=5000 python -m pytest tests/hostile/test_mutants.py`` is the long run. A failure
names the file, and ``python -m tests.hostile.test_mutants SEED`` prints it again.
"""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from tests.fixture_models import FIXTURES

_MUTANTS = int(os.environ.get("SHAPELINT_MUTANTS", "24"))
_A_RUN = 200
"""Files in one folder, which are linted in one run."""

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


def test_mutants(tmp_path: Path) -> None:
    outcomes: Counter[str] = Counter()
    for first in range(0, _MUTANTS, _A_RUN):
        outcomes += _outcomes(tmp_path / str(first), range(first, min(first + _A_RUN, _MUTANTS)))
    print(
        f"\n{sum(outcomes.values())} targets of {_MUTANTS} mutants:", dict(outcomes.most_common())
    )
    assert outcomes["proven"] > _MUTANTS / 10  # else the mutations destroy everything


def _outcomes(folder: Path, seeds: range) -> Counter[str]:
    """Evidence of each target and rule of each diagnostic, after checking that all are well."""
    folder.mkdir()
    for seed in seeds:
        (folder / f"mutant_{seed}.py").write_bytes(mutant(seed))
    done = subprocess.run(
        [sys.executable, "-m", "shapelint", ".", "--timeout", "20", "--output-format", "json"],
        cwd=folder,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        timeout=120 + 60 * len(seeds),
        check=False,
    )
    assert (done.returncode in (0, 1), done.stderr) == (True, b""), _bugs(done.stdout)
    report = json.loads(done.stdout)
    assert not _bugs(done.stdout)
    evidence = Counter(target["evidence"] for target in report["targets"])
    return evidence + Counter(diagnostic["name"] for diagnostic in report["diagnostics"])


def _bugs(output: bytes) -> list[tuple[str, str]]:
    """Files at which shapelint itself failed, and how."""
    found = json.loads(output or b"{}").get("diagnostics", ())
    return [(d["path"], d["message"]) for d in found if d["name"] == "internal-error"]


if __name__ == "__main__":
    sys.stdout.buffer.write(mutant(int(sys.argv[1])))
