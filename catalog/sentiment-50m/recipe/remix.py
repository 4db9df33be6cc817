# remix.py: writes remix_train.tsv: new sentences in the manner of SST-2, for the teachers to label: training sentences
# with a phrase exchanged for one that was met between the same words, and words exchanged for near ones.
#
#   remix.py SENTENCES CHECKPOINT
#
# Why: SST-2 has 5,900 whole sentences left for training, all known by heart after an hour; the reviews have many more,
# but critics write otherwise. The new ones are often odd, and that is no harm: their labels are the teachers' answers,
# and the model learns the teachers' answers by meeting many different sentences (Tang et al. 2019).
import collections
import random
import sys

import numpy as np
import torch

import data

NEAR = 8            # near words to choose from
COMMON = 8000       # only words among this many most frequent ones are exchanged for others of them
REPLACED = 0.12     # share of those words that is exchanged


def near_words(tok, path):
    words = torch.load(path)["words"]
    count = np.bincount(np.load(f"{data.WORK}/imdb_ids.npy"), minlength=len(tok.pieces))
    top = [i for i in np.argsort(-count)[:COMMON] if tok.pieces[i].isalpha()][100:]   # the first are "the", "of", "not"
    v = words[torch.tensor(top)]
    v = v / v.norm(dim=1, keepdim=True)
    near = {}
    for at in range(0, len(top), 1000):
        score, other = (v[at:at + 1000] @ v.t()).topk(NEAR + 1)
        for k in range(len(other)):
            near[tok.pieces[top[at + k]]] = [tok.pieces[top[j]] for s, j in zip(score[k, 1:].tolist(), other[k, 1:].tolist()) if s > 0.35]
    return {w: n for w, n in near.items() if n}


def main():
    wanted, checkpoint = int(sys.argv[1]), sys.argv[2]
    tok, rng = data.tokenizer(), random.Random(11)
    near = near_words(tok, checkpoint)
    rows = data.read("sst2_train")
    phrases = {t for _, _, t in rows if 2 <= len(t.split()) <= 12}
    whole = [t.split() for _, w, t in rows if w == "1" and len(t.split()) >= 6]
    whole += [t.lower().split() for _, s, t in data.read("open_train") if s == "rt_polarity"]
    # Where phrases stand: (word before, word after) -> phrases met there.
    spans, between, after = [], collections.defaultdict(list), collections.defaultdict(list)
    for w in whole:
        mine = []
        for i in range(len(w)):
            for j in range(i + 2, min(len(w), i + 12) + 1):
                p = " ".join(w[i:j])
                if p in phrases:
                    before, behind = w[i - 1] if i else "^", w[j] if j < len(w) else "$"
                    mine.append((i, j, before, behind))
                    between[before, behind].append(p)
                    after[before].append(p)
        spans.append(mine)
    made = {" ".join(w) for w in whole}
    fresh = []
    while len(fresh) < wanted:
        k = rng.randrange(len(whole))
        w, mine = whole[k], spans[k]
        for _ in range(2 if rng.random() < 0.3 else 1):
            if mine and rng.random() < 0.8:
                i, j, before, behind = rng.choice(mine)
                pool = between[before, behind]
                if len(set(pool)) < 4:
                    pool = after[before]
                w = w[:i] + rng.choice(pool).split() + w[j:]
                mine = [(a, b, c, d) for a, b, c, d in mine if b <= i]
        w = [rng.choice(near[x]) if x in near and rng.random() < REPLACED else x for x in w]
        if rng.random() < 0.15 and len(w) > 10:   # a part alone
            a = rng.randrange(len(w) - 6)
            w = w[a:a + rng.randint(5, 15)]
        t = " ".join(w)
        if t not in made and 4 <= len(w) <= 48:
            made.add(t)
            fresh.append(t)
    with open(f"{data.WORK}/remix_train.tsv", "w", encoding="utf-8") as f:
        f.writelines(f"0\tremix\t{t}\n" for t in fresh)
    print(f"{len(whole)} sentences, {sum(map(len, spans))} places, {len(fresh)} made; for example:")
    for t in fresh[:8]:
        print("  " + t)


if __name__ == "__main__":
    main()
