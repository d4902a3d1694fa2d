"""The table of models, one module per kind of input."""

from __future__ import annotations

from benchmarks.corpus.entry import Entry
from benchmarks.corpus.models.audio import AUDIO_MODELS
from benchmarks.corpus.models.diffusion import DIFFUSION_MODELS
from benchmarks.corpus.models.images import IMAGE_MODELS
from benchmarks.corpus.models.segmentation import SEGMENTATION_MODELS
from benchmarks.corpus.models.volumes import VOLUME_MODELS

MODELS: tuple[Entry, ...] = (
    *SEGMENTATION_MODELS,
    *IMAGE_MODELS,
    *DIFFUSION_MODELS,
    *VOLUME_MODELS,
    *AUDIO_MODELS,
)
