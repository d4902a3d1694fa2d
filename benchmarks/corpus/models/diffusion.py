"""Diffusion models and their autoencoders: noise and a time step in."""

from __future__ import annotations

from typing import Any

from benchmarks.corpus.entry import AUDIO, IMAGE, Entry, Ranges, call

_STEP = "timestep=N:int64"
_VIDEO: Ranges = {"N": (1, 2), "F": (5, 12), "H": (32, 48), "W": (32, 48)}


def _diffusers(name: str, *inputs: str, ranges: Ranges = IMAGE, **kwargs: Any) -> Entry:
    make = call(f"diffusers:{name}", **kwargs)
    return Entry(name, "diffusers", make, inputs or ("N 3 H W",), ranges)


_TWO_LEVELS: dict[str, Any] = {"block_out_channels": (8, 16), "layers_per_block": 1}
_DOWN_UP = {
    "down_block_types": ("DownEncoderBlock2D",) * 2,
    "up_block_types": ("UpDecoderBlock2D",) * 2,
}
_LUCID = "denoising_diffusion_pytorch"

DIFFUSION_MODELS = (
    _diffusers("UNet2DModel", "sample=N 3 H W", _STEP, **_TWO_LEVELS, norm_num_groups=4,
               down_block_types=("DownBlock2D", "AttnDownBlock2D"), attention_head_dim=4,
               up_block_types=("AttnUpBlock2D", "UpBlock2D")),
    _diffusers("UNet2DConditionModel", "sample=N 4 H W", _STEP, "encoder_hidden_states=N T 8",
               ranges={"N": (2, 3), "H": (32, 48), "W": (32, 48), "T": (7, 20)}, **_TWO_LEVELS,
               cross_attention_dim=8, norm_num_groups=4, attention_head_dim=4,
               down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
               up_block_types=("UpBlock2D", "CrossAttnUpBlock2D")),
    _diffusers("UNet1DModel", "sample=N 14 L", _STEP, ranges={"N": (2, 3), "L": (64, 200)},
               in_channels=14, out_channels=14, extra_in_channels=0,
               time_embedding_type="positional", use_timestep_embedding=True,
               down_block_types=("DownResnetBlock1D",) * 2, up_block_types=("UpResnetBlock1D",),
               mid_block_type="MidResTemporalBlock1D",
               block_out_channels=(16, 32), act_fn="swish", freq_shift=1.0,
               out_block_type="OutConv1DBlock", flip_sin_to_cos=False,
               downsample_each_block=False, layers_per_block=1),
    _diffusers("AutoencoderKL", **_DOWN_UP, **_TWO_LEVELS, norm_num_groups=4),
    _diffusers("VQModel", **_DOWN_UP, **_TWO_LEVELS, norm_num_groups=4, num_vq_embeddings=16),
    _diffusers("AutoencoderTiny", encoder_block_out_channels=(8, 8),
               decoder_block_out_channels=(8, 8), num_encoder_blocks=(1, 1),
               num_decoder_blocks=(1, 1)),
    _diffusers("AutoencoderOobleck", "N 2 L", ranges=AUDIO, encoder_hidden_size=8,
               downsampling_ratios=[2, 4, 4], channel_multiples=[1, 2, 2], decoder_channels=4,
               decoder_input_channels=4),
    _diffusers("AutoencoderKLTemporalDecoder", "N 3 H W", layers_per_block=1,
               block_out_channels=(32, 32), down_block_types=("DownEncoderBlock2D",) * 2),
    _diffusers("AutoencoderKLCogVideoX", "N 3 F H W", ranges=_VIDEO, norm_num_groups=4,
               block_out_channels=(8, 8, 8, 8), layers_per_block=1, latent_channels=4),
    _diffusers("Transformer2DModel", "hidden_states=N 4 H W", ranges=IMAGE, num_attention_heads=2,
               attention_head_dim=4, in_channels=4, norm_num_groups=4),
    _diffusers("DiTTransformer2DModel", "hidden_states=N 4 H W", _STEP, "class_labels=N:int64",
               num_attention_heads=2, attention_head_dim=4, in_channels=4, out_channels=4,
               num_layers=1, sample_size=32, num_embeds_ada_norm=10),
    Entry("Unet", "denoising-diffusion-pytorch", call(f"{_LUCID}:Unet", 8, dim_mults=(1, 2, 4)),
          ("N 3 H W", "N"), IMAGE),
    Entry("Unet1D", "denoising-diffusion-pytorch", call(f"{_LUCID}:Unet1D", 8, dim_mults=(1, 2, 4),
          channels=2), ("N 2 L", "N"), AUDIO),
    Entry("GaussianDiffusion", "denoising-diffusion-pytorch", call(f"{_LUCID}:GaussianDiffusion",
          call(f"{_LUCID}:Unet", 8, dim_mults=(1, 2)), image_size=32, timesteps=10),
          ("N 3 H W",), {"N": (2, 3), "H": (32, 48), "W": (32, 48)}),
)  # fmt: skip
