"""Steps as encoder-decoders in use write them: attention, tables of positions, windows."""

from __future__ import annotations

from tests.random_networks.network import steps

LOOK = steps("""
{layer} = nn.Parameter(torch.zeros(2 * $k + 1, 1))
n = x.shape[2:].numel()
h = x.flatten(2).mT
bias = torch.arange(n)[:, None] - torch.arange(n)[None]
bias = {layer}[bias.clamp(-$k, $k) + $k].squeeze(-1)
x = F.scaled_dot_product_attention(h, h, h, attn_mask=bias).mT.reshape(x.shape)

{layer} = nn.Parameter(torch.zeros(2 * $n - 1))
n = x.shape[-1]
h = x.flatten(2, -2).mean(2) if x.ndim > 3 else x
table = {layer}[torch.arange(n)[:, None] - torch.arange(n) + n - 1]
x = x + (table.softmax(-1) @ h.mT).mT.reshape(h.shape[0], 4, *[1] * ($r - 1), n)

{layer} = nn.Buffer(torch.ones($n, $n).tril())
n = x.shape[-1]
mask = {layer}[:n, :n] == 0
x = ((x @ x.mT) if x.ndim > 3 else x.mT @ x)
x = x.masked_fill(mask[: x.shape[-2], : x.shape[-1]], 0) + mask.float().mean()

h = x.flatten(2).mT
angles = torch.outer(torch.arange(h.shape[1]), 1 / 10 ** torch.arange(2))
a, b = h.chunk(2, -1)
h = torch.cat([a * angles.cos() - b * angles.sin(), a * angles.sin() + b * angles.cos()], -1)
x = F.scaled_dot_product_attention(h, h, h, is_causal=$flag).mT.reshape(x.shape)

{layer} = nn.Parameter(torch.zeros(1, 4, *[$k] * $r))
table = F.interpolate({layer}, size=x.shape[2:], mode='$smooth')
x = x + table

{layer} = nn.Parameter(torch.zeros(1, 4, *[1] * ($r - 1), $n))
n, top = x.shape[-1], {layer}.shape[-1]
table = {layer}
if n > top:
    table = torch.cat([table, table[..., -1:].expand(*table.shape[:-1], n - top)], -1)
x = x + table[..., :n]

h = x.flatten(2).mT
side = int(math.sqrt(h.shape[1]))
assert side * side == h.shape[1], h.shape
x = F.avg_pool2d(h.mT.view(-1, 4, side, side), $c).flatten(2).mean(-1)
x = x.view(-1, 4, *[1] * $r).expand(-1, 4, *$to.shape[2:])

{layer} = nn.Parameter(torch.zeros(1, 1, 4))
h = x.flatten(2).mT
token = {layer}.expand(h.shape[0], -1, -1)
h = torch.cat([token, h], 1)
h = h + torch.zeros(1, h.shape[1], 4).softmax(1)
x = h[:, 1:].mT.unflatten(2, x.shape[2:])

{layer} = nn.Sequential(nn.Linear(4, 2), nn.ReLU(), nn.Linear(2, 4))
h = F.adaptive_avg_pool${r}d(x, 1).flatten(1)
x = x * {layer}(h).sigmoid()[(..., *[None] * $r)]

{layer} = nn.$recurrent(4, 4)
h, _ = {layer}(x.flatten(2).permute(2, 0, 1)[:$top])
x = x + h[-1].view(-1, 4, *[1] * $r)

{layer} = nn.LSTM(4, 4, batch_first=True)
h = x.movedim(-1, 1).flatten(2)[:, : $top]
h, _ = {layer}(F.adaptive_avg_pool1d(h, 4))
x = x * h.mean(1).view(-1, 4, *[1] * $r)

{layer} = nn.Linear(4, 12)
q, k, v = {layer}(x.flatten(2).mT).chunk(3, -1)
q, k, v = (t.unflatten(-1, (2, -1)).transpose(1, 2) for t in (q, k, v))
h = (q @ k.mT / math.sqrt(q.shape[-1])).softmax(-1) @ v
x = x + h.transpose(1, 2).flatten(2).mT.view(x.shape)

steps = max(1, round(x.shape[$d] / $c))
x = x.index_select($d, torch.linspace(0, x.shape[$d] - 1, steps).long())

index = (torch.arange($n) * x.shape[$d] / $n).long()
x = x.index_select($d, index)

assert x.shape[$d] in range(1, 8 * $top), f'{x.shape} is too long'
assert all(n % 2 == x.shape[2] % 2 for n in x.shape[2:]), 'odd ones among even ones'

if any(n < $k for n in x.shape[2:]):
    raise ValueError(f'{tuple(x.shape[2:])}: at least {$k}')
if not x.shape[$d] & (x.shape[$d] - 1):
    x = x.repeat_interleave(2, $d)

n, count = x.shape[$d], 0
while n % 2 == 0 and count < 3:
    n, count = n // 2, count + 1
x = x.narrow($d, 0, n)

for i, n in enumerate(sorted(x.shape[2:])):
    x = x.narrow(2 + i, 0, min(n, x.shape[2 + i]))

ratio = x.shape[-1] / $to.shape[-1]
x = F.interpolate(x, scale_factor=1 / ratio) if ratio > 1 else x

scale = $n / max(x.shape[2:])
x = F.interpolate(x, [int(n * scale + 0.5) for n in x.shape[2:]])
""")

_WINDOWS_OF_ONE = steps("""
n, step = x.shape[-1], $c
gap = step - (step // 2 + n % step) % step
h = F.pad(x, [step // 2, gap + step // 2])
a = h[..., : -step // 2].reshape(x.shape[0], 4, -1, step)
b = h[..., step // 2 + step % 2 :].reshape(x.shape[0], 4, -1, step)
h = torch.cat([a, b], 3).view(x.shape[0], 4, -1, step)
x = h.flatten(2)[..., :n]

frames = x.unfold(-1, 2 * $c, $c)
h = frames.permute(0, 1, 3, 2).flatten(1, 2)
size = (frames.shape[2] - 1) * $c + 2 * $c
x = F.fold(h, (1, size), (1, 2 * $c), stride=(1, $c)).squeeze(2)

{layer} = nn.Conv1d(4, 4, $k, 1, $p)
n = x.shape[-1] // $c * $c
x = x[..., :n].view(*x.shape[:2], -1, $c).transpose(1, 2).flatten(0, 1)
x = {layer}(x).unflatten(0, (-1, n // $c)).transpose(1, 2).flatten(2)

{layer} = nn.Conv1d(4, 4, $k, $s, $p, dilation=$dilation)
x = {layer}(x)
x = x[..., : x.shape[-1] - $p] if $p else x
""")

_WINDOWS_OF_TWO = steps("""
n, c, h, w = x.shape
x = F.pad(x, [0, -w % $c, 0, -h % $c])
hp, wp = x.shape[2:]
shift = $c // 2 if min(hp, wp) > $c else 0
x = torch.roll(x, (-shift, -shift), (2, 3))
mask = torch.zeros(hp, wp)
parts = (slice(0, -$c), slice(-$c, -shift), slice(-shift, None)) if shift else ()
for i, rows in enumerate(parts):
    for j, columns in enumerate(parts):
        mask[rows, columns] = 3 * i + j
mask = mask.view(hp // $c, $c, wp // $c, $c).transpose(1, 2).reshape(-1, 1, $c * $c)
x = x.view(n, c, hp // $c, $c, wp // $c, $c).permute(0, 2, 4, 3, 5, 1)
x = x.reshape(-1, $c * $c, c)
a = x @ x.mT
a = a.view(n, -1, $c * $c, $c * $c) + (mask != mask.mT)
x = a.flatten(0, 1).softmax(-1) @ x
x = x.view(n, hp // $c, wp // $c, $c, $c, c).permute(0, 5, 1, 3, 2, 4)
x = torch.roll(x.reshape(n, c, hp, wp), (shift, shift), (2, 3))[:, :, :h, :w]

h, w = x.shape[2:]
parts = [x[:, :, i::2, j::2] for i in (0, 1) for j in (0, 1)]
parts = [F.pad(p, [0, (w + 1) // 2 - p.shape[3], 0, (h + 1) // 2 - p.shape[2]])
         for p in parts]
x = torch.cat(parts, 1)[:, ::4]

{layer} = nn.Conv2d(4, 4, $k, $s, $p)
x = {layer}(x)
x = torch.cat([x[:, :, 0::2, 0::2], x[:, :, 1::2, 0::2]], 1)[:, :4]

{layer} = nn.Conv1d(4, 4, $k, $s, $p)
n, c, h, w = x.shape
rows = x.permute(0, 3, 1, 2).flatten(0, 1)
x = {layer}(rows).unflatten(0, (n, w)).permute(0, 2, 3, 1)

patches = F.unfold(x, $k, stride=$s)
ones = F.fold(torch.ones_like(patches), x.shape[2:], $k, stride=$s)
x = F.fold(patches, x.shape[2:], $k, stride=$s) / ones

flow = torch.stack(torch.meshgrid(
    torch.linspace(-1, 1, $to.shape[3]), torch.linspace(-1, 1, $to.shape[2]),
    indexing='xy'), -1)
x = F.grid_sample(x, flow.expand(x.shape[0], -1, -1, -1), align_corners=$flag)

{layer} = nn.Parameter(torch.zeros(1, $k * $k, 4))
side = round(math.sqrt({layer}.shape[1]))
table = {layer}.view(1, side, side, 4).permute(0, 3, 1, 2)
if x.shape[2] * x.shape[3] != {layer}.shape[1] or x.shape[2] != x.shape[3]:
    table = F.interpolate(table, x.shape[2:], mode='bicubic')
x = x + table

{layer} = nn.Conv2d(4, 4, $k, $s, $p)
h = {layer}(x)
x = h + F.interpolate(x, scale_factor=h.shape[2] / x.shape[2])
""")

_WINDOWS_OF_THREE = steps("""
{layer} = nn.Conv2d(4, 4, $k, $s, $p)
n, c, f, h, w = x.shape
x = {layer}(x.transpose(1, 2).reshape(n * f, c, h, w))
x = x.view(n, f, *x.shape[1:]).transpose(1, 2)

first, rest = x[:, :, :1], x[:, :, 1:]
if rest.shape[2]:
    rest = F.avg_pool3d(rest, ($c, 1, 1))
x = torch.cat([first, rest], 2)

{layer} = nn.Conv3d(4, 4, ($k, 1, 1), ($s, 1, 1))
x = torch.cat([x[:, :, :1]] * ($k - 1) + [x], 2)
x = {layer}(x)

{layer} = nn.Conv1d(4, 4, $k, 1, $p)
x = {layer}(x.permute(0, 3, 4, 1, 2).flatten(0, 2))
x = x.unflatten(0, (-1, *$to.shape[3:])).permute(0, 3, 4, 1, 2)
""")

WINDOWS = {1: _WINDOWS_OF_ONE, 2: _WINDOWS_OF_TWO, 3: _WINDOWS_OF_THREE}

BESIDE = tuple(
    zip(
        ("N", "N 4", "N K 4", "N K:int64", "N K", "K 4 L"),
        steps("""
x = x + y.view(-1, 1, *[1] * $r)

{layer} = nn.Linear(4, 8)
scale, shift = {layer}(F.silu(y)).chunk(2, 1)
x = x * (1 + scale.view(-1, 4, *[1] * $r)) + shift[(..., *[None] * $r)]

h = x.flatten(2).mT
x = x + F.scaled_dot_product_attention(h, y, y).mT.reshape(x.shape)

{layer} = nn.Embedding(3, 4)
h, y = x.flatten(2).mT, {layer}(y)
h = torch.cat([h, y], 1)
h = F.scaled_dot_product_attention(h, h, h)[:, : -y.shape[1]]
x = h.mT.unflatten(2, x.shape[2:])

mask = F.interpolate(y[:, None], size=x.shape[2:].numel()) > 0.5
x = x * mask.view(x.shape[0], 1, *x.shape[2:])

prompt = F.adaptive_avg_pool1d(y, $k).flatten(1).mean(1)
x = torch.cat([x, prompt[: x.shape[0], None].expand(-1, 4)[(..., *[None] * $r)]
               .expand(-1, -1, *x.shape[2:])], 1)[:, ::2]
"""),
    )
)
"""Inputs of another kind than the first, each with what is done with it."""

INNER_PAIR = steps("""
x = x, (image.shape[$d], x.shape[2:])

{layer} = Inner()
x, (n, sizes) = {layer}(x)
x = F.interpolate(x[..., :n$after], sizes)
""")
"""A module inside that returns a map and its lengths, and what is done with them."""
