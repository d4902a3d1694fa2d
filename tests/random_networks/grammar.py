"""Code with holes: ``$k`` stands for one of several texts, which may have holes of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from string import Template
from typing import Any

from hypothesis import strategies as st

from tests.random_networks.network import Step

Words = Mapping[str, Sequence[str]]


class _Chosen(dict[str, str]):
    """What was chosen for each hole of one step: the same hole gets the same text."""

    def __init__(self, draw: Any, words: Words) -> None:
        super().__init__()
        self.draw, self.words = draw, words

    def __missing__(self, name: str) -> str:
        text = self.draw(st.sampled_from(self.words[name]))
        self[name] = Template(text).substitute(self)
        return self[name]


@st.composite
def filled(draw: Any, steps: Sequence[Step], rank: int, maps: Sequence[str]) -> Step:
    """One of the steps, its holes filled; ``maps`` are the names of maps that it may use."""
    step = draw(st.sampled_from(steps))
    chosen = _Chosen(draw, words(rank, draw(st.integers(0, rank - 1)), maps))
    layer = Template(step.layer).substitute(chosen)
    return Step(tuple(Template(line).substitute(chosen) for line in step.lines), layer)


_NUMBERS = {
    "n": range(1, 41),
    "k": range(1, 6),
    "s": range(1, 5),
    "p": range(3),
    "more": range(3),
    "dilation": range(1, 3),
    "c": range(2, 5),
    "any": range(-3, 4),
    "top": range(5, 20),
}
_SMOOTH = {1: "linear", 2: "bilinear", 3: "trilinear"}


def words(rank: int, dim: int, maps: Sequence[str]) -> dict[str, Sequence[str]]:
    """What may stand in each hole, for a step on one of ``rank`` spatial dims."""
    numbers = {name: list(map(str, values)) for name, values in _NUMBERS.items()}
    return {
        **numbers,
        **{f"{name}{i}": numbers[name] for name in ("k", "s", "p", "any") for i in range(6)},
        **_PLAIN,
        "r": [str(rank)],
        "d": [str(2 + dim)],
        "after": [", :" * (rank - 1 - dim)],  # the dims after it, in an index
        "zeros": ["0, 0, " * (rank - 1 - dim)],  # and in a padding
        "to": maps,
        "ks": [_tuple("k", rank)],
        "ss": [_tuple("s", rank)],
        "ps": [_tuple("p", rank)],
        "pads": [f"[{', '.join(f'$p{i}' for i in range(2 * rank))}]"],
        "cuts": [f"[{', '.join(f'$any{i}' for i in range(2 * rank))}]"],
        "kernel": [", $k" * rank],
        "smooth": [_SMOOTH[rank]],
    }


def _tuple(name: str, rank: int) -> str:
    return f"({', '.join(f'${name}{i}' for i in range(rank))},)"


_PLAIN = {
    "flag": ["True", "False"],
    "padding": ["$p", "$p", "$p", "'valid'"],
    "rest": [
        *("", "", "", ", groups=2", ", groups=4, bias=False"),
        *(f", padding_mode='{mode}'" for mode in ("reflect", "circular", "replicate")),
    ],
    "unpooled": ["", ", output_size=before", ", output_size=$to.shape[2:]"],
    "mode": ["nearest", "nearest-exact", "area"],
    "bordered": ["reflect", "replicate", "circular"],
    "size": [
        *("scale_factor=2", "scale_factor=0.5", "scale_factor=3", "scale_factor=1.5"),
        *("scale_factor=0.25", "size=$to.shape[2:]", "size=[2 * n for n in x.shape[2:]]"),
        "size=[(n + 1) // 2 for n in x.shape[2:]]",
        "size=tuple(max(n // 3, 1) for n in x.shape[2:])",
        "size=[int(n * 0.5) for n in x.shape[2:]]",
        "scale_factor=2, recompute_scale_factor=True",
    ],
    "recurrent": ["LSTM", "GRU", "RNN"],
}
