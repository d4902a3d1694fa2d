"""Volumes, and what MONAI does in two dims."""

from __future__ import annotations

from typing import Any

from benchmarks.corpus.entry import IMAGE, VOLUME, Entry, Name, Ranges, call

_VOLUME = ("N 1 D H W",)


def _monai(name: str, *inputs: str, ranges: Ranges = VOLUME, **kwargs: Any) -> Entry:
    make = call(f"monai.networks.nets:{name}", **kwargs)
    dims = kwargs.get("spatial_dims", 3)
    given = inputs or (_VOLUME if dims == 3 else ("N 1 H W",))
    return Entry(f"{name} {dims}d", "monai", make, given, ranges)


_IN_OUT = {"in_channels": 1, "out_channels": 2}
_LEVELS = {"channels": (4, 8, 16), "strides": (2, 2)}

VOLUME_MODELS = (
    _monai("UNet", spatial_dims=3, **_IN_OUT, **_LEVELS, num_res_units=1),
    _monai("UNet", spatial_dims=2, ranges=IMAGE, **_IN_OUT, **_LEVELS),
    _monai("BasicUNet", spatial_dims=3, features=(4, 4, 8, 8, 16, 4)),
    _monai("SegResNet", spatial_dims=3, blocks_down=(1, 1, 1), blocks_up=(1, 1)),
    _monai("VNet", spatial_dims=3),
    _monai("UNETR", spatial_dims=3, **_IN_OUT, img_size=16, feature_size=4, hidden_size=16,
           mlp_dim=16, num_heads=2),
    _monai("SwinUNETR", spatial_dims=2, ranges=IMAGE, **_IN_OUT, feature_size=12,
           depths=(1, 1, 1, 1), num_heads=(1, 2, 2, 4)),
    _monai("AttentionUnet", spatial_dims=3, **_IN_OUT, **_LEVELS),
    _monai("AutoencoderKL", spatial_dims=2, ranges=IMAGE, num_res_blocks=(1, 1), channels=(4, 8),
           attention_levels=(False, True), norm_num_groups=4),
    _monai("DiffusionModelUNet", "N 1 H W", "N:int64", spatial_dims=2, ranges=IMAGE,
           in_channels=1, out_channels=1, num_res_blocks=(1, 1), channels=(8, 16),
           attention_levels=(False, True), norm_num_groups=4, num_head_channels=4),
    _monai("DynUNet", spatial_dims=3, **_IN_OUT, kernel_size=(3, 3, 3), strides=(1, 2, 2),
           upsample_kernel_size=(2, 2), filters=(4, 8, 8)),
    _monai("VQVAE", spatial_dims=2, ranges=IMAGE, in_channels=1, out_channels=1, channels=(4, 8),
           num_res_layers=1, num_res_channels=(4, 8), downsample_parameters=((2, 4, 1, 1),) * 2,
           upsample_parameters=((2, 4, 1, 1, 0),) * 2, num_embeddings=8, embedding_dim=4),
    _monai("MedNeXt", spatial_dims=3, init_filters=4, kernel_size=3, blocks_down=(1, 1, 1, 1),
           blocks_bottleneck=1, blocks_up=(1, 1, 1, 1)),
    _monai("HighResNet", spatial_dims=3),
    _monai("VoxelMorph", "N 1 D H W", "N 1 D H W", spatial_dims=3,
           backbone=call("monai.networks.nets:VoxelMorphUNet", spatial_dims=3, in_channels=2,
                         unet_out_channels=4, channels=(4,) * 6,
                         final_conv_channels=(4, 4))),
    Entry("UNet3D", "unet", call("unet:UNet3D", in_channels=1, out_classes=2, padding=1,
          out_channels_first_layer=4, num_encoding_blocks=3), _VOLUME, VOLUME),
    Entry("ResidualEncoderUNet", "dynamic-network-architectures",
          call("dynamic_network_architectures.architectures.unet:ResidualEncoderUNet", 1, 3,
               (4, 8, 8), Name("torch.nn:Conv3d"), 3, (1, 2, 2), (1, 1, 1), 2, (1, 1),
               norm_op=Name("torch.nn:InstanceNorm3d"), nonlin=Name("torch.nn:ReLU")),
          _VOLUME, VOLUME),
)  # fmt: skip
