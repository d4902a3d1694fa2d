"""Weights are not read and not fetched: shapes do not depend on values.

So a model that starts from pretrained weights is built without a network and without their file.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import os
import sys
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

import torch
import torch.hub

_WEIGHTS = (".safetensors", ".bin", ".pt", ".pth", ".ckpt", ".tar")


def read_no_weights() -> None:
    """Replace, for good, what reads and fetches weights; also in packages imported later."""
    os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1", WANDB_MODE="disabled")
    torch.hub.load_state_dict_from_url = _no_weights
    torch.load = _no_weights
    torch.nn.Module.load_state_dict = _nothing_to_load  # type: ignore[method-assign]
    sys.meta_path.insert(0, _Replacing(_REPLACED))


class Checkpoint(dict[str, Any]):
    """One that is not read: nothing is under any key."""

    def __missing__(self, key: str) -> Checkpoint:
        return Checkpoint()


def _no_weights(*args: Any, **kwargs: Any) -> Checkpoint:
    return Checkpoint()


def _nothing_to_load(*args: Any, **kwargs: Any) -> Any:
    return torch.nn.modules.module._IncompatibleKeys([], [])


def _not_fetched(download: Callable[..., str]) -> Callable[..., str]:
    """``hf_hub_download(repo, file)`` names a file that is not there, instead of failing.

    Weights are not read from it; who reads anything else from it is told its name.
    """

    def hf_hub_download(repo_id: str, filename: str, *args: Any, **kwargs: Any) -> str:
        there = f"{repo_id}/{filename}"
        try:
            return (
                there
                if filename.endswith(_WEIGHTS)
                else download(repo_id, filename, *args, **kwargs)
            )
        except OSError:  # offline, and nothing in the cache
            return there

    return hf_hub_download


_Replacement = tuple[str, Callable[[Any], Any]]

_REPLACED: dict[str, _Replacement] = {
    "huggingface_hub.file_download": ("hf_hub_download", _not_fetched),
    "safetensors.torch": ("load_file", lambda load: _no_weights),
}
"""For a module, the function to replace once it is imported."""


class _Replacing(importlib.abc.MetaPathFinder):
    """Finds modules as they are found anyway, and replaces a function once they have run."""

    def __init__(self, replaced: dict[str, _Replacement]) -> None:
        self.replaced = replaced

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """The spec of one of these modules, if it is there."""
        if fullname not in self.replaced:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is None or spec.loader is None:
            return None
        name, replace = self.replaced[fullname]
        run = spec.loader.exec_module

        def exec_module(module: ModuleType) -> None:
            run(module)
            if hasattr(module, name):
                setattr(module, name, replace(getattr(module, name)))

        spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec
