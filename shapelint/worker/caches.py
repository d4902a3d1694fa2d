"""What the runs of one model share, so that later ones are faster."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from torch import nn

from shapelint.worker.call_cache import CallCache
from shapelint.worker.kernel_cache import KernelCache
from shapelint.worker.merged import Merged
from shapelint.worker.python.builtins import in_modules_of
from shapelint.worker.python.reached import functions_of
from shapelint.worker.python.swaps import Swap
from shapelint.worker.state import Name, rebound_by, shared_by


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
    _shared: tuple[Sequence[Any], Sequence[Name]] | None = None

    def of_changed_model(self) -> Caches:
        """Those that hold for the model with patches, too: what a call is given tells all."""
        return replace(self, merged={})

    def swaps(self, root: nn.Module) -> Sequence[Swap]:
        """The builtins to replace while the model runs; found once."""
        if self._swaps is None:
            self._swaps = tuple(in_modules_of(root))
        return self._swaps

    def shared(self, root: nn.Module) -> tuple[Sequence[Any], Sequence[Name]]:
        """State outside of modules that its functions may change; found once.

        Containers, and names declared ``global``.
        """
        if self._shared is None:
            functions = functions_of(root)
            self._shared = tuple(shared_by(functions)), tuple(rebound_by(functions))
        return self._shared
