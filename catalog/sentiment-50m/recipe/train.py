# train.py: one training stage: reads a checkpoint, trains, writes a checkpoint.
# train.sh holds the stages in order with their numbers.
import argparse
import os
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

    def tensors(self):
        return [self.w, self.m, self.v, self.n]


def save_state(path, numbers, optimizer, tensors):
    """Everything a killed run needs to go on, but for the order of the examples, which is drawn anew."""
    torch.save({"numbers": numbers, "optimizer": optimizer.state_dict(), "tensors": tensors}, path + ".part")
    os.replace(path + ".part", path)


def load_state(path, optimizer, tensors):
    state = torch.load(path)
    optimizer.load_state_dict(state["optimizer"])
    for to, from_ in zip(tensors, state["tensors"]):
        to.copy_(from_)
    return state["numbers"]


def schedule(done, warm, floor):
    """done 0..1: linear warm-up, then a line down to `floor`."""
    return done / warm if done < warm else floor + (1 - floor) * (1 - done) / (1 - warm)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--init", required=True, help="checkpoint")
    p.add_argument("--out", required=True)
    p.add_argument("--tokens", type=float, required=True, help="millions of pieces to train on")
    p.add_argument("--minutes", type=float, default=1e9, help="ends the schedule by this time, if that comes first")
    p.add_argument("--lr", type=float, default=4e-4)
    p.add_argument("--lr-words", type=float, default=3e-4)
    p.add_argument("--batch", type=int, default=2048, help="pieces a step")
    p.add_argument("--mix", default="imdb=0.6,sst2=0.25,open=0.15", help="shares of the examples")
    p.add_argument("--mask", type=float, default=0.06, help="share of pieces hidden behind [MASK]")
    p.add_argument("--dropout", type=float, default=0.1)
    p.add_argument("--decay", type=float, default=0.01)
    p.add_argument("--whole", type=float, default=1, help="weight of whole SST-2 sentences against phrases")
    p.add_argument("--smooth", type=float, default=0.05)
    p.add_argument("--floor", type=float, default=0.0)
    p.add_argument("--average", type=float, default=0.0, help="the last share of steps whose weights are averaged")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--state", help="file for the state every ten minutes; a run that finds it goes on from there")
    a = p.parse_args()
    resume = a.state and os.path.exists(a.state)
    if resume:
        a.seed += int(time.time())
    torch.manual_seed(a.seed)

    tok = data.tokenizer()
    model = M.Bert.load(a.init)

    held = data.read("sst2_held")
    held_ids = [tok.encode(t) for *_, t in held]
    batches = data.Batches(data.sources(a.mix, tok, a.whole, a.smooth), a.batch, a.seed)
    rng = np.random.default_rng(a.seed + 100)

    decay = [q for n, q in model.named_parameters() if q.dim() == 2 and n not in ("types", "position")]
    plain = [q for n, q in model.named_parameters() if q.dim() != 2 or n in ("types", "position")]
    # Reviews' stars say less about one sentence than a label does, so they get outputs of their own, thrown away after
    # training: sharing the two that stay would teach those to be unsure.
    stars = torch.nn.Linear(512, 2)
    by_stars = torch.tensor([s.split("=")[0] in ("imdb", "one", "long") for s in a.mix.split(",")])
    plain += list(stars.parameters())
    params = decay + plain
    opt = torch.optim.AdamW([{"params": decay, "weight_decay": a.decay}, {"params": plain, "weight_decay": 0.0}],
                            betas=(0.9, 0.98), eps=1e-8)
    lazy, drop = LazyAdam(model.words), M.Dropout(a.dropout)
    total, seen, step, start, last = a.tokens * 1e6, 0, 0, time.time(), time.time()
    sums, averaged, average = np.zeros(3), 0, None
    done = 0.0
    everything = [q.data for q in model.state_dict().values()] + [q.data for q in stars.parameters()] + lazy.tensors()
    if resume:
        seen, step, spent = load_state(a.state, opt, everything)
        start -= spent
        done = max(seen / total, spent / 60 / a.minutes)
    saved = time.time()
    while done < 1:
        ids, y, source = batches.next()
        rate = schedule(done, 0.06, a.floor)
        hide = torch.from_numpy(rng.random(ids.shape) < a.mask)
        hide[:, 0] = hide[:, -1] = False
        shown = ids.masked_fill(hide, T.MASK)
        rows, inverse = torch.unique(shown, return_inverse=True)
        sub = model.words[rows].requires_grad_()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            x = model.hidden(F.embedding(inverse, sub), drop, first=True)
            pooled = model.pooled(x, drop)
            logits = torch.where(by_stars[source].unsqueeze(1), stars(pooled), model.classifier(pooled)).float()
        logp = F.log_softmax(logits, -1)
        ce = -(y * logp[:, 1] + (1 - y) * logp[:, 0]).mean()
        ce.backward()
        torch.nn.utils.clip_grad_norm_(params, 1.0)
        for g in opt.param_groups:
            g["lr"] = a.lr * rate
        opt.step()
        opt.zero_grad(set_to_none=True)
        lazy.step(rows, sub.grad, a.lr_words * rate)
        seen += ids.numel()
        step += 1
        done = max(seen / total, (time.time() - start) / 60 / a.minutes)
        sums += [float(ce.detach()), 1, ids.numel()]
        if a.average and done > 1 - a.average and step % 20 == 0:
            averaged += 1
            now = [model.words] + [q.data for q in model.state_dict().values()]
            if average is None:
                average = [q.clone() for q in now]
            else:
                for q, w in zip(average, now):
                    q.lerp_(w, 1 / averaged)
        if a.state and time.time() - saved > 600:
            save_state(a.state, (seen, step, time.time() - start), opt, everything)
            saved = time.time()
        if time.time() - last > 60 or done >= 1:
            print(f"{time.time() - start:6.0f}s {seen / 1e6:6.2f}M ce {sums[0] / sums[1]:.4f} "
                  f"{sums[2] / (time.time() - last):5.0f}/s {data.judge(M.predict(model, held_ids, bf16=True), held)}", flush=True)
            sums[:] = 0
            last = time.time()
    if average:
        for q, w in zip([model.words] + list(model.state_dict().values()), average):
            q.copy_(w)
    print(f"written: {a.out} {'averaged ' if average else ''}{data.judge(M.predict(model, held_ids), held)} "
          f"parameters {model.parameters_total()}", flush=True)
    model.save(a.out)
    if a.state and os.path.exists(a.state):
        os.remove(a.state)


if __name__ == "__main__":
    main()
