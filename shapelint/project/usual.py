"""What constructor arguments usually are, by the name of the parameter.

Only used to look at models that nothing in the project says how to build; findings about these are
info. There are widths and counts of classes alone: none of them decides how long a signal is.
"""

from __future__ import annotations

from collections.abc import Iterable

_IMAGE, _CLASSES, _WIDTH, _HEADS = 3, 10, 64, 4

_USUAL = {
    **dict.fromkeys(("in_channels", "in_channel", "in_chans", "in_ch", "in_c"), _IMAGE),
    **dict.fromkeys(("num_in_ch", "num_out_ch", "ch_in", "inp_channels", "in_dim"), _IMAGE),
    **dict.fromkeys(("n_channels", "channels_in", "input_channels", "input_nc"), _IMAGE),
    **dict.fromkeys(("img_channels", "image_channels"), _IMAGE),
    **dict.fromkeys(
        ("n_classes", "num_classes", "nb_classes", "classes", "n_class", "num_class"), _CLASSES
    ),
    **dict.fromkeys(
        ("out_channels", "out_channel", "out_ch", "out_c", "output_nc", "ch_out"), _WIDTH
    ),
    **dict.fromkeys(("channels", "base_channels", "num_channels", "width", "nf", "ngf"), _WIDTH),
    **dict.fromkeys(("num_feat", "n_feat", "n_feats", "num_grow_ch", "planes"), _WIDTH),
    **dict.fromkeys(("features", "num_features", "in_features", "out_features"), _WIDTH),
    **dict.fromkeys(("dim", "embed_dim", "emb_dim", "hidden_dim", "hidden_size"), _WIDTH),
    **dict.fromkeys(("d_model", "mlp_dim", "latent_dim", "latent_channels"), _WIDTH),
    **dict.fromkeys(("heads", "num_heads", "n_heads"), _HEADS),
}


def usual_arguments(names: Iterable[str]) -> dict[str, int]:
    """Values for all of these parameters; empty if one of them has no usual value."""
    wanted = tuple(names)
    known = all(name in _USUAL for name in wanted)
    return {name: _USUAL[name] for name in wanted} if known else {}
