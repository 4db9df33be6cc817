# model.py: the network, a BERT encoder with a pooler and two outputs.
#
# Shapes: b sequences of t pieces each, d = 512 wide, h = 8 heads of 64, f = 1024 in the feed-forward part.
# Batches hold sequences of one length only, so there is no padding and no attention mask.
import math

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

EPS = 1e-12
LABELS = ["negative", "positive"]


class Dropout:
    """Dropout from a pool of ready masks at random offsets. torch's own draws a Bernoulli number for each value, which
    took a fifth of a training step on one core."""

    def __init__(self, p, size=1 << 22):
        self.p = p
        self.pool = (torch.rand(size) >= p).float().div_(1 - p) if p else None
        self.pool16 = self.pool.bfloat16() if p else None

    def __call__(self, x):
        if not self.p:
            return x
        pool = self.pool16 if x.dtype == torch.bfloat16 else self.pool
        at = int(torch.randint(0, pool.numel() - x.numel(), (1,)))
        return x * pool[at:at + x.numel()].view(x.shape)


def keep(x):
    return x


class Layer(nn.Module):
    def __init__(self, d, f, heads):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(d, 3 * d)   # one product instead of three; export cuts it apart
        self.out = nn.Linear(d, d)
        self.norm1 = nn.LayerNorm(d, eps=EPS)
        self.up = nn.Linear(d, f)
        self.down = nn.Linear(f, d)
        self.norm2 = nn.LayerNorm(d, eps=EPS)

    def forward(self, x, drop=keep, first=False):
        """(b, t, d) -> the same; with `first`, the first position alone (b, 1, d), at a quarter of the cost."""
        b, t, d = x.shape
        split = lambda y, n: y.view(b, -1, n, self.heads, d // self.heads).permute(2, 0, 3, 1, 4)
        if first:
            k, v = split(F.linear(x, self.qkv.weight[d:], self.qkv.bias[d:]), 2)
            x = x[:, :1]
            q, = split(F.linear(x, self.qkv.weight[:d], self.qkv.bias[:d]), 1)
        else:
            q, k, v = split(self.qkv(x), 3)
        a = torch.softmax((q @ k.transpose(-1, -2)) * (1 / math.sqrt(d // self.heads)), -1)
        y = (a @ v).transpose(1, 2).reshape(b, -1, d)
        x = self.norm1(x + drop(self.out(y)))
        return self.norm2(x + drop(self.down(F.gelu(self.up(x)))))


class Bert(nn.Module):
    """The word table is a plain tensor, not a Parameter: train.py updates only the rows a batch has touched."""

    def __init__(self, vocab, layers=6, d=512, f=1024, heads=8, context=512):
        super().__init__()
        self.config = dict(vocab=vocab, layers=layers, d=d, f=f, heads=heads, context=context)
        self.words = torch.randn(vocab, d) * 0.04
        self.types = nn.Parameter(torch.zeros(2, d))
        self.position = nn.Parameter(torch.randn(context, d) * 0.005)
        self.norm = nn.LayerNorm(d, eps=EPS)
        self.layers = nn.ModuleList(Layer(d, f, heads) for _ in range(layers))
        self.pooler = nn.Linear(d, d)
        self.classifier = nn.Linear(d, len(LABELS))
        for m in self.modules():
            if isinstance(m, nn.Linear):
                nn.init.normal_(m.weight, std=0.04)
                nn.init.zeros_(m.bias)

    def hidden(self, word_vectors, drop=keep, first=False):
        """word_vectors (b, t, d) -> last layer (b, t, d), or of it only what the head reads (b, 1, d)."""
        t = word_vectors.shape[1]
        x = drop(self.norm(word_vectors + self.position[:t] + self.types[0]))
        for layer in self.layers:
            x = layer(x, drop, first and layer is self.layers[-1])
        return x

    def pooled(self, x, drop=keep):
        return drop(torch.tanh(self.pooler(x[:, 0])))

    def head(self, x, drop=keep):
        return self.classifier(self.pooled(x, drop))

    def forward(self, ids):
        return self.head(self.hidden(F.embedding(ids, self.words), first=True))

    def parameters_total(self):
        return self.words.numel() + sum(p.numel() for p in self.parameters())

    def save(self, path):
        torch.save({"config": self.config, "words": self.words, "state": self.state_dict()}, path)

    @classmethod
    def load(cls, path):
        c = torch.load(path)
        m = cls(**c["config"])
        m.words = c["words"]
        m.load_state_dict(c["state"])
        return m


@torch.no_grad()
def predict(model, ids, batch_tokens=4096, bf16=False):
    """Probability of "positive" for each list of piece ids (without [CLS] and [SEP]); batches of one length each."""
    out = np.zeros(len(ids), np.float32)
    order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
    i = 0
    model.eval()
    while i < len(order):
        n = len(ids[order[i]])
        j = i
        while j < len(order) and len(ids[order[j]]) == n and (j - i) * (n + 2) < batch_tokens:
            j += 1
        x = torch.tensor([[2] + list(ids[k]) + [3] for k in order[i:j]], dtype=torch.long)
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=bf16):
            y = model(x)
        out[order[i:j]] = torch.softmax(y.float(), -1)[:, 1].numpy()
        i = j
    model.train()
    return out
