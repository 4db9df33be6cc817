# data.py: what prepare.py wrote, as endless streams of examples and batches of equal length.
import os

import numpy as np
import torch

import text as T

WORK = os.environ.get("NANO_TRAIN", "train-work")
# Expected share of positive sentences in a review of this many stars (1-10); 0 = unlabelled, no target.
RATING = [-1, 0.04, 0.07, 0.13, 0.22, 0.5, 0.5, 0.78, 0.87, 0.93, 0.96]


def tokenizer():
    return T.Tokenizer.load(f"{WORK}/vocab.txt")


def read(name):
    """[(label, extra, text)]"""
    with open(f"{WORK}/{name}.tsv", encoding="utf-8") as f:
        return [(int(a), b, c) for a, b, c in (line.rstrip("\n").split("\t") for line in f)]


class Short:
    """Labelled phrases and sentences. Each text is met in both spellings ("do n't" and "don't")."""

    def __init__(self, rows, tok, weights=None, smooth=0.05, max_len=64):
        self.a = [tok.encode(t)[:max_len] for _, t in rows]
        self.b = [tok.encode(T.natural(t))[:max_len] for _, t in rows]
        y = np.array([r[0] for r in rows], np.float32)
        self.y = y * (1 - 2 * smooth) + smooth
        self.p = None if weights is None else np.array(weights) / np.sum(weights)

    def draw(self, rng, n):
        pick = rng.choice(len(self.a), n, p=self.p)
        alt = rng.random(n) < 0.3
        return [(self.b[i] if f else self.a[i], self.y[i]) for i, f in zip(pick, alt)]


class Windows:
    """Up to `most` neighbouring sentences of a review, with its rating as a weak label."""

    def __init__(self, tok, max_len=48, most=3, labelled=True):
        self.ids = np.load(f"{WORK}/imdb_ids.npy")
        starts, ratings = np.load(f"{WORK}/imdb_starts.npy"), np.load(f"{WORK}/imdb_ratings.npy")
        stop = np.isin(self.ids, [tok.ids[c] for c in ".!?"])
        ends = np.flatnonzero(stop[:-1] & ~stop[1:]) + 1
        cuts = np.unique(np.concatenate([ends, starts]))
        review = np.searchsorted(starts, cuts[:-1], side="right") - 1
        self.lo, self.hi, self.review = cuts[:-1], cuts[1:], review
        self.rating = ratings[review]
        self.max_len, self.most = max_len, most
        ok = (self.hi - self.lo >= 3) & (self.hi - self.lo <= max_len)
        if labelled:
            ok &= self.rating > 0
        self.choice = np.flatnonzero(ok)
        self.target = np.array(RATING, np.float32)[self.rating]

    def draw(self, rng, n):
        out = []
        for s in self.choice[rng.integers(0, len(self.choice), n)]:
            e = s
            for _ in range(rng.integers(0, self.most)):
                if (e + 1 < len(self.lo) and self.review[e + 1] == self.review[s]
                        and self.hi[e + 1] - self.lo[s] <= self.max_len):
                    e += 1
            out.append((self.ids[self.lo[s]:self.hi[e]].tolist(), self.target[s]))
        return out


class Soft:
    """Texts with the teachers' answers, which teach.py wrote: each once, in a new order every time round."""

    def __init__(self, path):
        z = np.load(path)
        self.ids, self.starts, self.y = z["ids"], z["starts"], z["y"]
        self.order, self.at = np.zeros(0, int), 0

    def draw(self, rng, n):
        out = []
        for _ in range(n):
            if self.at == len(self.order):
                self.order, self.at = rng.permutation(len(self.y)), 0
            i = self.order[self.at]
            self.at += 1
            out.append((self.ids[self.starts[i]:self.starts[i + 1]].tolist(), self.y[i]))
        return out


class Batches:
    """Draws from several sources, each with its share of the examples, and gives out batches of equal length."""

    def __init__(self, sources, tokens, seed):
        self.sources = [s for s, _ in sources]
        share = np.array([w for _, w in sources], float)
        self.share = share / share.sum()
        self.tokens = tokens
        self.rng = np.random.default_rng(seed)
        self.waiting = {}
        self.ready = []

    def next(self):
        """ids (b, t) with [CLS] and [SEP], target (b), number of the source (b); target -1 = none."""
        while not self.ready:
            for k, n in enumerate(self.rng.multinomial(512, self.share)):
                for ids, y in self.sources[k].draw(self.rng, n):
                    w = self.waiting.setdefault(len(ids), [])
                    w.append((ids, y, k))
                    if len(w) * (len(ids) + 2) >= self.tokens:
                        self.ready.append(self.waiting.pop(len(ids)))
            self.rng.shuffle(self.ready)
        rows = self.ready.pop()
        ids = np.array([[T.CLS] + r[0] + [T.SEP] for r in rows], np.int64)
        return torch.from_numpy(ids), torch.tensor([float(r[1]) for r in rows]), torch.tensor([r[2] for r in rows])


def sources(mix, tok, whole, smooth):
    """"imdb=0.5,sst2=0.3": [(source, share)] for Batches."""
    out = []
    for name, share in (s.split("=") for s in mix.split(",")):
        if name == "imdb":
            out.append((Windows(tok), float(share)))
        elif name == "one":    # single sentences
            out.append((Windows(tok, most=1), float(share)))
        elif name == "long":   # so that positions beyond a few sentences are trained too
            out.append((Windows(tok, max_len=250, most=16), float(share)))
        elif name in ("soft", "remix"):
            out.append((Soft(f"{WORK}/{name}.npz"), float(share)))
        else:
            rows = read(name + "_train")
            weights = [whole if w == "1" else min(1.0, len(t.split()) / 4) for _, w, t in rows] if name == "sst2" else None
            out.append((Short([(y, t) for y, _, t in rows], tok, weights, smooth), float(share)))
    return out


def judge(p, held):
    """Accuracy and log loss on all held-out sentences, and on those of more than 12 words."""
    y, long = np.array([h[0] for h in held]), np.array([h[1] == "1" for h in held])
    out = []
    for which in (y >= 0, long):
        q, t = p[which], y[which]
        nll = -np.log(np.where(t == 1, q, 1 - q).clip(1e-6)).mean()
        out.append(f"{100 * ((q > 0.5) == t).mean():.2f}% {nll:.4f}")
    return "held-out " + out[0] + ", long " + out[1]
