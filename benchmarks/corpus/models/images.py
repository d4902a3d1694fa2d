"""Images in, classes, features or larger images out."""

from __future__ import annotations

from typing import Any

from benchmarks.corpus.entry import IMAGE, Entry, Ranges, call

_RGB = ("N 3 H W",)
_LARGER: Ranges = {"N": (2, 3), "H": (64, 66), "W": (64, 66)}


def _timm(name: str, ranges: Ranges = IMAGE, **kwargs: Any) -> Entry:
    make = call("timm:create_model", name, pretrained=False, **kwargs)
    shown = f"{name} features" if kwargs.get("features_only") else name
    return Entry(shown, "timm", make, _RGB, ranges)


def _vit(name: str, kind: str, inputs: str = "N 3 H W", **kwargs: Any) -> Entry:
    width = {"num_classes": 3, "dim": 16, "depth": 1, "heads": 2, "mlp_dim": 16}
    make = call(f"vit_pytorch.{kind}", **{**width, **kwargs})
    return Entry(name, "vit-pytorch", make, (inputs,), IMAGE)


def _hub(name: str, config: str, ranges: Ranges = IMAGE, **kwargs: Any) -> Entry:
    make = call(f"transformers:{name}", call(f"transformers:{config}", **kwargs))
    return Entry(name, "transformers", make, ("pixel_values=N 3 H W",), ranges)


_BERT = {"hidden_size": 16, "num_attention_heads": 2, "intermediate_size": 16}

IMAGE_MODELS = (
    _timm("resnet18"),
    _timm("resnet18", features_only=True),
    _timm("test_convnext"),
    _timm("mobilenetv3_small_050"),
    _timm("test_efficientnet"),
    _timm("test_vit", _LARGER, img_size=64),
    _timm("test_vit2", _LARGER, img_size=64, dynamic_img_size=True),
    _timm("swin_tiny_patch4_window7_224", _LARGER, img_size=64, embed_dim=12, depths=(1, 1, 1, 1),
          num_heads=(1, 1, 2, 2), window_size=2),
    _timm("maxvit_pico_rw_256", _LARGER, img_size=64),
    _timm("mobilevit_xxs"),
    _timm("coat_tiny", img_size=32),
    _vit("ViT", "vit:ViT", image_size=32, patch_size=8),
    _vit("SimpleViT", "simple_vit:SimpleViT", image_size=32, patch_size=8),
    _vit("CCT", "cct:CCT", img_size=32, embedding_dim=16, num_layers=1, num_heads=2,
         **dict.fromkeys(("dim", "depth", "heads", "mlp_dim"), 16)),
    _hub("ViTModel", "ViTConfig", _LARGER, **_BERT, num_hidden_layers=1, image_size=64),
    _hub("DPTForDepthEstimation", "DPTConfig", _LARGER, **_BERT, num_hidden_layers=4,
         image_size=64, backbone_out_indices=[0, 1, 2, 3], neck_hidden_sizes=[8, 8, 16, 16],
         fusion_hidden_size=8),
    _hub("GLPNForDepthEstimation", "GLPNConfig", depths=[1, 1, 1, 1], hidden_sizes=[8, 8, 16, 16],
         num_attention_heads=[1, 1, 2, 2], decoder_hidden_size=8),
    _hub("ConvNextModel", "ConvNextConfig", hidden_sizes=[8, 8, 16, 16], depths=[1, 1, 1, 1]),
    _hub("Swin2SRForImageSuperResolution", "Swin2SRConfig", embed_dim=12, depths=[2],
         num_heads=[2], window_size=4, upscale=2),
    _hub("MobileNetV2ForSemanticSegmentation", "MobileNetV2Config"),
    Entry("RRDBNet", "kornia", call("kornia.models.rrdbnet:RRDBNet", 3, 3, num_feat=8, num_block=1,
          num_grow_ch=4), _RGB, IMAGE),
    Entry("HardNet", "kornia", call("kornia.feature:HardNet", False), ("N 1 H W",),
          {"N": (2, 3), "H": (32, 40), "W": (32, 40)}),
    Entry("XFeatModel", "kornia", call("kornia.feature.xfeat:XFeatModel"), ("N 1 H W",), IMAGE),
    Entry("KeyNet", "kornia", call("kornia.feature:KeyNet", False), ("N 1 H W",), IMAGE),
    Entry("TinyViT", "kornia", call("kornia.models.tiny_vit:TinyViT", img_size=64, num_classes=3,
          embed_dims=(8, 16, 16, 32), depths=(1, 1, 1, 1), num_heads=(1, 1, 2, 2),
          window_sizes=(4, 4, 4, 2)), _RGB, _LARGER),
    Entry("DWTForward", "pytorch-wavelets", call("pytorch_wavelets:DWTForward", J=2, wave="db3",
          mode="zero"), _RGB, IMAGE),
    Entry("DTCWTForward", "pytorch-wavelets", call("pytorch_wavelets:DTCWTForward", J=3), _RGB,
          IMAGE),
    Entry("FNO", "neuraloperator", call("neuralop.models:FNO", (8, 8), 3, 1, 8, n_layers=2), _RGB,
          IMAGE),
    Entry("Restormer", "monai", call("monai.networks.nets.restormer:Restormer", dim=8,
          num_refinement_blocks=1), _RGB, IMAGE),
)  # fmt: skip
