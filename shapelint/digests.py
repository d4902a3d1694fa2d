"""Short names for contents, as keys: equal contents have equal digests, others have not."""

from __future__ import annotations

from collections.abc import Iterable

try:  # as ``random`` of the standard library does it
    from _blake2 import blake2b  # hashlib loads OpenSSL too, which takes as long as Python to start
except ImportError:
    from hashlib import blake2b


def digest(content: bytes) -> str:
    """32 hexadecimal digits."""
    return blake2b(content, digest_size=16).hexdigest()


def digest_of_all(parts: Iterable[bytes]) -> str:
    """Of a sequence of contents: where one ends and the next begins makes a difference."""
    whole = blake2b(digest_size=16)
    for part in parts:
        whole.update(blake2b(part, digest_size=16).digest())
    return whole.hexdigest()
