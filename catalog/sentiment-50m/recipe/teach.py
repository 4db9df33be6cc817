# teach.py: the teachers label review sentences and remixed ones, for the model to learn from.
#
#   teach.py SENTENCES READER...        checkpoints of train_reader.py; the word regression of baseline.py votes too
#
# Writes soft.npz (review sentences) and remix.npz (those of remix_train.tsv). Prints how each teacher and their vote do on the
# held-out sentences.
#
# Why: SST-2 has 6,800 sentences, the reviews have over a million, labelled only as a whole. Teachers of different kinds
# err on different sentences, so that their vote is better than any; and a network that learns from the vote sees far
# more whole sentences than SST-2 has.
import sys

import numpy as np

import baseline as B
import data
import model as M
import readers as R

PRIOR = 1.2        # log-odds that stars of 9-10 (or 1-2) add: three sentences in four agree with their review
CONFIDENT = 0.65   # SST-2 has no neutral sentences; those the teachers are unsure about (plots, mostly) are left out
FIRM = 1.3         # the vote's log-odds times this: a mean of log-odds is too modest


class Regression:
    def __init__(self, tok):
        z = np.load(f"{data.WORK}/baseline_sst2_open_imdb.npz")
        self.index, self.weight, self.tok = {g: i for i, g in enumerate(z["grams"].tolist())}, z["w"], tok

    def __call__(self, rows):
        texts = [" ".join(self.tok.pieces[i] for i in r).replace(" ##", "") for r in rows]
        s = [sum(self.weight[self.index[g]] for g in B.grams(t) if g in self.index) for t in texts]
        return np.array(s) + self.weight[-1]


def reader(path):
    model = R.Reader.load(path)

    def answer(rows):
        p = M.predict(model, rows, bf16=True).clip(0.003, 0.997)
        return np.log(p / (1 - p))
    return answer


def vote(teachers, rows):
    return FIRM * np.mean([t(rows) for t in teachers], 0)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def pack(name, rows, p):
    starts = np.cumsum([0] + [len(r) for r in rows])
    np.savez(f"{data.WORK}/{name}.npz", ids=np.concatenate([np.array(r, np.int32) for r in rows]), starts=starts,
             y=p.astype(np.float32))


def main():
    wanted, paths = int(sys.argv[1]), sys.argv[2:]
    tok, held = data.tokenizer(), data.read("sst2_held")
    teachers = [Regression(tok)] + [reader(p) for p in paths]
    rows = [tok.encode(t) for *_, t in held]
    each = [t(rows) for t in teachers]
    for name, s in zip(["regression"] + paths, each):
        print(f"{name}: {data.judge(sigmoid(s), held)}")
    for firm in (1.0, 1.15, 1.3, 1.5, 1.8):
        print(f"vote x {firm}: {data.judge(sigmoid(firm * np.mean(each, 0)), held)}", flush=True)
    for k in range(len(each)):
        print(f"vote without {(['regression'] + paths)[k]}: "
              f"{data.judge(sigmoid(FIRM * np.mean(each[:k] + each[k + 1:], 0)), held)}", flush=True)

    w = data.Windows(tok, max_len=40)
    pick = np.random.default_rng(7).permutation(w.choice[(w.hi - w.lo)[w.choice] >= 5])[:wanted]
    rows = [w.ids[w.lo[s]:w.hi[s]].tolist() for s in pick]
    p = sigmoid(vote(teachers, rows) + PRIOR * np.clip((w.rating[pick].astype(float) - 5.5) / 4, -1, 1))
    pos, neg = np.flatnonzero(p > CONFIDENT), np.flatnonzero(p < 1 - CONFIDENT)
    n = min(len(pos), len(neg))   # as many positive as negative ones
    take = np.concatenate([pos[:n], neg[:n]])
    pack("soft", [rows[i] for i in take], p[take])
    print(f"{len(pick)} sentences read, {len(pos)} clearly positive, {len(neg)} negative, {2 * n} kept", flush=True)

    rows = [tok.encode(t) for *_, t in data.read("remix_train")]
    p = sigmoid(vote(teachers, rows))
    pack("remix", rows, p)
    print(f"{len(rows)} remixed, {(p > 0.5).mean():.3f} positive, {(np.abs(p - 0.5) > 0.4).mean():.3f} sure")


if __name__ == "__main__":
    main()
