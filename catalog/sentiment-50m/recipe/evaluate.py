# evaluate.py: the measured numbers: fp32, q8 and q4 beside the bag-of-words baseline, with 95% intervals.
#
#   evaluate.py CHECKPOINT MODEL-q8.gguf held   while choosing: the held-out part of the training data
#   evaluate.py CHECKPOINT MODEL-q8.gguf dev    once, at the end: SST-2 dev and eval300; writes results.json
import collections
import datetime
import json
import math
import os
import sys

import numpy as np

import baseline as B
import data
import export as X
import gguf as G
import model as M

HERE = os.path.dirname(os.path.abspath(__file__))
SHARED = os.path.join(os.environ.get("NANO_SHARED", "../shared"), "datasets")


def wilson(hits, n, z=1.959964):
    p = hits / n
    mid = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return round(mid - half, 4), round(mid + half, 4)


def mcnemar(a, b):
    """Exact two-sided test on the sentences that only one of the two gets right."""
    x, y = int((a & ~b).sum()), int((b & ~a).sum())
    n, k = x + y, min(x, y)
    p = min(1.0, 2 * sum(math.comb(n, i) for i in range(k + 1)) / 2 ** n) if n else 1.0
    return {"only_first_right": x, "only_second_right": y, "p": float(f"{p:.3g}")}


def row(right):
    n, hits = len(right), int(right.sum())
    low, high = wilson(hits, n)
    return {"right": hits, "n": n, "accuracy": round(hits / n, 4), "low": low, "high": high}


def main():
    checkpoint, q8, which = sys.argv[1:]
    if which == "dev":
        with open(f"{SHARED}/sst2/dev.tsv", encoding="utf-8") as f:
            rows = [line.rstrip("\n").split("\t") for line in f][1:]
        sets = {"sst2_dev": [(int(y), t) for y, t in rows]}
    else:
        sets = {"sst2_held": [(y, t) for y, _, t in data.read("sst2_held")]}
    with open(f"{HERE}/../eval/eval300.tsv", encoding="utf-8") as f:
        mine = [line.rstrip("\n").split("\t") for line in f]
    if which == "dev":
        sets["eval300"] = [(M.LABELS.index(y), t) for y, _, t in mine]

    tok = data.tokenizer()
    keys, tensors, kinds = G.read(q8)
    q4 = lambda name, x: G.through_q4(x) if kinds[name] == G.Q8_0 else x
    models = {"fp32": M.Bert.load(checkpoint), "q8": X.model_of(keys, tensors), "q4": X.model_of(keys, tensors, q4)}
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    results, right, prob = {"date": now, "parameters": models["fp32"].parameters_total(), "q8_bytes": os.path.getsize(q8)}, {}, {}
    for name, rows in sets.items():
        y = np.array([r[0] for r in rows])
        results[name] = {}
        for m, net in models.items():
            p = M.predict(net, [tok.encode(t) for _, t in rows])
            prob[name, m], right[name, m] = p, (p > 0.5) == (y == 1)
            results[name][m] = row(right[name, m])
        for m in ("q8", "q4"):
            results[name][m]["largest_change_of_probability"] = round(float(np.abs(prob[name, m] - prob[name, "fp32"]).max()), 4)
        for b in ("sst2", "sst2_open", "sst2_open_imdb"):
            z = np.load(f"{data.WORK}/baseline_{b}.npz")
            index, w = {g: i for i, g in enumerate(z["grams"].tolist())}, z["w"]
            s = np.array([sum(w[index[g]] for g in B.grams(t) if g in index) + w[-1] for _, t in rows])
            ok = (s > 0) == (y == 1)
            results[name]["baseline_" + b] = row(ok)
            results[name]["baseline_" + b]["mcnemar_q8"] = mcnemar(right[name, "q8"], ok)
    if which == "dev":
        parts, wrong = collections.defaultdict(lambda: collections.defaultdict(list)), []
        for i, (label, category, text) in enumerate(mine):
            for m in models:
                parts[category][m].append(bool(right["eval300", m][i]))
                for c in category.split("/"):
                    parts[c][m].append(bool(right["eval300", m][i]))
            if not right["eval300", "q8"][i]:
                wrong.append([label, category, text, f"{prob['eval300', 'q8'][i]:.3f}"])
        results["eval300_parts"] = {c: {m: [sum(v), len(v)] for m, v in ms.items()} for c, ms in parts.items()}
        results["eval300_wrong"] = wrong
    text = json.dumps(results, indent=1, ensure_ascii=False)
    with open(f"{data.WORK}/results_{which}.json", "w", encoding="utf-8") as f:
        f.write(text)
    print(text)


if __name__ == "__main__":
    main()
