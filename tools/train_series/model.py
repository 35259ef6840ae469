"""The encoder of docs/opentslm.md and a llama decoder with tied embeddings, in PyTorch, as maxts computes them.

Rotated pairs are neighbours, as in the file, so that no matrix is rearranged on export."""
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from features import period_of


SIZES = {"patch": 8, "width": 128, "places": 512, "ffn": 256, "blocks": 4, "heads": 4,  # encoder
         "hidden": 192, "layers": 5, "q": 6, "kv": 2, "head": 32, "inner": 448, "context": 2048}
EPSILON, THETA = 1e-5, 10000.0
BINS = 33  # of the auxiliary head: none, and periods by their logarithm
AUXILIARY = 8


def dense(rows, cols, bias=True, gain=1.0):
    layer = nn.Linear(cols, rows, bias=bias)
    nn.init.normal_(layer.weight, 0, gain / np.sqrt(cols))
    if bias:
        nn.init.zeros_(layer.bias)
    return layer


def attend(q, k, v, mask=None, causal=False):
    """In fp32: PyTorch's attention in bf16 takes several times as long backwards on CPUs."""
    with torch.autocast("cpu", enabled=False):
        return F.scaled_dot_product_attention(q.float(), k.float(), v.float(), mask, is_causal=causal)


class Block(nn.Module):
    def __init__(self, c):
        super().__init__()
        w = c["width"]
        self.heads = c["heads"]
        self.qkv, self.out = dense(3 * w, w), dense(w, w, gain=0.5)
        self.up, self.down = dense(c["ffn"], w), dense(w, c["ffn"], gain=0.5)
        self.attn_norm, self.ffn_norm = nn.LayerNorm(w, EPSILON), nn.LayerNorm(w, EPSILON)

    def forward(self, x, mask):
        b, n, w = x.shape
        q, k, v = self.qkv(x).view(b, n, 3, self.heads, w // self.heads).permute(2, 0, 3, 1, 4)
        a = attend(q, k, v, mask).transpose(1, 2).reshape(b, n, w)
        x = self.attn_norm(x + self.out(a))
        return self.ffn_norm(x + self.down(F.gelu(self.up(x))))


class Encoder(nn.Module):
    def __init__(self, c):
        super().__init__()
        w = c["width"]
        self.patches = dense(w, c["patch"], False)
        t, f = np.arange(c["places"])[:, None], np.exp(-np.arange(0, w, 2) / w * np.log(1000.0))[None]
        wave = np.concatenate([np.sin(t * f), np.cos(t * f)], 1) * 0.5
        self.places = nn.Parameter(torch.tensor(wave, dtype=torch.float32))
        self.input_norm = nn.LayerNorm(w, EPSILON)
        self.blocks = nn.ModuleList(Block(c) for _ in range(c["blocks"]))
        self.before = nn.LayerNorm(w, EPSILON)
        self.projector = dense(c["hidden"], w)
        self.auxiliary = dense(AUXILIARY + BINS, 2 * w)  # of training alone

    def forward(self, values, mask):
        """values [series][rows][patch] and mask [series][rows]: (rows [series][rows][hidden], auxiliary)."""
        x = self.input_norm(self.patches(values) + self.places[:values.shape[1]])
        bias = mask[:, None, None, :] if mask is not None else None
        for block in self.blocks:
            x = block(x, bias)
        if mask is None:
            pooled = torch.cat([x.mean(1), x.amax(1)], 1)
        else:
            m = mask[..., None]
            pooled = torch.cat([(x * m).sum(1) / m.sum(1), x.masked_fill(~m, -1e4).amax(1)], 1)
        return F.gelu(self.projector(self.before(x))), self.auxiliary(pooled)


class Layer(nn.Module):
    def __init__(self, c):
        super().__init__()
        h, self.q_heads, self.kv_heads, self.head = c["hidden"], c["q"], c["kv"], c["head"]
        self.attn_norm, self.ffn_norm = nn.RMSNorm(h, EPSILON), nn.RMSNorm(h, EPSILON)
        self.q, self.k = dense(self.q_heads * self.head, h, False), dense(self.kv_heads * self.head, h, False)
        self.v, self.o = dense(self.kv_heads * self.head, h, False), dense(h, self.q_heads * self.head, False, 0.3)
        self.gate, self.up = dense(c["inner"], h, False), dense(c["inner"], h, False)
        self.down = dense(h, c["inner"], False, 0.3)

    def forward(self, x, cos, sin):
        b, n, _ = x.shape
        y = self.attn_norm(x)
        q = turn(self.q(y).view(b, n, self.q_heads, self.head).transpose(1, 2), cos, sin)
        k = turn(self.k(y).view(b, n, self.kv_heads, self.head).transpose(1, 2), cos, sin)
        v = self.v(y).view(b, n, self.kv_heads, self.head).transpose(1, 2)
        times = self.q_heads // self.kv_heads
        k, v = k.repeat_interleave(times, 1), v.repeat_interleave(times, 1)
        a = attend(q, k, v, causal=True)
        x = x + self.o(a.transpose(1, 2).reshape(b, n, -1))
        y = self.ffn_norm(x)
        return x + self.down(F.silu(self.gate(y)) * self.up(y))


def turn(x, cos, sin):
    a, b = x[..., ::2], x[..., 1::2]
    return torch.stack([a * cos - b * sin, a * sin + b * cos], -1).flatten(-2)


class Model(nn.Module):
    def __init__(self, sizes, tokens):
        super().__init__()
        self.c = sizes
        self.encoder = Encoder(sizes)
        self.embedding = nn.Embedding(tokens, sizes["hidden"])
        nn.init.normal_(self.embedding.weight, 0, 0.05)
        self.layers = nn.ModuleList(Layer(sizes) for _ in range(sizes["layers"]))
        self.norm = nn.RMSNorm(sizes["hidden"], EPSILON)
        angle = np.outer(np.arange(4096), THETA ** (-np.arange(0, sizes["head"], 2) / sizes["head"]))
        self.register_buffer("cos", torch.tensor(np.cos(angle), dtype=torch.float32), False)
        self.register_buffer("sin", torch.tensor(np.sin(angle), dtype=torch.float32), False)

    def hidden(self, ids, values, mask, where):
        """ids [b][n], -1 for rows; values of all series; where: for each row place its index among all rows (flat)."""
        x = self.embedding(ids.clamp(min=0))
        extra = None
        if values is not None:
            rows, extra = self.encoder(values, mask)
            flat = rows.float().reshape(-1, rows.shape[-1])[where]
            x = x.masked_scatter((ids < 0)[..., None], flat)
        n = ids.shape[1]
        for layer in self.layers:
            x = layer(x, self.cos[:n], self.sin[:n])
        return self.norm(x), extra

    def logits(self, h):
        return h @ self.embedding.weight.to(h.dtype).T


# ---- batches ----


def auxiliary(y, period):
    """What the auxiliary head is to say of a scaled series, and the bin of its period."""
    n = len(y)
    d = np.diff(y)
    half = len(d) // 2
    calm = np.log((np.sqrt((d[half:] ** 2).mean()) + 1e-3) / (np.sqrt((d[:max(half, 1)] ** 2).mean()) + 1e-3))
    target = [y.max() / 3, -y.min() / 3, y.argmax() / n, y.argmin() / n, y[0], y[-1],
              np.polyfit(np.linspace(-1, 1, n), y, 1)[0], np.clip(calm, -2, 2)]
    place = min(BINS - 1, 1 + int(4.5 * np.log2(period / 2))) if period else 0
    return np.array(target, np.float32), place


def encode(sample, vocab, patch):
    """(kind, ids, first of the answer, [series])."""
    kind, parts, answer = sample
    channels = [p for p in parts if not isinstance(p, str)]
    rows = max((-(-len(c) // patch) for c in channels), default=0)
    ids = vocab.prompt(parts, rows)
    return kind, ids + vocab.ids(answer) + [vocab.eos], len(ids), channels, rows


def collate(batch, patch, extra=True):
    n = max(len(s[1]) for s in batch)
    ids = np.zeros((len(batch), n), np.int64)
    loss = np.zeros((len(batch), n), bool)
    most = max(s[4] for s in batch)
    count = sum(len(s[3]) for s in batch)
    values, mask = np.zeros((count, most, patch), np.float32), np.zeros((count, most), bool)
    where, targets, bins, i = [], [], [], 0
    for b, (_, tokens, first, channels, rows) in enumerate(batch):
        ids[b, :len(tokens)] = tokens
        loss[b, first - 1:len(tokens) - 1] = True
        for y in channels:
            values[i].reshape(-1)[:len(y)] = y
            mask[i, :rows] = True
            where.append(np.arange(rows) + i * most)
            if extra:
                d = y.astype(float) - np.polyval(np.polyfit(np.arange(len(y)), y, 1), np.arange(len(y)))
                t, place = auxiliary(y, period_of(d)[0])
                targets.append(t)
                bins.append(place)
            i += 1
    out = {"ids": torch.from_numpy(ids), "loss": torch.from_numpy(loss), "values": None, "mask": None, "where": None}
    if count:
        out["values"], out["where"] = torch.from_numpy(values), torch.from_numpy(np.concatenate(where))
        out["mask"] = None if mask.all() else torch.from_numpy(mask)
        if extra:
            out["targets"], out["bins"] = torch.from_numpy(np.array(targets)), torch.tensor(bins)
    return out
