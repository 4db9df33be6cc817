# teach.py: lets trained models label review sentences, for the last stages to learn from.
#
#   teach.py OUT.npz SENTENCES CHECKPOINT...
#
# Why: SST-2 has 6,800 sentences, the reviews have over a million, in the same words but labelled only as a whole. Two
# kinds of teacher that err on different sentences, the network so far and the bag-of-words regression of baseline.py,
# vote, and the review's stars pull towards their side: on held-out sentences the two together had a log loss of 0.29,
# against 0.35 and 0.33 alone. The network that learns from them sees far more whole sentences than SST-2 has.
import sys

import numpy as np

import baseline as B
import data
import model as M

REGRESSION = 0.5   # weight of the regression's log-odds beside the mean of the networks'
PRIOR = 1.2        # log-odds that stars of 9-10 (or 1-2) add: three sentences in four agree with their review
CONFIDENT = 0.75   # SST-2 has no neutral sentences; those a teacher is unsure about (plots, mostly) are left out


def main():
    out, wanted, checkpoints = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
    tok = data.tokenizer()
    w = data.Windows(tok, max_len=40, labelled=False)
    rng = np.random.default_rng(7)
    pick = rng.permutation(w.choice[(w.hi - w.lo)[w.choice] >= 5])[:wanted]
    ids = [w.ids[w.lo[s]:w.hi[s]].tolist() for s in pick]
    logit = np.zeros(len(pick))
    for c in checkpoints:
        p = M.predict(M.Bert.load(c), ids, bf16=True).clip(0.005, 0.995)
        logit += np.log(p / (1 - p)) / len(checkpoints)
    z = np.load(f"{data.WORK}/baseline_sst2_open_imdb.npz")
    index, weight = {g: i for i, g in enumerate(z["grams"].tolist())}, z["w"]
    logit += REGRESSION * np.array([
        sum(weight[index[g]] for g in B.grams(" ".join(tok.pieces[i] for i in row)) if g in index) + weight[-1] for row in ids])
    stars = w.rating[pick].astype(float)
    logit += np.where(stars > 0, PRIOR * np.clip((stars - 5.5) / 4, -1, 1), 0)
    p = 1 / (1 + np.exp(-logit))
    sure = np.maximum(p, 1 - p) >= CONFIDENT
    # As many positive as negative ones.
    pos, neg = np.flatnonzero(sure & (p > 0.5)), np.flatnonzero(sure & (p < 0.5))
    n = min(len(pos), len(neg))
    take = np.concatenate([pos[:n], neg[:n]])
    soft = np.full(len(w.lo), -1, np.float32)
    soft[pick[take]] = p[take]
    np.savez_compressed(out, imdb=soft)
    print(f"{len(pick)} sentences read, {sure.sum()} sure ({len(pos)} positive), {2 * n} kept")


if __name__ == "__main__":
    main()
