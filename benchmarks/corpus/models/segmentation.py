"""Images in, maps of the same kind out."""

from __future__ import annotations

from typing import Any

from benchmarks.corpus.entry import IMAGE, Entry, Name, Ranges, call

_RGB = ("N 3 H W",)


_LARGER: Ranges = {"N": (2, 3), "H": (128, 130), "W": (128, 130)}


def _smp(name: str, encoder: str = "resnet18", ranges: Ranges = IMAGE, **kwargs: Any) -> Entry:
    make = call(
        f"segmentation_models_pytorch:{name}", encoder, encoder_weights=None, classes=2, **kwargs
    )
    return Entry(f"{name} {encoder}", "segmentation-models-pytorch", make, _RGB, ranges)


def _segformer() -> Entry:
    config = call(
        "transformers:SegformerConfig",
        hidden_sizes=[8, 16, 24, 32],
        depths=[1, 1, 1, 1],
        num_attention_heads=[1, 1, 2, 2],
        decoder_hidden_size=16,
        num_labels=3,
    )
    make = call("transformers:SegformerForSemanticSegmentation", config)
    return Entry("Segformer", "transformers", make, _RGB, IMAGE)


def _kornia() -> Entry:
    return Entry("DexiNed", "kornia", call("kornia.models.dexined:DexiNed", False), _RGB, IMAGE)


def _plain_unet() -> Entry:
    make = call(
        "unet:UNet2D",
        in_channels=1,
        out_classes=2,
        out_channels_first_layer=4,
        num_encoding_blocks=3,
    )
    ranges: Ranges = {"N": (2, 3), "H": (60, 64), "W": (60, 64)}
    return Entry("UNet2D", "unet", make, ("N 1 H W",), ranges)


def _dynamic_unet() -> Entry:
    make = call(
        "dynamic_network_architectures.architectures.unet:PlainConvUNet",
        1,
        4,
        (4, 8, 16, 16),
        Name("torch.nn:Conv2d"),
        3,
        (1, 2, 2, 2),
        (1, 1, 1, 1),
        2,
        (1, 1, 1),
        deep_supervision=True,
    )
    return Entry(
        "PlainConvUNet deep supervision", "dynamic-network-architectures", make, ("N 1 H W",), IMAGE
    )


SEGMENTATION_MODELS = (
    _smp("Unet"),
    _smp("Unet", "efficientnet-b0"),
    _smp("Unet", "mobilenet_v2"),
    _smp("UnetPlusPlus"),
    _smp("MAnet"),
    _smp("Linknet"),
    _smp("FPN"),
    _smp("PSPNet"),
    _smp("PAN", ranges=_LARGER),
    _smp("DeepLabV3"),
    _smp("DeepLabV3Plus"),
    _smp("UPerNet"),
    _smp("Segformer"),
    _segformer(),
    _kornia(),
    _plain_unet(),
    _dynamic_unet(),
)
