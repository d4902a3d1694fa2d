"""A U-Net of two levels, written out: only multiples of 4 run."""

import torch
from torch import nn
from torch.nn import functional as F


class UNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(3, 8, 3, padding=1)
        self.second = nn.Conv2d(8, 16, 3, padding=1)
        self.deepest = nn.Conv2d(16, 32, 3, padding=1)
        self.up_second = nn.ConvTranspose2d(32, 16, 2, stride=2)
        self.join_second = nn.Conv2d(32, 16, 3, padding=1)
        self.up_first = nn.ConvTranspose2d(16, 8, 2, stride=2)
        self.join_first = nn.Conv2d(16, 2, 3, padding=1)

    def forward(self, x):
        first = F.relu(self.first(x))
        second = F.relu(self.second(F.max_pool2d(first, 2)))
        deepest = F.relu(self.deepest(F.max_pool2d(second, 2)))
        inner = F.relu(self.join_second(torch.cat([second, self.up_second(deepest)], 1)))
        return self.join_first(torch.cat([first, self.up_first(inner)], 1))
