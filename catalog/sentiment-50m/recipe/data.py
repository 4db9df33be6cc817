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

    def __init__(self, tok, max_len=48, most=3, labelled=True, soft=None):
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
        self.soft = soft   # instead of the rating: one probability for each sentence, -1 = none

    def draw(self, rng, n):
        out = []
        for s in self.choice[rng.integers(0, len(self.choice), n)]:
            e = s
            if self.soft is None:
                for _ in range(rng.integers(0, self.most)):
                    if (e + 1 < len(self.lo) and self.review[e + 1] == self.review[s]
                            and self.hi[e + 1] - self.lo[s] <= self.max_len):
                        e += 1
            y = self.target[s] if self.soft is None else self.soft[s]
            out.append((self.ids[self.lo[s]:self.hi[e]].tolist(), y))
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
        """ids (b, t) with [CLS] and [SEP], target (b); target -1 = none."""
        while not self.ready:
            for s, n in zip(self.sources, self.rng.multinomial(512, self.share)):
                for ids, y in s.draw(self.rng, n):
                    w = self.waiting.setdefault(len(ids), [])
                    w.append((ids, y))
                    if len(w) * (len(ids) + 2) >= self.tokens:
                        self.ready.append(self.waiting.pop(len(ids)))
            self.rng.shuffle(self.ready)
        rows = self.ready.pop()
        ids = np.array([[T.CLS] + r[0] + [T.SEP] for r in rows], np.int64)
        return torch.from_numpy(ids), torch.tensor([float(r[1]) for r in rows])
