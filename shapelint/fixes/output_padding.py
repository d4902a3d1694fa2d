"""``output_padding``, in the fewest decoder stages that make the whole chain exact."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.fixes import Proposal, proposes
from shapelint.fixes.combination import smallest_combination
from shapelint.fixes.parameters import proposal_of
from shapelint.subject import Subject


@proposes("roundtrip-length", "residue-sensitive", "skip-length-mismatch", "asymmetric-pair")
def propose(subject: Subject) -> Iterator[Proposal]:
    """One proposal with ``output_padding`` alone, one that may set ``padding`` as well."""
    plain = smallest_combination(subject, ["output_padding"])
    if plain:
        yield proposal_of(subject, plain)
    both = smallest_combination(subject, ["output_padding", "padding"])
    if both and both != plain and (not plain or len(both) < len(plain)):
        yield proposal_of(subject, both)
