# train.py: one training stage: reads a checkpoint (or starts from word vectors), trains, writes a checkpoint.
# train.sh holds the stages in order with their numbers.
import argparse
import time

import numpy as np
import torch
import torch.nn.functional as F

import data
import model as M
import text as T


class LazyAdam:
    """Adam for the word table that touches only the rows of the batch. A dense step over 36M values would cost more
    than the rest of the training step."""

    def __init__(self, table):
        self.w, self.m, self.v = table, torch.zeros_like(table), torch.zeros_like(table)
        self.n = torch.zeros(len(table))

    def step(self, rows, grad, lr, b1=0.9, b2=0.98):
        self.n[rows] += 1
        n = self.n[rows].unsqueeze(1)
        m = self.m[rows].mul_(b1).add_(grad, alpha=1 - b1)
        v = self.v[rows].mul_(b2).addcmul_(grad, grad, value=1 - b2)
        self.m[rows], self.v[rows] = m, v
        m, v = m / (1 - b1 ** n), v / (1 - b2 ** n)
        self.w[rows] -= lr * m / (v.sqrt() + 1e-8)


class MaskedWords(torch.nn.Module):
    """Predicts the word vector of a masked piece: a product with the starting word table, which stays as it is here,
    over the batch's own targets and `noise` pieces drawn by frequency. Thrown away after training."""

    def __init__(self, table, d, noise=3000):
        super().__init__()
        self.dense, self.norm = torch.nn.Linear(d, d), torch.nn.LayerNorm(d)
        self.scale = torch.nn.Parameter(torch.tensor(4.0))
        self.table, self.noise = table, noise
        count = np.bincount(np.load(f"{data.WORK}/imdb_ids.npy"), minlength=len(table)) ** 0.6
        self.cum = np.cumsum(count / count.sum())
        self.log_q = torch.from_numpy(np.log(count / count.sum() + 1e-9).astype(np.float32))

    def loss(self, hidden, targets, rng):
        drawn = np.searchsorted(self.cum, rng.random(self.noise)).clip(0, len(self.table) - 1)
        rows = torch.from_numpy(np.unique(np.concatenate([drawn, targets.numpy()])))
        h = self.norm(F.gelu(self.dense(hidden).float()))
        logits = (h @ self.table[rows].t()).float() * self.scale.exp() / 22.6 - self.log_q[rows] * 0.5
        return F.cross_entropy(logits, torch.searchsorted(rows, targets))


def schedule(done, warm, floor):
    """done 0..1: linear warm-up, then a line down to `floor`."""
    return done / warm if done < warm else floor + (1 - floor) * (1 - done) / (1 - warm)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--init", help="checkpoint; without it the model starts from the word vectors")
    p.add_argument("--vectors")
    p.add_argument("--out", required=True)
    p.add_argument("--layers", type=int, default=6)
    p.add_argument("--tokens", type=float, required=True, help="millions of pieces to train on")
    p.add_argument("--minutes", type=float, default=1e9, help="ends the schedule by this time, if that comes first")
    p.add_argument("--lr", type=float, default=4e-4)
    p.add_argument("--lr-words", type=float, default=3e-4)
    p.add_argument("--batch", type=int, default=2048, help="pieces a step")
    p.add_argument("--mix", default="imdb=0.6,sst2=0.25,open=0.15", help="shares of the examples")
    p.add_argument("--mask", type=float, default=0.15, help="share of pieces hidden behind [MASK]")
    p.add_argument("--mlm", type=float, default=0.3, help="weight of guessing the hidden pieces; 0 = word dropout only")
    p.add_argument("--dropout", type=float, default=0.1)
    p.add_argument("--decay", type=float, default=0.01)
    p.add_argument("--whole", type=float, default=1, help="weight of whole SST-2 sentences against phrases")
    p.add_argument("--smooth", type=float, default=0.05)
    p.add_argument("--floor", type=float, default=0.0)
    p.add_argument("--average", type=float, default=0.0, help="the last share of steps whose weights are averaged")
    p.add_argument("--soft", help="npz from teach.py: soft labels of review sentences and of the training texts")
    p.add_argument("--seed", type=int, default=1)
    a = p.parse_args()
    torch.manual_seed(a.seed)

    tok = data.tokenizer()
    if a.init:
        model = M.Bert.load(a.init)
        if len(model.layers) != a.layers:
            model = model.grow(a.layers)
    else:
        model = M.Bert(len(tok.pieces), a.layers)
        model.words = M.read_vectors(a.vectors, len(tok.pieces), 512)
    table = M.read_vectors(a.vectors, len(tok.pieces), 512) if a.mlm else None
    mlm = MaskedWords(table, 512) if a.mlm else None
    soft = np.load(a.soft) if a.soft else None

    held = data.read("sst2_held")
    held_ids, held_y = [tok.encode(t) for *_, t in held], np.array([y for y, *_ in held])
    sources = []
    for name, share in (s.split("=") for s in a.mix.split(",")):
        if name == "imdb":
            sources.append((data.Windows(tok), float(share)))
        elif name == "long":   # so that positions beyond a few sentences are trained too
            sources.append((data.Windows(tok, max_len=250, most=16), float(share)))
        elif name == "soft":
            w = data.Windows(tok, labelled=False, soft=soft["imdb"])
            w.choice = w.choice[soft["imdb"][w.choice] >= 0]
            sources.append((w, float(share)))
        else:
            rows = data.read(name + "_train")
            weights = [a.whole if w == "1" else min(1.0, len(t.split()) / 4) for _, w, t in rows] if name == "sst2" else None
            s = data.Short([(y, t) for y, _, t in rows], tok, weights, a.smooth)
            if soft is not None and name in soft:
                s.y = soft[name]
            sources.append((s, float(share)))
    batches = data.Batches(sources, a.batch, a.seed)
    rng = np.random.default_rng(a.seed + 100)

    decay = [q for n, q in model.named_parameters() if q.dim() == 2 and n not in ("types", "position")]
    plain = [q for n, q in model.named_parameters() if q.dim() != 2 or n in ("types", "position")]
    if mlm:
        plain += list(mlm.parameters())
    params = decay + plain
    opt = torch.optim.AdamW([{"params": decay, "weight_decay": a.decay}, {"params": plain, "weight_decay": 0.0}],
                            betas=(0.9, 0.98), eps=1e-8)
    lazy, drop = LazyAdam(model.words), M.Dropout(a.dropout)
    total, seen, step, start, last = a.tokens * 1e6, 0, 0, time.time(), time.time()
    sums, averaged, average = np.zeros(4), 0, None
    done = 0.0
    while done < 1:
        ids, y = batches.next()
        rate = schedule(done, 0.06, a.floor)
        hide = torch.from_numpy(rng.random(ids.shape) < a.mask)
        hide[:, 0] = hide[:, -1] = False
        shown = ids.masked_fill(hide, T.MASK)
        rows, inverse = torch.unique(shown, return_inverse=True)
        sub = model.words[rows].requires_grad_()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            x = model.hidden(F.embedding(inverse, sub), drop)
            logits = model.head(x, drop).float()
            guess = mlm.loss(x[hide], ids[hide], rng) if mlm and bool(hide.any()) else torch.zeros(())
        has = y >= 0
        logp = F.log_softmax(logits[has], -1)
        ce = -(y[has] * logp[:, 1] + (1 - y[has]) * logp[:, 0]).mean() if bool(has.any()) else torch.zeros(())
        (ce + a.mlm * guess).backward()
        torch.nn.utils.clip_grad_norm_(params, 1.0)
        for g in opt.param_groups:
            g["lr"] = a.lr * rate
        opt.step()
        opt.zero_grad(set_to_none=True)
        lazy.step(rows, sub.grad, a.lr_words * rate)
        seen += ids.numel()
        step += 1
        done = max(seen / total, (time.time() - start) / 60 / a.minutes)
        sums += [float(ce.detach()), float(guess.detach()), 1, ids.numel()]
        if a.average and done > 1 - a.average and step % 20 == 0:
            averaged += 1
            now = [model.words] + [q.data for q in model.state_dict().values()]
            if average is None:
                average = [q.clone() for q in now]
            else:
                for q, w in zip(average, now):
                    q.lerp_(w, 1 / averaged)
        if time.time() - last > 60 or done >= 1:
            acc = ((M.predict(model, held_ids, bf16=True) > 0.5) == held_y).mean()
            print(f"{time.time() - start:6.0f}s {seen / 1e6:6.2f}M ce {sums[0] / sums[2]:.4f} mlm {sums[1] / sums[2]:.3f} "
                  f"{sums[3] / (time.time() - last):5.0f}/s held-out {100 * acc:.2f}%", flush=True)
            sums[:] = 0
            last = time.time()
    if average:
        for q, w in zip([model.words] + list(model.state_dict().values()), average):
            q.copy_(w)
    pred = M.predict(model, held_ids)
    acc = ((pred > 0.5) == held_y).mean()
    nll = -np.log(np.where(held_y == 1, pred, 1 - pred).clip(1e-6)).mean()
    print(f"written: {a.out} {'averaged ' if average else ''}held-out {100 * acc:.2f}% log loss {nll:.4f} "
          f"parameters {model.parameters_total()}", flush=True)
    model.save(a.out)


if __name__ == "__main__":
    main()
