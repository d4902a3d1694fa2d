"""What a change of a model gains, and what it breaks."""

from __future__ import annotations

from dataclasses import dataclass

from shapelint.lengths.sets import SizeSet
from shapelint.subject import Subject
from shapelint.trace import FIRST_INPUT

_SAMPLES = 16


@dataclass(frozen=True)
class Gain:
    """The sizes at which the model does what is expected of it, before a change and after."""

    before: SizeSet
    after: SizeSet
    lost: SizeSet
    """The sizes that work before the change and not after it: run, or run and come back."""
    saved: int
    """How many of a few sizes that matter work only after the change."""
    more_run: bool
    """Whether some size runs only after the change."""

    @property
    def lossless(self) -> bool:
        """Whether every size that works before the change works after it."""
        return not self.lost


def gain(before: Subject, after: Subject) -> Gain | None:
    """What the change gains; None if nothing, if that is not proven, or if it costs too much.

    For a lazy layer the proof is about a model that is built anew for each size.

    It costs too much if a declared size breaks, or an ordinary one: a multiple of what the model
    shortens its input by.
    """
    if any(FIRST_INPUT not in doubt for doubt in after.exploration.doubts):
        return None
    good, better = _good(before, before), _good(after, before)
    if better is None or good is None or better <= good:
        return None
    if any(not _free(before, better, s) for s in before.domain.symbols if s not in before.spatial):
        return None
    lost = (good - better) | (before.valid - after.valid)
    if lost and (before.declared or lost & before.ordinary):
        return None
    saved = sum(sizes in better and sizes not in good for sizes in _that_matter(before))
    more_run = bool(after.valid - before.valid)
    return None if lost and not saved else Gain(good, better, lost, saved, more_run)


def _free(before: Subject, better: SizeSet, name: str) -> bool:
    """Whether a batch may be as large as it may be today: who restricts it mixes up samples."""
    return (before.valid or before.domain).project((name,)) <= better.project((name,))


def _that_matter(subject: Subject) -> list[dict[str, int]]:
    """A few ordinary sizes that the user cares about, small and large, square and not."""
    several = [
        subject.full(
            {
                s: subject.granularity(s) * (_SAMPLES - k if i % 2 else k)
                for i, s in enumerate(subject.spatial)
            }
        )
        for k in range(1, _SAMPLES)
    ]
    return [s for s in several if s in subject.ordinary] or subject.ordinary.sample(3, several[0])


def _good(subject: Subject, judge: Subject) -> SizeSet | None:
    """The sizes that do what ``judge`` expects of the model; None if it returns nothing like it."""
    if not judge.expects_roundtrip:
        return subject.valid
    return None if subject.returned is None else subject.roundtrips
