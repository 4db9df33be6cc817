# baseline.py: the yardstick: logistic regression on single words and word pairs, trained on the same data.
#
# Writes baseline.npz (one file for each training set) with the features and weights that evaluate.py applies to dev.
import sys

import numpy as np
import torch

import data
import text as T

PENALTY = [1.0, 3.0, 10.0]   # L2, chosen on the held-out split


def grams(text):
    w = T.words(text)
    return set(w) | {a + " " + b for a, b in zip(["^"] + w, w + ["$"])}


class Features:
    def __init__(self, texts, least=2):
        count = {}
        sets = [grams(t) for t in texts]
        for s in sets:
            for g in s:
                count[g] = count.get(g, 0) + 1
        self.index = {g: i for i, g in enumerate(g for g, n in count.items() if n >= least)}
        self.rows = self.pack(sets)

    def pack(self, sets):
        ids = [[self.index[g] for g in sorted(s) if g in self.index] for s in sets]
        n = np.array([len(i) for i in ids])
        return np.concatenate([np.array(i, np.int64) for i in ids]), n

    def __len__(self):
        return len(self.index)


def scores(rows, w, bias):
    flat, n = rows
    cum = np.concatenate([[0], np.cumsum(w[flat])])
    end = np.cumsum(n)
    return cum[end] - cum[end - n] + bias


def fit(rows, y, size, penalty):
    w = torch.zeros(size + 1, dtype=torch.float64, requires_grad=True)
    opt = torch.optim.LBFGS([w], max_iter=120, history_size=8, line_search_fn="strong_wolfe", tolerance_grad=1e-4)
    flat, n = rows

    def closure():
        v = w.detach().numpy()
        s = scores(rows, v[:-1], v[-1])
        p = 1 / (1 + np.exp(-s))
        g = np.append(np.bincount(flat, np.repeat(p - y, n), size) + penalty * v[:-1], (p - y).sum())
        w.grad = torch.from_numpy(g)
        return torch.tensor((np.logaddexp(0, s) - y * s).sum() + penalty / 2 * (v[:-1] ** 2).sum())

    opt.step(closure)
    return w.detach().numpy()


def main():
    held = data.read("sst2_held")
    y_held = np.array([h[0] for h in held])
    sst2 = [(y, t) for y, _, t in data.read("sst2_train")]
    opened = [(y, t) for y, _, t in data.read("open_train")]
    tok = data.tokenizer()
    ids, starts, stars = (np.load(f"{data.WORK}/imdb_{n}.npy") for n in ("ids", "starts", "ratings"))
    imdb = [(int(r > 5), " ".join(tok.pieces[i] for i in ids[a:b])) for r, a, b in zip(stars, starts, starts[1:]) if r]
    for name, rows in (("sst2", sst2), ("sst2_open", sst2 + opened), ("sst2_open_imdb", sst2 + opened + imdb)):
        f = Features([t for _, t in rows])
        y = np.array([y for y, _ in rows], float)
        best = None
        for penalty in PENALTY:
            w = fit(f.rows, y, len(f), penalty)
            acc = ((scores(f.pack([grams(t) for *_, t in held]), w[:-1], w[-1]) > 0) == y_held).mean()
            print(f"{name}: {len(rows)} texts, {len(f)} features, L2 {penalty}: held-out {100 * acc:.2f}%", flush=True)
            if best is None or acc > best[0]:
                best = acc, w
        np.savez_compressed(f"{data.WORK}/baseline_{name}.npz", grams=np.array(list(f.index)), w=best[1])


if __name__ == "__main__":
    sys.exit(main())
