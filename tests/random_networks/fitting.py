"""Steps as encoder-decoders in use write them: lengths made to fit, maps cut and put together."""

from __future__ import annotations

from tests.random_networks.network import steps

FIT = steps("""
pads = [max((-(-n // $s) - 1) * $s + ($k - 1) * $dilation + 1 - n, 0) for n in x.shape[2:]]
x = F.pad(x, [m for n in reversed(pads) for m in (n // 2, n - n // 2)])
x = F.max_pool${r}d(x, $k, $s, dilation=$dilation)

frames = (x.shape[-1] - $k + $p) / $s + 1
ideal = (math.ceil(frames) - 1) * $s + ($k - $p)
x = F.pad(x, (0, ideal - x.shape[-1]))

extra = max($p + $more - x.shape[-1] + 1, 0)
h = F.pad(F.pad(x, [0, extra]).flatten(0, -2)[None], [$p, $more], mode='reflect')
x = h[0, :, : h.shape[-1] - extra].view(*x.shape[:-1], -1)

length = x.shape[-1]
for _ in range(2):
    length = max(math.ceil((length - $k) / $s) + 1, 1)
for _ in range(2):
    length = (length - 1) * $s + $k
x = F.pad(x, (0, length - x.shape[-1]))

short = [a - b for a, b in zip($to.shape[2:], x.shape[2:])]
for n in short[::-1]:
    assert n >= 0, short
x = F.pad(x, sum(([n // 2, n - n // 2] for n in short[::-1]), []))

if x.shape[2:] != $to.shape[2:]:
    least = [min(a, b) for a, b in zip(x.shape[2:], $to.shape[2:])]
    index = tuple(slice((n - m) // 2, (n - m) // 2 + m)
                  for n, m in zip(x.shape[2:], least))
    x = x[(..., *index)]

try:
    x = x + $to
except RuntimeError:
    x = x + F.interpolate($to, x.shape[2:])

large = max(x.shape[2:])
x = F.pad(x, [m for n in reversed(x.shape[2:]) for m in (0, large - n)])

{layer} = nn.Conv${r}d(4, 4, $c, $c)
before = x.shape[2:]
x = F.interpolate(x, [math.ceil(n / $c) * $c for n in before])
x = {layer}(x)
x = F.interpolate(x, before, mode='nearest-exact')

{layer} = nn.ConvTranspose${r}d(4, 4, $k, $s)
rest = (x.shape[$d] - $k) % $s
x = F.pad(x, [${zeros}0, $s - rest]) if rest else x
x = {layer}(x)[..., : x.shape[$d]$after]

n, top = x.shape[$d], $top
low, high = divmod(abs(n - top), 2)
x = F.pad(x, [${zeros}low, low + high]) if n < top else x.narrow($d, low, top)

d = [torch.tensor([a - b]) for a, b in zip($to.shape[2:], x.shape[2:])]
x = F.pad(x, [m for n in reversed(d) for m in (n // 2, n - n // 2)])

sizes = np.array(x.shape[2:])
more = (np.ceil(sizes / $c) * $c).astype(int) - sizes
x = F.pad(x, [int(m) for n in more[::-1] for m in (0, n)])

{layer} = nn.ModuleList(nn.Conv${r}d(4, 4, $k, $s, $p) for _ in range(2))
lengths = []
for layer in {layer}:
    lengths.append(x.shape[2:])
    x = F.relu(layer(x))
while lengths:
    x = F.interpolate(x, size=lengths.pop())

{layer} = nn.ModuleList(nn.Conv${r}d(4, 4, $k, 2, $p) for _ in range(2))
kept = [x]
for layer in {layer}:
    kept.append(layer(kept[-1]))
for skip in kept[-2::-1]:
    h = F.interpolate(kept[-1], scale_factor=2)
    kept[-1] = h[tuple(slice(0, n) for n in skip.shape)] + skip
x = kept[-1]

{layer} = nn.ModuleDict(dict(up=nn.ConvTranspose${r}d(4, 4, $k, $s), down=nn.Conv${r}d(4, 4, $k)))
x = {layer}['up']({layer}['down'](x), output_size=x.shape[2:]) + x

{layer} = nn.ModuleDict({'even': nn.MaxPool${r}d(2), 'odd': nn.Conv${r}d(4, 4, $k, 2, $p)})
x = {layer}[('even', 'odd')[x.shape[$d] % 2]](x)

levels = int(math.log2(min(x.shape[2:])))
for _ in range(min(levels, 3)):
    x = F.avg_pool${r}d(x, 2)

pyramid = []
for _ in range(2):
    low = F.avg_pool${r}d(x, 2, ceil_mode=$flag)
    pyramid.append(x - F.interpolate(low, x.shape[2:], mode='$smooth'))
    x = low
for detail in pyramid[::-1]:
    x = F.interpolate(x, detail.shape[2:], mode='$smooth') + detail
""")

SPLIT = steps("""
{layer} = nn.Conv${r}d(4, 4, $k, 1, $p)
out = []
for i in range(0, x.shape[$d], $top):
    out.append({layer}(x.narrow($d, i, min($top, x.shape[$d] - i))))
x = torch.cat(out, $d)

n = x.shape[$d]
first, last = torch.split(x, [n - n // 2, n // 2], $d)
x = torch.cat([last, first], $d)

even, odd = x[..., ::2$after], x[..., 1::2$after]
n = min(even.shape[$d], odd.shape[$d])
a, b = even.narrow($d, 0, n), odd.narrow($d, 0, n)
out = x.new_zeros(x.shape)
out[..., 0 : 2 * n : 2$after], out[..., 1 : 2 * n : 2$after] = a + b, a - b
x = out

if x.shape[$d] % 2 == 1:
    x = F.pad(x, [${zeros}0, 1])
x = torch.cat([x[..., 0::2$after], x[..., 1::2$after]], 1)[:, ::2]

n, step = x.shape[$d], $c
count = math.ceil((n - step) / step) + 1
x = F.pad(x, [${zeros}0, max(count * step - n, 0)])
x = torch.stack([x.narrow($d, i * step, step) for i in range(min(count, 4))]).mean(0)

feats = {'x': x}
feats |= {f'p{i}': F.adaptive_avg_pool${r}d(x, i) for i in (1, $k)}
feats = {k: F.interpolate(v, x.shape[2:]) for k, v in feats.items()}
x = torch.cat([*feats.values()], 1)[:, 1:9:2]

{layer} = nn.ModuleList(nn.Conv${r}d(2, 2, k, $s, $p) for k in ($k, $k0))
halves = x.chunk(2, 1)
x = torch.cat([layer(part) for layer, part in zip({layer}, halves)], 1)

{layer} = nn.Conv${r}d(4, 4, $k, $s, $p)
a, b = {layer}(x).tensor_split(2, 1)
x = (a * b.sigmoid()).repeat(1, 2, *[1] * $r)

total = x.shape[2:].numel()
if total > $top * 4:
    x = x[..., : x.shape[-1] // 2]
x = x.view(x.shape[0], 4, -1, x.shape[-1]).view(x.shape)

x = torch.cat([p for p in x.split(max(x.shape[$d] // $c, 1), $d)][:$k], $d)

scale = (x[:, :1] * 0 + 1).cumsum($d).flip($d)
x = torch.einsum('nc...,nk...->nc...', x, scale)

{layer} = nn.BatchNorm${r}d(4)
if x.shape[0] > 1:
    x = {layer}(x)
x = x - x.mean(0, keepdim=True)

{layer} = nn.Buffer(torch.zeros(1, 1, *[1] * ($r - 1), $n), persistent=False)
if {layer}.shape[-1] != x.shape[-1]:
    {layer} = x.new_ones(1, 1, *x.shape[2:])
x = x * {layer}

coords = [torch.linspace(-1, 1, n) for n in x.shape[2:]]
grid = torch.stack(torch.meshgrid(*coords, indexing='ij'))
x = torch.cat([x[:, $r:], grid.expand(x.shape[0], *grid.shape)], 1)

{layer} = nn.Sequential(nn.Conv${r}d(4, 4, $k, $s, $p), nn.ReLU(), nn.MaxPool${r}d($k0))
x = torch.utils.checkpoint.checkpoint_sequential({layer}, 2, x, use_reentrant=False)

{layer} = nn.ParameterList(torch.rand(4, 4$kernel) for _ in range(2))
for weight in {layer}:
    x = F.conv${r}d(x, weight, padding='same')

{layer} = nn.utils.parametrizations.spectral_norm(nn.ConvTranspose${r}d(4, 4, $k, $s, $p))
x = {layer}(x)

k = min($k, *x.shape[2:])
x = F.avg_pool${r}d(x, k, 1, k // 2, count_include_pad=False)

k = x.shape[-1] // $c
x = F.conv${r}d(x, x.new_ones(4, 1, *[1] * ($r - 1), k), groups=4)

x = F.layer_norm(x, x.shape[2:]) if x.shape[$d] > 1 else F.instance_norm(x)
""")

MANY = steps("""
x = {'out': x, 'sizes': [tuple(x.shape), $to.shape], 'more': {'image': image[..., :1]}}

x = [x[i : i + 1] for i in range(min(x.shape[0], 3))]

x = types.SimpleNamespace(sample=x).sample, [F.avg_pool${r}d(x, k) for k in (1, 2)]

x = collections.namedtuple('Output', 'sample latent')(x, $to)

x = tuple(F.interpolate(m, image.shape[2:]) for m in (x, $to))

{layer} = nn.Conv1d(1, 2, $k, $s)
x = x.flatten(1).unsqueeze(1)
x = {layer}(x)

x = x if x.shape[2:] == image.shape[2:] else F.interpolate(x, image.shape[2:])

x = x[tuple(slice(n) for n in image.shape)]
assert x.shape == image.shape, (x.shape, image.shape)

total = sum(x.shape[2:])
x = x.new_zeros(x.shape[0], total), x.mean(2).sum(), torch.zeros(total % $c)
""")
