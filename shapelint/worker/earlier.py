"""What earlier runs of a model found out, for the runs to come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from torch import nn

from shapelint.worker.python.builtins import in_modules_of
from shapelint.worker.python.swaps import Swap
from shapelint.worker.said import Sayings

__all__ = ["Earlier"]


@dataclass
class Earlier:
    """Empty before the first run."""

    calls: Sayings = field(default_factory=Sayings)
    """What its calls have said."""
    _swaps: Sequence[Swap] | None = None

    def swaps(self, root: nn.Module) -> Sequence[Swap]:
        """What the names in the code of a model mean while it runs: looked up once."""
        if self._swaps is None:
            self._swaps = tuple(in_modules_of(root))
        return self._swaps
