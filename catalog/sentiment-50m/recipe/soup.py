# soup.py: averages the weights of models that were fine-tuned from the same checkpoint.
#
#   soup.py OUT.pt CHECKPOINT...
#
# Runs that differ only in their seed end close together; their mean is nearly as good as letting all of them vote, and
# costs one model.
import sys

import numpy as np
import torch

import data
import model as M


def main():
    models = [M.Bert.load(p) for p in sys.argv[2:]]
    tok, held = data.tokenizer(), data.read("sst2_held")
    ids, y = [tok.encode(t) for *_, t in held], np.array([h[0] for h in held])

    def show(name, p):
        nll = -np.log(np.where(y == 1, p, 1 - p).clip(1e-6)).mean()
        print(f"{name}: held-out {100 * ((p > 0.5) == y).mean():.2f}% log loss {nll:.4f} positive {(p > 0.5).mean():.3f}")

    each = [M.predict(m, ids) for m in models]
    for path, p in zip(sys.argv[2:], each):
        show(path, p)
    show("vote", np.mean(each, 0))
    mean = M.Bert(**models[0].config)
    mean.words = torch.stack([m.words for m in models]).mean(0)
    states = [m.state_dict() for m in models]
    mean.load_state_dict({k: torch.stack([s[k] for s in states]).mean(0) for k in states[0]})
    show("mean", M.predict(mean, ids))
    mean.save(sys.argv[1])


if __name__ == "__main__":
    main()
