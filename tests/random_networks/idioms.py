"""Steps as public models write them: positions, masks, spectra, tokens, and loops over lengths."""

from __future__ import annotations

from tests.random_networks.network import steps

IDIOM = steps("""
mask = torch.arange(x.shape[-1]) >= x.shape[-1] // $c
x = x.masked_fill(mask, 0)

place = torch.arange(x.shape[-1])
x = torch.where(place < (x.shape[-1] + $k) // 2, x, -x)

index = torch.arange(x.shape[$d] // $c) * $c + $p
x = x.index_select($d, index)

while x.shape[$d] > $top:
    x = F.avg_pool${r}d(x, 2, ceil_mode=$flag)

while min(x.shape[2:]) < $k:
    x = F.interpolate(x, scale_factor=2, mode='$mode')

def halve(x, depth):
    if depth == 0 or min(x.shape[2:]) < 2:
        return x
    h = halve(F.max_pool${r}d(x, 2, ceil_mode=$flag), depth - 1)
    return F.interpolate(h, x.shape[2:]) + x
x = halve(x, $c)

cache = self.__dict__.setdefault('cache', {})
if cache.get('n') != x.shape[-1]:
    cache.update(n=x.shape[-1], ramp=torch.linspace(0, 1, x.shape[-1]))
x = x * cache['ramp']

out = x.new_zeros(*x.shape[:-1], x.shape[-1] + $k)
index = torch.arange(x.shape[-1]).expand(x.shape) + $p
x = out.scatter(-1, index, x)

n = x.shape[$d]
a, b, c = x.tensor_split((n // 3, n * 2 // 3), $d)
x = torch.cat([c, b, a], $d)

first, *rest = x.chunk($c, $d)
x = torch.cat([*rest, first], $d)

parts = x.split(max(x.shape[$d] // $c, 1), $d)
x = torch.cat([p + i for i, p in enumerate(parts[:4])], $d)

d = ($top - x.shape[$d]) // 2
x = F.pad(x, [${zeros}d, $top - x.shape[$d] - d])

d = int(($top - x.shape[$d]) / 2)
x = F.pad(x, [${zeros}d, d])

q, rest = divmod(-x.shape[$d], $c)
x = x.narrow($d, 0, -q - (rest > 1))

x = x.narrow($d, 0, -(($k - x.shape[$d]) // $c))

x = x[..., : ($k - x.shape[$d]) % $c + 1$after]

h = x.contiguous()
size = (*h.shape[:-1], (h.shape[-1] - $k) // $s + 1, $k)
x = h.as_strided(size, (*h.stride()[:-1], $s, 1)).mean(-1)

n = min(x.shape[2:])
x = x[(..., *[slice((m - n) // 2, (m - n) // 2 + n) for m in x.shape[2:]])]

n = min(min(x.shape[2:]), $top)
start = [int(round((m - n) / 2.0)) for m in x.shape[2:]]
x = x[(..., *[slice(i, i + n) for i in start])]

x = torch.diff(x, dim=$d, prepend=x.narrow($d, 0, 1))

x = torch.gradient(x, dim=$d)[0]

index = x.topk(max(1, x.shape[$d] // $c), $d)[1].sort($d)[0]
x = x.gather($d, index)

dims = tuple(range(2, x.ndim))
x = torch.fft.irfftn(torch.fft.rfftn(x, dim=dims), s=x.shape[2:], dim=dims)

h = torch.fft.rfft(x)
out = torch.zeros(*x.shape[:-1], x.shape[-1] // 2 + 1, dtype=h.dtype)
out[..., :$k] = h[..., :$k] * 2
x = torch.fft.irfft(out, n=x.shape[-1])

{layer} = nn.MultiheadAttention(4, 2, batch_first=True)
h = x.flatten(2).mT
mask = torch.ones(h.shape[1], h.shape[1], dtype=torch.bool).triu(1)
x = {layer}(h, h, h, attn_mask=mask, need_weights=$flag)[0].mT.reshape(x.shape)

{layer} = nn.MultiheadAttention(4, 2, batch_first=True)
h = x.flatten(2).mT
padding = torch.arange(h.shape[1])[None].expand(h.shape[0], -1) >= $n
x = {layer}(h, h, h, key_padding_mask=padding)[0].mT.reshape(x.shape)

h = x.flatten(2).mT.unflatten(2, (2, 2)).transpose(1, 2)
n = h.shape[2]
near = (torch.arange(n)[:, None] - torch.arange(n)).abs() <= $k
x = F.scaled_dot_product_attention(h, h, h, near).transpose(1, 2).flatten(2).mT.reshape(x.shape)

{layer} = nn.GRU(4, 4, $dilation, bidirectional=$flag)
h = x.flatten(2).permute(2, 0, 1)
h, last = {layer}(h, x.new_zeros($dilation * (1 + $flag), x.shape[0], 4))
x = x + h[..., :4].permute(1, 2, 0).reshape(x.shape) + last.mean()

{layer} = nn.utils.parametrizations.weight_norm(nn.ConvTranspose${r}d(4, 4, 2 * $c, $c, $c // 2))
x = F.leaky_relu({layer}(x), 0.1)

{layer} = nn.ConvTranspose${r}d(4, 4, $k, $s, $p, $more, groups=2, dilation=$dilation)
x = {layer}(x)[tuple(slice(None, n) for n in (None, None, *$to.shape[2:]))]

x = F.interpolate(x, scale_factor=$k / $c, mode='$smooth', align_corners=$flag)

x = F.interpolate(x, scale_factor=$k / $c, mode='$smooth', recompute_scale_factor=True)

x = F.interpolate(x, scale_factor=[$n / n for n in x.shape[2:]])

h = F.interpolate(x, scale_factor=1 / $c, recompute_scale_factor=$flag)
x = x + F.interpolate(h, scale_factor=float($c))

x = F.pad(x, [min($k, x.shape[-1]), 0], mode='circular')

x = F.pad(x, [min($k, x.shape[-1] - 1), $p], mode='reflect')

try:
    x = x.unflatten($d, (-1, $c)).mean($d + 1)
except (RuntimeError, ValueError):
    x = x[..., :$k$after]

stride, n = $top, x.shape[-1]
out, weight = torch.zeros_like(x), torch.zeros(n)
for start in range(0, n, stride):
    part = x[..., start : start + 2 * stride]
    out[..., start : start + 2 * stride] += part
    weight[start : start + 2 * stride] += torch.ones(part.shape[-1])
x = out / weight

x = x.mean(tuple(range(2, x.ndim)), keepdim=True).expand_as(x) + x

x = torch.cat([x] * math.ceil($n / x.shape[-1]), -1)[..., :$n]

pooled = [F.adaptive_avg_pool${r}d(x, n) for n in (1, 2, 3, 6)]
pooled = [F.interpolate(p, x.shape[2:], mode='$smooth') for p in pooled]
x = torch.cat([x, *pooled], 1)[:, 2:6]

n = max(round(x.shape[$d] / $c) * $c, $c)
x = F.pad(x, [${zeros}0, n - x.shape[$d]])

n = max(x.shape[$d], $to.shape[$d])
x = F.pad(x, [${zeros}n - x.shape[$d], 0]) + F.pad($to, [${zeros}n - $to.shape[$d], 0])

{layer} = nn.Parameter(torch.zeros($n, 4))
h = x.flatten(2).mT
index = torch.cdist(h, {layer}[None].expand(h.shape[0], -1, -1)).argmin(-1)
x = {layer}[index].mT.reshape(x.shape)

n = x.flatten(2).shape[2]
keep = int(n * (1 - $c / 10))
order = torch.rand(x.shape[0], n).argsort(1)
index = order[:, :keep, None].expand(-1, -1, 4)
h = torch.gather(x.flatten(2).mT, 1, index)
h = torch.cat([h, h.new_zeros(x.shape[0], n - keep, 4)], 1)
h = torch.gather(h, 1, order.argsort(1)[..., None].expand(-1, -1, 4))
x = h.mT.reshape(x.shape)

n = x.shape[-1]
bias = -(torch.arange(n)[None] - torch.arange(n)[:, None]).abs() * 0.5
h = x.flatten(1, -2)
x = ((h @ h.mT).mean() + bias).softmax(-1).mean(0) * x

{layer} = nn.Parameter(torch.ones(4, 1$kernel) / $k)
x = F.pad(x, [$k // 2, ($k - 1) // 2] * $r, mode='reflect')
x = F.conv${r}d(x, {layer}, stride=$s, groups=4)

out = x.new_zeros(*x.shape[:-1], x.shape[-1] * $c)
out[..., ::$c] = x
x = out

a, b = x.unflatten(-1, (-1, 2)).unbind(-1)
x = torch.stack([-b, a], -1).flatten(-2)

lengths = [n // $c for n in x.shape[2:]]
x = F.adaptive_max_pool${r}d(x, lengths) if all(lengths) else x

h = x[..., : x.shape[-1] // 2]
h += 1
h.mul_(2)
x = x[..., -h.shape[-1] - 1 :]

total = 0
for n in x.shape[2:]:
    total += n if n % 2 else -n
x = x[..., : max(total, 1)]

levels = (x.shape[-1] - 1).bit_length()
x = F.pad(x, [0, 2**levels - x.shape[-1]])

sizes = torch.tensor(x.shape[2:]) // $c
x = F.interpolate(x, size=[max(int(n), 1) for n in sizes])

lengths = torch.div(torch.tensor([x.shape[-1]]) - $k, $s, rounding_mode='floor') + 1
mask = torch.arange(x.shape[-1]) < lengths[:, None]
x = x * mask

{layer} = nn.ModuleList(nn.Conv${r}d(4, 4, $k, $s, $p) for _ in range(3))
kept = [x]
for layer in {layer}:
    if min(kept[-1].shape[2:]) < $top:
        break
    kept.append(layer(kept[-1]))
x = kept[-1] + len(kept)

{layer} = nn.AdaptiveAvgPool${r}d($n)
ratio = [n / $n for n in x.shape[2:]]
x = F.interpolate({layer}(x), size=[int(r * $n) for r in ratio])

x = x.repeat_interleave($c, $d).narrow($d, $p, x.shape[$d] * $c - 2 * $p)

index = torch.arange(0, x.shape[$d], $c).repeat_interleave($c)[: x.shape[$d]]
x = x.index_select($d, index)

index = (torch.arange(x.shape[$d]) + $any) % x.shape[$d]
x = x.index_select($d, index)

index = (torch.arange($n) * (x.shape[$d] / $n)).floor().long().clamp(max=x.shape[$d] - 1)
x = x.index_select($d, index)

index = torch.linspace(0, x.shape[$d] - 1, $n).round().long()
x = x.index_select($d, index)
""")
