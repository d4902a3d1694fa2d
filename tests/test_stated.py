"""Shapes in comments: what is read as one, and what rule 502 says of it."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import shapelint
from shapelint.analysis import Analysis
from shapelint.lint import diagnose
from shapelint.rules import find_rule
from shapelint.source.stated import stated
from shapelint.source.texts import Texts

READ = {
    "prose": ("# now it is small", ""),
    "prose in brackets": ("# (the batch, which is small)", ""),
    "a kernel": ("# (3, 3)", ""),
    "a size in pixels": ("# 32 x 32", ""),
    "any number of dims": ("# (..., 64)", ""),
    "a shape and something else": ("# (N, 64) after the head", ""),
    "what went in": ("# input: (N, 3, H, W)", ""),
    "a type": ("# type: (Tensor, Tensor, Tensor)", ""),
    "brackets": ("# (N, 64, H/2, W/2)", "N 64 H/2 W/2"),
    "square brackets": ("# [B, 2*C, (H+1)//2]", "B 2*C (H+1)//2"),
    "a batch of vectors": ("# (B, 10)", "B 10"),
    "with times signs": ("# B x 64 x H x W", "B 64 H W"),
    "without blanks": ("# Bx64x32x32", "B 64 32 32"),
    "as it is printed": ("# torch.Size([2, 64, 32, 32])", "2 64 32 32"),
    "of an arrow the result": ("# (N, C, H, W) -> (N, C, H*W)", "N C H*W"),
    "a word in front": ("# shape: (N, C, L)", "N C L"),
    "before another comment": ("# (N, C, L)  # noqa: E501", "N C L"),
}


@pytest.mark.parametrize(("comment", "dims"), READ.values(), ids=READ)
def test_what_is_read(comment: str, dims: str):
    source = f"def forward(x):\n    return x + 1  {comment}\n"
    found = list(stated("m.py", Texts({"m.py": source.encode()})))
    assert [" ".join(w.text for w in s.words) for s in found] == ([dims] if dims else [])


PLACES = {
    "alone on its line": "    # (N, 64, L)\n    return x\n",
    "behind a pair": "    x, y = x, x  # (N, 64, L)\n",
    "within an expression": "    x = (  # (N, 64, L)\n        x\n    )\n",
    "behind a condition": "    if x:  # (N, 64, L)\n        pass\n",
    "in a string": "    x = '# (N, 64, L)'\n",
}


@pytest.mark.parametrize("body", PLACES.values(), ids=PLACES)
def test_comments_in_other_places_are_not_about_a_result(body: str):
    assert list(stated("m.py", Texts({"m.py": f"def forward(x):\n{body}".encode()}))) == []


class Block(nn.Module):
    def __init__(self, given: int, made: int):
        super().__init__()
        self.conv = nn.Conv1d(given, made, 3, stride=2, padding=1)

    def forward(self, x):
        return self.conv(x)  # (B, 64, L/2)


class Fine(nn.Module):
    """Comments that hold, at least in one reading."""

    def __init__(self):
        super().__init__()
        self.first = Block(3, 64)
        self.second = Block(64, 32)
        self.layers = nn.Sequential(nn.Conv1d(32, 16, 1), nn.Conv1d(16, 8, 1))

    def forward(self, x):
        x = self.second(self.first(x))  # (N, 7, 7, 7)
        x = torch.relu(x)  # (N, 32, L/4)
        x = self.layers(x)  # (B, 8, T)
        N = x.mean((0, 1))  # (L, 5, 5)
        y = torch.relu(x).argmax(1)  # (N, 1000)
        if x.shape[2] % 3:
            x = x.flatten(1)
        x = x + N.sum() + y.sum()  # (B, 8, T)
        return x * 2  # (T, 17)


class Stale(nn.Module):
    """Comments that hold for no size."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv1d(3, 32, 3, stride=2, padding=1)

    def forward(self, x):
        x = x * 2  # (N, 4, L)
        x = self.conv(x)  # (N, 32, L/4)
        x = torch.relu(x)  # (N, 32, L, 1)
        x = x.transpose(1, 2)  # B x L/2 x 64
        return x.flatten(1)  # (N, 16*L/2, 1)


def found(module: nn.Module) -> list[tuple[int, str]]:
    analysis = shapelint.analyze(module, ["N 3 L"])
    assert isinstance(analysis, Analysis)
    said = diagnose(analysis, [find_rule("stale-shape-comment")]).diagnostics
    return [(d.span.line, d.message) for d in said]


def test_comments_that_may_hold_are_left_alone():
    assert found(Fine()) == []


def test_comments_that_hold_for_no_size_are_stale():
    first = Stale.forward.__code__.co_firstlineno
    assert [(line - first, message) for line, message in found(Stale())] == [
        (1, "the comment says (N, 4, L): the result is (N, 3, L)"),
        (2, "the comment says (N, 32, L/4): the result is (N, 32, ceil(L/2))"),
        (3, "the comment says (N, 32, L, 1): the result is (N, 32, ceil(L/2))"),
        (4, "the comment says B x L/2 x 64: the result is (N, ceil(L/2), 32)"),
        (5, "the comment says (N, 16*L/2, 1): the result is (N, 32*ceil(L/2))"),
    ]
