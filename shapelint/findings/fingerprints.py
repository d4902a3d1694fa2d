"""What makes a finding the same finding in two runs: target, rule and modules, but no line.

Code scanning, merge requests and baselines compare runs by it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from shapelint.model import Diagnostic
from shapelint.text.sources import Sources


def identity(found: Diagnostic, sources: Sources) -> tuple[str, ...]:
    """``("models/ae.py:AE", "roundtrip-length", "dec", "enc")``, the path as it is shown."""
    path, colon, name = found.target.rpartition(":")
    target = f"{sources.shown(path)}:{name}" if colon else sources.shown(name)
    return target, found.name, *found.modules[:2]


def fingerprints(diagnostics: Iterable[Diagnostic], sources: Sources) -> list[str]:
    """A fingerprint for each diagnostic, different even where two have the same identity."""
    seen: Counter[tuple[str, ...]] = Counter()
    return [_digest(identity(found, sources), seen) for found in diagnostics]


def _digest(key: tuple[str, ...], seen: Counter[tuple[str, ...]]) -> str:
    import hashlib  # it loads OpenSSL, and only reports for machines need it

    seen[key] += 1
    words = key if seen[key] == 1 else (*key, str(seen[key]))
    return hashlib.sha256("\0".join(words).encode(errors="backslashreplace")).hexdigest()[:32]
