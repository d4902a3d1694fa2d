"""What earlier runs of a model found out, for the runs to come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from torch import nn

from shapelint.worker.call_cache import CallCache
from shapelint.worker.kernel_cache import KernelCache
from shapelint.worker.python.builtins import in_modules_of
from shapelint.worker.python.reached import functions_of
from shapelint.worker.python.swaps import Swap
from shapelint.worker.state import Name, rebound_by, shared_by


@dataclass
class Caches:
    """Empty before the first run."""

    calls: CallCache = field(default_factory=CallCache)
    """What its calls have said."""
    kernels: KernelCache = field(default_factory=KernelCache)
    """What meta kernels have made."""
    apart: dict[int, bool] = field(default_factory=dict)
    """By the id of a module whose ways were seen not to agree, whether they may further out."""
    _swaps: Sequence[Swap] | None = None
    _shared: tuple[Sequence[Any], Sequence[Name]] | None = None

    def swaps(self, root: nn.Module) -> Sequence[Swap]:
        """What the names in the code of a model mean while it runs: looked up once."""
        if self._swaps is None:
            self._swaps = tuple(in_modules_of(root))
        return self._swaps

    def shared(self, root: nn.Module) -> tuple[Sequence[Any], Sequence[Name]]:
        """What the functions of a model share: containers, and names that they rebind."""
        if self._shared is None:
            functions = functions_of(root)
            self._shared = tuple(shared_by(functions)), tuple(rebound_by(functions))
        return self._shared
