"""Steps that are a layer, or a function that could be one."""

from __future__ import annotations

from tests.random_networks.network import Step


def _layers(*calls: str) -> tuple[Step, ...]:
    return tuple(Step(("x = {layer}(x)",), call) for call in calls)


def _code(*lines: str) -> tuple[Step, ...]:
    return tuple(Step((line,)) for line in lines)


SHRINK = (
    *_layers(
        *["nn.Conv${r}d(4, 4, $k, $s, $padding, dilation=$dilation$rest)"] * 3,
        "nn.Conv${r}d(4, 4, $k, padding='same', dilation=$dilation$rest)",
        "nn.Conv${r}d(4, 4, $ks, $ss, $ps)",
        "nn.LazyConv${r}d(4, $k, $s, $p)",
        "nn.utils.parametrizations.weight_norm(nn.Conv${r}d(4, 4, $k, $s, $p))",
        "nn.Sequential(nn.Conv${r}d(4, 8, $k, $s, $p), nn.ReLU(), nn.Conv${r}d(8, 4, 1))",
    ),
    Step(
        ("for layer in {layer}:", "    x = F.relu(layer(x))"),
        "nn.ModuleList(nn.Conv${r}d(4, 4, $k, $s, p) for p in (0, 1, $p))",
    ),
    Step(("x = x + {layer}(x)",), "nn.Conv${r}d(4, 4, $k, 1, $p, dilation=$dilation)"),
    Step(
        ("x = torch.utils.checkpoint.checkpoint({layer}, x, use_reentrant=False)",),
        "nn.Conv${r}d(4, 4, $k, $s, $p)",
    ),
    Step(
        ("x = F.conv${r}d(x, {layer}, stride=$s, padding=$p)",),
        "nn.Parameter(torch.rand(4, 4$kernel))",
    ),
)

GROW = (
    *_layers(
        *["nn.ConvTranspose${r}d(4, 4, $k, $s, $p, output_padding=$more, dilation=$dilation)"] * 3,
        "nn.ConvTranspose${r}d(4, 4, $ks, $ss, $ps, groups=2)",
        "nn.LazyConvTranspose${r}d(4, $k, $s, $p, $more)",
        "nn.Sequential(nn.Upsample(scale_factor=$c), nn.Conv${r}d(4, 4, $k, 1, $p))",
    ),
    Step(
        ("x = {layer}(x, output_size=$to.shape[2:])",),
        "nn.ConvTranspose${r}d(4, 4, $k, $s, $p)",
    ),
    Step(
        ("x = {layer}(x, output_size=[$c * n for n in x.shape[2:]])",),
        "nn.ConvTranspose${r}d(4, 4, $k, $s, $p)",
    ),
    Step(
        ("for layer in {layer}:", "    x = layer(x)"),
        "nn.ModuleList(nn.ConvTranspose${r}d(4, 4, $k, s, $p) for s in (1, 2))",
    ),
)

POOL = (
    *_layers(
        *["nn.MaxPool${r}d($k, $s, padding=$p, ceil_mode=$flag, dilation=$dilation)"] * 2,
        *["nn.AvgPool${r}d($k, $s, padding=$p, ceil_mode=$flag, count_include_pad=$flag)"] * 2,
        "nn.MaxPool${r}d($ks, $ss, $ps, ceil_mode=$flag)",
        "nn.AvgPool${r}d($ks, $ss, $ps, ceil_mode=$flag)",
        "nn.LPPool${r}d(2, $k, $s, ceil_mode=$flag)",
        "nn.MaxPool${r}d($k, ceil_mode=$flag)",
        "nn.AdaptiveAvgPool${r}d($n)",
        "nn.AdaptiveMaxPool${r}d($k)",
    ),
    *_code("x = F.adaptive_avg_pool${r}d(x, [max(n // $c, 1) for n in x.shape[2:]])"),
    Step(
        (
            "for dim in range(2, x.ndim):  # the last of a window is its largest",
            "    x = (x if dim > 2 else torch.ones_like(x)).cumsum(dim)",
            "before = x.shape[2:]",
            "pool = nn.MaxPool${r}d($k, $s, $p, ceil_mode=$flag, return_indices=True)",
            "x, picked = pool(x)",
            "x = F.max_unpool${r}d(x, picked, $k, $s, $p$unpooled)",
        )
    ),
)
POOL_OF_TWO = _layers(
    "nn.FractionalMaxPool${r}d($k, output_ratio=0.5)",
    "nn.FractionalMaxPool${r}d($k, output_size=$n)",
    "nn.AdaptiveAvgPool2d((None, $k))",
)

RESIZE = _code(
    *["x = F.interpolate(x, $size, mode='$mode')"] * 3,
    "x = F.interpolate(x, $size, mode='$smooth', align_corners=$flag)",
    "x = F.interpolate(x, $n)",
    "x = nn.Upsample(scale_factor=$c, mode='$smooth')(x)",
)
RESIZE_OF_TWO = (
    *_code(
        "x = F.interpolate(x, $size, mode='bicubic')",
        "x = F.interpolate(x, $size, mode='bilinear', antialias=True)",
        "x = F.grid_sample(x, F.affine_grid(torch.eye(2, 3).expand(x.shape[0], 2, 3), $to.shape))",
    ),
    *_layers("nn.UpsamplingNearest2d(scale_factor=$c)", "nn.UpsamplingBilinear2d(size=$n)"),
)

PAD = (
    *_code(
        *["x = F.pad(x, $cuts)"] * 2,
        *["x = F.pad(x, $pads, mode='$bordered')"] * 2,
        "x = F.pad(x, [$any, $any0], value=1.0)",
    ),
    *_layers("nn.ZeroPad${r}d($pads)", "nn.ReflectionPad${r}d($p)", "nn.CircularPad${r}d($p)"),
)

NORM = (
    *_layers(
        *("nn.BatchNorm${r}d(4)", "nn.BatchNorm${r}d(4)", "nn.InstanceNorm${r}d(4, affine=True)"),
        *("nn.GroupNorm(2, 4)", "nn.PReLU(4)", "nn.GELU()", "nn.ReLU(inplace=True)"),
        "nn.Dropout${r}d()",
        *("nn.LocalResponseNorm(2)", "nn.Softmax($d)", "nn.LazyBatchNorm${r}d()"),
    ),
    *_code(
        *("x = F.normalize(x, dim=$d)", "x = x.double().float()", "x = x.half().float()"),
        *("x = (x > 0).to(x.dtype)", "x = x.long() / 2", "x = torch.complex(x, x).abs()"),
        *(
            "x = x.to(torch.float64)",
            "x = F.glu(torch.cat([x, x], 1), 1)",
            "x = x.clamp(0, 1) ** 2",
        ),
        *("x = x - x.mean($d, keepdim=True)", "x = x / (1 + x.std((1, $d), keepdim=True))"),
        "x = x * torch.sigmoid(x.flatten(2).mean(-1)).view(x.shape[0], 4, *[1] * $r)",
    ),
    *(
        Step(("x = {layer}(x.movedim(1, -1)).movedim(-1, 1)",), layer)
        for layer in ("nn.LayerNorm(4)", "nn.RMSNorm(4)", "nn.Linear(4, 4)")
    ),
)
