"""Steps that are code: what ``forward`` does beside calling layers."""

from __future__ import annotations

from tests.random_networks.network import Step


def _code(*texts: str) -> tuple[Step, ...]:
    """One step for each text, whose lines are parted by semicolons."""
    return tuple(Step(tuple(text.split("; "))) for text in texts)


CUT = _code(
    "x = x[..., $k:$after]",
    "x = x[..., :-$k$after]",
    "x = x[..., ::$k$after]",
    "x = x[..., 1::$k$after]",
    "x = x[..., $any:$any0$after]",
    "x = x[..., None, $any$after]",
    "x = x[..., [0, $any]$after]",
    "x = x.narrow($d, 0, $k)",
    "x = x.select($d, $any).unsqueeze($d)",
    "x = x.chunk($k, $d)[-1]",
    "x = x.split($k, $d)[0]",
    "x = x.split([$k, x.shape[$d] - $k], $d)[1]",
    "x = x.tensor_split($k, $d)[0]",
    "x = torch.cat(x.chunk($k, $d)[::-1], $d)",
    "x = torch.stack(x.unbind($d)[:$k], $d)",
    "x = x.unfold($d, $k, $s).mean(-1)",
    "x = x.roll($k, $d).flip($d).cumsum($d)",
    "x = x.repeat_interleave($k, $d)",
    "x = torch.diff(x, dim=$d)",
    "x = x.unflatten($d, (-1, $k)).amax(-1)",
    "x = x.flatten($d, $d)",
    "x = x[..., torch.arange(x.shape[$d] // $k)$after]",
    "x = x.index_select($d, torch.arange(0, x.shape[$d], $k))",
    "x = x.topk($k, $d)[0]",
    "x = x.sort($d)[0].kthvalue($k, $d, keepdim=True)[0]",
    "x = x.gather($d, x.argsort($d))",
    "x = x.cummax($d).values.expand_as(x)",
    "x = x.mean($d, keepdim=True).expand_as($to)",
    "x = x.repeat(1, 1, *[$c] * $r)",
    "x[..., : $k$after] = 0",
    "x[..., $any$after] += 1",
    "a, b = x.split([$k, x.shape[$d] - $k], $d); x = torch.cat([b, a], $d)",
    "a, b = x.chunk(2, $d); x = a * b",
    "x = torch.linspace(0, 1, x.shape[$d]).view([-1] + [1] * (x.ndim - 1 - $d)) * x",
    "x = torch.fft.irfft(torch.fft.rfft(x, dim=$d), dim=$d)",
    "x = torch.fft.irfft(torch.fft.rfft(x, dim=$d), n=x.shape[$d], dim=$d)",
    "x = torch.fft.fftshift(torch.fft.fft(x, n=$n, dim=$d), dim=$d).abs()",
)

VIEW = _code(
    "x = x.view(x.shape[0], 4, -1, $c).amax(-1).reshape(x.shape[0], 4, *x.shape[2:-1], -1)",
    "x = x.flatten(2).transpose(1, 2).reshape(x.shape[0], *x.shape[2:], 4).movedim(-1, 1)",
    "x = x.reshape(x.shape[0] * 4, 1, *x.shape[2:]).view_as(x)",
    "x = x.movedim($d, -1)",
    "x = x.transpose($d, -1)",
    "x = x.contiguous().view(-1).view(x.size())",
    "x = x.squeeze().reshape(x.shape)",
    "x = x.squeeze($d)",
    "x = x.flatten(0, 1).unflatten(0, (-1, 4))",
    "x = torch.stack([x, x]).sum(0)",
    "x = torch.einsum('nc...,dc->nd...', x, torch.ones(4, 4))",
    "x = x[:, :1].expand(-1, 4, *x.shape[2:])",
)

_VIEW_OF_ONE = _code(
    "x = x.view(x.shape[0], 4, -1, $c).mean(-1)",
    "x = x.reshape(x.shape[0], 4, x.shape[2] // $c, $c).flatten(2)",
    "x = x @ (x.transpose(1, 2) @ x).softmax(-1)",
    "x = torch.einsum('ncl,ncm->nlm', x, x).mean(1, keepdim=True) + x",
    "x = x.reshape(x.shape[0], 4 * $c, -1)[:, :4]",
    "x = F.pixel_shuffle(x.repeat(1, $c * $c, 1).unsqueeze(-1), $c).flatten(2)",
    "x = F.fold(x.repeat(1, $k, 1), (1, $n), (1, $k), stride=$s).squeeze(2)",
)

_VIEW_OF_TWO = _code(
    "x = F.pixel_unshuffle(x, $c)[:, :4]",
    "x = nn.PixelShuffle($c)(x.repeat(1, $c * $c, 1, 1))",
    "x = F.channel_shuffle(x, $c)",
    "x = x.reshape(x.shape[0], 4, x.shape[2] // $c, $c, -1).mean(3)",
    "x = x.transpose(2, 3)",
    "x = x.mT.rot90(1, (2, 3))",
    "x = x @ x.transpose(2, 3)",
    "x = torch.einsum('nchw,ncwk->nchk', x, $to.transpose(2, 3))",
    "x = F.fold(F.unfold(x, $c, stride=$c), x.shape[2:], $c, stride=$c)",
    "x = F.fold(F.unfold(x, $k, $dilation, $p, $s), $to.shape[2:], $k, $dilation, $p, $s)",
    "x = x.view(x.shape[0], 4, -1, $c).amax(-1).unflatten(2, (-1, x.shape[3]))",
    "x = x.unfold(2, $c, $c).unfold(3, $c, $c).amax((-2, -1))",
    "x = x.tril() + x.triu(1)",
    "x = F.unfold(x, $k, $dilation, $p, $s).unflatten(1, (4, -1)).mean(2, keepdim=True)",
    # windows as Swin has them, and back
    "h, w = x.shape[2:]; x = x.view(-1, 4, h // $c, $c, w // $c, $c)"
    "; x = x.permute(0, 2, 4, 1, 3, 5).reshape(-1, 4, $c, $c)"
    "; x = x.view(-1, h // $c, w // $c, 4, $c, $c).permute(0, 3, 1, 4, 2, 5).reshape(-1, 4, h, w)",
)

_VIEW_OF_THREE = _code(
    "x = x.permute(0, 2, 1, 3, 4).flatten(0, 1)[..., ::2].unflatten(0, (-1, x.shape[2]))"
    ".transpose(1, 2)",
    "x = F.pixel_unshuffle(x.transpose(1, 2), $c).transpose(1, 2)[:, :4]",
    "x = x.flatten(3).unflatten(3, x.shape[3:])",
    "x = x.mean(2, keepdim=True).expand(-1, -1, $k, -1, -1)",
)

MIX = (
    Step(
        ("h = x.flatten(2).transpose(1, 2)", "x = {layer}(h)[0][..., :4].mT.reshape(x.shape)"),
        "nn.$recurrent(4, 4, batch_first=True, bidirectional=$flag)",
    ),
    Step(
        ("h = x.flatten(2).transpose(1, 2)", "x = {layer}(h, h, h)[0].mT.reshape(x.shape)"),
        "nn.MultiheadAttention(4, 2, batch_first=True)",
    ),
    Step(
        ("x = {layer}(x.flatten(2).mT).mT.reshape(x.shape)",),
        "nn.TransformerEncoderLayer(4, 2, 8, batch_first=True)",
    ),
    Step(
        ("h = x.flatten(2).mT", "x = x + {layer}(torch.arange(h.shape[1])).T.view(x.shape[1:])"),
        "nn.Embedding(8 * $n, 4)",
    ),
    Step(
        ("x = x + {layer}[..., : x.shape[-1]]",),
        "nn.Parameter(torch.zeros(4, *[1] * ($r - 1), $n))",
    ),
    Step(("x = x + {layer}",), "nn.Parameter(torch.zeros(1, 4, *[1] * ($r - 1), $n))"),
    Step(("x = {layer}(x)",), "nn.Linear($n, $k)"),
    Step(("x = {layer}(x)",), "nn.LayerNorm($n)"),
    Step(("x = {layer}(x, x)",), "nn.Bilinear($n, $n, 5)"),
    Step(
        (
            "h = x.new_zeros(x.shape[0], 4)",
            "for i in range(min(x.shape[-1], $c)):",
            "    h = {layer}(x[..., i].flatten(2).mean(-1) if x.ndim > 3 else x[..., i], h)",
            "x = x + h.view(-1, 4, *[1] * $r)",
        ),
        "nn.GRUCell(4, 4)",
    ),
    Step(
        ("with torch.autocast('cpu', enabled=$flag):", "    x = {layer}(x)"),
        "nn.Conv${r}d(4, 4, $k, $s, $p)",
    ),
    *_code(
        "h = x.flatten(2).mT; x = F.scaled_dot_product_attention(h, h, h).mT.reshape(x.shape)",
        "h = x.flatten(2); k = $to.flatten(2)"
        "; x = F.scaled_dot_product_attention(h.mT, k.mT, k.mT).mT.reshape(x.shape)",
        "h = x.flatten(2); x = (h.softmax(-1) @ h.mT @ h).view(x.shape)",
        "h = x.flatten(2); x = h[..., :1].unsqueeze(-1).expand(*h.shape[:2], $k, h.shape[2])"
        ".mean(2).reshape(x.shape)",
    ),
)

_SPECTRA = _code(
    "n = x.shape[-1]; h = torch.stft(x.reshape(-1, n), $k * 4, $s, return_complex=True,"
    " window=torch.ones($k * 4)); x = torch.istft(h, $k * 4, $s, window=torch.ones($k * 4),"
    " length=n).view(x.shape)",
    "h = torch.stft(x.flatten(0, -2), $k * 4, $s, center=$flag, return_complex=True,"
    " window=torch.ones($k * 4)); x = h.abs().mean(1).view(*x.shape[:-1], -1)",
)

VIEW_OF = {1: (*_VIEW_OF_ONE, *_SPECTRA), 2: _VIEW_OF_TWO, 3: _VIEW_OF_THREE}

ASK = _code(
    "if x.shape[$d] % 2:;     x = F.pad(x, [${zeros}0, 1])",
    "if x.shape[$d] > $top:;     x = x[..., :-$k$after]",
    "x = F.pad(x, [${zeros}0, -x.shape[$d] % $c])",
    "x = F.pad(x, [${zeros}0, (x.shape[$d] + $k) // $c * $c - x.shape[$d]])",
    "assert x.shape[$d] % $c < $c - 1, 'length'",
    "assert x.shape[$d] % $c == 0, f'{x.shape[$d]} is no multiple'",
    "if x.shape[$d] < $top:;     raise ValueError('too short')",
    "if x.size($d) == $to.size($d):;     x = x + $to",
    "if x.shape != $to.shape:;     x = F.interpolate(x, size=$to.shape[2:])",
    "if x.shape[-1] != x.shape[2]:;     x = x[..., 1:]",
    "x = x[..., : x.shape[$d] - x.shape[$d] % $c$after]",
    "x = x[..., : min(x.shape[$d], $top)$after]",
    "x = x[..., max(x.shape[$d] - $top, 0) :$after]",
    "x = x[..., : math.ceil(x.shape[$d] / $c)$after]",
    "x = x[..., : round(x.shape[$d] * 0.75)$after]",
    "x = x[..., : int(x.shape[$d] ** 0.5)$after]",
    "x = x[..., : 2 ** (x.shape[$d].bit_length() - 1)$after]",
    "for _ in range(x.shape[$d] // (8 * $c)):;     x = x[..., 1:$after]",
    "for _ in range(min(x.shape[$d], 3)):;     x = F.pad(x, [${zeros}0, 1])",
    "while x.shape[$d] > 40:;     x = x[..., ::2$after]",
    "for i in range(0, $n, $k):;     x[..., i : i + $k$after] += i",
    "x = torch.cat([p.flip($d) for p in x.split($top, $d)], $d)",
    "if x.numel() > 100 * $n:;     x = x[..., ::2$after]",
    "if x.shape[0] == 1:;     x = x.repeat(2, *[1] * (x.ndim - 1))",
    "if x.shape[$d] < $k:;     return x",
    "if x.shape[$d] == $top:;     return x, x.mean()",
    "try:;     x = x.view(x.shape[0], -1, $c, *x.shape[2:])[:, :4, 0]; except RuntimeError:"
    ";     x = x + 1",
    "x = x.new_zeros(x.shape[0], 4, *[n // $c + 1 for n in x.shape[2:]])",
    "x = x[:, :, *[slice(0, n // 2 * 2) for n in x.shape[2:]]]",
)

JOIN = _code(
    "x = torch.cat([x, $to], 1)[:, 2:6]",
    "x = torch.cat([x, $to], $d)",
    "x = torch.stack([x, $to]).mean(0)",
    "x = x + $to",
    "x = x * $to.mean($d, keepdim=True)",
    "x = F.interpolate(x, size=$to.shape[2:]) + $to",
    "x = x[..., : $to.shape[-1]]",
    "d = (x.shape[-1] - $to.shape[-1]) // 2; x = x[..., d : d + $to.shape[-1]] + $to",
    "d = $to.shape[-1] - x.shape[-1]"
    "; x = torch.cat([F.pad(x, [d // 2, d - d // 2]), $to], 1)[:, :4]",
    "d = min(x.shape[$d], $to.shape[$d]); x = x[..., :d$after] * $to[..., :d$after]",
    "x = x[..., : $to.shape[-1]] + $to[..., : x.shape[-1]]",
    "x = x + F.mse_loss(x, $to)",
    "x = torch.where(x > 0, x, $to)",
    "x, _ = torch.broadcast_tensors(x, $to)",
    "x = torch.maximum(x, $to)",
    "x += $to",
    "x = x.clone().copy_($to)",
    "x = torch.lerp(x, $to, 0.5)",
    "x = x.reshape_as($to)",
    "x = x.expand_as($to)",
    "x = x + 0 * torch.cdist(x.flatten(2), $to.flatten(2)).sum()",
    "assert x.shape == $to.shape, f'{x.shape} is not {$to.shape}'",
)

LEAVE = (
    Step(("x = {layer}(x.flatten(1))",), "nn.Linear(4 * $n, 3)"),
    Step(("x = {layer}(x.flatten(2))",), "nn.Linear($n, 3)"),
    Step(("x = {layer}(x.flatten(1))",), "nn.LazyLinear(3)"),
    Step(("x = {layer}(x.flatten(2).mean(-1))",), "nn.Linear(4, 3)"),
    Step(("x = {layer}(x.flatten(1))",), "nn.BatchNorm1d(4 * $n)"),
    Step(("x, h = {layer}(x.flatten(2).mT)",), "nn.GRU(4, 3, $dilation, batch_first=True)"),
    *_code(
        "x = x.mean(dim=(1, -1)).squeeze()",
        "x = F.mse_loss(x, $to)",
        "x = F.cross_entropy(x, $to.argmax(1))",
        "x = F.l1_loss(x, $to, reduction='none')",
        "x = (x, x.shape[-1] * torch.ones(x.shape[2], 2))",
        "x = {'out': x, 'image': image, 'parts': x.chunk(2, 1)}",
        "x = [x, $to, (x - 1).argmax(1)]",
        "x = image, x",
        "x = x.flatten(1).var(1)",
        "x = x.amax(2).median(-1).values",
        "x = x.flatten(2).cov() if x.ndim < 3 else torch.cov(x[0].flatten(1))",
        "x = torch.histc(x, $n)",
        "x = F.one_hot(x.argmax(1), 4).movedim(-1, 1)",
        "x = x.permute(*range(x.ndim)[::-1]).flatten(0, 1)",
    ),
)
