# train_reader.py: trains one of readers.py.
import argparse
import time

import numpy as np
import torch
import torch.nn.functional as F

import data
import model as M
import readers as R
import train as S


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--width", type=int, default=192)
    p.add_argument("--words", required=True, help="checkpoint of the model, whose word table the reader begins with")
    p.add_argument("--out", required=True)
    p.add_argument("--tokens", type=float, default=1e9, help="millions of pieces to train on")
    p.add_argument("--minutes", type=float, default=1e9, help="ends the schedule by this time, if that comes first")
    p.add_argument("--mix", default="sst2=1")
    p.add_argument("--lr", type=float, default=1e-3)
    p.add_argument("--lr-words", type=float, default=3e-4)
    p.add_argument("--batch", type=int, default=1200)
    p.add_argument("--whole", type=float, default=2)
    p.add_argument("--smooth", type=float, default=0.05)
    p.add_argument("--blank", type=float, default=0.1, help="share of words left out")
    p.add_argument("--noise", type=float, default=0.2, help="dropout of the word vectors")
    p.add_argument("--decay", type=float, default=1e-4)
    p.add_argument("--seed", type=int, default=1)
    a = p.parse_args()
    torch.manual_seed(a.seed)
    tok = data.tokenizer()
    words = torch.load(a.words)["words"]
    model = R.Reader(a.width, words / words.norm(dim=1, keepdim=True).clamp_min(1e-6))
    model.train()
    held = data.read("sst2_held")
    held_ids = [tok.encode(t) for *_, t in held]
    batches = data.Batches(data.sources(a.mix, tok, a.whole, a.smooth), a.batch, a.seed)
    names = [s.split("=")[0] for s in a.mix.split(",")]
    heads = torch.tensor([{"imdb": 1, "one": 1, "long": 1, "open": 2}.get(n, 0) for n in names])
    rng = np.random.default_rng(a.seed + 100)
    opt = torch.optim.AdamW(model.net.parameters(), lr=a.lr, weight_decay=a.decay, betas=(0.9, 0.99))
    lazy, drop = S.LazyAdam(model.words), M.Dropout(a.noise)
    start = last = time.time()
    done, seen, loss, steps, averaged, average = 0.0, 0, 0.0, 0, 0, None
    while done < 1:
        ids, y, source = batches.next()
        rate = S.schedule(done, 0.03, 0.02)
        rows, inverse = torch.unique(ids, return_inverse=True)
        sub = model.words[rows].requires_grad_()
        x = drop(F.embedding(inverse, sub))
        x = x * torch.from_numpy((rng.random(ids.shape) >= a.blank).astype(np.float32)).unsqueeze(2)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            logits = model(None, x, heads[source])
        logp = F.log_softmax(logits.float(), -1)
        ce = -(y * logp[:, 1] + (1 - y) * logp[:, 0]).mean()
        ce.backward()
        torch.nn.utils.clip_grad_norm_(model.net.parameters(), 2.0)
        for g in opt.param_groups:
            g["lr"] = a.lr * rate
        opt.step()
        opt.zero_grad(set_to_none=True)
        lazy.step(rows, sub.grad, a.lr_words * rate)
        seen += ids.numel()
        loss += float(ce.detach())
        steps += 1
        done = max(seen / a.tokens / 1e6, (time.time() - start) / 60 / a.minutes)
        if done > 0.7 and steps % 40 == 0:   # the mean of the last weights is written
            averaged += 1
            now = [model.words] + list(model.net.state_dict().values())
            if average is None:
                average = [q.clone() for q in now]
            for q, w in zip(average, now):
                q.lerp_(w, 1 / averaged)
        if time.time() - last > 30 or done >= 1:
            p = M.predict(model, held_ids)
            print(f"{time.time() - start:5.0f}s {seen / 1e6:5.2f}M ce {loss / steps:.4f} {seen / (time.time() - start):6.0f}/s "
                  + data.judge(p, held), flush=True)
            loss, steps, last = 0.0, 0, time.time()
    for q, w in zip([model.words] + list(model.net.state_dict().values()), average):
        q.copy_(w)
    print(f"written {a.out} averaged " + data.judge(M.predict(model, held_ids), held), flush=True)
    model.save(a.out)


if __name__ == "__main__":
    main()
