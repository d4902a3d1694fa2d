"""Waveforms and spectrograms: codecs, separation, resampling."""

from __future__ import annotations

from typing import Any

from benchmarks.corpus.entry import AUDIO, Entry, Ranges, call

_LONG: Ranges = {"N": (2, 3), "L": (320, 330)}


def _codec(name: str, **kwargs: Any) -> Entry:
    make = call(f"transformers:{name}Model", call(f"transformers:{name}Config", **kwargs))
    return Entry(f"{name}Model", "transformers", make, ("N 1 L",), _LONG)


def _asteroid(name: str, ranges: Ranges = AUDIO, *args: Any, **kwargs: Any) -> Entry:
    make = call(f"asteroid.models:{name}", *args, **kwargs)
    return Entry(name, "asteroid", make, ("N L",), ranges)


_SEANET = {"n_filters": 4, "dimension": 8, "ratios": [4, 3, 2], "lstm": 1}
_NARROW = {"n_filters": 16, "stride": 8, "bn_chan": 8}
_DUAL = {"n_filters": 16, "n_repeats": 1, "chunk_size": 10}

AUDIO_MODELS = (
    Entry("SEANetEncoder", "encodec", call("encodec.modules:SEANetEncoder", **_SEANET), ("N 1 L",),
          AUDIO),
    Entry("SEANetDecoder", "encodec", call("encodec.modules:SEANetDecoder", **_SEANET), ("N 8 L",),
          {"N": (2, 3), "L": (64, 200)}),
    Entry("EncodecModel", "encodec", call("encodec.model:EncodecModel._get_model", [1.5], 24000, 1,
          causal=True), ("N 1 L",), _LONG),
    _codec("Encodec", num_filters=4, hidden_size=8, codebook_size=16, codebook_dim=8,
           upsampling_ratios=[4, 4, 2], num_lstm_layers=1),
    _codec("Dac", encoder_hidden_size=4, downsampling_ratios=[2, 4, 8], decoder_hidden_size=16,
           n_codebooks=2, codebook_size=16, codebook_dim=4, hidden_size=32,
           upsampling_ratios=[8, 4, 2]),
    _codec("Mimi", num_filters=4, hidden_size=16, codebook_size=16, codebook_dim=8,
           upsampling_ratios=[4, 2], num_hidden_layers=1, num_attention_heads=2,
           num_key_value_heads=2, intermediate_size=16, head_dim=8, num_quantizers=4,
           vector_quantization_hidden_dimension=8, upsample_groups=16, sampling_rate=400,
           frame_rate=25, use_cache=False),
    Entry("DAC", "descript-audio-codec", call("dac:DAC", encoder_dim=4, encoder_rates=[2, 4, 8],
          decoder_dim=16, decoder_rates=[8, 4, 2], n_codebooks=2, codebook_size=16, codebook_dim=4),
          ("N 1 L",), AUDIO),
    Entry("Discriminator", "descript-audio-codec", call("dac.model.discriminator:MPD", 3),
          ("N 1 L",), AUDIO),
    Entry("Demucs", "demucs", call("demucs.demucs:Demucs", ["a", "b"], channels=4, depth=3,
          resample=False, dconv_lstm=10, dconv_attn=10), ("N 2 L",), AUDIO),
    Entry("Demucs resampling", "demucs", call("demucs.demucs:Demucs", ["a", "b"], channels=4,
          depth=3, resample=True, dconv_lstm=2, dconv_attn=2), ("N 2 L",), AUDIO),
    Entry("HDemucs", "demucs", call("demucs.hdemucs:HDemucs", ["a", "b"], channels=4, nfft=256,
          depth=4), ("N 2 L",), _LONG),
    _asteroid("ConvTasNet", AUDIO, 2, n_blocks=2, n_repeats=1, hid_chan=8, skip_chan=8, **_NARROW),
    _asteroid("DPRNNTasNet", AUDIO, 2, bn_chan=8, hid_size=8, **_DUAL),
    _asteroid("DPTNet", AUDIO, 2, n_heads=2, ff_hid=8, **_DUAL),
    _asteroid("DCUNet", {"N": (2, 3), "L": (512, 520)}, "DCUNet-10", stft_n_filters=64,
              stft_kernel_size=64, stft_stride=32, fix_length_mode="pad"),
    _asteroid("DeMask", hidden_dims=(8,), n_filters=64, kernel_size=64, stride=32),
    _asteroid("SuDORMRFNet", AUDIO, 2, bn_chan=8, num_blocks=1, n_filters=16),
    Entry("STFTFB", "asteroid-filterbanks", call("asteroid_filterbanks:Encoder",
          call("asteroid_filterbanks:STFTFB", 64, 64, stride=32)), ("N 1 L",), AUDIO),
    Entry("OpenUnmix", "openunmix", call("openunmix.model:OpenUnmix", nb_bins=33, hidden_size=8),
          ("N 2 33 T",), {"N": (2, 3), "T": (16, 80)}),
    Entry("ResampleFrac", "julius", call("julius:ResampleFrac", 5, 3), ("N 1 L",), AUDIO),
    Entry("LowPassFilters", "julius", call("julius:LowPassFilters", [0.1, 0.2]), ("N L",), AUDIO),
    Entry("Spectrogram", "torchlibrosa", call("torchlibrosa:Spectrogram", n_fft=64, hop_length=16),
          ("N L",), AUDIO),
)  # fmt: skip
