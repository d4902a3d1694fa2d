"""Every fixture model: how it is called, and what is true about it.

The texts of sizes and the findings are claims. ``test_sweep`` runs PyTorch at every size up to 128
to see whether they hold, ``test_findings`` compares the reports with them.
"""

from tests.fixture_models import Model

__all__ = ["BAD", "GOOD", "MODELS"]

IMAGE, GREY, WAVE, VOLUME = "N 3 H W", "N 1 H W", "N 1 L", "N 1 D H W"
ANY = "every size"
NARROW = {"width": 2}
NET_SIZES = (
    "4 <= H <= 7 and 196 <= W <= 199 or 28 <= H <= 31 and 28 <= W <= 31"
    " or 196 <= H <= 199 and 4 <= W <= 7"
)
"""``floor(H/4) * floor(W/4) == 49``."""
VAE_SIZES = (
    "H <= 8 and 121 <= W <= 128 or 9 <= H <= 16 and 57 <= W <= 64"
    " or 25 <= H <= 32 and 25 <= W <= 32"
    " or 57 <= H <= 64 and 9 <= W <= 16 or 121 <= H <= 128 and W <= 8"
)
"""``ceil(H/8) * ceil(W/8) == 16``."""

# fmt: off
GOOD = [
    Model("good/conv1d_output_size", "WaveAutoencoder", WAVE, ANY, ANY, kwargs={"width": 4}),
    Model("good/codec_padded", "Codec", WAVE, ANY, ANY, step=320, top=2000),
    Model("good/dilated_tcn", "TCN", WAVE, ANY, ANY),
    Model("good/wave_unet_crop", "WaveUNet", WAVE, "L >= 36", finds="SHP302 20 info"),
    Model("good/whole_frames", "FrameClassifier", WAVE, ANY, also=("SHP304",)),
    Model("good/script", "encoder -> decoder", WAVE, ANY, ANY),
    Model("good/resized_autoencoder", "Autoencoder", IMAGE, "H >= 2 and W >= 2",
          "H >= 2 and W >= 2", finds="SHP302 10 info"),
    Model("good/ceil_pool_output_size", "PoolAutoencoder", GREY, ANY, ANY),
    Model("good/bottleneck_mirrored", "Bottleneck", IMAGE, "H >= 49 and W >= 49",
          "H >= 49 and W >= 49", finds="SHP302 13 info", kwargs=NARROW),
    Model("good/vae_convolutional", "ConvVAE", IMAGE, ANY, ANY),
    Model("good/unet_pad", "UNet", IMAGE, "H >= 16 and W >= 16", "H >= 16 and W >= 16",
          finds="SHP302 28 info", kwargs=NARROW),
    Model("good/unet_interpolate", "unet", IMAGE, "H >= 16 and W >= 16", "H >= 16 and W >= 16",
          finds="SHP302 21 info", kwargs=NARROW),
    Model("good/unet_parity_pad", "ParityUNet", GREY, ANY, ANY, kwargs=NARROW),
    Model("good/unet_valid", "OriginalUNet", GREY, "H >= 44 and W >= 44", finds="SHP302 8 info",
          kwargs=NARROW),
    Model("good/unet3d_padded", "UNet3D", VOLUME, ANY, ANY, base=4, step=4, top=64),
    Model("good/linknet_output_size", "LinkNet", IMAGE, ANY, ANY, kwargs=NARROW),
    Model("good/unetplusplus_resize", "NestedUNet", IMAGE, "H >= 4 and W >= 4", "H >= 4 and W >= 4",
          finds="SHP302 24 info", kwargs=NARROW),
    Model("good/segnet_output_size", "SegNet", IMAGE, "H >= 4 and W >= 4", "H >= 4 and W >= 4",
          finds="SHP302 11 info"),
    Model("good/fpn_size", "FPN", IMAGE, ANY, "H == 1 and W == 1"),
    Model("good/fcn_head", "FCN", IMAGE, ANY, ANY),
    Model("good/segformer_head", "SegFormerLike", IMAGE, ANY, "H == 1 and W == 1"),
    Model("good/registry_config", "Segmenter", IMAGE, ANY, ANY),
    Model("good/channel_concat", "HalfUNet", IMAGE, ANY, ANY),
    Model("good/reflect_style", "TransformerNet", IMAGE, "H >= 5 and W >= 5", "H >= 5 and W >= 5",
          finds="SHP302 10 info", kwargs=NARROW),
    Model("good/two_images", "Siamese", "N 3 H W, N 3 H W", ANY, ANY),
    Model("good/multi_output", "Detector", IMAGE, ANY, "H == 1 and W == 1"),
    Model("good/depthwise_encoder", "MobileEncoder", IMAGE, ANY, "H == 1 and W == 1"),
    Model("good/same_padding", "Encoder", IMAGE, ANY, "H == 1 and W == 1"),
    Model("good/squeeze_excitation", "GatedNet", IMAGE, ANY, "H == 1 and W == 1"),
    Model("good/position_resized", "PatchEncoder", IMAGE, "H >= 16 and W >= 16",
          finds="SHP302 12 info"),
    Model("good/patch_transformer", "PatchTransformer", IMAGE, "H >= 8 and W >= 8",
          finds="SHP302 12 info"),
    Model("good/window_padded", "WindowMixer", "N H W 8", ANY, ANY, step=7),
    Model("good/space_to_depth_padded", "Stem", IMAGE, ANY, "H == 1 and W == 1"),
    Model("good/pixel_shuffle", "ESPCN", GREY, ANY),
    Model("good/crnn", "CRNN", GREY, "H >= 2 and W >= 2", finds="SHP302 12 info"),
    Model("good/classifier_adaptive", "VGGLike", IMAGE, "H >= 4 and W >= 4",
          finds="SHP302 20 info"),
    Model("good/classifier_global", "SmallResNet", IMAGE, ANY),
    Model("good/squeeze_dim", "Regressor", IMAGE, ANY),
    Model("good/dcgan_generator", "Generator", "N 8 H W", ANY, kwargs={"ngf": 2}, base=8, top=24,
          also=("SHP303",)),
    Model("good/dcgan_discriminator", "Discriminator", IMAGE, "H >= 64 and W >= 64",
          finds="SHP302 13 info"),
    Model("good/dcgan_discriminator", "Discriminator", "N 3 64 64", ANY),
    Model("good/output_padding_valid", "Generator", "N 8 H W", ANY, base=8, top=32),
    Model("good/annotated_encoder", "Encoder", IMAGE, ANY, ANY),
    Model("good/shape_comments", "Encoder", IMAGE, ANY, also=("SHP502",)),
]

BAD = [
    Model("bad/autoencoder", "DenoisingAutoencoder", WAVE, ANY, "L % 2 == 1",
          finds="SHP101 14 error"),
    Model("bad/conv1d_autoencoder", "WaveAutoencoder", WAVE, ANY, "L % 8 == 1",
          finds="SHP101 17 error", kwargs={"width": 4}),
    Model("bad/codec", "Codec", WAVE, "L >= 312", "L % 320 == 312",
          finds="SHP101 57 error, SHP302 39 info", kwargs={"width": 1}, step=320, top=2000),
    Model("bad/dilated_autoencoder", "DilatedAutoencoder", WAVE, ANY, "L % 2 == 1",
          finds="SHP101 11 error"),
    Model("bad/depthwise_autoencoder", "MobileAutoencoder", IMAGE, ANY, "H % 4 == 1 and W % 4 == 1",
          finds="SHP101 18 error"),
    Model("bad/argparse_autoencoder", "model", IMAGE, ANY, "H % 2 == 1 and W % 2 == 1",
          finds="SHP101 19 error"),
    Model("bad/script", "encoder -> decoder", GREY, ANY, "H % 4 == 3 and W % 4 == 3",
          finds="SHP101 17 error"),
    Model("bad/output_padding_autoencoder", "Denoiser", WAVE, ANY, "L % 2 == 0",
          finds="SHP102 11 warning"),
    Model("bad/output_padding_autoencoder", "Denoiser", WAVE, "L % 2 == 0", "L % 2 == 0",
          lengths=("L % 2 == 0",)),
    Model("bad/codec_residue", "SmallCodec", WAVE, "L >= 312", "L % 320 == 0",
          finds="SHP102 15 warning, SHP302 10 info", kwargs={"width": 1}, step=320, top=2000),
    Model("bad/codec_residue", "SmallCodec", WAVE, "L % 320 == 0", "L % 320 == 0",
          kwargs={"width": 1}, step=320, top=2000, lengths=("L % 320 == 0",)),
    Model("bad/codec_residue", "SmallCodec", WAVE, "L % 160 == 0 and L >= 320", "L % 320 == 0",
          finds="SHP102 15 error, SHP302 10 error", kwargs={"width": 1}, step=320, top=2000,
          lengths=("L % 160 == 0",)),
    Model("bad/ceil_pool_autoencoder", "PoolAutoencoder", GREY, ANY, "H % 2 == 0 and W % 2 == 0",
          finds="SHP102 11 warning"),
    Model("bad/bottleneck_upsample", "Bottleneck", IMAGE, "H >= 64 and W >= 64",
          "H == 64 and W == 64", finds="SHP103 13 warning, SHP302 12 info", kwargs=NARROW),
    Model("bad/unet", "UNet", IMAGE, "H % 16 == 0 and W % 16 == 0", "H % 16 == 0 and W % 16 == 0",
          finds="SHP201 42 warning, SHP302 23 info", kwargs=NARROW),
    Model("bad/unet", "UNet", IMAGE, "H % 32 == 0 and W == 48", "H % 32 == 0 and W == 48",
          kwargs=NARROW, lengths=("H % 32 == 0", "W == 48")),
    Model("bad/unet3d", "UNet3D", VOLUME,
          "D % 4 == 0 and H % 4 == 0 and W % 4 == 0 and (D >= 8 or H >= 8 or W >= 8)",
          "D % 4 == 0 and H % 4 == 0 and W % 4 == 0 and (D >= 8 or H >= 8 or W >= 8)",
          finds="SHP201 25 warning, SHP203 24 info, SHP302 16 info", base=4, step=4, top=64),
    Model("bad/wave_unet", "WaveUNet", WAVE, "L % 8 == 0", "L % 8 == 0", finds="SHP201 26 warning"),
    Model("bad/resunet", "ResUNet", GREY, "(H == 1 or H % 8 == 0) and (W == 1 or W % 8 == 0)",
          "H % 8 == 0 and W % 8 == 0",
          finds="SHP201 36 warning", kwargs=NARROW),
    Model("bad/linknet", "LinkNet", IMAGE,
          "(H <= 2 or H % 16 in (0, 15)) and (W <= 2 or W % 16 in (0, 15))",
          "H % 16 == 0 and W % 16 == 0", finds="SHP201 38 warning", kwargs=NARROW),
    Model("bad/unetplusplus", "NestedUNet", IMAGE, "H % 8 == 0 and W % 8 == 0",
          "H % 8 == 0 and W % 8 == 0", finds="SHP201 13 warning, SHP302 21 info", kwargs=NARROW),
    Model("bad/segnet", "SegNet", IMAGE, "H % 4 <= 1 and H >= 4 and W % 4 == 0",
          "H % 4 == 0 and W % 4 == 0",
          finds="SHP201 18 warning, SHP302 17 info"),
    Model("bad/fpn", "FPN", IMAGE, "(H <= 2 or H % 8 in (0, 7)) and (W <= 2 or W % 8 in (0, 7))",
          finds="SHP201 28 warning, SHP202 28 info"),
    Model("bad/position_grid", "PatchEncoder", IMAGE,
          "(16 <= H <= 31 or 64 <= H <= 79) and (16 <= W <= 31 or 64 <= W <= 79)",
          finds="SHP201 16 warning, SHP202 16 warning, SHP302 11 info"),
    Model("bad/invalid_output_padding", "Generator", "N 8 H W", "no size", finds="SHP301 14 error",
          base=8, top=32),
    Model("bad/missing_layer", "Refiner", IMAGE, "no size", finds="SHP203 13 error"),
    Model("bad/discriminator", "Discriminator", "N 3 32 32", "no size", finds="SHP302 23 error"),
    Model("bad/discriminator", "Discriminator", IMAGE, "H >= 64 and W >= 64",
          finds="SHP302 23 info"),
    Model("bad/checkerboard", "Upscaler", IMAGE, ANY, finds="SHP303 10 info", also=("SHP303",)),
    Model("bad/trailing_samples", "FrameClassifier", WAVE, "L >= 4",
          finds="SHP302 9 info, SHP304 9 info", also=("SHP304",)),
    Model("bad/classifier_flatten", "Net", GREY, NET_SIZES,
          finds="SHP302 18 info, SHP401 13 warning", base=28),
    Model("bad/classifier_width", "SmallResNet", IMAGE, "no size", finds="SHP401 15 error"),
    Model("bad/vae", "VanillaVAE", IMAGE, VAE_SIZES, "H == 32 and W == 32",
          finds="SHP401 21 warning", base=32),
    Model("bad/channel_mismatch", "HalfUNet", IMAGE, "no size", finds="SHP402 11 error"),
    Model("bad/window_attention", "WindowAttention", "N H W 8", "H % 7 == 0 and W % 7 == 0",
          "H % 7 == 0 and W % 7 == 0", finds="SHP403 8 warning", base=70, step=7),
    Model("bad/space_to_depth", "Stem", IMAGE, "H % 2 == 0 and W % 2 == 0",
          finds="SHP403 13 warning"),
    Model("bad/squeeze_head", "Regressor", IMAGE, ANY, finds="SHP404 15 warning"),
    Model("bad/annotated_encoder", "Encoder", IMAGE, ANY, "H == 1 and W == 1",
          finds="SHP501 15 error"),
    Model("bad/stale_comment", "Encoder", IMAGE, ANY, finds="SHP502 15 warning", also=("SHP502",)),
]
# fmt: on

MODELS = [*GOOD, *BAD]
