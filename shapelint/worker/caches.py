"""What the runs of one model share, so that later ones are faster."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from torch import nn

from shapelint.worker.call_cache import CallCache
from shapelint.worker.kernel_cache import KernelCache
from shapelint.worker.merged import Merged
from shapelint.worker.python.builtins import in_modules_of
from shapelint.worker.python.swaps import Swap
from shapelint.worker.state import Outside, outside_of


@dataclass
class Caches:
    """Filled by the runs of one model; empty before the first."""

    calls: CallCache = field(default_factory=CallCache)
    """Results of transfer functions."""
    kernels: KernelCache = field(default_factory=KernelCache)
    """Results of meta kernels."""
    not_merged: dict[int, bool] = field(default_factory=dict)
    """Modules, by id, whose calls cannot be merged: :attr:`.replay.CannotMerge.only_here`."""
    merged: dict[object, Merged] = field(default_factory=dict)
    """Calls that were merged, by :func:`.merged.way_to`."""
    _swaps: Sequence[Swap] | None = None
    _outside: Outside | None = None

    def of_changed_model(self) -> Caches:
        """Those that hold for the model with patches, too: what a call is given tells all."""
        return replace(self, merged={})

    def swaps(self, root: nn.Module) -> Sequence[Swap]:
        """The builtins to replace while the model runs; found once."""
        if self._swaps is None:
            self._swaps = tuple(in_modules_of(root))
        return self._swaps

    def outside(self, root: nn.Module) -> Outside:
        """State outside of modules that its functions may change; found once."""
        if self._outside is None:
            self._outside = outside_of(root)
        return self._outside
