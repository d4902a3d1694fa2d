"""Steps as public models for waves, for images and for videos write them."""

from __future__ import annotations

from tests.random_networks.network import steps

_OF_ONE = steps("""
x = x.repeat(1, $c, 1).unflatten(1, (4, $c)).transpose(2, 3).flatten(2)

n = x.shape[-1]
a = x.mT @ x
a = F.pad(a, (1, 0)).view(-1, n + 1, n)[:, 1:].reshape(-1, n, n)
x = x @ a.softmax(-1)

k, n = 2 * $c, x.shape[-1]
rest = k - ($c + n % k) % k
h = F.pad(x, ($c, rest + $c))
a = h[..., : -$c].reshape(x.shape[0], 4, -1, k)
b = h[..., $c :].reshape(x.shape[0], 4, -1, k)
h = torch.cat([a, b], 3).view(x.shape[0], 4, -1, k).transpose(2, 3)
h = h.transpose(2, 3).reshape(x.shape[0], 4, -1, 2 * k)
a, b = h[..., :k].flatten(2)[..., $c :], h[..., k:].flatten(2)[..., : -$c]
x = (a + b)[..., :-rest]

{layer} = nn.Conv1d(4, 4, $k, $s, dilation=$dilation)
effective = ($k - 1) * $dilation + 1
extra = effective - $s
n = x.shape[-1]
frames = (n - effective + extra) / $s + 1
ideal = (math.ceil(frames) - 1) * $s + effective - extra
right = extra // 2
x = {layer}(F.pad(x, (extra - right, right + ideal - n)))

{layer} = nn.ConvTranspose1d(4, 4, 2 * $s, $s)
right = math.ceil($s * $k / 5)
y = {layer}(x)
x = y[..., $s - min(right, $s) : y.shape[-1] - min(right, $s)]

n = x.shape[-1]
h = F.pad(x, ($top, $top), mode='reflect').unfold(-1, 2 * $top, $top)
h = torch.fft.irfft(torch.fft.rfft(h * torch.hann_window(2 * $top)))
h = h.transpose(2, 3).flatten(1, 2)
size = (1, (h.shape[2] + 1) * $top)
x = F.fold(h, size, (1, 2 * $top), stride=(1, $top))[:, :, 0, $top : $top + n]

n_fft, hop = 4 * $c, $c
pad = (n_fft - hop) // 2
h = F.pad(x.flatten(0, 1)[:, None], (pad, pad), mode='reflect').squeeze(1)
h = torch.stft(h, n_fft, hop, window=torch.hann_window(n_fft), center=False, return_complex=True)
x = h.abs().mean(1).unflatten(0, (-1, 4))

n = x.shape[-1]
le = int(math.ceil(n / $c))
h = F.pad(x.flatten(0, 1), ($k, $k + le * $c - n))
h = h.unfold(-1, $c + 2 * $k, $c)
assert h.shape[1] == le, (h.shape, le)
x = h.mean(-1).unflatten(0, (-1, 4))

{layer} = nn.LSTM(4, 2, bidirectional=True, batch_first=True)
h = x.unfold(-1, $c, $c).permute(0, 2, 3, 1).flatten(0, 1)
h = {layer}(h)[0]
x = h.unflatten(0, (x.shape[0], -1)).flatten(1, 2).mT

{layer} = nn.TransformerEncoderLayer(4, 2, 8, batch_first=True)
n = x.shape[-1]
mask = nn.Transformer.generate_square_subsequent_mask(n)
x = {layer}(x.mT, src_mask=mask).mT
""")

_OF_TWO = steps("""
h, w = x.shape[2:]
x = F.pixel_unshuffle(F.pad(x, [0, -w % $c, 0, -h % $c]), $c)
x = F.pixel_shuffle(x, $c)[..., :h, :w]

n, c, h, w = x.shape
grid = torch.stack(torch.meshgrid(torch.arange(w), torch.arange(h), indexing='xy'), -1)
grid = 2 * grid / torch.tensor([max(w - 1, 1), max(h - 1, 1)]) - 1
x = F.grid_sample(x, grid[None].expand(n, -1, -1, -1), align_corners=$flag)

k, s = $k, $s
h, w = x.shape[2:]
nh, nw = (max(math.ceil((n - k) / s), 0) + 1 for n in (h, w))
x = F.pad(x, [0, (nw - 1) * s + k - w, 0, (nh - 1) * s + k - h])
patches = F.unfold(x, k, stride=s)
x = patches.mean(1).view(-1, 1, nh, nw).expand(-1, 4, -1, -1)

{layer} = nn.Conv2d(4, 4, $c, $c)
h = {layer}(x)
size = h.shape[2:]
h = h.flatten(2).mT
h = h + torch.zeros(1, size[0] * size[1], 4)
x = h.mT.reshape(-1, 4, *size)

h, w = x.shape[2:]
if h != w:
    n = max(h, w)
    x = F.pad(x, [(n - w) // 2, n - w - (n - w) // 2, (n - h) // 2, n - h - (n - h) // 2])

{layer} = nn.MaxPool2d(2, 2, return_indices=True, ceil_mode=$flag)
size = x.size()
h, index = {layer}(x)
x = F.max_unpool2d(h, index, 2, 2, output_size=size)

h, w = x.shape[-2:]
rows = torch.arange(h)[:, None] * w + torch.arange(w)
x = x.flatten(2)[..., rows.flip(0).flatten()].view(x.shape)

x = torch.cat([x.chunk(2, 2)[i].chunk(2, 3)[j] for i in (0, 1) for j in (0, 1)], 1)[:, ::4]

scale = $n / min(x.shape[2:])
h, w = (int(math.floor(n * scale)) for n in x.shape[2:])
x = F.interpolate(x, (h, w), mode='bilinear', align_corners=False, antialias=$flag)

x = F.interpolate(x, scale_factor=($k / $c, $k0 / $c), mode='bicubic')

h, w = x.shape[2:]
x = x.permute(0, 2, 3, 1).reshape(x.shape[0], h * w, 4)
assert x.shape[1] == h * w, 'input feature has wrong size'
x = x.view(-1, h, w, 4)
x = F.pad(x, (0, 0, 0, w % 2, 0, h % 2))
x = torch.cat([x[:, i::2, j::2] for j in (0, 1) for i in (0, 1)], -1)
x = x.view(x.shape[0], -1, 16)[..., ::4].mT.reshape(x.shape[0], 4, (h + 1) // 2, (w + 1) // 2)

n, c, h, w = x.shape
x = F.pad(x, (0, (-w) % $c, 0, (-h) % $c))
a = x.unflatten(3, (-1, $c)).unflatten(2, (-1, $c)).permute(0, 2, 4, 1, 3, 5)
gh, gw = a.shape[1:3]
a = a.flatten(4).flatten(0, 2).mT
a = F.scaled_dot_product_attention(a, a, a).mT
a = a.view(n, gh, gw, c, $c, $c).permute(0, 3, 1, 4, 2, 5).reshape(n, c, gh * $c, gw * $c)
x = a[..., :h, :w].contiguous()

{layer} = nn.Parameter(torch.zeros(2 * $c - 1, 2 * $c - 1))
h, w = x.shape[2:]
size = (2 * max(h, w) - 1,) * 2
table = F.interpolate({layer}[None, None], size, mode='bicubic')[0, 0]
i = torch.arange(h)[:, None] - torch.arange(h) + h - 1
x = x + table[i].mean()
""")

_OF_THREE = steps("""
n, c, f, h, w = x.shape
x = F.pad(x, (0, 0, 0, 0, $c - 1, 0), mode='replicate')
x = F.avg_pool3d(x, ($c, 1, 1), 1)
assert x.shape[2] == f

n, c, f, h, w = x.shape
a = x.permute(0, 3, 4, 2, 1).flatten(0, 2)
a = F.scaled_dot_product_attention(a, a, a, is_causal=$flag)
x = a.view(n, h, w, f, c).permute(0, 4, 3, 1, 2)

first, rest = x.split((1, x.shape[2] - 1), 2)
rest = F.interpolate(rest, scale_factor=(2, 1, 1)) if rest.shape[2] else rest
x = torch.cat([first, rest], 2)

x = F.interpolate(x.flatten(1, 2), scale_factor=$k / $c).unflatten(1, (4, -1))

parts = [-n % $c for n in x.shape[2:]]
x = F.pad(x, (0, parts[2], 0, parts[1], parts[0], 0))
x = x.unfold(2, $c, $c).unfold(3, $c, $c).unfold(4, $c, $c).mean((-3, -2, -1))

frames = torch.linspace(0, x.shape[2] - 1, x.shape[2] // $c).long()
x = torch.index_select(x, 2, frames)
""")

IDIOM_OF = {1: _OF_ONE, 2: _OF_TWO, 3: _OF_THREE}
