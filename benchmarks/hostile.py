"""What becomes of mutated model files, and of the hostile cases of the tests."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from benchmarks.page import head, row
from benchmarks.timing import ROOT
from tests.hostile.mutants import mutant, outcomes

FILES = 200
"""In one folder, which are linted in one run."""

EVIDENCE = {"proven": "proven", "checked": "checked", "not-checked": "not checked"}
WHY = ("import-failed", "cannot-construct", "cannot-trace", "timeout", "worker-crashed")


def lines(rounds: int) -> Iterator[str]:
    """As many runs as rounds; raises at a traceback of ours, at exit code 101 and at a hang."""
    found: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        for run in range(rounds):
            seeds = range(run * FILES, (run + 1) * FILES)
            sources = ((f"mutant_{seed}", mutant(seed)) for seed in seeds)
            found += outcomes(Path(folder) / str(run), sources)
            print(f"{(run + 1) * FILES} files: {dict(found)}", file=sys.stderr, flush=True)
    targets = sum(found[e] for e in EVIDENCE)
    yield f"{rounds * FILES} mutated files, {targets} models and files that are none:\n"
    yield head("outcome", "models")
    for evidence, words in EVIDENCE.items():
        yield row(words, found[evidence])
    for rule in WHY:
        yield row(f"… because of `{rule}`", found[rule])
    others = [n for rule, n in found.items() if rule not in (*EVIDENCE, *WHY, "checked-only")]
    yield row("findings about sizes, of other rules", sum(others))
    yield row("tracebacks of shapelint, exit codes 101, hangs", 0)
    yield "\nHostile cases in `tests/hostile`, each with what has to be said about it:\n"
    yield head("test", "cases", "as it has to be")
    yield from _cases()


def _cases() -> Iterator[str]:
    """By test, what pytest says of its cases."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = ["pytest", "-q", "tests/hostile", f"--junitxml={report}"]
        subprocess.run([sys.executable, "-m", *command], cwd=ROOT, capture_output=True, check=False)
        cases = list(ElementTree.parse(report).iter("testcase"))
    names = [case.attrib["name"].partition("[")[0].removeprefix("test_") for case in cases]
    passed = Counter(name for name, case in zip(names, cases) if not len(case))
    for name, count in Counter(names).items():
        yield row(name.replace("_", " "), count, passed[name])
    yield row("all", len(cases), passed.total())
