"""Modules built in every way that the tests of construction spans ask about."""

from __future__ import annotations

from torch import nn


def act() -> nn.Module:
    return nn.ReLU()


def block(a: int, b: int) -> nn.Module:
    return nn.Sequential(nn.Conv2d(a, b, 3), act())


class Base(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.base = nn.ReLU()


class Inner(nn.Module):
    def __init__(self, n: int) -> None:
        super().__init__()
        self.layer = nn.Linear(n, n)


class Doubling(nn.ConvTranspose1d):
    def __init__(self, n: int) -> None:
        super().__init__(n, n, 2, 2)


class Net(Base):
    def __init__(self) -> None:
        super().__init__()
        self.direct = nn.Conv2d(1, 2, 3)
        self.block = block(1, 2)
        self.listed = nn.ModuleList([nn.Conv2d(1, n, 3) for n in (1, 2)])
        self.stage = self.make(3)
        self.inner = Inner(4)
        self.derived = Doubling(8)
        self.encoder = nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2), 2)

    def make(self, n: int) -> nn.Module:
        layers = [nn.Linear(n, n)]
        return nn.Sequential(*layers)
